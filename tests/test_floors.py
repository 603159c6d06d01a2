"""The floors of the house: who may import whom, what a cold start loads, and how secrets are compared."""

import ast
import json
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from statistics import median

import pytest

from chalicelib import providers

HOUSE = Path(__file__).parents[1]
LIBRARY = HOUSE / "chalicelib"
LATE = ("requests", "boto3", "cryptography", "nacl", "moto", "infra")  # not for a webhook's cold start
LATER = (  # nor what only the worker and tick need
    *("process", "store", "route", "desk", "words", "wording", "tick", "watch", "tally", "playbook", "silence"),
    *("rules", "complaints", "languages", "phrases"),
)
WORKERS = tuple(f"chalicelib.{name}" for name in LATER)
PROBE = """
import json, sys
import app
first = sorted(sys.modules)
from chalicelib import receive
from chalicelib.webhook import Request
from datetime import datetime, UTC
request = Request(url="https://shop.example", at=datetime.now(UTC))
answers = [receive.receive(request, name, "", "1").status for name in {names}]
print(json.dumps([first, answers, sorted(sys.modules)]))
"""


def probed(*names: str) -> tuple[list[str], list[int], list[str]]:
    """What a fresh function has loaded, what it answers to a webhook of each of `names`, what it has loaded then."""
    environment = {
        "PATH": "",
        "AWS_DEFAULT_REGION": "eu-central-1",
        "AWS_LAMBDA_FUNCTION_NAME": "shopbell-webhook",
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    done = subprocess.run(
        [sys.executable, "-c", PROBE.replace("{names}", repr(names))],
        cwd=HOUSE, env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    first, answers, then = json.loads(done.stdout)
    return first, answers, then


def loaded(modules: list[str], *names: str) -> list[str]:
    return [module for module in modules if any(module == name or module.startswith(f"{name}.") for name in names)]


def test_the_floors_hold() -> None:
    done = subprocess.run(
        [Path(sys.executable).with_name("lint-imports"), "--no-cache"],
        cwd=HOUSE, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_cold_start_loads_no_provider() -> None:
    first, _, _ = probed()
    assert "app" in first and "chalicelib.receive" in first
    assert not loaded(first, *LATE)
    assert not [module for module in first if module.startswith("chalicelib.providers.")]
    assert not loaded(first, *WORKERS)


def enabled() -> str:
    """A provider that the shipped shop.toml enables."""
    shop = (LIBRARY / "shop.toml").read_text(encoding="utf-8")
    return next(name for name in providers.NAMES if f"[providers.{name}]" in shop)


def test_a_webhook_loads_nothing_to_call_out_with() -> None:
    _, answers, then = probed(enabled())
    assert answers == [503]  # its secrets are not set here
    assert f"chalicelib.providers.{enabled()}" in then
    assert not loaded(then, *LATE, *WORKERS)


def test_a_webhook_loads_its_provider_alone() -> None:
    _, _, then = probed(enabled())
    assert loaded(then, *(f"chalicelib.providers.{name}" for name in providers.NAMES)) == [
        f"chalicelib.providers.{enabled()}"
    ]


def blocks(name: str, most: int = 10) -> set[tuple[str, ...]]:
    """Every run of so many lines of a provider, without its imports and words for readers."""
    found: set[tuple[str, ...]] = set()
    for file in files_of(name):
        tree = ast.parse(file.read_text(encoding="utf-8"))
        tree.body = [node for node in tree.body if not isinstance(node, ast.Import | ast.ImportFrom | ast.Expr)]
        lines = ast.unparse(tree).replace(name, "NAME").split("\n")
        found |= {tuple(lines[first : first + most]) for first in range(len(lines) - most + 1)}
    return found


def test_half_of_the_providers_fit_on_a_screen_or_two() -> None:
    lines = [sum(len(file.read_text().splitlines()) for file in files_of(name)) for name in providers.NAMES]
    assert median(lines) <= 130


def test_no_two_providers_share_a_block_of_ten_lines() -> None:
    every = [(name, blocks(name)) for name in providers.NAMES]
    assert not [(one, two) for one, mine in every for two, theirs in every if one < two and mine & theirs]


# ---- the text of the code ---------------------------------------------------------------------------------------

SECRETS = ("secret", "signature", "mac", "digest", "token", "theirs", "ours", "password", "hmac", "proof")
CHECKED = [
    LIBRARY / "signing.py",
    LIBRARY / "sns.py",
    LIBRARY / "twilio.py",
    *sorted((LIBRARY / "meta").rglob("*.py")),
    *sorted((LIBRARY / "providers").rglob("*.py")),
]


def compared(file: Path) -> Iterator[str]:
    """Every comparison by == != or `in` of something whose name says that it is secret, or proves something."""
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Compare) and any(isinstance(how, ast.Eq | ast.NotEq | ast.In) for how in node.ops):
            yield from (ast.unparse(node) for side in (node.left, *node.comparators) if is_secret(side))


def is_secret(side: ast.expr) -> bool:
    names = [node.id if isinstance(node, ast.Name) else node.attr for node in ast.walk(side)
             if isinstance(node, ast.Name | ast.Attribute)]  # fmt: skip
    calls = [ast.unparse(node.func) for node in ast.walk(side) if isinstance(node, ast.Call)]
    if any(call in ("len", "isinstance", "any", "all") for call in calls):
        return False
    return any(part in SECRETS for name in names for part in name.lower().split("_"))


@pytest.mark.parametrize("file", CHECKED, ids=lambda file: str(file.relative_to(LIBRARY)))
def test_secrets_are_compared_in_constant_time(file: Path) -> None:
    """B-26: by compare_digest, on bytes, and nowhere else."""
    assert not list(compared(file))


def test_a_comparison_that_leaks_is_seen(tmp_path: Path) -> None:
    bad = tmp_path / "bad.py"
    for line in ("mac == theirs", "request.header('x') != config.auth_token", "theirs in macs", "a.digest() == b"):
        bad.write_text(line)
        assert list(compared(bad)), line
    for line in ("len(signature) == 3", "kind == 'text'", "a is b"):
        bad.write_text(line)
        assert not list(compared(bad)), line


def calls_in(file: Path) -> list[str]:
    return [ast.unparse(node.func) for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
            if isinstance(node, ast.Call)]  # fmt: skip


def test_there_is_one_comparison() -> None:
    """`hmac.compare_digest` stands in `signing.same`; all others go there."""
    found = {file.name for file in LIBRARY.rglob("*.py") if any("compare_digest" in call for call in calls_in(file))}
    assert found == {"signing.py"}
    assert "hmac.compare_digest" in calls_in(LIBRARY / "signing.py")


@pytest.mark.parametrize("file", CHECKED, ids=lambda file: str(file.relative_to(LIBRARY)))
def test_no_plain_hash_stands_for_a_signature(file: Path) -> None:
    """B-25: a hash over secret and body could be made longer; only HMAC proves. Plain hashes are of bodies alone."""
    plain = [call for call in calls_in(file) if call.startswith("hashlib.")]
    assert not plain or file.name == "signing.py"


def test_only_the_lowest_floor_calls_out() -> None:
    """requests in api.py (with guard.py and smtp.py below it), botocore in aws.py: every call passes the one seam."""
    http, cloud = {"api.py", "guard.py"}, {"aws.py"}
    allowed: dict[str, set[str]] = {
        "requests": http,
        "urllib3": http,
        "socket": {"guard.py"},
        "smtplib": {"smtp.py"},
        "boto3": set(),
        "botocore": cloud,
    }
    for file in LIBRARY.rglob("*.py"):
        for name in imported(file):
            assert file.name in allowed.get(name, {file.name}), f"{file}: {name}"
            assert name not in ("http", "subprocess", "slack_sdk", "twilio"), f"{file}: {name}"


def imported(file: Path) -> set[str]:
    """The packages that a file imports anywhere, also late."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {one.name.split(".")[0] for one in node.names}
        if isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module.split(".")[0])
    return names


def below(name: str) -> set[str]:
    """The rooms on the floors below that of `name`, as import-linter knows them."""
    house = tomllib.loads((HOUSE / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    (floors,) = [[set(re.findall(r"\w+", floor)) for floor in one["layers"]] for one in house if "layers" in one]
    (level,) = [level for level, floor in enumerate(floors) if name in floor]
    return set().union(*floors[level + 1 :])


@pytest.mark.parametrize("name", providers.NAMES)
def test_a_provider_imports_the_vocabulary_and_the_lowest_floor_only(name: str) -> None:
    """And never another provider; one that fills a folder imports from that folder too."""
    own = f"chalicelib.providers.{name}"
    allowed = below("providers") - {"guard"}
    for file in files_of(name):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            module = (node.module or "") if isinstance(node, ast.ImportFrom) else ""
            if module.startswith("chalicelib") and module != own and not module.startswith(f"{own}."):
                assert isinstance(node, ast.ImportFrom)
                inner = module.split(".")[1:2] or [one.name for one in node.names]
                assert set(inner) <= allowed, ast.unparse(node)


def files_of(name: str) -> list[Path]:
    place = LIBRARY / "providers" / name
    return sorted(place.glob("*.py")) if place.is_dir() else [place.with_suffix(".py")]


def test_every_package_is_named_where_it_is_installed_from() -> None:
    named = tomllib.loads((HOUSE / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["setuptools"]["packages"]
    there = {
        path.parent.relative_to(HOUSE)
        for top in ("chalicelib", "infra")
        for path in HOUSE.glob(f"{top}/**/__init__.py")
    }
    assert set(named) == {".".join(path.parts) for path in there}
