"""What many tests begin with: a laboratory with every provider, and its front door alone."""

import gc
from collections.abc import Iterator

import pytest
from pydantic import BaseModel

from chalicelib.models.inbound import ITEM
from chalicelib.models.values import Frozen, Strict
from tests.lab import ENVIRONMENT, Lab
from tests.lab.everything import Door, door, everything


def pytest_collection_finish() -> None:
    """Build the models that a function builds as it first uses them: each branch of this process would do so again."""
    ITEM.rebuild(force=False)
    models: list[type[BaseModel]] = [Frozen, Strict]
    while models:
        model = models.pop()
        model.model_rebuild()
        models += model.__subclasses__()
    gc.freeze()  # thousands of tests stay: they need not be looked through for rubbish again and again
    gc.set_threshold(100_000, 20, 20)


@pytest.fixture
def lab() -> Iterator[Lab]:
    """The whole laboratory, with every provider."""
    with everything() as lab:
        yield lab


@pytest.fixture
def front() -> Iterator[Door]:
    """The front door alone: it takes webhooks, and lets sendings out."""
    with door() as front:
        yield front


@pytest.fixture
def function(monkeypatch: pytest.MonkeyPatch) -> None:
    """What every function has of AWS: credentials, and a region."""
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
