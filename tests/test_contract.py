"""The contract of a provider: every provider over every payload. No code here is about one of them."""

import json
import math
import re
import socket
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import datetime, timedelta
from importlib import import_module
from typing import Any
from unittest import mock
from urllib.parse import quote_from_bytes

import pytest
from hypothesis import given
from hypothesis import settings as effort
from hypothesis import strategies as some

from chalicelib import api, providers, queue, settings, store
from chalicelib.errors import Outcome, SendFailed, Unreadable
from chalicelib.models.inbound import Attachment, Kind, Message, Progress, Raw, Receipt, Told
from chalicelib.models.orders import Demand, Order
from chalicelib.models.outbound import Content
from chalicelib.models.provider import Can, Cover
from chalicelib.models.values import Address, Channel
from chalicelib.webhook import Request, Response, place_of
from infra import simulate, values
from infra.world import Entry, File
from tests.lab import START, Lab
from tests.lab.everything import (
    EVERYTHING_SECRETS,
    Case,
    Door,
    Place,
    calls,
    cases,
    changed,
    composed,
    config,
    dumped,
    emptied,
    hosts_of,
    outgoing,
    parsed,
    paths,
    post,
    proofs,
    proved,
    queued,
    refuses,
    request,
    said,
    secrets_of,
    signature,
    signed,
    somewhere,
    unwrapped,
    value_at,
)

pytestmark = pytest.mark.usefixtures("function")
NAMES = providers.NAMES
CASES = [pytest.param(case, id=f"{name}-{case.name}") for name in NAMES for case in cases(name)]
CAN = {name: providers.load(name).can for name in NAMES}
CUSTOMERS = [name for name in NAMES if CAN[name].customers]
TALKING = [name for name in NAMES if CAN[name].customers or CAN[name].desk]  # words come and go by them
ORDERS = [name for name in NAMES if CAN[name].orders]
SIGNED_FORMS = [
    pytest.param(case, id=case.name) for name in NAMES if Cover.PARAMS in CAN[name].covers for case in cases(name)
]
POSITIONS, LATER = 400, 50  # bits that are turned in a long body or URL; in a provider's further payloads of a kind
FEW = 48  # of each name and value of a form
BATCH = 10  # messages that one call takes to the queue


# ---- the cases themselves ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", NAMES)
def test_there_are_values_for_every_setting(name: str) -> None:
    extras = {field: info.json_schema_extra for field, info in providers.load(name).Config.model_fields.items()}
    needed = [field for field, extra in extras.items() if not (isinstance(extra, dict) and extra.get("optional"))]
    assert not [field for field in needed if settings.variable(name, "", field) not in EVERYTHING_SECRETS]
    assert bool(hosts_of(name)) is (name in TALKING)


@pytest.mark.parametrize("name", NAMES)
def test_there_are_cases_of_many_scripts(name: str) -> None:
    texts = "".join(item.get("text", item.get("number", "")) for case in cases(name) for item in case.means)
    assert len(cases(name)) >= 4
    assert any(0x7F < ord(letter) < 0x2000 for letter in texts)
    assert any(ord(letter) >= 0x2300 for letter in texts)
    assert any(not case.means for case in cases(name))  # something is ignored on purpose


@pytest.mark.parametrize("name", NAMES)
def test_what_a_provider_says_of_itself_is_whole(name: str) -> None:
    module = providers.load(name)
    proofs = {Cover.BODY, Cover.PARAMS, Cover.VALUES, Cover.CREDENTIAL}
    assert module.can.covers <= set(Cover) and module.can.covers & proofs
    assert "POST" in module.can.methods and 200 <= module.can.accepted.status < 300
    assert module.can.customers or module.can.desk or module.can.orders
    assert (name in providers.ORDERS) is module.can.orders
    assert (module.channel is None) is (name not in TALKING)


@pytest.mark.parametrize("name", NAMES)
def test_what_carries_nobodys_words_has_nothing_to_send_with(name: str) -> None:
    """Neither a desk nor a customer is reached by it, so its `send` would never be called."""
    module = providers.load(name)
    assert hasattr(module, "send") is (module.can.text > 0) is (name in TALKING)
    assert name in TALKING or module.can._replace(covers=frozenset(), methods=(), libraries=()) == Can(
        text=0, covers=frozenset(), methods=(), customers=False, orders=True
    )
    outward = [settings.needed(module.Config, "outbound"), hosts_of(name)]
    assert name in TALKING or outward == [[], []]


# ---- accepted, and what it means --------------------------------------------------------------------------------


@pytest.mark.parametrize("case", CASES)
def test_what_is_signed_is_accepted(case: Case, front: Door) -> None:
    given = signed(case)
    assert post(front, given, case.provider) == providers.load(case.provider).can.accepted
    assert [dumped(item) for item in queued(front) if isinstance(item, Told)] == meant(case, given.body)
    assert len(queued(front)) == len(case.means)
    assert calls(front) == ["s3.PutObject"] * holds_files(case) + ["sqs.SendMessageBatch"] * math.ceil(
        len(case.means) / BATCH
    )


def meant(case: Case, sealed: bytes) -> Any:
    """What a webhook means; its files lie in the body as it came, in which a signature may stand."""
    return json.loads(json.dumps(case.means).replace(place_of(case.body), place_of(sealed)))


def holds_files(case: Case) -> bool:
    """Whether files lie in the webhook's own body: it is kept, and before anything is promised."""
    files = [file for item in case.means for file in item.get("attachments", ())]
    return any(file.get("reference", "").startswith("raw/") for file in files)


@pytest.mark.parametrize("name", NAMES)
def test_each_function_needs_its_own_settings_alone(name: str, front: Door) -> None:
    """The webhook has no secret to send with, the worker none that proves a webhook."""
    with only("inbound"):
        assert post(front, signed(cases(name)[0]), name) == providers.load(name).can.accepted
    with only("outbound"):
        known = settings.config(name, "", "outbound")
        assert name not in TALKING or providers.load(name).send(outgoing(name), known)


@pytest.mark.parametrize("case", CASES)
def test_it_means_what_it_says(case: Case) -> None:
    items = parsed(case)
    assert [dumped(item) for item in items] == case.means
    for item in items:
        assert queue.read(queue.write(item)) == item


@pytest.mark.usefixtures("front")
@pytest.mark.parametrize("name", NAMES)
def test_each_live_secret_is_accepted(name: str) -> None:
    """While a secret is being changed, both hold, and a third does not."""
    case = cases(name)[0]
    for field, live in dict(config(name)).items():
        if not isinstance(live, tuple) or not live:
            continue
        old = config(name)
        new = old.model_copy(update={field: values.stranger(name, old).__dict__[field]})
        both = old.model_copy(update={field: (*new.__dict__[field], *live)})
        for signer in (old, new):
            given = signed(case, how=signer)
            assert not refuses(name, given, both)
            assert not refuses(name, given, signer)


# ---- refused ----------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("front")
@pytest.mark.parametrize("case", CASES)
def test_no_bit_may_be_turned(case: Case) -> None:
    """In the body or its decoded fields, in the URL, in whatever proves it, a header or a field: each is refused.

    Where only the values that count are signed, it is refused or says the same as before.
    """
    right, most = signed(case), POSITIONS if is_first(case) else LATER
    assert not refuses(case.provider, right)
    assert not refuses(case.provider, proved(right, case, proofs(case)))
    kinds: Counter[str] = Counter()
    for kind, wrong in tampered(right, case, most):
        if kind == Cover.VALUES and not refuses(case.provider, wrong):
            assert means(wrong, case.provider) == means(right, case.provider), wrong
            continue
        assert refuses(case.provider, wrong), f"{kind}: {wrong}"
        kinds[kind] += 1
    assert kinds["proof"] >= 8
    for cover in CAN[case.provider].covers & TAMPER.keys():
        enough = min(most, 8 * len(right.url), 8 * len(case.body))
        assert kinds[cover] >= (enough // 2 if cover is Cover.VALUES else enough)


@pytest.mark.parametrize("case", SIGNED_FORMS)
def test_a_form_may_be_written_otherwise_but_not_mean_otherwise(case: Case) -> None:
    """Bits turned in the raw body: those that leave the decoded form as it was are counted, all others refused."""
    right, same, refused = signed(case), 0, 0
    for body in turned(case.body):
        wrong = replace(right, body=body)
        if fields(wrong) == fields(right):
            same += 1
        else:
            assert refuses(case.provider, wrong), body
            refused += 1
    assert refused > 10 * same


@pytest.mark.parametrize("name", [name for name in NAMES if Cover.TIME in CAN[name].covers])
def test_what_is_stale_is_refused(name: str) -> None:
    case = cases(name)[0]
    for seconds, expected in ((-301, True), (-300, False), (300, False), (301, True), (86_400 * 400, True)):
        assert refuses(name, replace(signed(case), at=START + timedelta(seconds=seconds))) is expected


@pytest.mark.parametrize("name", NAMES)
def test_nothing_signed_is_taken_without_its_proof(name: str, front: Door) -> None:
    case = cases(name)[0]
    for missing in proofs(case):
        headers = {key: value for key, value in signed(case).headers.items() if key != missing}
        part = {"headers": headers} if missing in signed(case).headers else {"body": case.body}
        assert refuses(name, replace(signed(case), **part))
    assert post(front, request(case), name).status == 401
    assert not calls(front)


@contextmanager
def only(direction: str) -> Iterator[None]:
    """The environment of one function: what no field of its direction needs is not there."""
    fields = {
        settings.variable(name, "", field): info.json_schema_extra
        for name in NAMES
        for field, info in providers.load(name).Config.model_fields.items()
    }
    absent = [name for name, extra in fields.items() if not (isinstance(extra, dict) and extra.get(direction))]
    with mock.patch.dict("os.environ", dict.fromkeys(absent, "")):
        settings.config.cache_clear()
        yield
    settings.config.cache_clear()


def is_first(case: Case) -> bool:
    """Of its provider's payloads of its kind: a form is not signed as JSON is."""
    kind = request(case).header("content-type")
    return next(one for one in cases(case.provider) if request(one).header("content-type") == kind).name == case.name


def turned(content: bytes, most: int = POSITIONS) -> Iterator[bytes]:
    """`content` with one bit turned: every bit of a short one, `most` of a long one, the first and last among them."""
    bits = 8 * len(content)
    for number in range(min(bits, most)):
        place = number * (bits - 1) // max(1, min(bits, most) - 1)
        turned = bytearray(content)
        turned[place // 8] ^= 1 << place % 8
        yield bytes(turned)


def in_body(right: Request, most: int) -> Iterator[Request]:
    for body in turned(right.body, 4 * most):
        yield replace(right, body=body)


def means(given: Request, name: str) -> list[dict[str, Any]]:
    return [{**dumped(item), "claim": item.claim} for item in providers.load(name).parse(given, config(name))]


def in_url(right: Request, most: int) -> Iterator[Request]:
    for url in turned(right.url.encode(), most):
        yield replace(right, url=url.decode("latin-1"))


def in_fields(right: Request, most: int) -> Iterator[Request]:
    """Bits of the decoded names and values, written as a form again."""
    pairs = [(name.encode(), value.encode()) for name, value in right.form()]
    few = max(FEW * most // POSITIONS, most // len(pairs))  # one field alone is turned as a body is
    for number, (name, value) in enumerate(pairs):
        names = [(one, value) for one in turned(name, few)]
        values = [(name, one) for one in turned(value, few)]
        for other in names + values:
            yield replace(right, body=form([*pairs[:number], other, *pairs[number + 1 :]]))


def in_proofs(right: Request, case: Case, most: int) -> Iterator[Request]:
    for where, value in proofs(case).items():
        for text in turned(value.encode(), most):
            yield proved(right, case, {where: text.decode("latin-1")})


TAMPER = {Cover.BODY: in_body, Cover.VALUES: in_body, Cover.URL: in_url, Cover.PARAMS: in_fields}


def tampered(right: Request, case: Case, most: int) -> Iterator[tuple[str, Request]]:
    """Everything that a provider's signature has to notice, as its `covers` says."""
    for cover in CAN[case.provider].covers & TAMPER.keys():
        for wrong in TAMPER[cover](right, most):
            yield cover, wrong
    for wrong in in_proofs(right, case, most):
        yield "proof", wrong


def form(pairs: list[tuple[bytes, bytes]]) -> bytes:
    return "&".join(f"{quote_from_bytes(name, '')}={quote_from_bytes(value, '')}" for name, value in pairs).encode()


def fields(given: Request) -> list[tuple[str, str]] | None:
    try:
        return sorted(given.form())
    except Unreadable:
        return None


# ---- garbage ----------------------------------------------------------------------------------------------------

JUNK: list[Any] = [
    *(None, True, 0, -1, 1.5, 10**30, 10**400, 1e308, "", "x", "\ud800\r\n", "\0", "0" * 5000, [], {}, [None], [[]]),
    *({"": None}, {"id": 5}, {"type": "text"}, {"type": []}, {"name": []}, ["x"], [{}], "2026-13-40", "９"),
]
AGAIN = 16  # of all junk, the share that a field meets in a further payload is one in so many
STRANGE = ["", " ", "\0", "ü", "\udcff", "９", "v1", "v1,", ",", "=", "sha256=", "Basic", "Basic Og==", "Basic =",
           "Bearer x", "nan", "1e400", "-0", "x" * 10_000, "v1,a " * 1000, "\r\nx: y", "[]", "{}"]  # fmt: skip
URLS = ["", "/", "http://", "https://[", "https://[::1", "https://x:99999999/", "https://x:y/", "https://\udcff/", "\0"]


@pytest.mark.usefixtures("front")
@pytest.mark.parametrize("name", NAMES)
def test_whatever_stands_in_a_header_or_the_url_is_refused(name: str) -> None:
    case = cases(name)[0]
    right = signed(case)
    for where in proofs(case):
        for value in STRANGE:
            assert refuses(name, proved(right, case, {where: value}))
    everywhere = proved(right, case, dict.fromkeys(proofs(case), "\udcff\0ü"))
    assert refuses(name, replace(everywhere, query={"bodySHA256": "ü", "": "\udcff"}))
    for url in URLS:
        refuses(name, replace(signed(case), url=url))  # it may say yes where the URL is not signed


@pytest.mark.parametrize("name", NAMES)
def test_any_value_may_be_anything(name: str) -> None:
    """Every value of every payload, one at a time, becomes junk: whatever is still read can go on the queue.

    A field is tried with all of it where it is first met, then with some.
    """
    met: set[tuple[Any, ...]] = set()
    for case in cases(name):
        tree = case.opened()
        for number, place in enumerate(paths(tree)):
            field = tuple(step if isinstance(step, str) else 0 for step in place)
            tried = JUNK[number % AGAIN :: AGAIN] if field in met else JUNK
            met.add(field)
            for junk in tried:
                readable(case.closed(changed(tree, place, junk)))
        for junk in JUNK:
            readable(case._replace(body=json.dumps(junk).encode()))


@pytest.mark.parametrize("name", NAMES)
def test_any_bytes_may_come(name: str, front: Door) -> None:
    accepted = providers.load(name).can.accepted

    @effort(max_examples=25, deadline=None, database=None, derandomize=True)
    @given(some.binary(max_size=200), some.text(some.characters(), max_size=20))
    def try_it(body: bytes, value: str) -> None:
        case = cases(name)[0]._replace(body=body)
        readable(case)
        for header in signature(cases(name)[0]):
            assert refuses(name, replace(request(case), headers={header: value}))
        assert answered(front, case) in (accepted, None)

    try_it()


def readable(case: Case) -> list[Told]:
    """What can be read of it; nothing but Unreadable may be raised, and each item can be queued."""
    try:
        items = parsed(case)
    except Unreadable as error:
        items = list(error.items)
    for item in items:
        assert len(item.claim) == 26 and queue.group(item)
        written = queue.write(item)
        assert queue.write(queue.read(written)) == written
    return items


def answered(lab: Lab, case: Case) -> Response | None:
    """What a correctly signed webhook is answered; None where its provider cannot sign such bytes at all."""
    try:
        given = signed(case)
    except ValueError:
        return None
    return post(lab, given, case.provider)


# ---- batches ----------------------------------------------------------------------------------------------------


def batch(name: str, count: int) -> Case | None:
    """`count` messages in one webhook; None where the provider never sends more than one."""
    try:
        return composed(name, *[said(name, f"number {number}") for number in range(count)])
    except ValueError:
        return None


BATCHING = [name for name in NAMES if batch(name, 2)]


@pytest.mark.parametrize("count", [2, 10, 11, 50])
@pytest.mark.parametrize("name", BATCHING)
def test_a_batch_of_n_is_n(name: str, count: int, front: Door) -> None:
    case = batch(name, count)
    assert case and post(front, signed(case), name) == providers.load(name).can.accepted
    assert texts(front) == [f"number {number}" for number in range(count)]
    assert calls(front) == ["sqs.SendMessageBatch"] * math.ceil(count / BATCH)


@pytest.mark.parametrize("name", BATCHING)
def test_a_long_batch_is_split_by_the_worker(name: str, lab: Lab) -> None:
    case = batch(name, 51)
    assert case and post(lab, signed(case), name) == providers.load(name).can.accepted
    assert [item.type for item in queued(lab)] == ["raw"]
    with only("outbound"):
        assert lab.work()
    assert texts(lab) == [f"number {number}" for number in range(51)]


@pytest.mark.parametrize("name", BATCHING)
def test_what_cannot_be_read_costs_no_other_and_is_kept(name: str, front: Door) -> None:
    case = batch(name, 3)
    assert case
    tree, whole = case.opened(), parsed(case)
    tried = 0
    for place in lists_of_items(case, whole):
        broken = case.closed(changed(tree, place, [*value_at(tree, place), 5]))
        emptied(front)
        assert post(front, signed(broken), name) == providers.load(name).can.accepted
        assert texts(front) == ["number 0", "number 1", "number 2"]
        assert isinstance(queued(front)[-1], Raw)
        tried += 1
    assert tried


@pytest.mark.parametrize("name", BATCHING)
def test_a_large_item_beside_what_cannot_be_read(name: str, front: Door) -> None:
    """Too large for a queue message: the kept body is all that holds it, and nothing is put on the queue in vain."""
    assert post(front, signed(large_beside_junk(name)), name) == providers.load(name).can.accepted
    assert isinstance(queued(front)[-1], Raw)


@pytest.mark.parametrize("name", BATCHING)
def test_the_worker_finds_the_large_item(name: str, lab: Lab) -> None:
    """It is not lost behind what cannot be read beside it."""
    assert post(lab, signed(large_beside_junk(name)), name).status < 300
    while not any("ääää" in entry.text for entry in lab.world.ledger):
        assert lab.work()


def large_beside_junk(name: str) -> Case:
    case = composed(name, said(name, "ä" * 60_000), said(name, "number 1"))
    (place, *_) = lists_of_items(case, parsed(case))
    tree = case.opened()
    return case.closed(changed(tree, place, [*value_at(tree, place), 5]))


def texts(lab: Lab) -> list[str]:
    return [item.text for item in queued(lab) if isinstance(item, Message)]


# ---- claims -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("case", CASES)
def test_the_same_in_another_envelope_is_the_same(case: Case) -> None:
    """Later, with other headers, written otherwise, with other ids of the delivery, alone instead of in a batch."""
    items, tree = parsed(case), case.opened()
    claims = [item.claim for item in items]
    later = replace(request(case, START + timedelta(days=2)), headers={**case.headers, "x-other": "1"})
    assert [item.claim for item in providers.load(case.provider).parse(later, config(case.provider))] == claims
    for again in rewritten(case):
        assert [item.claim for item in parsed(again)] == claims
    for again in other_envelopes(case, tree, items):
        found = readable(again)
        assert len(found) != len(items) or [item.claim for item in found] == claims
    for place in lists_of_items(case, items):
        for one in value_at(tree, place):
            assert {item.claim for item in parsed(case.closed(changed(tree, place, [one])))} <= set(claims)


@pytest.mark.parametrize("name", [name for name in NAMES if name in BATCHING])
def test_in_a_batch_or_alone_it_is_the_same(name: str) -> None:
    whole = batch(name, 5)
    assert whole
    alone = [parsed(composed(name, said(name, f"number {number}")))[0].claim for number in range(5)]
    assert [item.claim for item in parsed(whole)] == alone


@pytest.mark.parametrize("name", NAMES)
def test_distinct_things_have_distinct_claims(name: str) -> None:
    """Over all payloads: original, edit, second edit, delete, reaction, its removal, each receipt."""
    known: dict[str, dict[str, Any]] = {}
    for case in cases(name):
        items = parsed(case)
        assert len({item.claim for item in items}) == len(items)
        for item in items:
            assert known.setdefault(item.claim, dumped(item)) == dumped(item)
    distinct = {json.dumps(one, sort_keys=True) for one in known.values()}
    assert len(distinct) == len(known) >= 4


@pytest.mark.parametrize("name", NAMES)
def test_each_kind_that_comes_is_told_apart(name: str) -> None:
    """The payloads hold what there is to tell apart: two edits of one message, a reaction and its removal."""
    items = [item for case in cases(name) for item in parsed(case) if isinstance(item, Message)]
    kinds = {kind: [item for item in items if item.kind is kind] for kind in Kind}
    edits = {item.claim: item.id for item in kinds[Kind.EDIT]}
    assert not edits or max(Counter(edits.values()).values()) >= 2
    given = {item.id for item in kinds[Kind.REACTION] if item.text}
    taken_back = {item.id for item in kinds[Kind.REACTION] if not item.text}
    assert not given or given & taken_back
    for item in kinds[Kind.EDIT] + kinds[Kind.DELETE] + kinds[Kind.REACTION]:
        assert item.original_claim != item.claim


@pytest.mark.parametrize("name", TALKING)
def test_what_comes_again_is_shown_once(name: str, lab: Lab) -> None:
    """The same thing in two webhooks, signed anew at another time."""
    if not CAN[name].customers:
        lab.ring(CUSTOMERS[0], said(CUSTOMERS[0], "First"))
        lab.settle()
    again = said(name, "Where is it?", thread="" if CAN[name].customers else lab.thread())
    for _ in range(3):
        assert lab.ring(name, again) < 300
        lab.settle()
        lab.now += timedelta(minutes=1)
    assert len([entry for entry in lab.world.ledger if "Where is it?" in entry.text]) == 1


def rewritten(case: Case) -> Iterator[Case]:
    """The same fields in another order, in other letters, with other space between them."""
    tree = case.opened()
    yield case.closed(tree)
    if isinstance(tree, dict):
        yield case.closed(dict(reversed(tree.items())))
    if case.is_json:
        other = json.loads(case.closed(tree).body)
        yield case._replace(body=json.dumps(other, sort_keys=True, indent=1, ensure_ascii=False).encode())


def other_envelopes(case: Case, tree: Any, items: list[Told]) -> Iterator[Case]:
    """With each value changed that is no item's own: the delivery's id, its time, and whatever else there is."""
    owned = own(tree, items)
    for place in paths(tree):
        value = value_at(tree, place)
        if not isinstance(value, dict | list) and not any(place[: len(whole)] == whole for whole in owned):
            yield case.closed(changed(tree, place, f"{value}0" if isinstance(value, str) else 7))


def own(tree: Any, items: list[Told]) -> set[Place]:
    """Where the items' own parts are: each one's `source`, or the parts that it is made of; and who it is about."""
    every: list[Place] = [(), *paths(tree)]
    found: set[Place] = set()
    for item in items:
        source = unwrapped(item.source)  # as the tree is
        whole = {place for place in every if value_at(tree, place) == source}
        parts = list(source.values()) if isinstance(source, dict) else []
        found |= whole or {place for place in every if value_at(tree, place) in parts}
        names = [name for who in about(item) for name in re.split("[:/]", who.id)]
        found |= {place for place in every if squeezed(value_at(tree, place)) in names}
    return found


def about(item: Told) -> tuple[Address, ...]:
    """Whom it names."""
    match item:
        case Message():
            return (item.sender,)
        case Receipt():
            return (item.reader,) if item.reader else ()
        case Order() | Demand():
            return item.buyer


def squeezed(value: Any) -> str:
    """As an address is kept, whatever stands between its digits."""
    plain = str(value).lower()
    return plain if "@" in plain else re.sub(r"[\s().-]", "", re.sub("^00", "+", plain))


def lists_of_items(case: Case, items: list[Told]) -> list[Place]:
    """The lists that hold items, which a provider fills when it batches: without their elements, items are missing."""
    tree = case.opened()
    owned = own(tree, items)
    outside = [place for place in [(), *paths(tree)] if not any(place[: len(one)] == one for one in owned)]
    lists = [place for place in outside if isinstance(value_at(tree, place), list)]
    return [place for place in lists if len(readable(case.closed(changed(tree, place, [])))) < len(items)]


# ---- receipts ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("progress", Progress)
@pytest.mark.parametrize("name", [name for name in CUSTOMERS if CAN[name].receipts])
def test_a_receipt_that_overtakes_our_mark_still_lands(name: str, progress: Progress, lab: Lab) -> None:
    """It comes, and is worked on, after the provider took the message and before we could write so down."""
    early: list[Entry] = []

    def overtake(number: int, called: str, apply: Callable[[], Any], given: Any) -> Any:
        before = len(lab.world.ledger)
        answer = apply()
        for entry in [entry for entry in lab.world.ledger[before:] if entry.part == name]:
            case = receipt(entry, progress, lab)
            if case:
                early.append(entry)
                assert post(lab, signed(case, lab.now), name) == providers.load(name).can.accepted
                while lab.work():
                    pass
                assert landed(entry, lab) is None
        return answer

    lab.seam.intercept = overtake
    assert lab.ring(name, said(name, "Hello")) < 300
    lab.settle()
    assert early or not receipts_of(name, progress, lab)
    assert all(landed(entry, lab) is progress for entry in early)


@pytest.mark.parametrize("order", [[*Progress], [*reversed(Progress)], [Progress.READ, Progress.DELIVERED]])
@pytest.mark.parametrize("name", [name for name in CUSTOMERS if CAN[name].receipts])
def test_receipts_only_move_forward(name: str, order: list[Progress], lab: Lab) -> None:
    """Read and failed are the end, whatever comes after them and however often."""
    lab.ring(name, said(name, "Hello"))
    lab.settle()
    entry = next(entry for entry in lab.world.ledger if entry.part == name)
    known = [progress for progress in order if receipt(entry, progress, lab)]
    for progress in [*known, *known]:
        case = receipt(entry, progress, lab)
        assert case and post(lab, signed(case, lab.now), name).status < 300
        lab.settle()
    last = [progress for progress in known if progress is not Progress.DELIVERED]
    assert landed(entry, lab) is (last or known)[0]


def receipt(entry: Entry, progress: Progress, lab: Lab) -> Case | None:
    """The webhook by which a provider reports on what it took; None where it has no word for that."""
    part = import_module(f"infra.world.{entry.part}")
    try:
        body = part.receipt(entry, progress, lab.world)
    except ValueError:
        return None
    headers = {"content-type": getattr(part, "RECEIPT_TYPE", "application/json")}
    return Case(entry.part, f"receipt {progress}", body, headers, {}, []) if body else None


def receipts_of(name: str, progress: Progress, lab: Lab) -> list[Case]:
    """What a provider would report on everything it took."""
    entries = [entry for entry in lab.world.ledger if entry.part == name]
    assert entries
    return [case for entry in entries if (case := receipt(entry, progress, lab))]


def landed(entry: Entry, lab: Lab) -> Progress | None:
    """How far the delivery has come that brought about an entry."""
    with lab.aside():
        leads = store.sent(entry.part, "", entry.id)
        claim = store.claim(leads[0]) if leads else None
    return claim.deliveries[leads[1]].receipt if claim and leads else None


# ---- orders -----------------------------------------------------------------------------------------------------

BUYER = "mira.olsen@buyer.example"
HOUR = timedelta(hours=1)


def buys(lab: Lab, name: str, number: str, at: datetime = START) -> None:
    """An order, as its webhook tells it; and the worker has done with it."""
    assert lab.ring(name, said(name, number, sender=BUYER, at=at)) == providers.load(name).can.accepted.status
    lab.settle()


def writes(lab: Lab) -> str:
    """Whoever bought writes a mail; what the desk is shown."""
    carrier = next(name for name in CUSTOMERS if providers.load(name).channel is Channel.EMAIL)
    lab.put(Message(provider=carrier, id="1", sender=Address(channel=Channel.EMAIL, id=BUYER), text="Where is it?"))
    lab.settle()
    return "\n".join(entry.text for entry in lab.posts())


@pytest.mark.parametrize("name", ORDERS)
def test_an_order_stands_on_the_card_of_who_writes_and_nobody_is_told(name: str, lab: Lab) -> None:
    buys(lab, name, "1037")
    assert not lab.world.ledger and not [row for row in lab.rows() if not row["pk"].startswith("ORDER")]
    assert "Order 1037 · paid" in writes(lab)


@pytest.mark.parametrize("name", ORDERS)
def test_of_an_order_the_newest_word_counts_however_often_and_late_others_come(name: str, lab: Lab) -> None:
    buys(lab, name, "1037")
    before = lab.rows()
    lab.now += HOUR
    for at in (START, START - HOUR, START):
        buys(lab, name, "1037", at)
    assert lab.rows() == before
    buys(lab, name, "1037", START + HOUR)
    assert lab.rows() != before and writes(lab).count("Order 1037") == 1


@pytest.mark.parametrize("name", ORDERS)
def test_an_order_of_who_never_writes_fades(name: str, lab: Lab) -> None:
    buys(lab, name, "1037")
    latest = (START + timedelta(days=lab.shop.retention.order_days)).timestamp()
    assert lab.rows() and all(int(row["fades_at"]) <= latest for row in lab.rows())


# ---- sending ----------------------------------------------------------------------------------------------------

PAGE = "<html><body>Something went wrong.</body></html>"
ANSWERED = (  # names that a provider may answer with
    *("ok", "error", "code", "error_code", "error_subcode", "error_data", "ErrorCode", "message", "Message"),
    *("description", "parameters", "result", "sid", "channel", "ts", "MessageID", "message_id", "messages", "title"),
    *("id", "name", "MessageId", "__type", "data", "errors"),
)
BY_STATUS = [
    *((429, Outcome.NOT_SENT), (503, Outcome.NOT_SENT)),
    *((500, Outcome.UNKNOWN), (502, Outcome.UNKNOWN), (504, Outcome.UNKNOWN)),
    *((400, Outcome.REFUSED), (401, Outcome.REFUSED), (403, Outcome.REFUSED), (404, Outcome.REFUSED)),
]


@pytest.mark.parametrize("name", TALKING)
def test_what_is_sent_arrives_once_and_has_an_id(name: str, front: Door) -> None:
    identifier = send(name)
    (entry,) = front.world.ledger
    assert identifier.endswith(entry.id) and entry.id
    assert len(calls(front)) == 1 and "It left this morning." in entry.text


@pytest.mark.parametrize("body", ["", "{}", PAGE], ids=["empty", "json", "page"])
@pytest.mark.parametrize(("status", "outcome"), BY_STATUS)
@pytest.mark.parametrize("name", TALKING)
def test_outcome_by_status(name: str, status: int, outcome: Outcome, body: str, front: Door) -> None:
    """Where the provider's own code says nothing: what is between it and us answers so."""
    front.world.fail(part=name, status=status, headers={"Retry-After": "30"}, body=body)
    failure = failed(name)
    assert (failure.outcome, failure.retry_after) == (outcome, 30)
    assert len(calls(front)) == 1 and not front.world.ledger
    assert "<" not in failure.reason and len(failure.reason) < 300


@pytest.mark.parametrize("wait", ["", "soon", "-5", "nan", "inf", "1e400", "９", "Wed, 21 Oct 2026 07:28:00 GMT"])
@pytest.mark.parametrize("name", TALKING)
def test_a_wait_that_is_none(name: str, wait: str, front: Door) -> None:
    front.world.fail(part=name, status=429, headers={"retry-after": wait})
    assert failed(name).retry_after is None


@pytest.mark.parametrize("name", TALKING)
def test_a_wait_is_an_hour_at_most(name: str, front: Door) -> None:
    front.world.fail(part=name, status=429, headers={"retry-after": "99999"})
    assert failed(name).retry_after == 3600


@pytest.mark.parametrize("body", ["", "[]", "{", "{}", "null", PAGE, "\ud800"])
@pytest.mark.parametrize("name", TALKING)
def test_an_answer_that_says_nothing_is_unknown(name: str, body: str, front: Door) -> None:
    """A good status alone proves nothing. Where a repeat is recognised, either may be said: neither does harm."""
    front.world.fail(part=name, status=200, body=body.encode("utf-8", "surrogatepass").decode("latin-1"))
    try:
        taken = send(name)
    except SendFailed as failure:
        assert failure.outcome is Outcome.UNKNOWN
    else:
        assert taken and CAN[name].idempotent


@pytest.mark.parametrize("name", TALKING)
def test_any_value_of_an_answer_may_be_anything(name: str, front: Door) -> None:
    """It arrived, or SendFailed says what is known; nothing else is raised."""
    for junk in JUNK:
        for fields in (ANSWERED, ANSWERED[:1], ANSWERED[1:], ANSWERED[2:]):
            front.world.fail(part=name, status=200, body=json.dumps(dict.fromkeys(fields, junk)))
            with suppress(SendFailed):
                assert isinstance(send(name), str)


@pytest.mark.parametrize("name", TALKING)
def test_no_answer_is_unknown(name: str, front: Door) -> None:
    front.world.fail(part=name, hang=9.0)
    assert failed(name).outcome is Outcome.UNKNOWN


@pytest.mark.parametrize("name", TALKING)
def test_a_connection_that_is_refused_carried_nothing(name: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    assert failed(name, moved(name, port)).outcome is Outcome.NOT_SENT


@pytest.mark.parametrize("name", TALKING)
def test_a_connection_that_stays_silent_may_have(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(api, "DEADLINE", 0.05)
    with socket.create_server(("127.0.0.1", 0)) as server:
        assert failed(name, moved(name, server.getsockname()[1])).outcome is Outcome.UNKNOWN


@pytest.mark.parametrize("name", TALKING)
def test_a_connection_that_breaks_may_have(name: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        breaking = threading.Thread(target=hang_up, args=(server,))
        breaking.start()
        assert failed(name, moved(name, server.getsockname()[1])).outcome is Outcome.UNKNOWN
        breaking.join()


def send(name: str, how: Any = None) -> str:
    return providers.load(name).send(outgoing(name), how or config(name))


def failed(name: str, how: Any = None) -> SendFailed:
    with pytest.raises(SendFailed) as caught:
        send(name, how)
    return caught.value


def moved(name: str, port: int) -> Any:
    """The provider's Config, with its API on a port of this machine."""
    urls = {field: value for field, value in dict(config(name)).items() if value in hosts_of(name)}
    here = {field: url.replace("http://world", f"http://127.0.0.1:{port}") for field, url in urls.items()}
    return config(name).model_copy(update=here)


def hang_up(server: socket.socket) -> None:
    """Take a request and close the connection without a word."""
    connection, _ = server.accept()
    with connection:
        connection.recv(65_536)


# ---- files ------------------------------------------------------------------------------------------------------

PDF = Content(
    name="invoice 7 ü.pdf", type="application/pdf", data=b"%PDF-1.4 of order 7", url="https://files.example/7"
)
TAKING = [name for name in NAMES if CAN[name].takes(PDF.type, len(PDF.data))]
HANDING = [name for name in NAMES if hasattr(simulate.load(name), "held")]  # files of theirs lie at their hosts
HOLDING = [name for name in NAMES if providers.optional(providers.load(name), "unpack")]
ELSEWHERE = ["https://evil.example/a", "http://169.254.169.254/", "https://127.0.0.1/a", "file:///etc/passwd", "", "x",
             "../../a", "https://world/a", "http://world.evil.example/a", "raw/" + "0" * 64 + "/0"]  # fmt: skip


@pytest.mark.parametrize("name", TAKING)
def test_a_file_is_sent_once_and_has_an_id(name: str, front: Door) -> None:
    """However many calls that takes: the last one alone is seen by anybody."""
    seen: list[int] = []

    def watch(number: int, what: str, apply: Callable[[], Any], given: Any) -> Any:
        answer = apply()
        seen.append(len(front.world.ledger))
        return answer

    front.seam.intercept = watch
    identifier = send_file(name)
    (entry,) = front.world.ledger
    assert entry.id and identifier.endswith(entry.id) and seen == [0] * (len(seen) - 1) + [1]
    assert PDF.name in f"{entry.text} {entry.raw}" and entry.to in outgoing(name).to


@pytest.mark.parametrize("name", TAKING)
def test_what_goes_before_a_file_is_in_no_doubt(name: str, front: Door) -> None:
    """No answer to what nobody sees is as if it had not been asked; to the last call, it may have arrived."""
    send_file(name)
    total = len(calls(front))
    for struck in range(total):
        emptied(front)

        def no_answer(number: int, what: str, apply: Callable[[], Any], given: Any, struck: int = struck) -> Any:
            if number == struck + 1:
                raise SendFailed("no answer came", Outcome.UNKNOWN)
            return apply()

        front.seam.intercept = no_answer
        with pytest.raises(SendFailed) as caught:
            send_file(name)
        assert caught.value.outcome is (Outcome.UNKNOWN if struck == total - 1 else Outcome.NOT_SENT)


@pytest.mark.parametrize("name", HANDING)
def test_a_file_that_comes_by_reference_can_be_fetched(name: str, front: Door) -> None:
    file = simulate.File("kettle ü.pdf", "application/pdf", b"%PDF of a kettle")
    words = said(name, "Look", thread=somewhere(name), files=(file,))
    for id, held in simulate.held(name, [words], config(name)).items():
        front.world.hold(name, id, File(*held))
    attachments = [
        one for item in parsed(composed(name, words)) if isinstance(item, Message) for one in item.attachments
    ]
    (found,) = (fetch(name, attachment) for attachment in attachments)
    assert (found.data, found.type) == (file.content, file.type)
    with pytest.raises(SendFailed) as caught:
        fetch(name, attachments[0], limit=len(file.content) - 1)
    assert caught.value.outcome is Outcome.REFUSED
    front.world.state.clear()
    with pytest.raises(SendFailed) as caught:
        fetch(name, attachments[0])
    assert caught.value.outcome is Outcome.REFUSED


@pytest.mark.parametrize("name", HOLDING)
def test_a_file_that_comes_within_the_webhook_can_be_taken_out(name: str, front: Door) -> None:
    file = simulate.File("kettle ü.pdf", "application/pdf", b"%PDF of a kettle")
    case = composed(name, said(name, "Look", files=(file,)))
    webhook = signed(case)
    (message,) = parsed(case._replace(body=webhook.body))  # a signature may stand in it
    assert isinstance(message, Message)
    place, _, number = message.attachments[0].reference.rpartition("/")
    assert post(front, webhook, name).status < 300
    assert front.kept == [place]
    unpack = vars(providers.load(name))["unpack"]
    assert (unpack(case.body, int(number)).data, unpack(case.body, int(number)).type) == (file.content, file.type)
    for body, wrong in ((case.body, 1), (b"", 0), (b"[]", 0), (b"{}", 0), (b'{"Attachments": [7]}', 0)):
        with pytest.raises(Unreadable):
            unpack(body, wrong)


@pytest.mark.parametrize("reference", ELSEWHERE)
@pytest.mark.parametrize("name", HANDING)
def test_no_file_is_fetched_from_elsewhere(name: str, reference: str, front: Door) -> None:
    """Whatever a webhook calls its place."""
    called = calls_of(front)
    with pytest.raises(SendFailed) as caught:
        fetch(name, Attachment(name="a", reference=reference))
    assert caught.value.outcome is Outcome.REFUSED
    assert all(url.startswith(origin_of(name)) for url in called)


@pytest.mark.parametrize("name", HANDING)
def test_no_file_is_fetched_from_where_an_answer_leads_to_elsewhere(name: str, front: Door) -> None:
    """Asked where a file lies, the provider itself names a strange host, in every field there is."""
    called: list[str] = []

    def lead_away(number: int, what: str, apply: Callable[[], Any], given: api.Call) -> api.Answer:
        called.append(given.url)
        place = dict.fromkeys(("url", "file_path", "upload_url"), "https://evil.example/a")
        said = {"ok": True, **place, "result": place}
        return api.Answer(
            200 if number == 1 else 302, {"location": "https://evil.example/a"}, json.dumps(said).encode()
        )

    front.seam.intercept = lead_away
    words = said(name, "Look", thread=somewhere(name), files=(simulate.File("a.png", "image/png", b"x"),))
    *_, message = parsed(composed(name, words))  # some tell of a file by itself
    assert isinstance(message, Message)
    with suppress(SendFailed):
        fetch(name, message.attachments[0])
    assert called and all(url.startswith(origin_of(name)) for url in called)


def origin_of(name: str) -> str:
    """Where a provider is, as the shop here has it; its files may lie beside its API."""
    (host,) = hosts_of(name)
    return "/".join(host.split("/")[:3]) + "/"


def fetch(name: str, attachment: Attachment, limit: int = 1_000) -> Content:
    found: Content = vars(providers.load(name))["fetch"](attachment, config(name), limit)
    return found


def send_file(name: str) -> str:
    return providers.load(name).send(outgoing(name, "", file=PDF), config(name))


# ---- secrets and strangers --------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", NAMES)
def test_no_secret_is_in_a_config_as_it_prints(name: str) -> None:
    how = config(name)
    assert secrets_of(name)
    for printed in (repr(how), str(how), f"{how}", repr(dict(how)), how.model_dump_json()):
        assert not [secret for secret in secrets_of(name) if secret in printed]


@pytest.mark.parametrize("readable", [True, False])
@pytest.mark.parametrize("name", [name for name in NAMES if Cover.CREDENTIAL in CAN[name].covers])
def test_no_secret_that_a_webhook_shows_is_kept(
    name: str, readable: bool, front: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither on the queue nor, where nobody can read it, in the bucket."""
    taken: list[str] = []

    def note(number: int, what: str, apply: Callable[[], Any], given: Any) -> Any:
        body = given.body.read() if hasattr(given.body, "read") else given.body  # the bucket's is read in chunks
        taken.append(f"{given.url} {body}")
        return front.take_in(number, what, apply, given)

    def unread(*given: Any) -> list[Told]:
        raise Unreadable("nobody can")

    front.seam.intercept = note
    if not readable:
        monkeypatch.setattr(providers.load(name), "parse", unread)
    for case in cases(name):
        assert post(front, signed(case), name) == providers.load(name).can.accepted
    assert taken and not [secret for secret in secrets_of(name) for one in taken if secret in one]


@pytest.mark.parametrize("status", [200, 400, 401, 500])
@pytest.mark.parametrize("name", TALKING)
def test_no_secret_is_in_a_reason(name: str, status: int, front: Door) -> None:
    """Even where the provider quotes what it was shown: agents read reasons, and they are written down."""
    shown: list[str] = []

    def quote(number: int, what: str, apply: Callable[[], Any], given: api.Call) -> api.Answer:
        shown.extend(secret for secret in secrets_of(name) if secret in repr(given))
        return api.Answer(status, {}, json.dumps(words(f"Bad token: {' '.join(shown)}")[number % 4]).encode())

    front.seam.intercept = quote
    for _ in range(4):
        with suppress(SendFailed):
            send(name)
            continue
        failure = failed(name)
        assert not [secret for secret in shown if secret in f"{failure} {failure!r}"]


@pytest.mark.parametrize("status", [200, 400, 500])
@pytest.mark.parametrize("name", TALKING)
def test_a_reason_is_one_line_that_can_be_written_down(name: str, status: int, front: Door) -> None:
    """Half an emoji can be kept nowhere, and a turn of direction shows another text than there is."""
    for body in words("bad \ud83d \0 \x1b[31m \u202e gpj\r\n" + "x" * 3_000):
        front.world.fail(part=name, status=status, body=json.dumps(body))
        with suppress(SendFailed):
            send(name)
            continue
        front.world.fail(part=name, status=status, body=json.dumps(body))
        reason = failed(name).reason
        assert len(reason.encode()) < 500
        assert reason.isprintable()


def words(quoted: str) -> list[dict[str, Any]]:
    """Wherever a provider may put its words."""
    said: dict[str, Any] = dict.fromkeys(("message", "description", "Message", "title", "detail"), quoted)
    inner = {"message": quoted, "code": 190, "error_data": {"details": quoted}}
    said |= {"errors": [{**said, "code": "10009"}]}
    return [{**said, "error": inner}, {**said, "error": quoted}, {**said, "code": 20003}, {**said, "ErrorCode": 9}]


@pytest.mark.parametrize("name", NAMES)
def test_only_the_providers_host_is_called(name: str, lab: Lab) -> None:
    """Whatever its webhooks hold: addresses of files, of pictures, of pages."""
    called = calls_of(lab)
    if name in TALKING:
        send(name)
    assert bool(called) is (name in TALKING)
    assert all(url.startswith(host) for url in called for host in hosts_of(name))
    for case in cases(name):
        if b":/" in case.body.replace(b"\\", b"") or b"%3A%2F" in case.body:
            assert post(lab, signed(case, lab.now), name).status < 300
    lab.settle()
    hosts = [host for other in NAMES for host in hosts_of(other)]
    assert all(any(url.startswith(host) for host in hosts) for url in called)


def calls_of(lab: Lab) -> list[str]:
    """The addresses of every provider call from now on."""
    called: list[str] = []

    def note(number: int, what: str, apply: Callable[[], Any], given: Any) -> Any:
        if isinstance(given, api.Call):
            called.append(given.url)
        return apply()

    lab.seam.intercept = note
    return called
