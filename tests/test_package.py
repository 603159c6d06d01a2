"""The zip holds what the functions need and nothing else, ready to run, the same bytes each time."""

import importlib.util
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from infra import local, package

ROOT = Path(__file__).parents[1]
OURS = ("app.py", "chalicelib", ".chalice", "infra/template.yaml", "infra/requirements.lock")


@pytest.fixture(scope="module")
def built() -> package.Package:
    return package.package(ROOT, local.architecture(), local=True)


@pytest.fixture(scope="module")
def unpacked(built: package.Package, tmp_path_factory: pytest.TempPathFactory) -> Path:
    into = tmp_path_factory.mktemp("code")
    with zipfile.ZipFile(built.code) as archive:
        archive.extractall(into)
    return into


def checkout(into: Path) -> Path:
    """Our sources somewhere else, beside things that must not be shipped; the vendored packages are shared."""
    for name in OURS:
        source, target = ROOT / name, into / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copytree(source, target) if source.is_dir() else shutil.copy(source, target)
    for stray in (
        ".env",
        "notes.txt",
        "tests/test_x.py",
        "infra/extra.py",
        "chalicelib/__pycache__/old.cpython-311.pyc",
    ):
        (into / stray).parent.mkdir(exist_ok=True)
        (into / stray).write_text("SECRET = 1")
    (into / ".build").mkdir()
    for vendor in (ROOT / ".build").glob("vendor-*"):
        (into / ".build" / vendor.name).symlink_to(vendor)
    return into


def clean(unpacked: Path, script: str) -> str:
    """What `script` prints under a Python that sees the zip and the standard library, as Lambda's does."""
    whole = f"import sys; sys.path.insert(0, {str(unpacked)!r})\n{script}"
    environment = {"AWS_DEFAULT_REGION": "eu-central-1", "AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": "x"}
    command = [sys.executable, "-I", "-S", "-B", "-c", whole]
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_zip_holds_our_code_chalice_and_the_locked_packages_only(built: package.Package, tmp_path: Path) -> None:
    shipped = {path.name for path in package.vendored(ROOT, local.architecture(), local=True).iterdir()}
    with zipfile.ZipFile(built.code) as archive:
        top = {name.partition("/")[0] for name in archive.namelist()}
        sources = {name for name in archive.namelist() if name.startswith("chalicelib/") and ".pyc" not in name}
    assert top - shipped == {"app.py", "chalice", "chalicelib"}
    own = {path for path in (ROOT / "chalicelib").rglob("*") if path.is_file() and "__pycache__" not in path.parts}
    assert sources == {path.relative_to(ROOT).as_posix() for path in own}


def test_no_test_or_tool_or_service_that_is_not_called_is_shipped(unpacked: Path) -> None:
    for name in ("infra", "tests", "moto", "ministack", "pip", "setuptools", "click"):
        assert not (unpacked / name).exists()
    described = {path.name for path in (unpacked / "botocore" / "data").iterdir() if path.is_dir()}
    assert described == package.SERVICES


def test_every_service_that_is_called_is_shipped() -> None:
    sources = [path.read_text(encoding="utf-8") for path in (ROOT / "chalicelib").rglob("*.py")]
    called = {name for text in sources for name in re.findall(r"aws\.client\([\"'](\w+)[\"']\)", text)}
    assert {"dynamodb", "logs", "s3", "sqs"} <= called <= package.SERVICES


def test_another_checkout_gives_the_same_bytes(built: package.Package, tmp_path: Path) -> None:
    (into := tmp_path / "into").mkdir()
    again = package.build(checkout(tmp_path / "there"), into, local.architecture(), local=True)
    assert again.digest == built.digest
    assert again.code.read_bytes() == built.code.read_bytes()


def test_every_module_has_bytecode_that_is_never_checked_against_its_source(unpacked: Path) -> None:
    modules = list(unpacked.rglob("*.py"))
    assert len(modules) > 200
    for module in modules:
        compiled = Path(importlib.util.cache_from_source(str(module))).read_bytes()
        assert compiled[:4] == importlib.util.MAGIC_NUMBER
        assert int.from_bytes(compiled[4:8], "little") == 0b01, module  # by hash, and not checked


def test_everything_imports_from_the_zip_alone(unpacked: Path) -> None:
    script = """
import importlib, pathlib, pkgutil
import app, chalicelib
for module in pkgutil.walk_packages(chalicelib.__path__, "chalicelib."):
    importlib.import_module(module.name)
import cryptography.hazmat.primitives.asymmetric.ed25519, requests
print(app.app.app_name)
"""
    assert clean(unpacked, script).strip() == "shopbell"


def test_the_trimmed_sdk_finds_every_service_everywhere(unpacked: Path) -> None:
    script = f"""
import botocore.session
session = botocore.session.Session()
for service in {sorted(package.SERVICES)}:
    for region in ("us-east-1", "cn-north-1"):
        print(session.create_client(service, region).meta.endpoint_url)
"""
    found = clean(unpacked, script).split()
    assert "https://dynamodb.us-east-1.amazonaws.com" in found
    assert "https://sqs.cn-north-1.amazonaws.com.cn" in found


def test_a_package_is_named_by_its_sources(tmp_path: Path) -> None:
    root = checkout(tmp_path)
    before = package.fingerprint(root, "arm64")
    for other in ("tests/test_x.py", "chalicelib/__pycache__/old.cpython-311.pyc"):
        (root / other).write_text("SECRET = 2")
    assert package.fingerprint(root, "arm64") == before
    (root / "chalicelib" / "more.py").write_text("")
    after = package.fingerprint(root, "arm64")
    assert len({before, after, package.fingerprint(root, "x86_64")}) == 3


def test_an_app_that_does_not_load_is_no_package(tmp_path: Path) -> None:
    root = checkout(tmp_path / "there")
    (root / "app.py").write_text("import nothing_like_this")
    with pytest.raises(package.PackageFailed, match="nothing_like_this"):
        package.package(root, local.architecture(), local=True)
    assert not list((root / ".build").glob("unfinished-*"))


def test_a_python_that_lambda_does_not_run_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(package, "RUNTIME", "python3.99")
    with pytest.raises(package.PackageFailed, match=r"Lambda does not run python3\.99"):
        package.render(checkout(tmp_path / "there"), tmp_path)
