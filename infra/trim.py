"""What of the locked packages is shipped: no more than the functions of this shop read.

Measured (arm64, zipped): all that is locked is 12.4 MB. The Rust core of `cryptography` alone is 4.6 MB of it and
cannot be parted, so it goes along only where an enabled provider says that it needs it (Can.libraries): for RSA under
an X.509 certificate, or for ECDSA. Ed25519 is libsodium's, 0.8 MB. boto3 is not shipped: it made 0.4 MB and a twentieth
of a cold start out of two small functions. Of botocore's data, the descriptions of the operations that our sources name
stay: 0.05 instead of 0.5 MB, and the largest part of what a client reads.
"""

import gzip
import json
import re
import shutil
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Any

from botocore import xform_name
from botocore.session import Session

from chalicelib import providers, settings

SERVICES = ("dynamodb", "logs", "s3", "sqs", "ssm")  # whose descriptions stay in botocore
UNUSED = (
    *("*.dist-info", "bin", "**/*.pyi", "**/py.typed", "pycparser", "cffi"),
    *("botocore/cacert.pem", "dateutil/zoneinfo/*.gz"),  # certifi and Python have their own
    *("pydantic/v1", "pydantic/mypy.py", "pydantic/color.py", "pydantic/experimental/pipeline.py"),
    *("urllib3/contrib/emscripten", "urllib3/contrib/pyopenssl.py", "urllib3/http2/connection.py", "requests/help.py"),
    *("dateutil/rrule.py", "dateutil/tz/win.py", "annotated_types/test_cases.py", "botocore/stub.py", "idna/cli.py"),
    "botocore/crt/auth.py",
    *("charset_normalizer/*.so", "charset_normalizer/cli"),  # its modules are there in Python too, and not called
)
LIBRARIES = {  # what the package holds only for a provider that says so
    "cryptography": ("cryptography", "_cffi_backend.*"),
    "nacl": ("nacl", "_cffi_backend.*"),
    "phonenumbers": ("phonenumbers",),
}
PAGES = "paginators-1.json"
Called = Mapping[str, Collection[str]]  # operations by service


def called(sources: Path) -> Called:
    """The operations that our sources may call: those whose names they hold."""
    words = {word for file in sources.rglob("*.py") for word in re.findall(r"[a-z0-9_]+", file.read_text("utf-8"))}
    known = {service: Session().get_service_model(service).operation_names for service in SERVICES}
    return {service: sorted(name for name in names if xform_name(name) in words) for service, names in known.items()}


def libraries(shop: str) -> list[str]:
    """The libraries that the providers enabled in the text of a shop.toml need. Raises SettingsError."""
    enabled = settings.load(shop).providers
    return sorted({library for name in enabled for library in providers.load(name).can.libraries})


def trim(vendor: Path, operations: Called, needed: Collection[str]) -> None:
    """Drop from the unpacked packages what no function reads, and the libraries that are not `needed`."""
    kept = {pattern for library in needed for pattern in LIBRARIES[library]}
    optional = {pattern for patterns in LIBRARIES.values() for pattern in patterns}
    for pattern in (*UNUSED, *sorted(optional - kept)):
        for path in list(vendor.glob(pattern)):
            shutil.rmtree(path) if path.is_dir() else path.unlink()
    described = vendor / "botocore" / "data"
    for path in described.iterdir():
        if path.is_dir() and operations.get(path.name):
            _trim_service(path, operations[path.name])
        elif path.is_dir():
            shutil.rmtree(path)
    _trim_endpoints(described / "endpoints.json")


def _trim_service(service: Path, operations: Collection[str]) -> None:
    """The newest description, of these operations only, and how they are paged; no examples, no waiters."""
    *older, newest = sorted(service.iterdir())
    for version in older:
        shutil.rmtree(version)
    for file in newest.iterdir():
        if not file.name.startswith(("service-2", "endpoint-rule-set-1", PAGES)):
            file.unlink()
    pages = json.loads((newest / PAGES).read_bytes())["pagination"]
    said = {"pagination": {name: how for name, how in pages.items() if name in operations}}
    (newest / PAGES).write_text(json.dumps(said, separators=(",", ":")))
    packed = newest / "service-2.json.gz"
    description = json.loads(gzip.decompress(packed.read_bytes()))
    described, shapes = _plain(description["operations"]), _plain(description["shapes"])  # the rest needs its words
    description["operations"] = {name: described[name] for name in described if name in operations}
    description["shapes"] = dict(_reached(description["operations"], shapes))
    packed.unlink()
    packed.with_suffix("").write_text(json.dumps(description, separators=(",", ":")))


def _plain(value: Any) -> Any:
    """A part of a description without its words for readers."""
    if isinstance(value, list):
        return [_plain(inner) for inner in value]
    if not isinstance(value, dict):
        return value
    words = {"documentation"} if isinstance(value.get("documentation"), str) else set()
    return {name: _plain(inner) for name, inner in value.items() if name not in words}


def _reached(start: Any, shapes: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """The shapes that `start` refers to, and those that these refer to."""
    waiting, seen = [start], set[str]()
    while waiting:
        for name in _named(waiting.pop()):
            if name not in seen:
                seen.add(name)
                yield name, shapes[name]
                waiting.append(shapes[name])


def _named(value: Any) -> Iterator[str]:
    """Every shape that a part of a description refers to."""
    if isinstance(value, list):
        for inner in value:
            yield from _named(inner)
    elif isinstance(value, dict):
        if isinstance(value.get("shape"), str):
            yield value["shape"]
        for inner in value.values():
            yield from _named(inner)


def _trim_endpoints(file: Path) -> None:
    """Every partition and region stays; of the services only ours. The whole file is the slowest read of a session."""
    endpoints = json.loads(file.read_text())
    for partition in endpoints["partitions"]:
        partition["services"] = {name: said for name, said in partition["services"].items() if name in SERVICES}
    file.write_text(json.dumps(endpoints, separators=(",", ":")))
