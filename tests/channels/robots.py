"""The three group robots on loopback, over real HTTP, written from what is known of them.

``with Robots() as robots: url = robots.wecom("KEY-of-one")``. They check keys, signatures, keywords,
sizes and rates for real; ``answer_with`` makes them misbehave.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
import ssl
import sys
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

SELF_SIGNED = Path(__file__).with_name("self_signed.pem")


@dataclass(frozen=True, slots=True)
class Received:
    """A request as it came in, and what the robot made of it."""

    method: str
    path: str
    """With its query, undecoded."""
    headers: dict[str, str]
    body: Any
    """The JSON; None when it was none."""
    robot: str = ""
    """wecom, dingtalk or feishu."""
    key: str = ""
    text: str = ""
    mentioned: tuple[str, ...] = ()
    """Whose phones ring: numbers, user ids, "all"."""
    code: int = -1
    """What the robot answered; 0: it stands in the group."""


@dataclass(frozen=True, slots=True)
class Answer:
    """How a robot misbehaves."""

    write: Callable[[Handler, bytes], None]
    """Gets the proper answer, too."""
    taken: bool = False
    """Whether the message stands in the group all the same, before anything is answered."""


def http_status(status: int, body: bytes = b"", **headers: str) -> Answer:
    """Answers ``status`` and does not look at the message."""
    return Answer(lambda handler, _proper: handler.answer(status, body, headers))


def http_body(body: bytes) -> Answer:
    """Answers 200 and this."""
    return http_status(200, body)


def code(number: int, words: str = "") -> Answer:
    """Answers 200 and an error number, in the words of whichever robot is asked."""

    def write(handler: Handler, _proper: bytes) -> None:
        names = ("code", "msg") if "/hook/" in handler.path else ("errcode", "errmsg")
        handler.answer(200, json.dumps(dict(zip(names, (number, words), strict=True))).encode(), {})

    return Answer(write)


def redirect(to: str, status: int = 307) -> Answer:
    return http_status(status, Location=to)


def _huge(handler: Handler, _proper: bytes) -> None:
    handler.send_response(200)
    handler.end_headers()
    while not handler.robots.closing.is_set():
        handler.wfile.write(b" " * 65536)


def _cut_off(handler: Handler, proper: bytes) -> None:
    handler.send_response(200)
    handler.send_header("Content-Length", str(len(proper)))
    handler.end_headers()
    handler.wfile.write(proper[: len(proper) // 2])


def _drip(head: bytes) -> Callable[[Handler, bytes], None]:
    def write(handler: Handler, _proper: bytes) -> None:
        handler.wfile.write(head)
        while not handler.robots.closing.wait(0.05):
            handler.wfile.write(b"x")

    return write


HUGE_BODY = Answer(_huge)
CUT_OFF = Answer(_cut_off, taken=True)
SLOW_BODY = Answer(_drip(b"HTTP/1.1 200 OK\r\n\r\n"), taken=True)
SLOW_HEAD = Answer(_drip(b"HTTP/1.1 200 OK\r\nX-Slow: "), taken=True)
NEVER = Answer(lambda handler, _proper: handler.robots.wait_for_end(), taken=True)
CLOSED = Answer(lambda _handler, _proper: None)
HELD = Answer(lambda handler, proper: handler.robots.hold(handler, proper), taken=True)
"""The message is taken, and answered properly after ``release``."""


@dataclass
class _Group:
    """One robot in its group."""

    robot: str
    key: str
    secret: str
    keyword: str
    answers: deque[Answer] = field(default_factory=deque)
    forever: Answer | None = None
    taken_at: deque[float] = field(default_factory=deque)


class Handler(BaseHTTPRequestHandler):
    robots: Robots

    def _take(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.robots.handle(self, body)

    do_GET = do_POST = _take  # noqa: N815 - their names at http.server

    def answer(self, status: int, body: bytes, headers: dict[str, str]) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        pass


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def handle_error(self, request: Any, client_address: Any) -> None:
        # A client that hung up is what some tests are about; anything else is a fault of this file.
        if not isinstance(sys.exc_info()[1], OSError):
            super().handle_error(request, client_address)


class Robots:
    """All robots behind one port; ``tls`` gives them a certificate that nobody knows.

    ``clock`` (seconds) is what rates are counted by.
    """

    def __init__(self, *, tls: bool = False, clock: Callable[[], float] = time.monotonic) -> None:
        self.requests: list[Received] = []
        """Everything that was asked, in order."""
        self.closing = threading.Event()
        self._clock = clock
        self._released = threading.Event()
        self._lock = threading.Lock()
        self._groups: dict[str, _Group] = {}
        self._server = _Server(("127.0.0.1", 0), type("_Handler", (Handler,), {"robots": self}))
        if tls:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(SELF_SIGNED)
            self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        self.url = f"{'https' if tls else 'http'}://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.005,), daemon=True)

    def __enter__(self) -> Robots:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.closing.set()
        self._released.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def wecom(self, key: str = "wecom-key-693a91f6") -> str:
        """The address of a new WeCom robot."""
        self._groups[key] = _Group("wecom", key, "", "")
        return f"{self.url}/cgi-bin/webhook/send?key={key}"

    def dingtalk(self, key: str = "dingtalk-token-566cc69d", *, secret: str = "", keyword: str = "") -> str:
        """The address of a new DingTalk robot."""
        self._groups[key] = _Group("dingtalk", key, secret, keyword)
        return f"{self.url}/robot/send?access_token={key}"

    def feishu(self, key: str = "feishu-hook-7f3c2c31", *, secret: str = "", keyword: str = "") -> str:
        """The address of a new Feishu robot."""
        self._groups[key] = _Group("feishu", key, secret, keyword)
        return f"{self.url}/open-apis/bot/v2/hook/{key}"

    def answer_with(self, *answers: Answer, to: str | None = None, forever: bool = False) -> None:
        """The next requests get ``answers``, in turn; with ``forever`` the last of them ever after.

        ``to`` is the key of one robot; None: each of them.
        """
        for group in self._groups.values() if to is None else [self._groups[to]]:
            group.answers = deque(answers)
            group.forever = answers[-1] if forever else None

    def behave(self) -> None:
        """Answer properly again."""
        for group in self._groups.values():
            group.answers.clear()
            group.forever = None

    @property
    def messages(self) -> list[Received]:
        """What stands in the groups, in order."""
        return [request for request in self.requests if request.code == 0]

    def release(self) -> None:
        """Answer what is ``HELD``."""
        self._released.set()

    def hold(self, handler: Handler, proper: bytes) -> None:
        self._released.wait()
        handler.answer(200, proper, {})

    def wait_for_end(self) -> None:
        self.closing.wait()

    def handle(self, handler: Handler, raw: bytes) -> None:
        with self._lock:
            request = _request(handler, raw)
            group = self._groups.get(request.key)
            answer = None
            if group is not None:
                answer = group.answers.popleft() if group.answers else group.forever
            proper = b"ok"
            if request.robot and (answer is None or answer.taken):
                number, words = self._consider(request, group, raw)
                request = _request(handler, raw, number)
                names = ("code", "msg") if request.robot == "feishu" else ("errcode", "errmsg")
                proper = json.dumps(dict(zip(names, (number, words), strict=True))).encode()
            self.requests.append(request)
        if answer is None:
            handler.answer(200, proper, {"Content-Type": "application/json"})
        else:
            answer.write(handler, proper)

    def _consider(self, request: Received, group: _Group | None, raw: bytes) -> tuple[int, str]:
        """The number and the words that the robot answers with."""
        if group is None or group.robot != request.robot:
            wrong_key = {"wecom": 93000, "dingtalk": 310000, "feishu": 19001}
            return wrong_key[request.robot], f"no robot has the key {request.key}"
        judge = {"wecom": _judge_wecom, "dingtalk": _judge_dingtalk, "feishu": _judge_feishu}
        number, words = judge[request.robot](request, group, raw)
        now = self._clock()
        per_minute = 100 if request.robot == "feishu" else 20
        too_many = {"wecom": 45009, "dingtalk": 130101, "feishu": 11232}
        while group.taken_at and group.taken_at[0] <= now - 60:
            group.taken_at.popleft()
        in_a_second = sum(moment > now - 1 for moment in group.taken_at)
        if len(group.taken_at) >= per_minute or (request.robot == "feishu" and in_a_second >= 5):
            return too_many[request.robot], "too many messages"
        if number == 0:
            group.taken_at.append(now)
        return number, words


def _judge_wecom(request: Received, group: _Group, raw: bytes) -> tuple[int, str]:
    if request.body["msgtype"] != "text" or not request.text:
        return -1, "no text"
    if len(request.text.encode()) > 2048:
        return -1, "content has more than 2048 bytes"
    return 0, "ok"


def _judge_dingtalk(request: Received, group: _Group, raw: bytes) -> tuple[int, str]:
    if request.body["msgtype"] != "text" or not request.text:
        return -1, "no text"
    if group.secret:
        query = parse_qs(urlsplit(request.path).query)
        timestamp = query.get("timestamp", [""])[0]
        right = hmac.new(group.secret.encode(), f"{timestamp}\n{group.secret}".encode(), hashlib.sha256)
        wanted = "&sign=" + quote(base64.b64encode(right.digest()).decode(), safe="")
        if not re.fullmatch("[0-9]{13}", timestamp) or wanted not in request.path:
            return 310000, f"sign not match; robot has {group.key}, {group.secret}"
    if group.keyword not in request.text:
        return 310000, "keywords not in content"
    return 0, "ok"


def _judge_feishu(request: Received, group: _Group, raw: bytes) -> tuple[int, str]:
    if request.body["msg_type"] != "text" or not request.text or len(raw) > 20_000:
        return 9499, "Bad Request"
    if group.secret:
        timestamp = request.body.get("timestamp", "")
        right = hmac.new(f"{timestamp}\n{group.secret}".encode(), b"", hashlib.sha256)
        if not re.fullmatch("[0-9]{10}", timestamp) or request.body.get("sign") != base64.b64encode(
            right.digest()
        ).decode("ascii"):
            return 19021, f"sign match fail; robot has {group.key}, {group.secret}"
    if group.keyword not in request.text:
        return 19024, "Key Words Not Found"
    return 0, "success"


def _request(handler: Handler, raw: bytes, number: int = -1) -> Received:
    try:
        body = json.loads(raw)
    except ValueError:
        body = None
    common = (handler.command, handler.path, dict(handler.headers), body)
    parts = urlsplit(handler.path)
    query = parse_qs(parts.query)
    if handler.command != "POST" or body is None:
        return Received(*common)
    if parts.path == "/cgi-bin/webhook/send":
        text = body["text"]
        people = (
            *text["mentioned_list"],
            *text["mentioned_mobile_list"],
            *_tags("<@([^>]+)>", text["content"]),
        )
        people = tuple(person.replace("@all", "all") for person in people)
        return Received(*common, "wecom", query["key"][0], text["content"], people, number)
    if parts.path == "/robot/send":
        content = body["text"]["content"]
        # A phone rings only when its number stands in the text as well.
        people = tuple(phone for phone in body["at"]["atMobiles"] if f"@{phone}" in content)
        people += ("all",) if body["at"]["isAtAll"] else ()
        return Received(*common, "dingtalk", query["access_token"][0], content, people, number)
    if parts.path.startswith("/open-apis/bot/v2/hook/"):
        content = body["content"]["text"]
        key = parts.path.rpartition("/")[2]
        return Received(*common, "feishu", key, content, _tags('<at user_id="([^"]+)">', content), number)
    return Received(*common)


def _tags(pattern: str, text: str) -> tuple[str, ...]:
    return tuple(re.findall(pattern, text))
