"""A server on loopback that answers with the very bytes that a test gives it.

``with Literal(ok("{}"), RESET) as server``: one answer a request, in turn, the last of them ever after.
"""

from __future__ import annotations

import os
import socket
import struct
import threading
from collections import deque
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any
from urllib.parse import parse_qsl

RESET = b"reset"
"""The connection is reset when the request has been read."""
HANG_UP = b""
"""The connection is closed when the request has been read."""
_HELD = b"held: "


def ok(body: str | bytes, *headers: str, status: int = 200) -> bytes:
    """An answer with this body, of a server that keeps the connection."""
    content = body.encode() if isinstance(body, str) else body
    lines = (f"HTTP/1.1 {status} -", f"Content-Length: {len(content)}", *headers)
    return "\r\n".join((*lines, "", "")).encode() + content


def held(answer: bytes) -> bytes:
    """An answer that is given after ``release``, or when the server closes."""
    return _HELD + answer


@dataclass(frozen=True, slots=True)
class Received:
    """A request as it came in."""

    method: str
    path: str
    form: dict[str, str]
    port: int
    """The client's: each connection has another one."""


class _Handler(BaseHTTPRequestHandler):
    literal: Literal
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def _take(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode("ascii", "replace")
        form = dict(parse_qsl(body, keep_blank_values=True))
        answer = self.literal.take(Received(self.command, self.path, form, self.client_address[1]))
        if answer == RESET:
            at_once = struct.pack("hh" if os.name == "nt" else "ii", 1, 0)
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, at_once)
            socket.close(self.connection.detach())
        elif answer != HANG_UP:
            self.wfile.write(answer)
        self.close_connection |= answer in (RESET, HANG_UP)

    do_GET = do_POST = _take  # noqa: N815 - their names at http.server

    def log_message(self, format: str, *args: Any) -> None:
        pass


class _Server(ThreadingHTTPServer):
    literal: Literal

    def process_request(self, request: Any, client_address: Any) -> None:
        self.literal.opened(client_address[1])
        super().process_request(request, client_address)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        super().process_request_thread(request, client_address)
        self.literal.closed(client_address[1])

    def handle_error(self, request: Any, client_address: Any) -> None:
        pass  # clients that hang up are what some tests are about


class Literal:
    """The server; ``url`` is its address while it is open."""

    def __init__(self, *answers: bytes) -> None:
        self.requests: list[Received] = []
        self._answers = deque(answers)
        self._open: set[int] = set()
        self._change = threading.Condition()
        self._released = threading.Event()
        self._server = _Server(("127.0.0.1", 0), type("_Handler", (_Handler,), {"literal": self}))
        self._server.literal = self
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.005,), daemon=True)

    def __enter__(self) -> Literal:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._released.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    @property
    def connections(self) -> int:
        """On how many connections requests came."""
        return len({request.port for request in self.requests})

    def release(self) -> None:
        """Give the answers that are held."""
        self._released.set()

    def is_left_alone(self, within: float = 5) -> bool:
        """Whether every connection is closed, if need be after so many seconds."""
        with self._change:
            return self._change.wait_for(lambda: not self._open, within)

    def take(self, request: Received) -> bytes:
        """Put a request on record; its answer."""
        self.requests.append(request)
        answer = self._answers.popleft() if len(self._answers) > 1 else self._answers[0]
        if answer.startswith(_HELD):
            self._released.wait()
        return answer.removeprefix(_HELD)

    def opened(self, port: int) -> None:
        with self._change:
            self._open.add(port)

    def closed(self, port: int) -> None:
        with self._change:
            self._open.discard(port)
            self._change.notify_all()
