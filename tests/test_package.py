"""The zip holds what the functions need and nothing else, ready to run, the same bytes each time."""

import importlib.util
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from chalicelib import providers
from chalicelib.errors import SettingsError
from chalicelib.models.provider import Can
from infra import local, package, trim
from tests.lab.everything import cases, door, post, signed

ROOT = Path(__file__).parents[1]
LARGEST, LARGEST_UNPACKED = 6_500_000, 20_000_000  # bytes
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


def checkout(into: Path, *, share: bool = True) -> Path:
    """Our sources somewhere else, beside things that must not be shipped; mostly with the same vendored packages."""
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
    for vendor in (ROOT / ".build").glob("vendor-*" if share else "none"):
        (into / ".build" / vendor.name).symlink_to(vendor)
    return into


def test_a_shop_that_does_not_pass_is_not_packaged(tmp_path: Path) -> None:
    file = checkout(tmp_path) / package.SHOP_FILE
    file.write_text(file.read_text(encoding="utf-8").replace('owner = "front"', 'owner = "nobody"'), encoding="utf-8")
    (line,) = [number for number, row in enumerate(file.read_text(encoding="utf-8").splitlines(), 1) if "nobody" in row]
    with pytest.raises(SettingsError, match=f"^shop.toml line {line}, owner: 'nobody' is no desk; "):
        package.package(tmp_path, local.architecture(), local=True)


def clean(unpacked: Path, script: str) -> str:
    """What `script` prints under a Python that sees the zip and the standard library, as Lambda's does."""
    whole = f"import sys; sys.path.insert(0, {str(unpacked)!r})\n{script}"
    environment = {"AWS_DEFAULT_REGION": "eu-central-1", "AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": "x"}
    command = [sys.executable, "-I", "-S", "-B", "-c", whole]
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_zip_holds_our_code_chalice_and_the_locked_packages_only(built: package.Package, tmp_path: Path) -> None:
    vendored = package.vendored(ROOT, local.architecture(), local=True)
    shipped = {path.name.replace(".py", ".pyc") for path in vendored.iterdir()}
    with zipfile.ZipFile(built.code) as archive:
        top = {name.partition("/")[0] for name in archive.namelist()}
        sources = {name for name in archive.namelist() if name.startswith("chalicelib/") and ".pyc" not in name}
    assert top - shipped == {"app.py", "chalice", "chalicelib"}
    own = {path for path in (ROOT / "chalicelib").rglob("*") if path.is_file() and "__pycache__" not in path.parts}
    assert sources == {path.relative_to(ROOT).as_posix() for path in own}


def test_no_test_or_tool_or_library_that_is_not_called_is_shipped(unpacked: Path) -> None:
    for name in ("infra", "tests", "moto", "ministack", "pip", "setuptools", "click", "boto3", "cryptography"):
        assert not (unpacked / name).exists()


def test_what_lambda_gets_is_small() -> None:
    built = package.package(ROOT, "arm64")
    with zipfile.ZipFile(built.code) as archive:
        unpacked = sum(entry.file_size for entry in archive.infolist())
    assert built.code.stat().st_size <= LARGEST
    assert unpacked <= LARGEST_UNPACKED


def test_every_service_that_is_called_is_shipped() -> None:
    sources = [path.read_text(encoding="utf-8") for path in (ROOT / "chalicelib").rglob("*.py")]
    called = {name for text in sources for name in re.findall(r"aws\.client\([\"'](\w+)[\"']\)", text)}
    assert {"dynamodb", "logs", "s3", "sqs"} <= called <= set(trim.SERVICES)


def test_another_checkout_gives_the_same_bytes(built: package.Package, tmp_path: Path) -> None:
    (into := tmp_path / "into").mkdir()
    again = package.build(checkout(tmp_path / "there", share=False), into, local.architecture(), local=True)
    assert again.digest == built.digest
    assert again.code.read_bytes() == built.code.read_bytes()


def test_every_module_has_bytecode_that_is_never_checked_against_its_source(unpacked: Path) -> None:
    modules, compiled = list(unpacked.rglob("*.py")), list(unpacked.rglob("*.pyc"))
    assert {path.relative_to(unpacked).parts[0] for path in modules} == {"app.py", "chalicelib", "chalice"}
    assert {Path(importlib.util.cache_from_source(str(module))) for module in modules} < set(compiled)
    assert len(compiled) > 200
    for path in compiled:
        header = path.read_bytes()[:8]
        assert header[:4] == importlib.util.MAGIC_NUMBER
        assert int.from_bytes(header[4:], "little") == 0b01, path  # by hash, and not checked


def test_everything_imports_from_the_zip_alone(unpacked: Path) -> None:
    script = """
import importlib, pathlib, pkgutil
import app, chalicelib
for module in pkgutil.walk_packages(chalicelib.__path__, "chalicelib."):
    importlib.import_module(module.name)
import nacl.signing, requests
print(app.app.app_name)
"""
    assert clean(unpacked, script).strip() == "shopbell"


def test_a_library_is_shipped_where_a_provider_needs_it(tmp_path: Path) -> None:
    root = checkout(tmp_path)
    shop = root / "chalicelib" / "shop.toml"
    shop.write_text(shop.read_text().replace("[providers.custom]", "[providers.ses]"))
    vendored = package.vendored(root, local.architecture(), local=True)
    assert not (vendored / "nacl").exists()
    clean(vendored, "from cryptography import x509; from cryptography.hazmat.primitives.asymmetric import padding, rsa")


@pytest.mark.parametrize("name", providers.NAMES)
def test_a_provider_does_without_the_libraries_that_it_does_not_ask_for(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    can: Can = providers.load(name).can
    with door() as front:
        webhook = signed(cases(name)[0])
        for library in trim.LIBRARIES.keys() - set(can.libraries):
            for module in [library, *(other for other in sys.modules if other.startswith(f"{library}."))]:
                monkeypatch.setitem(sys.modules, module, None)
        assert post(front, webhook, name) == providers.load(name).can.accepted


def test_the_trimmed_sdk_finds_every_service_everywhere(unpacked: Path) -> None:
    described = sorted(path.name for path in (unpacked / "botocore" / "data").iterdir() if path.is_dir())
    assert set(described) <= set(trim.SERVICES)
    script = f"""
import botocore.session
session = botocore.session.Session()
for service in {described}:
    for region in ("us-east-1", "cn-north-1"):
        print(session.create_client(service, region).meta.endpoint_url)
"""
    found = clean(unpacked, script).split()
    assert "https://dynamodb.us-east-1.amazonaws.com" in found
    assert "https://sqs.cn-north-1.amazonaws.com.cn" in found


def test_the_trimmed_sdk_describes_what_is_called_as_the_whole_one_does(unpacked: Path) -> None:
    called = {service: names for service, names in trim.called(ROOT / "chalicelib").items() if names}
    script = f"""
import botocore.session
session = botocore.session.Session()
def described(shape, seen=()):
    inner = {{}} if shape is None or shape.name in seen else {{
        "structure": lambda: shape.members, "map": lambda: {{"": shape.value}}, "list": lambda: {{"": shape.member}},
    }}.get(shape.type_name, dict)()
    seen = (*seen, shape.name) if shape is not None else seen
    return shape and (shape.name, shape.serialization, {{name: described(one, seen) for name, one in inner.items()}})
for service, names in {called}.items():
    model = session.get_service_model(service)
    print(sorted((one.name, one.type, one.documentation) for one in model.client_context_parameters))
    pages = session.get_paginator_model(service)._paginator_config
    print(sorted((name, sorted(pages[name].items())) for name in names if name in pages))
    for name in names:
        operation = model.operation_model(name)
        print(service, name, operation.http, described(operation.input_shape), described(operation.output_shape),
            [described(shape) for shape in operation.error_shapes])
"""
    whole = [sys.executable, "-B", "-c", script]
    assert clean(unpacked, script) == subprocess.run(whole, capture_output=True, text=True, check=True).stdout


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
