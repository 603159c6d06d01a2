"""The README says what the code says."""

from pathlib import Path

from chalicelib import desk, providers, route
from chalicelib.models.provider import Provider
from infra import steps

README = Path(__file__).parents[1] / "README.md"


def row(name: str, provider: Provider) -> str:
    can = provider.can
    those = (("customers", can.customers), ("a desk", can.desk), ("orders", can.orders))
    carries = " and ".join(word for word, does in those if does)
    cells = [
        f"`{name}`",
        str(provider.channel or "–"),
        carries,
        f"{can.text:,}" if can.text else "–",
        "yes" if can.receipts else "–",
        "yes" if providers.optional(provider, "check") else "–",
        f"{can.window} h" if can.window else "–",
        ", ".join(sorted(can.covers)),
        " ".join(can.methods),
        steps.confirmed(name),
    ]
    return f"| {' | '.join(cells)} |"


def table() -> str:
    head = ("provider", "channel", "carries", "characters", "receipts", "asked", "reply window", "its proof covers",
            "methods", "confirmed by")  # fmt: skip
    rows = [row(name, providers.load(name)) for name in providers.NAMES]
    return "\n".join([f"| {' | '.join(head)} |", "|---" * len(head) + "|", *rows])


def test_the_table_of_providers_is_what_the_code_says() -> None:
    assert table() in README.read_text(encoding="utf-8"), f"put this between the marks:\n{table()}"


def actions() -> str:
    rows = [f"| {_words(word, action.takes)} | {action.means} |" for word, action in desk.ACTIONS.items()]
    return "\n".join(["| you write | it does |", "|---|---|", *rows])


def outside() -> str:
    rows = [f"| {_words(word, takes)} | {means} |" for word, (takes, means) in route.outside.COMMANDS.items()]
    return "\n".join(["| you write | it does |", "|---|---|", *rows])


def test_the_table_of_what_can_be_asked_outside_a_thread_is_what_the_code_says() -> None:
    assert outside() in README.read_text(encoding="utf-8"), f"put this between the marks:\n{outside()}"


def _words(word: str, takes: str) -> str:
    return f"`{f'{word} {takes}'.strip()}`".replace("|", "\\|")


def test_the_table_of_actions_is_what_the_code_says() -> None:
    assert actions() in README.read_text(encoding="utf-8"), f"put this between the marks:\n{actions()}"
