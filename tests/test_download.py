"""Fetching files: which addresses are refused, where credentials go, what is cut off; over real connections too."""

import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from hypothesis import given
from hypothesis import settings as effort
from hypothesis import strategies as some

from chalicelib import api, download, guard
from chalicelib.errors import Outcome, SendFailed
from chalicelib.models.inbound import Attachment

HOSTS = ("files.provider.example", ".cdn.example", "bucket.example/ours/")
LIMIT = 1_000
GOOD = "https://files.provider.example/a"


def get(url: str, own: str = "", **rest: Any) -> api.Answer:
    return download.get(url, hosts=HOSTS, own=own, limit=LIMIT, **rest)


def failed(url: str, own: str = "", **rest: Any) -> SendFailed:
    with pytest.raises(SendFailed) as caught:
        get(url, own, **rest)
    return caught.value


# ---- what an address looks like ---------------------------------------------------------------------------------

NEVER = [  # an address, and what is wrong with it
    "",
    "   ",
    "files.provider.example/a",
    "//files.provider.example/a",
    "http://files.provider.example/a",  # not https
    "HTTP://files.provider.example/a",
    "ftp://files.provider.example/a",
    "file:///etc/passwd",
    "data:text/plain,x",
    "gopher://files.provider.example/",
    "javascript:alert(1)",
    "https://",
    "https:///a",
    "https:files.provider.example/a",
    "https://evil.example/a",  # other hosts, and such as look like ours
    "https://files.provider.example.evil.example/a",
    "https://evilfiles.provider.example/a",
    "https://evil.example/https://files.provider.example/a",
    "https://evil.example?files.provider.example",
    "https://evil.example#files.provider.example",
    "https://cdn.example/a",
    "https://evilcdn.example/a",
    "https://.cdn.example/a",
    "https://a..cdn.example/a",
    "https://-.cdn.example/a",
    "https://a_b.cdn.example/a",
    "https://files.provider.example./a",  # dots at the end, ports
    "https://files.provider.example../a",
    "https://files.provider.example:80/a",
    "https://files.provider.example:8443/a",
    "https://files.provider.example:/a",
    "https://files.provider.example:0443/a",
    "https://files.provider.example:99999/a",
    "https://files.provider.example:x/a",
    "https://user@files.provider.example/a",  # somebody before the host
    "https://user:password@files.provider.example/a",
    "https://files.provider.example@evil.example/a",
    "https://evil.example\\@files.provider.example/a",
    "https://files.provider.example\\@evil.example/a",
    "https://files.provider.example\\.evil.example/a",
    "https://files.provider.example%40evil.example/a",
    "https://files%2eprovider.example/a",
    "https://files.provider.example%00.evil.example/a",
    "https://[files.provider.example]/a",
    "https://files.provider.example /a",  # white space and control characters
    "https://files.provider.example\t/a",
    "https://files.provider\n.example/a",
    "https://files.provider.example\r\nX-Evil: 1/a",
    " https://files.provider.example/a",
    "https://files.provider.example/a b",
    "https://files.provider.example/\x00",
    "https://files.provider.example/ü",
    "https://files。provider。example/a",  # other letters for the same
    "https://ﬁles.provider.example/a",
    "https://FILES.PROVIDER.EXAMPLＥ/a",
    "https://bucket.example/theirs/a",  # another folder than ours
    "https://bucket.example/ours",
    "https://bucket.example/ours/../theirs/a",
    "https://bucket.example/ours/%2e%2e/theirs/a",
    "https://bucket.example/ours/.%2E/theirs/a",
    "https://bucket.example/ours/./a",
    "https://localhost/a",  # this machine, in every spelling
    "https://127.0.0.1/a",
    "https://127.1/a",
    "https://0/a",
    "https://2130706433/a",
    "https://0x7f000001/a",
    "https://0x7f.1/a",
    "https://017700000001/a",
    "https://0177.0.0.1/a",
    "https://[::1]/a",
    "https://[::ffff:127.0.0.1]/a",
    "https://[::ffff:7f00:1]/a",
    "https://[64:ff9b::a9fe:a9fe]/a",
    "https://[2002:7f00:1::]/a",
    "https://[fe80::1%25eth0]/a",
    "https://169.254.169.254/latest/meta-data/",
    "https://[fd00:ec2::254]/latest/meta-data/",
    f"https://files.provider.example/{'a' * 4_000}",
]


@pytest.mark.parametrize("url", NEVER)
def test_an_address_that_is_never_called(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(api, "transport", unreachable)
    assert failed(url).outcome is Outcome.REFUSED
    assert failed(url, "https://here.example/api").outcome is Outcome.REFUSED
    assert failed(url, "http://127.0.0.1:4700/api").outcome is Outcome.REFUSED


@pytest.mark.parametrize(
    ("url", "called"),
    [
        (GOOD, GOOD),
        ("HTTPS://Files.Provider.Example:443/A?b=c&d=%2F#e", "https://files.provider.example/A?b=c&d=%2F"),
        ("https://files.provider.example", "https://files.provider.example/"),
        ("https://x.cdn.example/a", "https://x.cdn.example/a"),
        ("https://x.y.cdn.example/a..b/...", "https://x.y.cdn.example/a..b/..."),
        ("https://bucket.example/ours/a?list=..", "https://bucket.example/ours/a?list=.."),
    ],
)
def test_an_address_that_is_called(url: str, called: str) -> None:
    assert download.allowed(url, HOSTS, "")[::2] == (called, False)


@pytest.mark.parametrize("own", ["http://127.0.0.1:4700/telegram", "https://10.1.2.3:8081/x", "http://localhost"])
def test_what_the_shop_itself_set_is_called_as_it_is(own: str) -> None:
    """Its origin and no other: not another port, not another scheme, nobody before the host."""
    origin = "/".join(own.split("/")[:3])
    assert download.allowed(f"{origin}/file/1", HOSTS, own) == (f"{origin}/file/1", origin, True)
    for other in (origin + "0/x", origin.replace("://", "://a@") + "/x", f"{origin}.evil.example/", origin[:-1]):
        with pytest.raises(SendFailed):
            download.allowed(other, HOSTS, own)


def test_where_shopbell_is_only_tried_nothing_beyond_this_machine_is_fetched() -> None:
    assert download.allowed(GOOD, HOSTS, "https://edge.provider.example").url == GOOD
    with pytest.raises(SendFailed):
        download.allowed(GOOD, HOSTS, "http://127.0.0.1:4700/api")


@effort(max_examples=300, deadline=None, database=None, derandomize=True)
@given(some.text(max_size=30), some.sampled_from(["", "@", ".", ":", "/", "#", "?", "\\", "%", "\t", "[", "]"]))
def test_whatever_is_put_into_an_address_the_host_called_is_on_the_list(text: str, mark: str) -> None:
    for url in (f"https://{text}{mark}files.provider.example/a", f"https://files.provider.example{mark}{text}/a", text):
        try:
            target = download.allowed(url, HOSTS, "")
        except SendFailed:
            continue
        host = target.url.removeprefix("https://").partition("/")[0]
        assert host == "files.provider.example" or host.endswith(".cdn.example")


def unreachable(call: api.Call) -> api.Answer:
    raise AssertionError(f"this was called: {call.url}")


# ---- where a name leads -----------------------------------------------------------------------------------------

NOT_PUBLIC = [
    *("0.0.0.0", "0.1.2.3", "10.0.0.1", "100.64.0.1", "100.127.255.254", "127.0.0.1", "127.255.255.254"),
    *("169.254.169.254", "169.254.170.2", "172.16.0.1", "172.31.255.255", "192.0.0.1", "192.0.0.171", "192.0.2.1"),
    *("192.88.99.1", "192.168.1.1", "198.18.0.1", "198.19.255.255", "198.51.100.7", "203.0.113.9", "224.0.0.1"),
    *("239.255.255.250", "240.0.0.1", "255.255.255.255"),
    *("::", "::1", "::7f00:1", "::ffff:127.0.0.1", "::ffff:8.8.8.8", "::ffff:0:8.8.8.8", "64:ff9b::a9fe:a9fe"),
    *("64:ff9b::808:808", "64:ff9b:1::1", "100::1", "2001::1", "2001:0:4136:e378:8000:63bf:3fff:fdd2", "2001:2::1"),
    *("2001:10::1", "2001:20::1", "2001:db8::1", "2002:a9fe:a9fe::1", "2002:808:808::1", "2620:4f:8000::1", "3fff::1"),
    *("5f00::1", "fc00::1", "fd00:ec2::254", "fe80::1", "fe80::1%eth0", "2a00:1450::1%eth0", "fec0::1", "ff02::1"),
    *("ff0e::1", "4000::1", "", "localhost", "127.1", "0x7f.1", "2130706433", "017700000001", "1.2.3.4.5", "::g"),
]
IS_PUBLIC = ["8.8.8.8", "1.1.1.1", "52.94.236.248", "100.63.255.255", "100.128.0.1", "172.32.0.1", "2a00:1450:4001::71",
             "2606:4700:4700::1111", "2001:4860:4860::8888", "2001:200::1", "2600:1f18::1"]  # fmt: skip


@pytest.mark.parametrize("address", NOT_PUBLIC)
def test_an_address_that_is_not_public(address: str) -> None:
    assert not guard.is_public(address)


@pytest.mark.parametrize("address", IS_PUBLIC)
def test_an_address_that_is_public(address: str) -> None:
    assert guard.is_public(address)


def test_nothing_is_public_that_the_standard_library_keeps_back() -> None:
    """Its own list as an oracle, which lacks some of ours."""
    for network in (*guard.SPECIAL, *map(ip_network, ("0.0.0.0/0", "::/0"))):
        step = max(1, network.num_addresses // 500)
        for number in range(0, network.num_addresses, step):
            address = ip_address(int(network.network_address) + number if network.version == 4 else
                                 (int(network.network_address) + number).to_bytes(16, "big"))  # fmt: skip
            if guard.is_public(str(address)):
                assert address.is_global and not address.is_multicast, address


@pytest.mark.parametrize("addresses", [["127.0.0.1"], ["8.8.8.8", "10.0.0.1"], ["2a00:1450:4001::71", "::1"]])
def test_a_name_that_leads_to_what_is_not_public_is_not_connected_to(
    addresses: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: [(0, 0, 0, "", (one, 443)) for one in addresses])
    monkeypatch.setattr(guard, "create_connection", unconnected)
    assert (failed(GOOD).outcome, failed(GOOD).reason) == (Outcome.REFUSED, "its address is not a public one")


def test_a_name_without_an_address_is_tried_later(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*_: Any, **__: Any) -> Any:
        raise socket.gaierror("unknown")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    assert failed(GOOD).outcome is Outcome.NOT_SENT


def unconnected(address: Any, *_: Any, **__: Any) -> Any:
    raise AssertionError(f"connected to {address}")


# ---- over TLS ---------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate of files.provider.example that signs itself, with its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "files.provider.example")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(7)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("files.provider.example")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    file = tmp_path_factory.mktemp("tls") / "certificate.pem"
    file.write_bytes(private + made.public_bytes(serialization.Encoding.PEM))
    return file


@pytest.fixture
def secure(certificate: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    """A port behind which files.provider.example is, and nobody else; our side trusts its certificate."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    monkeypatch.setattr("requests.adapters.DEFAULT_CA_BUNDLE_PATH", str(certificate))
    with serving(answering("content-type: text/plain\r\ncontent-length: 4", b"file"), context) as port:
        yield port


def looked_up(monkeypatch: pytest.MonkeyPatch, port: int, *answers: str) -> list[tuple[str, int]]:
    """A name server that answers otherwise each time; the connections that are made, led to `port`."""
    connected: list[tuple[str, int]] = []
    left = list(answers)

    def getaddrinfo(host: str, *_: Any, **__: Any) -> Any:
        return [(0, 0, 0, "", (left.pop(0), 443))]

    def create_connection(address: tuple[str, int], *_: Any, **__: Any) -> socket.socket:
        connected.append(address)
        there = socket.socket()
        there.settimeout(5)
        there.connect(("127.0.0.1", port))
        return there

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    monkeypatch.setattr(guard, "create_connection", create_connection)
    return connected


def test_a_name_that_leads_elsewhere_a_moment_later_changes_nothing(
    secure: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is looked up once, and what was checked is what is connected to; TLS proves the name, not the number."""
    connected = looked_up(monkeypatch, secure, "8.8.8.8", "127.0.0.1", "169.254.169.254")
    assert get(GOOD).body == b"file"
    assert connected == [("8.8.8.8", 443)]


def test_who_is_not_the_host_gets_nothing(secure: int, monkeypatch: pytest.MonkeyPatch) -> None:
    looked_up(monkeypatch, secure, "8.8.8.8")
    assert failed("https://x.cdn.example/a").outcome is Outcome.NOT_SENT


def test_a_certificate_of_nobody_known_is_not_taken(secure: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    looked_up(monkeypatch, secure, "8.8.8.8")
    assert failed(GOOD).outcome is Outcome.NOT_SENT


def test_the_next_address_is_tried(secure: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """A function on AWS has no IPv6."""
    connected = looked_up(monkeypatch, secure, "8.8.8.8")
    reach: Callable[..., socket.socket] = vars(guard)["create_connection"]

    def no_ipv6(address: tuple[str, int], *rest: Any, **named: Any) -> socket.socket:
        if ":" in address[0]:
            raise OSError("network is unreachable")
        return reach(address, *rest, **named)

    both = [(0, 0, 0, "", ("2a00:1450:4001::71", 443)), (0, 0, 0, "", ("8.8.8.8", 443))]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: both)
    monkeypatch.setattr(guard, "create_connection", no_ipv6)
    assert get(GOOD).body == b"file"
    assert connected == [("8.8.8.8", 443)]


# ---- redirects, and who is shown credentials --------------------------------------------------------------------

SHOWN: dict[str, Any] = {"headers": {"Authorization": "Bearer secret"}, "auth": ("user", "secret")}


def world(monkeypatch: pytest.MonkeyPatch, answers: Mapping[str, api.Answer] | api.Answer) -> list[api.Call]:
    """Hosts that answer as told, or always the same; the calls that are made."""
    calls: list[api.Call] = []

    def transport(call: api.Call) -> api.Answer:
        calls.append(call)
        return answers if isinstance(answers, api.Answer) else answers[call.url]

    monkeypatch.setattr(api, "transport", transport)
    return calls


def to(place: str, status: int = 302) -> api.Answer:
    return api.Answer(status, {"location": place}, b"")


FILE = api.Answer(200, {"content-type": "image/png; charset=x"}, b"file")


def secret(call: api.Call) -> bool:
    return bool(call.auth) or "Authorization" in call.headers


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_within_the_list_is_followed_without_credentials(
    status: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = world(monkeypatch, {GOOD: to("https://x.cdn.example/b", status), "https://x.cdn.example/b": FILE})
    assert get(GOOD, **SHOWN) == FILE
    assert [(call.url, secret(call)) for call in calls] == [(GOOD, True), ("https://x.cdn.example/b", False)]
    assert all(call.public and call.limit == LIMIT and call.method == "GET" for call in calls)
    assert all(call.headers["Accept-Encoding"] == "identity" for call in calls)


def test_the_first_host_alone_is_shown_credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    """Also when it is come back to: it is the same host."""
    answers = {GOOD: to("b"), "https://files.provider.example/b": to("https://x.cdn.example/c"),
               "https://x.cdn.example/c": to("https://files.provider.example/d"),
               "https://files.provider.example/d": FILE}  # fmt: skip
    calls = world(monkeypatch, answers)
    assert get(GOOD, **SHOWN) == FILE
    assert [secret(call) for call in calls] == [True, True, False, True]


@pytest.mark.parametrize("place", NEVER)
def test_a_redirect_off_the_list_is_not_followed(place: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is read as a part of an address leads on at the same host, but nothing leads beyond it."""
    calls = world(monkeypatch, to(place))
    assert failed(GOOD, **SHOWN).outcome is Outcome.REFUSED
    assert all(call.url.startswith("https://files.provider.example/") for call in calls)


def test_a_redirect_to_another_host_is_not_even_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    for place in ("https://evil.example/a", "//evil.example/a", "http://files.provider.example/a"):
        calls = world(monkeypatch, to(place))
        assert failed(GOOD, **SHOWN).outcome is Outcome.REFUSED
        assert [call.url for call in calls] == [GOOD]


def test_a_redirect_from_what_the_shop_set_to_elsewhere_on_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    own = "http://127.0.0.1:4700"
    for place in ("http://127.0.0.1:4701/a", "http://169.254.169.254/", "https://127.0.0.1:4700/a", GOOD):
        calls = world(monkeypatch, {f"{own}/a": to(place)})
        assert failed(f"{own}/a", f"{own}/api", **SHOWN).outcome is Outcome.REFUSED
        assert len(calls) == 1 and not calls[0].public


def test_three_redirects_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    steps = {f"https://files.provider.example/{number}": to(f"/{number + 1}") for number in range(9)}
    calls = world(monkeypatch, steps)
    assert failed("https://files.provider.example/0").outcome is Outcome.REFUSED
    assert len(calls) == 4
    calls = world(monkeypatch, {**steps, "https://files.provider.example/3": FILE})
    assert get("https://files.provider.example/0") == FILE
    assert len(calls) == 4


# ---- what is answered -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "outcome"),
    [(400, Outcome.REFUSED), (401, Outcome.REFUSED), (404, Outcome.REFUSED), (410, Outcome.REFUSED),
     (429, Outcome.NOT_SENT), (500, Outcome.NOT_SENT), (502, Outcome.NOT_SENT), (503, Outcome.NOT_SENT)],
)  # fmt: skip
def test_outcome_by_status(status: int, outcome: Outcome, monkeypatch: pytest.MonkeyPatch) -> None:
    """Asking changes nothing: what is not known to have worked may be asked for again."""
    world(monkeypatch, {GOOD: api.Answer(status, {"retry-after": "7"}, b"")})
    failure = failed(GOOD)
    assert (failure.outcome, failure.retry_after) == (outcome, 7)


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (api.Answer(200, {}, b"x" * (LIMIT + 1)), "larger than"),
        (api.Answer(200, {}, b""), "empty"),
        (api.Answer(200, {"content-encoding": "gzip"}, b"x"), "packed"),
    ],
)
def test_an_answer_that_is_no_file_of_ours(answer: api.Answer, reason: str, monkeypatch: pytest.MonkeyPatch) -> None:
    world(monkeypatch, {GOOD: answer})
    failure = failed(GOOD)
    assert failure.outcome is Outcome.REFUSED and reason in failure.reason


def test_the_media_type_is_the_attachments_own_or_the_answers() -> None:
    for own, known in (("image/gif", "image/gif"), ("image", "image/png"), ("", "image/png")):
        assert download.content(Attachment(name="a", type=own), FILE).type == known
    assert download.content(Attachment(), api.Answer(200, {}, b"x")).type == "application/octet-stream"


# ---- over real connections --------------------------------------------------------------------------------------


@contextmanager
def serving(serve: Callable[[Any], None], context: ssl.SSLContext | None = None) -> Iterator[int]:
    """A server on this machine that does `serve` with each connection, once its request has come."""
    over = threading.Event()

    def run() -> None:
        while not over.is_set():
            try:
                taken, _ = listener.accept()
            except OSError:
                return
            try:
                with context.wrap_socket(taken, server_side=True) if context else taken as connection:
                    connection.recv(65_536)
                    serve(connection)
            except (OSError, ValueError):  # the other side has gone
                continue

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=run, daemon=True)
        thread.start()
        yield listener.getsockname()[1]
        over.set()
        listener.shutdown(socket.SHUT_RDWR)
    thread.join(5)


def answering(head: str, body: bytes) -> Callable[[Any], None]:
    return lambda connection: connection.sendall(f"HTTP/1.1 200 OK\r\n{head}\r\n\r\n".encode() + body)


def dripping(head: bytes, again: bytes) -> Callable[[Any], None]:
    """Something now and then, for longer than anybody waits."""

    def serve(connection: Any) -> None:
        connection.sendall(head)
        for _ in range(100):
            connection.sendall(again)
            time.sleep(0.05)

    return serve


def here(port: int) -> str:
    return f"http://127.0.0.1:{port}/file"


def test_a_file_of_this_machine() -> None:
    with serving(answering("content-length: 4", b"file")) as port:
        assert get(here(port), here(port)).body == b"file"


@pytest.mark.parametrize(
    "head",
    ["content-length: 5000000", "content-length: 4", "connection: close", "content-length: -1", "content-length: x",
     "content-length: 4\r\ncontent-length: 5000000"],
)  # fmt: skip
def test_no_more_is_read_than_fits_whatever_the_length_is_said_to_be(head: str) -> None:
    def serve(connection: Any) -> None:
        sent.append(0)
        connection.sendall(f"HTTP/1.1 200 OK\r\n{head}\r\n\r\n".encode())
        for _ in range(5_000):
            connection.sendall(b"x" * 1_000)
            sent[-1] += 1_000

    sent: list[int] = []
    with serving(serve) as port:
        try:
            body = get(here(port), here(port)).body
        except SendFailed as failure:
            assert "larger than" in failure.reason or failure.outcome is Outcome.NOT_SENT
        else:
            assert body == b"xxxx" and head == "content-length: 4"
    assert sent and max(sent) < 5_000_000


def test_a_body_shorter_than_it_was_said_to_be_is_asked_for_again() -> None:
    with serving(answering("content-length: 10", b"file")) as port:
        assert failed(here(port), here(port)).outcome is Outcome.NOT_SENT


@pytest.mark.parametrize(
    ("head", "again"),
    [
        (b"HTTP/1.1 200 OK\r\ncontent-length: 900\r\n\r\n", b"x"),
        (b"HTTP/1.1 200 OK\r\n\r\n", b"x"),
        (b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n", b"1\r\nx\r\n"),
        (b"HTTP/1.1 200 OK\r\nx: ", b"x"),
        (b"HTTP/1.1 200 OK\r\n", b"x: y\r\n"),
        (b"", b" "),
    ],
    ids=["body", "body without end", "chunks", "header", "headers", "nothing"],
)
def test_who_sends_a_byte_now_and_then_is_cut_off(head: bytes, again: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guard, "WITHIN", 0.3)
    began = time.monotonic()
    with serving(dripping(head, again)) as port:
        assert failed(here(port), here(port)).outcome is Outcome.NOT_SENT
        assert time.monotonic() - began < 1.5


def test_who_is_slow_at_tls_is_cut_off(certificate: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guard, "WITHIN", 0.3)
    began = time.monotonic()
    with serving(dripping(b"\x16\x03\x03\x40\x00", b"\x02")) as port:
        looked_up(monkeypatch, port, "8.8.8.8")
        assert failed(GOOD).outcome is Outcome.NOT_SENT
        assert time.monotonic() - began < 1.5


def test_nothing_is_left_running() -> None:
    """The watch over a connection ends with it."""
    before = threading.active_count()
    with serving(answering("content-length: 4", b"file")) as port:
        for _ in range(5):
            get(here(port), here(port))
        end = time.monotonic() + 2
        while threading.active_count() > before + 1 and time.monotonic() < end:
            time.sleep(0.01)
        assert threading.active_count() <= before + 1  # the server's own
