"""The outside world on a loopback port: `/<part>/...` is a provider's API, the rest is for looking and for faults.

    GET /          the chats, for people        GET /ledger    what arrived, JSON
    POST /faults   the fields of a Fault, JSON  GET /refused   the calls that were refused, JSON
    POST /forget   begin anew                   POST /held     a file that a provider hands out from now on

`python -m infra.world.server --port 4700 --state FILE` runs it alone, with the credentials of the environment.
"""

import argparse
import base64
import json
import os
import signal
import sys
import threading
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from dataclasses import fields as fields_of
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

from pydantic import TypeAdapter, ValidationError

from infra.world import Fault, File, Hung, Reply, Sent, World, page, receipts, reply

LARGEST_BODY = 40_000_000  # bytes
IDLE = 60.0  # seconds a connection may say nothing
REST = 10  # times as long as a save took, before the next


@dataclass(kw_only=True)
class Server:
    """A world that can be called over HTTP."""

    world: World
    url: str
    _http: "_Http"
    _background: list["Background"]

    def stop(self) -> None:
        self._http.stopping.set()
        self._http.shutdown()
        self._http.server_close()
        for worker in self._background:
            worker.stop()


def start(world: World, port: int = 0, *, state: Path | None = None, webhooks: str = "") -> Server:
    """Serve `world` on 127.0.0.1 and the given port, or on a free one.

    `state` is where ledger and memory are kept; `webhooks` is Shopbell's base address, to which receipts go back.
    Raises OSError if the port is taken, ValueError if `state` cannot be read.
    """
    if state and state.exists():
        _restore(world, state)
    http = _Http(("127.0.0.1", port), _Handler)
    http.world = world
    background = [Background(partial(_save, world, state), rest=REST)] if state else []
    world.webhooks, world.visit = webhooks.rstrip("/"), receipts.visit
    if webhooks:
        background.append(Background(receipts.follower(world, webhooks.rstrip("/"))))
    http.after = [worker.ring for worker in background]
    threading.Thread(target=http.serve_forever, args=(0.05,), daemon=True).start()
    return Server(world=world, url=f"http://127.0.0.1:{http.server_port}", _http=http, _background=background)


def answer(world: World, sent: Sent) -> Reply:
    """What a call is answered: by the server itself or by a part of the world. Raises Hung."""
    own = OWN.get((sent.method, sent.part)) if sent.path == "/" else None
    if own:
        return own(world, sent)
    try:
        return world.answer(sent)
    except Hung:
        raise
    except Exception:  # a mistake in a part: it is to be seen, and the caller gets an answer all the same
        traceback.print_exc()
        return reply({"error": f"the part {sent.part} of this world is broken"}, 500)


def _page(world: World, sent: Sent) -> Reply:
    headers = {
        "content-type": "text/html; charset=utf-8",
        "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'",
    }
    return Reply(body=page.render(world.rows()).encode("utf-8", "replace"), headers=headers)


def _ledger(world: World, sent: Sent) -> Reply:
    return reply(world.rows())


def _refused(world: World, sent: Sent) -> Reply:
    return reply([{"part": part, "path": path, "status": status} for part, path, status in list(world.refused)])


def _add_fault(world: World, sent: Sent) -> Reply:
    how = sent.json()
    known = {field.name for field in fields_of(Fault)}
    try:
        fault = TypeAdapter(Fault).validate_python(how)
    except ValidationError as error:
        return reply({"error": str(error)}, 400)
    if not how.keys() <= known:
        return reply({"error": f"a fault has only these fields: {', '.join(sorted(known))}"}, 400)
    world.fail(**vars(fault))
    return reply(vars(fault))


def _hold(world: World, sent: Sent) -> Reply:
    """{part, id, name, type, content}, the last in base64."""
    given = sent.json()
    try:
        content = base64.b64decode(given["content"], validate=True)
        world.hold(given["part"], given["id"], File(given["name"], given["type"], content))
    except (KeyError, TypeError, ValueError):
        return reply({"error": "a file has part, id, name, type and content, which is base64"}, 400)
    return reply({})


def _forget(world: World, sent: Sent) -> Reply:
    world.forget()
    return reply({})


OWN: dict[tuple[str, str], Callable[[World, Sent], Reply]] = {
    ("GET", ""): _page,
    ("GET", "ledger"): _ledger,
    ("GET", "refused"): _refused,
    ("POST", "faults"): _add_fault,
    ("POST", "forget"): _forget,
    ("POST", "held"): _hold,
}


# ---- HTTP -------------------------------------------------------------------------------------------------------


class _Http(ThreadingHTTPServer):
    request_queue_size = 128
    world: World
    after: list[Callable[[], None]]

    def __init__(self, *where: Any) -> None:
        super().__init__(*where)
        self.stopping = threading.Event()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A caller that went away (tests kill some) is no news."""
        if not isinstance(sys.exc_info()[1], (ConnectionError, TimeoutError)):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    server: _Http
    protocol_version = "HTTP/1.1"
    timeout = IDLE
    wbufsize = -1  # head and body leave together: one by one, each would wait for the other side's delayed ACK

    def do_POST(self) -> None:
        body = self._body()
        if isinstance(body, Reply):
            self.close_connection = True  # what is left of the body cannot be told from a next request
            self._send(body)
            return
        try:
            self._send(answer(self.server.world, self._sent(body)))
        except Hung as hung:
            self.server.stopping.wait(hung.seconds)
            self.close_connection = True
        for ring in self.server.after:
            ring()

    do_GET = do_PUT = do_PATCH = do_DELETE = do_POST

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing: paths hold tokens."""

    def _body(self) -> bytes | Reply:
        length = self.headers.get("content-length", "0")
        if not length.isdecimal() or "transfer-encoding" in self.headers:
            return reply({"error": "a body needs a Content-Length"}, 411)
        if int(length) > LARGEST_BODY:
            return reply({"error": f"a body has at most {LARGEST_BODY} bytes"}, 413)
        body = self.rfile.read(int(length))
        if len(body) < int(length):
            raise ConnectionError("the caller went away amid its body")
        return body

    def _sent(self, body: bytes) -> Sent:
        path, _, query = self.path.partition("?")
        part, _, rest = path.removeprefix("/").partition("/")
        return Sent(
            part=part,
            method=self.command,
            path=f"/{rest}",
            query=dict(parse_qsl(query, keep_blank_values=True)),
            headers={name.lower(): value for name, value in self.headers.items()},
            body=body,
        )

    def _send(self, said: Reply) -> None:
        self.send_response(said.status)
        for name, value in said.headers.items():
            self.send_header(name, value)
        self.send_header("content-length", str(len(said.body)))
        self.end_headers()
        self.wfile.write(said.body)
        self.wfile.flush()  # before the workers in the background are rung


# ---- in the background ------------------------------------------------------------------------------------------


class Background:
    """Does `work` in a thread of its own after each `ring`, then rests `rest` times as long as that took."""

    def __init__(self, work: Callable[[], None], rest: float = 0) -> None:
        self._work, self._rest = work, rest
        self._rung, self._over = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def ring(self) -> None:
        self._rung.set()

    def stop(self) -> None:
        """Work a last time and end; a work that takes longer than five seconds is left behind."""
        self._over.set()
        self._rung.set()
        self._thread.join(5)

    def _run(self) -> None:
        while not self._over.is_set():
            self._rung.wait()
            self._rung.clear()
            began = time.monotonic()
            self._work()
            self._over.wait(self._rest * (time.monotonic() - began))
        self._work()


def _save(world: World, state: Path) -> None:
    try:
        beside = state.with_name(state.name + ".new")
        beside.write_bytes(world.saved())
        beside.replace(state)
    except (OSError, TypeError) as error:  # a full disk, or a part that keeps what JSON cannot hold
        print(f"the ledger could not be kept in {state}: {error}", file=sys.stderr)


def _restore(world: World, state: Path) -> None:
    try:
        world.restore(state.read_bytes())
    except (ValueError, TypeError, KeyError) as error:
        raise ValueError(f"{state} holds no ledger of this world; remove it to begin anew") from error


# ---- alone ------------------------------------------------------------------------------------------------------


def main() -> None:
    """Run until SIGTERM or Ctrl-C."""
    options = _options()
    world = World({name: value for name, value in os.environ.items() if name.startswith("SHOPBELL_")})
    over = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: over.set())
    try:
        server = start(world, options.port, state=options.state, webhooks=options.webhooks)
    except (OSError, ValueError) as error:
        sys.exit(f"the outside world cannot start (--port {options.port}): {error}")
    print(json.dumps({"url": server.url}), flush=True)
    over.wait()
    server.stop()


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m infra.world.server", description="Plays the providers' APIs.")
    parser.add_argument("--port", type=int, default=0, help="on 127.0.0.1; 0 takes a free one")
    parser.add_argument("--state", type=Path, help="a file in which the ledger survives a restart")
    parser.add_argument("--webhooks", default="", help="Shopbell's base address, for receipts")
    return parser.parse_args()


if __name__ == "__main__":
    main()
