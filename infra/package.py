"""From the checkout to what Lambda gets: one template and one zip, the same bytes for the same sources.

The sources are copied to .build/ first, so that nothing of tests, infra or the developer's own files can slip in, and
so that bytecode can be compiled unchecked there: Lambda's code directory is read-only, and Chalice's zips carry none.
botocore is vendored, cut down to the operations Shopbell calls (see trim.py): the same version everywhere, and less to
read at a cold start than the runtime's own, which would meet the zip's newer urllib3 besides.
"""

import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path, PurePosixPath
from typing import Any, NamedTuple

import yaml

from infra import shop_file, trim

PLATFORMS = {"arm64": "manylinux2014_aarch64", "x86_64": "manylinux2014_x86_64"}
SOURCES = ("app.py", "chalicelib", ".chalice")
TEMPLATE = "infra/template.yaml"
LOCK = "infra/requirements.lock"
SHOP_FILE = "chalicelib/shop.toml"
RUNTIME = f"python{sys.version_info[0]}.{sys.version_info[1]}"
STAGE = "shop"  # Chalice wants one for its tags; the stage of a deployment is a parameter of the template

BEGINNING = (1980, 1, 1, 0, 0, 0)  # of time, for a zip


class Package(NamedTuple):
    """What is deployed. `digest` names both parts: the same digest, nothing to deploy."""

    template: dict[str, Any]
    code: Path
    digest: str


class PackageFailed(Exception):
    """Packaging failed; the text says why."""


def package(root: Path, architecture: str, *, local: bool = False) -> Package:
    """The package of the checkout at `root`, built only if its sources changed.

    `architecture` is a key of PLATFORMS. `local` builds for this machine where it is no Linux. Raises PackageFailed,
    and SettingsError for a shop.toml that does not pass: nothing is deployed with it.
    """
    shop_file.refuse(root / SHOP_FILE)
    built = root / ".build" / f"{architecture}-{fingerprint(root, architecture, local)}"
    if not built.is_dir():
        with made(built) as into:
            build(root, into, architecture, local=local)
        retire(built)
    return _read(built)


def build(root: Path, into: Path, architecture: str, *, local: bool = False) -> Package:
    """Build the package of the checkout at `root` in the empty directory `into`."""
    vendor = vendored(root, architecture, local=local)
    template = render(root, into)
    code = into / "code"
    with zipfile.ZipFile(into / "deployment.zip") as chalice:
        chalice.extractall(code)
    compile_all(code)
    _zip({**dict(_without_sources(vendor)), **_named(code)}, into / "code.zip")
    (into / "template.json").write_text(json.dumps(template, sort_keys=True))
    for used in (into / "project", code):
        shutil.rmtree(used)
    return _read(into)


def render(root: Path, into: Path) -> dict[str, Any]:
    """The SAM template of the checkout at `root`, Chalice's and ours merged; Chalice's zip is left in `into`."""
    project = into / "project"
    for name in (*SOURCES, TEMPLATE):
        _copy(root / name, project / name)
    (project / "requirements.txt").touch()  # nothing for Chalice to install
    chalice = [sys.executable, "-c", "import sys; from chalice.cli import main; sys.exit(main())"]
    how = ["--project-dir", str(project), "package", "--stage", STAGE, "--merge-template", TEMPLATE]
    _run([*chalice, *how, str(into)], _packaging())
    template: dict[str, Any] = yaml.safe_load((into / "sam.yaml").read_text())
    runtimes = {part["Properties"].get("Runtime", RUNTIME) for part in template["Resources"].values()}
    if runtimes != {RUNTIME}:  # bytecode is read by the Python that wrote it and no other
        raise PackageFailed(f"Lambda does not run {RUNTIME}: package with another Python")
    return template


def vendored(root: Path, architecture: str, *, local: bool = False) -> Path:
    """The directory of run-time packages, compiled; kept until what goes in or where it will run changes."""
    operations, needed = trim.called(root / "chalicelib"), trim.libraries((root / SHOP_FILE).read_text("utf-8"))
    chosen = json.dumps([operations, needed]).encode()
    key = _digest([(root / LOCK).read_bytes(), *_tools(), chosen, *_place(architecture, local)])
    kept = root / ".build" / f"vendor-{architecture}-{key}"
    if not kept.is_dir():
        with made(kept) as into:
            _install(root, into, architecture, local)
            trim.trim(into, operations, needed)
            compile_all(into)
        retire(kept)
    return kept


def fingerprint(root: Path, architecture: str, local: bool = False) -> str:
    """A name for everything the package depends on."""
    files = [file for name in (*SOURCES, TEMPLATE, LOCK) for file in _files(root / name)]
    named = [part for file in files for part in (file.relative_to(root).as_posix().encode(), file.read_bytes())]
    return _digest([*named, *_tools(), version("chalice").encode(), *_place(architecture, local)])


def _tools() -> list[bytes]:
    """How it is made."""
    return [Path(file).read_bytes() for file in (__file__, trim.__file__)]


def _place(architecture: str, local: bool) -> list[bytes]:
    """Where the package can run."""
    return [architecture.encode(), (sys.platform if local else "linux").encode(), RUNTIME.encode()]


def _packaging() -> dict[str, str]:
    """The environment in which Chalice imports the app: nothing of the caller's."""
    return {
        "AWS_DEFAULT_REGION": "us-east-1",  # Chalice wants one; none gets into the template
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "PYTHONDONTWRITEBYTECODE": "1",
    }


def _install(root: Path, into: Path, architecture: str, local: bool) -> None:
    """Unpack the locked packages for where they will run."""
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-input"]
    exact = ["--require-hashes", "--no-deps", "--only-binary=:all:", "--no-compile", "--requirement", str(root / LOCK)]
    minor = RUNTIME.removeprefix("python")
    there = ["--platform", PLATFORMS[architecture], "--python-version", minor, "--implementation", "cp"]
    elsewhere = [] if local and sys.platform != "linux" else there
    _run([*pip, *exact, *elsewhere, "--root-user-action", "ignore", "--target", str(into)], dict(os.environ))


def compile_all(tree: Path) -> None:
    """Bytecode that is used without a look at its source: a zip's files are dated 1980, so a dated one is stale."""
    how = ["-q", "--invalidation-mode", "unchecked-hash", "-s", str(tree), "-p", "/var/task"]
    # In one process and in order of names: else the same source need not give the same bytes.
    _run([sys.executable, "-m", "compileall", *how, str(tree)], {})


def _named(tree: Path) -> dict[str, Path]:
    return {path.relative_to(tree).as_posix(): path for path in _walk(tree)}


def _without_sources(vendor: Path) -> Iterator[tuple[str, Path]]:
    """Compiled files where Python looks for modules without source. Of 6.9 MB zipped, 1.2 are sources of libraries."""
    for name, path in _named(vendor).items():
        if path.suffix == ".pyc":
            folder = PurePosixPath(name).parents[1]
            yield str(folder / f"{path.name.partition('.')[0]}.pyc"), path
        elif path.suffix != ".py":
            yield name, path


def _zip(named: Mapping[str, Path], target: Path) -> None:
    """Zip files in order of names, with no trace of when or by whom."""
    with zipfile.ZipFile(target, "w") as archive:
        for name, path in sorted(named.items()):
            entry = zipfile.ZipInfo(name, BEGINNING)
            entry.compress_type, entry.external_attr = zipfile.ZIP_DEFLATED, 0o644 << 16
            archive.writestr(entry, path.read_bytes(), compresslevel=9)


def _read(built: Path) -> Package:
    template, code = (built / "template.json").read_bytes(), built / "code.zip"
    return Package(json.loads(template), code, _digest([template, code.read_bytes()]))


def _copy(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    if source.is_dir():
        shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__", "deployments", "deployed"))
    else:
        shutil.copyfile(source, target)


def _files(path: Path) -> Iterator[Path]:
    """A file itself, or a directory's source files in order."""
    if path.is_file():
        yield path
    else:
        yield from sorted(file for file in _walk(path) if "__pycache__" not in file.parts)


def _walk(tree: Path) -> Iterator[Path]:
    return (path for path in tree.rglob("*") if path.is_file())


def _digest(parts: Iterable[bytes]) -> str:
    whole = hashlib.sha256()
    for part in parts:
        whole.update(hashlib.sha256(part).digest())
    return whole.hexdigest()[:16]


@contextmanager
def made(target: Path) -> Iterator[Path]:
    """A directory that gets its name when it is finished, whoever else is making the same one."""
    target.parent.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent, prefix="unfinished-") as scratch:
        into = Path(scratch, "done")
        into.mkdir()
        yield into
        try:
            into.rename(target)
        except OSError:
            if not target.is_dir():
                raise


def retire(kept: Path) -> None:
    """Forget what was made before under the same name but its last part."""
    for earlier in kept.parent.glob(f"{kept.name.rpartition('-')[0]}-*"):
        if earlier != kept:
            shutil.rmtree(earlier, ignore_errors=True)


def _run(command: Sequence[str], environment: dict[str, str]) -> None:
    """Run a tool in silence. Raises PackageFailed with the last thing it said."""
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    if done.returncode:
        said = (done.stderr or done.stdout).strip().splitlines() or [f"{command[0]} failed"]
        raise PackageFailed(said[-1])
