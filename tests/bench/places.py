"""What is measured, each in a Python of its own under Lambda's runtime client: the package, and its rivals."""

import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import NamedTuple

from chalicelib import providers
from infra import local, package
from tests.bench.cloud import Life, lived
from tests.bench.events import ENVIRONMENT, webhooks

ROOT = Path(__file__).parents[2]
PEERS = Path(__file__).with_name("peers")
MADE = ROOT / ".build" / "peers"
USED = ("twilio_sms", "slack", "postmark")
UNUSED = [name for name in providers.NAMES if name not in USED]


class NotMade(Exception):
    """An environment cannot be had on this machine; the text says why."""


class Function(NamedTuple):
    """A Lambda function: the provider whose webhooks it takes, and where it finds its modules."""

    handler: str
    path: tuple[Path, ...]
    provider: str = "twilio_sms"

    def lived(self, events: int, tool: Sequence[str] = (), watched: Iterable[int] = ()) -> Life:
        """Start it, give it so many webhooks. Raises RuntimeError where it refuses one."""
        how = [*tool, sys.executable, "-P", "-S", "-B", "-m", "awslambdaric", self.handler]
        where = {"PYTHONPATH": os.pathsep.join(map(str, self.path))}
        return lived(how, {**ENVIRONMENT, **where}, islice(webhooks(self.provider), events), frozenset(watched))

    def of(self, provider: str) -> "Function":
        return self._replace(provider=provider)


class Places(NamedTuple):
    """`ours` is the package. `slow` has no bytecode, `lean` no provider but those in USED.

    `call` makes the webhook's one call to AWS with the package's own client, `nothing` does not even that.
    """

    ours: Function
    slow: Function
    lean: Function
    call: Function
    nothing: Function


@contextmanager
def places() -> Iterator[Places]:
    """The package as Lambda has it, and what is made of it. Raises NotMade where Lambda's client cannot be had."""
    client = made("runtime")
    with tempfile.TemporaryDirectory(prefix="shopbell-bench-") as scratch:
        ours, slow, lean = (Path(scratch, name) for name in ("ours", "slow", "lean"))
        with zipfile.ZipFile(package.package(ROOT, local.architecture(), local=True).code) as archive:
            archive.extractall(ours)
        _without_bytecode(ours, slow)
        _without_unused(ours, lean)
        beside = (ours, PEERS, client)
        yield Places(
            *(Function("app.app", (path, client)) for path in (ours, slow, lean)),
            *(Function(f"bare.{name}", beside) for name in ("call", "nothing")),
        )


def peer(name: str, provider: str) -> Function:
    """A function of tests/bench/peers in its own environment. Raises NotMade."""
    return Function(f"{name}.handler", (made(name), made("runtime")), provider)


def made(name: str) -> Path:
    """What the lock `name` holds, installed once, with the function of that name if there is one; all compiled."""
    parts = [file.read_bytes() for file in (PEERS / f"{name}.lock", *_sources(name))]
    key = hashlib.sha256(b"\0".join([*parts, sys.version.encode()])).hexdigest()[:16]
    kept = MADE / f"{name}-{key}"
    if not kept.is_dir():
        kept.parent.mkdir(parents=True, exist_ok=True)
        with package.made(kept) as into:
            _install(PEERS / f"{name}.lock", into)
            for file in _sources(name):
                shutil.copy(file, into)
            package.compile_all(into)
        package.retire(kept)
    return kept


def _sources(name: str) -> list[Path]:
    function = PEERS / f"{name}.py"
    return [function, PEERS / "common.py"] if function.is_file() else []


def _install(lock: Path, into: Path) -> None:
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-input"]
    how = ["--require-hashes", "--no-deps", "--only-binary=:all:", "--no-compile", "--root-user-action", "ignore"]
    done = subprocess.run(
        [*pip, *how, "--requirement", str(lock), "--target", str(into)], capture_output=True, text=True
    )
    if done.returncode:
        raise NotMade(f"{lock.stem} cannot be installed here: {(done.stderr.strip().splitlines() or ['?'])[-1]}")


def _without_bytecode(ours: Path, into: Path) -> None:
    """The package's own files, and the libraries' sources from where they were compiled."""
    uncompiled = shutil.ignore_patterns("__pycache__", "*.pyc")
    shutil.copytree(package.vendored(ROOT, local.architecture(), local=True), into, ignore=uncompiled)
    shutil.copytree(ours, into, ignore=uncompiled, dirs_exist_ok=True)


def _without_unused(ours: Path, into: Path) -> None:
    """As if only the providers in USED had ever been written."""
    shutil.copytree(ours, into)
    rules = into / package.SHOP_FILE
    rules.write_text(re.sub(rf"(?m)^\[providers\.(?!{'|'.join(USED)}\]).*\n", "", rules.read_text("utf-8")), "utf-8")
    for name in UNUSED:
        for module in (into / "chalicelib" / "providers").rglob(f"{name}.*"):
            module.unlink()
