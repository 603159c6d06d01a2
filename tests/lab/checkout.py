"""A checkout of its own beside the local AWS, and somebody at its command line."""

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from infra import local

ROOT = Path(__file__).parents[2]


class Checkout(NamedTuple):
    """`environment` is that of whoever types; `running` is the AWS that its commands call."""

    running: local.Running
    folder: Path
    environment: Mapping[str, str]

    def shopbell(self, *words: str, answer: str = "") -> tuple[int, str]:
        """Run a command; its exit status and what it prints, questions and errors included."""
        command = [sys.executable, "-m", "infra.cli", *words]
        how: dict[str, Any] = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
        done = subprocess.run(command, cwd=self.folder, env=dict(self.environment), input=answer, **how)
        return done.returncode, done.stdout

    def client(self, service: str) -> Any:
        """The root's, whoever types."""
        session: Any = local.session()
        return session.client(service, endpoint_url=self.running.aws)

    def outputs(self, stack: str) -> dict[str, str]:
        found = self.client("cloudformation").describe_stacks(StackName=stack)["Stacks"][0]["Outputs"]
        return {one["OutputKey"]: one["OutputValue"] for one in found}

    def code(self, stack: str) -> str:
        """Which release runs."""
        name = f"{stack}-worker"
        found: str = self.client("lambda").get_function_configuration(FunctionName=name)["CodeSha256"]
        return found

    def change(self, word: str) -> None:
        """Make another release of it."""
        with (self.folder / "chalicelib" / "shop.toml").open("a") as file:
            file.write(f"# {word}\n")


def checkout(running: local.Running, folder: Path, key: str = "test", secret: str = "test") -> Checkout:
    """This checkout copied to `folder`, typed at with an access key: the root's, or another. Packages are shared."""
    for name in ("app.py", "chalicelib", ".chalice", "infra"):
        source = ROOT / name
        shutil.copytree(source, folder / name) if source.is_dir() else shutil.copy(source, folder / name)
    (folder / ".build").mkdir()
    for vendor in (ROOT / ".build").glob("vendor-*"):
        (folder / ".build" / vendor.name).symlink_to(vendor)
    environment = {
        "PATH": os.environ["PATH"],
        "AWS_ACCESS_KEY_ID": key,
        "AWS_SECRET_ACCESS_KEY": secret,
        "AWS_ENDPOINT_URL": running.aws,
        "AWS_CONFIG_FILE": os.devnull,
        "NO_PROXY": "localhost",
        "PYTHONDONTWRITEBYTECODE": "1",
        "COLUMNS": "100",
    }
    return Checkout(running, folder, environment)
