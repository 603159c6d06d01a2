"""What the checks of several providers have in common."""

from urllib.parse import urlsplit

from chalicelib.models.provider import Trouble


def registered(provider: str, theirs: object, ours: str) -> list[Trouble]:
    """What is wrong with the webhook's address as a provider has it. `ours` is empty where it is not known."""
    if not isinstance(theirs, str) or not theirs:
        return [Trouble(f"{provider} has no webhook address, so what customers write does not come here")]
    if ours and _bare(theirs) != _bare(ours):
        return [Trouble(f"{provider} calls another address than {ours}")]
    return []


def _bare(url: str) -> tuple[str, str]:
    """Host and path: name and password stand before the one, and what follows the other may be the provider's own."""
    parts = urlsplit(url)
    return parts.netloc.rpartition("@")[2].lower(), parts.path.rstrip("/")
