"""From the checkout to what Lambda gets: one template and one zip, the same bytes for the same sources.

The sources are copied to .build/ first, so that nothing of tests, infra or the developer's own files can slip in, and
so that bytecode can be compiled unchecked there: Lambda's code directory is read-only, and Chalice's zips carry none.
The AWS SDK is vendored, cut down to the services Shopbell calls: the same version everywhere, and less to read at a
cold start than the runtime's own, which would meet the zip's newer urllib3 besides.
"""

import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import Any, NamedTuple

import yaml

PLATFORMS = {"arm64": "manylinux2014_aarch64", "x86_64": "manylinux2014_x86_64"}
SOURCES = ("app.py", "chalicelib", ".chalice")
TEMPLATE = "infra/template.yaml"
LOCK = "infra/requirements.lock"
RUNTIME = f"python{sys.version_info[0]}.{sys.version_info[1]}"
STAGE = "shop"  # Chalice wants one for its tags; the stage of a deployment is a parameter of the template

SERVICES = {"dynamodb", "logs", "s3", "sqs", "ssm", "sts"}  # whose descriptions stay in botocore
UNUSED = (
    *("*.dist-info", "bin", "**/*.pyi", "**/py.typed", "boto3/data", "boto3/examples", "cffi", "pycparser"),
    *("botocore/cacert.pem", "dateutil/zoneinfo/*.gz"),  # certifi and Python have their own
)
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

    `architecture` is a key of PLATFORMS. `local` builds for this machine where it is no Linux. Raises PackageFailed.
    """
    built = root / ".build" / f"{architecture}-{fingerprint(root, architecture, local)}"
    if not built.is_dir():
        with _made(built) as into:
            build(root, into, architecture, local=local)
        _retire(built)
    return _read(built)


def build(root: Path, into: Path, architecture: str, *, local: bool = False) -> Package:
    """Build the package of the checkout at `root` in the empty directory `into`."""
    vendor = vendored(root, architecture, local=local)
    template = render(root, into)
    code = into / "code"
    with zipfile.ZipFile(into / "deployment.zip") as chalice:
        chalice.extractall(code)
    _compile(code)
    _zip([vendor, code], into / "code.zip")
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
    """The directory of run-time packages, compiled; kept until the lock, the platform, Python or this file changes."""
    key = _digest([(root / LOCK).read_bytes(), Path(__file__).read_bytes(), *_place(architecture, local)])
    kept = root / ".build" / f"vendor-{architecture}-{key}"
    if not kept.is_dir():
        with _made(kept) as into:
            _install(root, into, architecture, local)
            _trim(into)
            _compile(into)
        _retire(kept)
    return kept


def fingerprint(root: Path, architecture: str, local: bool = False) -> str:
    """A name for everything the package depends on."""
    files = [file for name in (*SOURCES, TEMPLATE, LOCK) for file in _files(root / name)]
    named = [part for file in files for part in (file.relative_to(root).as_posix().encode(), file.read_bytes())]
    tools = [Path(__file__).read_bytes(), version("chalice").encode()]
    return _digest([*named, *tools, *_place(architecture, local)])


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


def _trim(vendor: Path) -> None:
    """Drop what no function reads: most of all the descriptions of AWS services that Shopbell does not call."""
    for pattern in UNUSED:
        for path in list(vendor.glob(pattern)):
            shutil.rmtree(path) if path.is_dir() else path.unlink()
    for path in (vendor / "botocore" / "data").iterdir():
        if path.is_dir() and path.name not in SERVICES:
            shutil.rmtree(path)
    _trim_endpoints(vendor / "botocore" / "data" / "endpoints.json")


def _trim_endpoints(file: Path) -> None:
    """Every partition and region stays; of the services only ours. The whole file is the slowest read of a session."""
    endpoints = json.loads(file.read_text())
    for partition in endpoints["partitions"]:
        partition["services"] = {name: said for name, said in partition["services"].items() if name in SERVICES}
    file.write_text(json.dumps(endpoints, separators=(",", ":")))


def _compile(tree: Path) -> None:
    """Bytecode that is used without a look at its source: a zip's files are dated 1980, so a dated one is stale."""
    how = ["-q", "--invalidation-mode", "unchecked-hash", "-s", str(tree), "-p", "/var/task"]
    # In one process and in order of names: else the same source need not give the same bytes.
    _run([sys.executable, "-m", "compileall", *how, str(tree)], {})


def _zip(trees: Sequence[Path], target: Path) -> None:
    """Zip `trees` side by side, in order of names, with no trace of when or by whom."""
    found = sorted((path.relative_to(tree).as_posix(), path) for tree in trees for path in _walk(tree))
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, path in found:
            entry = zipfile.ZipInfo(name, BEGINNING)
            entry.compress_type, entry.external_attr = zipfile.ZIP_DEFLATED, 0o644 << 16
            archive.writestr(entry, path.read_bytes())


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
def _made(target: Path) -> Iterator[Path]:
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


def _retire(made: Path) -> None:
    """Forget what was made before of the same kind for the same architecture."""
    for earlier in made.parent.glob(f"{made.name.rpartition('-')[0]}-*"):
        if earlier != made:
            shutil.rmtree(earlier, ignore_errors=True)


def _run(command: Sequence[str], environment: dict[str, str]) -> None:
    """Run a tool in silence. Raises PackageFailed with the last thing it said."""
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    if done.returncode:
        said = (done.stderr or done.stdout).strip().splitlines() or [f"{command[0]} failed"]
        raise PackageFailed(said[-1])
