"""Slack as the agents' seat: what is drawn and changed there, who may act, and a thread that somebody deletes."""

import json
import time
from collections.abc import Iterator
from typing import Any

import pytest
from slack_sdk.models.blocks import Block

from chalicelib import api
from chalicelib.errors import Outcome, SendFailed, ThreadGone
from chalicelib.models.outbound import Button, Card, Outgoing
from chalicelib.models.provider import FOREIGN
from chalicelib.models.values import Address, Channel
from chalicelib.providers import slack
from chalicelib.providers.slack import blocks, people
from infra.world import Entry, World
from infra.world.slack_people import OTHERS
from tests.lab import SHOP, Lab, carried, laboratory, prepare

CONFIG = slack.Config(signing_secret="a-signing-secret", bot_token="xoxb-right", api_url="http://world/slack/api")
BUTTONS = (
    Button(label="Take it", says="#assign me"),
    Button(label="Priority …", options=(("High", "#priority high"), ("Low", "#priority low"))),
    Button(label="Spam", says="#block", warns="Nothing this sender writes will be shown any more."),
)
CARD = Card(
    title="Anna",
    state=("open", "nobody has it yet"),
    facts=("SMS · +4915700000017", "Tags: new"),
    hint="// makes a note",
    buttons=BUTTONS,
)
ASKED = Outgoing(key="k1", to="C0ORDERS", text="Where is my parcel?")
TOLD = Outgoing(key="n1", to="C0ORDERS", own="Closed.", private_to="U0ANN")


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    people.forget()
    world = World({"SHOPBELL_SLACK_BOT_TOKEN": "xoxb-right"})
    monkeypatch.setattr(api, "transport", lambda call: carried(world, prepare(call)))
    return world


@pytest.fixture
def calls(world: World, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The methods that are called, in order."""
    made: list[str] = []
    through = api.transport

    def transport(call: api.Call) -> api.Answer:
        made.append(call.url.rpartition("/")[2])
        return through(call)

    monkeypatch.setattr(api, "transport", transport)
    return made


def sent(world: World, outgoing: Outgoing) -> tuple[str, Entry]:
    return slack.send(outgoing, CONFIG), world.ledger[-1]


def opened(world: World) -> str:
    return sent(world, ASKED.model_copy(update={"key": "card", "card": CARD}))[0]


def answered(world: World) -> str:
    """A thread in which somebody has answered."""
    thread = opened(world)
    sent(world, ASKED.model_copy(update={"thread": thread, "key": "second"}))
    return thread


def valid(drawn: list[dict[str, Any]]) -> None:
    """By the vendor's own models."""
    for block in drawn:
        made = Block.parse(block)
        assert made
        made.validate_json()
        for element in block["elements"] if block["type"] == "actions" else ():
            assert element["action_id"]
    names = [element["action_id"] for block in drawn if block["type"] == "actions" for element in block["elements"]]
    assert len(set(names)) == len(names)


# ---- what is drawn ----------------------------------------------------------------------------------------------


def test_a_card_shows_state_facts_words_choices_and_the_way_to_answer(world: World) -> None:
    _, card = sent(world, ASKED.model_copy(update={"card": CARD}))
    assert card.text.splitlines() == [
        "Anna", "open · nobody has it yet", *CARD.facts, "Where is my parcel?",
        "Take it", "Spam", CARD.hint,
    ]  # fmt: skip
    assert card.raw["text"] == "Anna: Where is my parcel?"
    valid(card.raw["blocks"])


def test_each_choice_carries_the_words_that_could_be_typed(world: World) -> None:
    _, card = sent(world, ASKED.model_copy(update={"card": CARD}))
    (row,) = [block for block in card.raw["blocks"] if block["type"] == "actions"]
    take, priority, spam = row["elements"]
    assert (take["value"], spam["value"]) == ("#assign me", "#block")
    assert [option["value"] for option in priority["options"]] == ["#priority high", "#priority low"]
    assert "confirm" not in take and spam["confirm"]["text"]["text"] == BUTTONS[2].warns


def test_the_largest_card_is_within_the_limits(world: World) -> None:
    long = tuple((f"{'o' * 200} {number}", f"#tag {number}") for number in range(300))
    buttons = (
        *(Button(label="b" * 200, says=f"#tag {number}", warns="w" * 900) for number in range(150)),
        Button(label="l" * 200, options=long),
    )
    card = Card(title="t" * 400, state=("s" * 400,) * 9, facts=("f" * 900,) * 40, hint="h" * 900, buttons=buttons)
    for text in ("x" * slack.can.text, "x" * 9_000):
        _, entry = sent(world, ASKED.model_copy(update={"card": card, "text": text, "repeat": True}))
        valid(entry.raw["blocks"])
        assert entry.text.count("x") == len(text)  # none of it is lost
    assert world.refused == []


def test_words_that_slack_cannot_carry_whole_are_not_offered() -> None:
    """Cut, they would say something else."""
    assert blocks.rows((Button(label="x", says="#note " + "x" * 2_000),)) == []
    assert blocks.rows((Button(label="x", options=(("x", "#note " + "x" * 150),)),)) == []
    assert blocks.rows((Button(label="x"),)) == []


@pytest.mark.parametrize("text", ["<!channel> *now* & <@U0MILA>", "&lt;!here&gt;", "`code` _x_ <https://x.example|y>"])
@pytest.mark.parametrize("where", [{"card": CARD}, {"buttons": BUTTONS}, {"private_to": "U0ANN"}])
@pytest.mark.parametrize("whose", ["text", "own"])
def test_nothing_drawn_is_markup(world: World, text: str, where: dict[str, Any], whose: str) -> None:
    _, entry = sent(world, ASKED.model_copy(update={"text": "", whose: text, **where}))
    assert text in entry.text and "<" not in entry.raw["text"]
    assert "mrkdwn" not in json.dumps(entry.raw["blocks"])


def test_nobody_can_pass_a_customers_words_off_as_ours(world: World) -> None:
    """Ours are in small print. What a customer writes never is."""
    for text, own in (("Closed by ann.", ""), ("", "Closed by ann.")):
        for card in (None, CARD.model_copy(update={"facts": (), "hint": ""})):
            _, entry = sent(world, ASKED.model_copy(update={"text": text, "own": own, "card": card}))
            drawn = entry.raw.get("blocks", [])
            fine = [one["elements"][0]["text"] for one in drawn if one["type"] == "context"]
            assert fine == ([own] if own else []) and "Closed by ann." in entry.text


def test_long_words_of_ours_are_whole(world: World) -> None:
    _, entry = sent(world, ASKED.model_copy(update={"text": "", "own": "x" * 7_000, "repeat": True}))
    assert entry.text.count("x") == 7_000 and entry.text.startswith("(possibly repeated) x")
    valid(entry.raw["blocks"])


def test_a_word_to_agents_may_offer_choices(world: World) -> None:
    told = {"text": "", "own": "The window is closed.", "buttons": BUTTONS[:1]}
    _, entry = sent(world, ASKED.model_copy(update=told))
    assert entry.text.splitlines() == ["The window is closed.", "Take it"] and entry.key == "k1"
    valid(entry.raw["blocks"])


# ---- changes ----------------------------------------------------------------------------------------------------


def test_a_card_is_written_anew_in_its_place(world: World) -> None:
    thread = opened(world)
    card = CARD.model_copy(update={"state": ("closed",), "text": "Where is my parcel?", "buttons": BUTTONS[:1]})
    changed = Outgoing(key="k2", to="C0ORDERS", card=card, change="edit", refers=thread)
    id, entry = sent(world, changed)
    assert (id, entry.what, entry.refers) == (thread, "edit", thread.partition(":")[2])
    assert "closed" in entry.text and "Where is my parcel?" in entry.text and "open" not in entry.text
    assert entry.key == "card"  # it can still be found by the key it was posted with
    valid(entry.raw["blocks"])


@pytest.mark.parametrize("text", ["It left today. *really*", "ü" * 3_000, "&" * 3_000])
def test_a_post_is_written_anew(world: World, text: str) -> None:
    thread = opened(world)
    posted, _ = sent(world, ASKED.model_copy(update={"thread": thread}))
    _, entry = sent(world, ASKED.model_copy(update={"text": text, "refers": posted, "change": "edit"}))
    assert (entry.what, entry.thread, entry.text) == ("edit", thread.partition(":")[2], text)


def test_a_post_is_taken_back_and_again(world: World) -> None:
    posted, _ = sent(world, ASKED)
    back = Outgoing(key="k2", to="C0ORDERS", refers=posted, change="delete")
    assert [slack.send(back, CONFIG), slack.send(back, CONFIG)] == [posted, posted]
    assert [entry.what for entry in world.ledger] == ["message", "delete"]


def test_what_is_gone_cannot_be_changed(world: World) -> None:
    with pytest.raises(SendFailed) as failed:
        slack.send(ASKED.model_copy(update={"refers": "C0ORDERS:1763650800.000100", "change": "edit"}), CONFIG)
    assert (failed.value.reason, failed.value.outcome) == ("Slack: message_not_found", Outcome.REFUSED)


def test_a_change_is_made_again_rather_than_looked_for(world: World, calls: list[str]) -> None:
    assert slack.find(ASKED.model_copy(update={"refers": "C0ORDERS:1.2", "change": "edit"}), CONFIG) is None
    assert calls == []


# ---- for one agent alone ----------------------------------------------------------------------------------------


def test_a_private_word_stands_in_the_thread(world: World) -> None:
    thread = answered(world)
    id, entry = sent(world, TOLD.model_copy(update={"thread": thread}))
    assert (entry.what, entry.to, entry.thread) == ("private", "C0ORDERS", thread.partition(":")[2])
    assert (entry.refers, entry.text, id) == ("U0ANN", "Closed.", f"C0ORDERS:{entry.id}")


def test_in_a_thread_without_an_answer_nobody_would_see_it(world: World) -> None:
    """Slack shows what one person sees only in a thread that somebody has answered in: else it goes to the channel."""
    _, entry = sent(world, TOLD.model_copy(update={"thread": opened(world)}))
    assert (entry.what, entry.thread) == ("private", "")


@pytest.mark.parametrize("thread", ["C0ORDERS:", ""])
def test_after_a_slash_command_it_stands_in_the_channel(world: World, calls: list[str], thread: str) -> None:
    _, entry = sent(world, TOLD.model_copy(update={"thread": thread}))
    assert (entry.what, entry.to, entry.thread) == ("private", "C0ORDERS", "")
    assert calls == ["chat.postEphemeral"]


@pytest.mark.parametrize("absent", [{"away": ["U0ANN"]}, {"outside": ["C0ELSE"]}])
def test_where_it_cannot_be_seen_it_goes_as_a_direct_message(world: World, absent: dict[str, list[str]]) -> None:
    world.state["slack"] = absent
    id, entry = sent(world, TOLD.model_copy(update={"thread": "C0ELSE:"}))
    assert (entry.what, entry.to, entry.text, id) == ("private", "U0ANN", "Closed.", f"U0ANN:{entry.id}")


def test_a_private_word_in_a_deleted_thread_still_arrives(world: World) -> None:
    _, entry = sent(world, TOLD.model_copy(update={"thread": "C0ORDERS:1763650800.000100"}))
    assert (entry.what, entry.thread) == ("private", "")


@pytest.mark.parametrize("path", ["conversations.replies", "chat.postEphemeral"])
def test_a_private_word_may_have_to_wait(world: World, path: str) -> None:
    thread = answered(world)
    world.fail(part="slack", path=path, status=429, headers={"Retry-After": "7"})
    with pytest.raises(SendFailed) as failed:
        slack.send(TOLD.model_copy(update={"thread": thread}), CONFIG)
    assert (failed.value.outcome, failed.value.retry_after) == (Outcome.NOT_SENT, 7)


def test_nobody_can_look_for_what_one_person_saw(world: World) -> None:
    with pytest.raises(SendFailed) as failed:
        slack.find(TOLD, CONFIG)
    assert failed.value.outcome is Outcome.REFUSED


# ---- a thread that is gone --------------------------------------------------------------------------------------


def test_what_falls_out_of_a_deleted_thread_is_taken_back(world: World, calls: list[str]) -> None:
    thread = answered(world)
    world.state["slack"]["deleted"] = [thread.partition(":")[2]]
    calls.clear()
    with pytest.raises(ThreadGone) as gone:
        slack.send(ASKED.model_copy(update={"thread": thread}), CONFIG)
    assert gone.value.outcome is Outcome.REFUSED
    assert calls == ["chat.postMessage", "chat.delete"]
    assert [entry.what for entry in world.ledger[-2:]] == ["message", "delete"]
    assert world.ledger[-1].refers == world.ledger[-2].id


def test_it_is_gone_also_where_the_stray_post_cannot_be_taken_back(world: World) -> None:
    thread = answered(world)
    world.state["slack"]["deleted"] = [thread.partition(":")[2]]
    world.fail(part="slack", path="chat.delete", status=500)
    with pytest.raises(ThreadGone):
        slack.send(ASKED.model_copy(update={"thread": thread}), CONFIG)


def test_a_thread_that_slack_does_not_know_is_gone(world: World) -> None:
    with pytest.raises(ThreadGone):
        slack.send(ASKED.model_copy(update={"thread": "C0ORDERS:1763650800.000100"}), CONFIG)


# ---- who may act ------------------------------------------------------------------------------------------------

VERDICTS = {
    "U0ANN": "",
    "U0GRID": "",
    "U0GUEST": "is a guest in Slack",
    "U0VISIT": "is a guest in Slack",
    "U0BOT2": "is a bot",
    "U0GONE": "is deactivated in Slack",
    "U0OTHER": FOREIGN,
    "U0STRANGE": FOREIGN,
    "U0NOBODY": "is not known to Slack",
    "USLACKBOT": "is a bot",
}


NOWHERE = {"U0NOBODY", "USLACKBOT"}  # Slack shows them nothing


def vouched(user: str) -> str:
    return slack.vouch(Address(channel=Channel.SLACK, id=user), CONFIG)


@pytest.mark.parametrize("user", VERDICTS)
def test_members_may_act_and_nobody_else(world: World, user: str) -> None:
    assert vouched(user) == VERDICTS[user]


def test_every_kind_of_other_is_judged() -> None:
    assert set(OTHERS) <= set(VERDICTS)


def test_slack_is_asked_once_an_hour(calls: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    now = [1000.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    for _ in range(3):
        assert not vouched("U0ANN") and vouched("U0GUEST")
    assert calls == ["users.info", "auth.test", "users.info"]
    now[0] += people.LASTS
    assert not vouched("U0ANN")
    assert calls[3:] == ["users.info", "auth.test"]


def test_a_member_of_one_shops_team_is_not_one_of_anothers(world: World) -> None:
    """What is remembered is remembered for one token."""
    assert not vouched("U0ANN")
    other = CONFIG.model_copy(update={"bot_token": slack.Config(bot_token="xoxb-other").bot_token})
    with pytest.raises(SendFailed):
        slack.vouch(Address(channel=Channel.SLACK, id="U0ANN"), other)


@pytest.mark.parametrize("body", ['{"ok":true}', '{"ok":true,"user":[]}', '{"ok":true,"team_id":5,"user":"x"}', "[]"])
@pytest.mark.parametrize("path", ["users.info", "auth.test"])
def test_an_answer_that_says_nothing_vouches_for_nobody(world: World, path: str, body: str) -> None:
    world.fail(part="slack", path=path, status=200, body=body)
    with pytest.raises(SendFailed) as failed:
        vouched("U0ANN")
    assert failed.value.outcome is Outcome.UNKNOWN
    assert not vouched("U0ANN")  # and is not remembered


# ---- played through ---------------------------------------------------------------------------------------------


@pytest.fixture
def lab() -> Iterator[Lab]:
    """A customer has written, and the card stands."""
    with laboratory() as lab:
        lab.ring("twilio_sms", lab.say("Where is my order?"))
        lab.settle()
        yield lab


def agent_says(lab: Lab, text: str, user: str, number: int = 10, **more: Any) -> None:
    lab.ring("slack", lab.say(text, number, "slack", sender=user, thread=lab.thread(), **more))
    lab.settle()


def left(lab: Lab) -> list[str]:
    """What customers got beside the acknowledgement."""
    return [entry.text for entry in lab.texts()][1:]


@pytest.mark.parametrize("user", [user for user, verdict in VERDICTS.items() if verdict])
def test_who_is_no_member_reaches_nobody_and_all_are_told(lab: Lab, user: str) -> None:
    agent_says(lab, "It is on its way", user)
    told = lab.posts()[-1]
    assert left(lab) == [] and told.thread and f"this person {VERDICTS[user]}" in told.text
    agent_says(lab, "I look into it", "U0ANN", 11)
    assert left(lab) == ["I look into it"]


@pytest.mark.parametrize("user", [user for user, verdict in VERDICTS.items() if verdict and user not in NOWHERE])
def test_who_is_no_member_changes_nothing_and_is_told_alone(lab: Lab, user: str) -> None:
    before = lab.posts()
    agent_says(lab, "#resolve", user, press=True)
    told = lab.world.ledger[-1]
    assert lab.posts() == before and f"this person {VERDICTS[user]}" in told.text
    assert (told.what, told.refers) == ("private", user)


def test_people_of_another_team_answer_where_the_desk_lets_them() -> None:
    with laboratory(SHOP.replace('slack = "C0FRONT"', 'slack = "C0FRONT"\nconnect = true')) as lab:
        lab.ring("twilio_sms", lab.say("Where is my order?"))
        lab.settle()
        agent_says(lab, "Our van is late", "U0OTHER")
        agent_says(lab, "I am only visiting", "U0GUEST", 11)
        assert left(lab) == ["Our van is late"]


def test_a_change_by_who_is_no_member_is_not_carried_over(lab: Lab) -> None:
    first = lab.say("// we are late", 10, "slack", sender="U0GUEST", thread=lab.thread())
    agent_says(lab, "It comes tomorrow", "U0GUEST", 11, changes=first)
    assert left(lab) == []


def test_what_cannot_be_checked_waits(lab: Lab) -> None:
    lab.world.fail(part="slack", path="users.info", status=503, times=5)
    agent_says(lab, "It is on its way", "U0ANN")
    assert left(lab) == ["It is on its way"]


def test_one_no_of_slacks_costs_no_reply(lab: Lab) -> None:
    """It may be a token that is just being changed."""
    lab.world.fail(part="slack", path="users.info", status=200, body='{"ok":false,"error":"invalid_auth"}', times=2)
    agent_says(lab, "It is on its way", "U0ANN")
    assert left(lab) == ["It is on its way"]


def test_what_can_never_be_checked_is_told(lab: Lab) -> None:
    """A scope that is missing: nobody may act, and everybody learns why."""
    missing = json.dumps({"ok": False, "error": "missing_scope"})
    lab.world.fail(part="slack", path="users.info", status=200, body=missing, times=1000)
    agent_says(lab, "It is on its way", "U0ANN")
    assert left(lab) == []
    assert any("missing_scope" in entry.text for entry in lab.world.ledger)


def test_after_a_deleted_card_the_next_message_posts_another(lab: Lab) -> None:
    first = lab.posts()[0]
    lab.world.state["slack"]["deleted"] = [first.id]
    lab.now += lab.now - lab.started
    lab.ring("twilio_sms", lab.say("Hello?", 2))
    lab.settle()
    card = lab.posts()[-1]
    assert (card.what, card.to) == ("card", "C0FRONT") and "Hello?" in card.text
    stray = [entry.id for entry in lab.posts() if entry.what == "message" and not entry.thread]
    assert stray == [entry.refers for entry in lab.world.ledger if entry.what == "delete"]
    agent_says_there = lab.say("Here I am", 20, "slack", thread=f"{card.to}:{card.id}")
    lab.ring("slack", agent_says_there)
    lab.settle()
    assert left(lab) == ["Here I am"]


# ---- what stands below a customer's words ------------------------------------------------------------------------


def test_below_a_text_it_is_attached_so_that_links_in_the_text_can_still_be_clicked(world: World) -> None:
    thread = opened(world)
    text, below = "See https://shop.example <b>", "⏱ You can answer here until Tue"
    id, entry = sent(world, ASKED.model_copy(update={"thread": thread, "key": "k2", "text": text, "below": below}))
    assert entry.text == f"{text}\n{below}"
    assert "blocks" not in entry.raw
    (attached,) = entry.raw["attachments"]
    assert [block["type"] for block in attached["blocks"]] == ["context"]
    assert slack.find(ASKED.model_copy(update={"thread": thread, "key": "k2"}), CONFIG) == id


def test_on_a_card_it_is_small_print_under_the_words(world: World) -> None:
    _, entry = sent(
        world, ASKED.model_copy(update={"key": "k3", "card": CARD, "text": "Hello", "below": "⏱ until Tue"})
    )
    kinds = [block["type"] for block in entry.raw["blocks"]]
    words = next(place for place, block in enumerate(entry.raw["blocks"]) if "Hello" in str(block))
    assert (kinds[words], kinds[words + 1]) == ("section", "context")
    assert "⏱ until Tue" in str(entry.raw["blocks"][words + 1])
