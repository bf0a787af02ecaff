"""A stand-in for JD's open platform (JOS) on loopback, written from its documentation alone.

``with Gateway() as gateway:`` answers the four work-order interfaces and OAuth 2, for the demo, the tests
and the benchmarks. It checks signatures, clocks, tokens and parameters for real, and misbehaves on demand.
It shares nothing with the client. ``python -m jdticket.demo.gateway --orders 10000`` runs one until standard
input closes; the line it prints says how to reach it.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import re
import secrets
import socket
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from functools import cache
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any
from urllib.parse import parse_qsl, urlencode

from jdticket.demo.faults import Fault, next_fault
from jdticket.demo.interfaces import (
    PARAMETERS,
    WORKLIST,
    RefusedError,
    answer_to,
    epoch_ms,
    named,
    read_moment,
)
from jdticket.demo.work_orders import Shop, WorkOrder, sample_orders

ERRORS = {
    "2": ("限制时间内调用失败次数", "App Call Limited"),
    "4": ("缺少版本参数", "Missing Version"),
    "5": ("不支持的版本号", "Unsupported Version"),
    "7": ("缺少时间戳参数", "Missing Timestamp"),
    "8": ("非法的时间戳参数", "Invalid Timestamp"),
    "11": ("缺少签名参数", "Missing Signature"),
    "12": ("无效签名", "Invalid Signature"),
    "13": ("无效数据格式", "Invalid Format"),
    "14": ("缺少方法名参数", "Missing Method"),
    "15": ("不存在的方法名", "Invalid Method"),
    "19": ("无效access_token", "Invalid access_token"),
    "21": ("无效app_key", "Invalid App Key"),
    "60": ("缺少应用参数", "Missing Application Parameter"),
    "61": ("非法的应用参数", "Invalid Application Parameter"),
    "62": ("应用参数不是键有序的JSON对象", "Application Parameters Are No JSON Object With Sorted Keys"),
}
_PARAM_JSON = "360buy_param_json"
# The steps of OAuth: the type of the grant, and the field that shows it.
_GRANTS = {
    "access_token": ("authorization_code", "code"),
    "refresh_token": ("refresh_token", "refresh_token"),
}


@dataclass(frozen=True, slots=True)
class Call:
    """A request as it came in, and what became of it."""

    path: str
    method: str
    """The name of the interface; "" at OAuth."""
    params: dict[str, Any]
    """The interface's own parameters; at OAuth all fields."""
    merchant: str
    """Whose token or code it showed; "" if nobody's."""
    code: str
    """"0" or the number of the error; "" when the platform's own answer did not arrive whole."""
    system: dict[str, str]
    """The form fields but the interface's own parameters."""
    processed: bool = True
    """False: a fault kept it from being looked at."""


@dataclass(slots=True)
class _App:
    secret: str
    redirect_uri: str
    calls: deque[datetime] = field(default_factory=deque)


@dataclass(slots=True)
class _Grant:
    kind: str
    """code, access_token or refresh_token: the field that shows it."""
    app_key: str
    merchant: str
    expires: datetime
    partner: _Grant | None = None
    """The access token that a refresh token came with."""
    ended: bool = False


@dataclass(slots=True)
class _Answer:
    code: str
    body: dict[str, Any] | str
    status: int = 200
    location: str = ""


class _Handler(BaseHTTPRequestHandler):
    gateway: Gateway
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def _take(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode("ascii", "replace")
        path, _mark, query = self.path.partition("?")
        is_form = self.headers.get_content_type() == "application/x-www-form-urlencoded"
        text = f"{query if path != '/routerjson' else ''}&{body if is_form else ''}"
        self.gateway.handle(self, path, dict(parse_qsl(text, keep_blank_values=True)))

    do_GET = do_POST = _take  # noqa: N815 - their names at http.server

    def log_message(self, format: str, *args: Any) -> None:
        pass


class _Server(ThreadingHTTPServer):
    daemon_threads = False  # closing waits for them: nothing is recorded later
    request_queue_size = 64

    def __init__(self, port: int, gateway: Gateway) -> None:
        self._connections: set[socket.socket] = set()
        super().__init__(("127.0.0.1", port), type("_Handler", (_Handler,), {"gateway": gateway}))

    def process_request(self, request: Any, client_address: Any) -> None:
        self._connections.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        self._connections.discard(request)
        super().shutdown_request(request)

    def hang_up(self) -> None:
        """End the connections that clients keep open."""
        for connection in tuple(self._connections):
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def handle_error(self, request: Any, client_address: Any) -> None:
        # A client that hung up is what some tests are about; anything else is a fault of this file.
        if not isinstance(sys.exc_info()[1], OSError):
            super().handle_error(request, client_address)


class Gateway:
    """The platform behind one port of 127.0.0.1, for any number of applications and merchants."""

    def __init__(self, *, now: Callable[[], datetime] = lambda: datetime.now(UTC), port: int = 0) -> None:
        self.calls: list[Call] = []
        """Every request, in order."""
        self.faults: list[Fault] = []
        """Those that are still to come."""
        self.token_lifetime = timedelta(hours=24)
        """Of the access tokens that OAuth hands out."""
        self.call_limit: int | None = None
        """So many calls an application has in 60 seconds."""
        self.skew = timedelta(0)
        """How far the platform's clock is ahead of ``now``."""
        self.camel_case = False
        """Whether answers say workId, createDate …, as older libraries read them."""
        self.suffix = "_responce"
        self.on_page: Callable[[str, int], None] | None = None
        """Called with merchant and page number when a page is made up and not yet sent."""
        self._closing = threading.Event()
        self._now = now
        self._lock = threading.RLock()
        self._apps: dict[str, _App] = {}
        self._shops: dict[str, Shop] = {}
        self._grants: dict[str, _Grant] = {}
        self._server = _Server(port, self)
        address = f"http://127.0.0.1:{self._server.server_port}"
        self.url, self.oauth_url = f"{address}/routerjson", f"{address}/oauth2"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.005,), daemon=True)

    def __enter__(self) -> Gateway:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._closing.set()
        self._server.shutdown()
        self._thread.join()
        self._server.hang_up()
        self._server.server_close()

    def add_app(
        self, app_key: str, app_secret: str, redirect_uri: str = "https://shop.example.com/back"
    ) -> None:
        """Register an application."""
        self._apps[app_key] = _App(app_secret, redirect_uri)

    def add_merchant(self, name: str) -> None:
        """Open a shop, with no work orders yet."""
        self._shops[name] = Shop()

    def add_orders(self, merchant: str, orders: Iterable[WorkOrder]) -> None:
        """Put work orders before a merchant; one with a known number replaces the other."""
        with self._lock:
            self._shops[merchant].add(orders)

    def orders(self, merchant: str) -> dict[int, WorkOrder]:
        """The merchant's work orders themselves, by number: a change shows in the next answer."""
        return self._shops[merchant].orders

    def code_for(self, app_key: str, merchant: str) -> str:
        """What the browser is sent back with when the merchant has logged in: good once, for 5 minutes."""
        return self._grant("code", app_key, merchant, timedelta(minutes=5))

    def token_for(
        self, app_key: str, merchant: str, *, lifetime: timedelta = timedelta(days=365)
    ) -> tuple[str, str]:
        """A new access token and its refresh token."""
        access = self._grant("access_token", app_key, merchant, lifetime)
        refresh = self._grant("refresh_token", app_key, merchant, timedelta(days=3650))
        self._grants[refresh].partner = self._grants[access]
        return access, refresh

    def expire_tokens(self, merchant: str) -> None:
        """Every access token of the merchant is expired from now on; refresh tokens still work."""
        self._end(merchant, "access_token")

    def revoke(self, merchant: str) -> None:
        """Neither access nor refresh tokens of the merchant work from now on."""
        self._end(merchant, "access_token", "refresh_token")

    def fault(self, kind: str, *, method: str = "", times: int = 1, after: int = 0, **how: Any) -> None:
        """Have calls go wrong, see ``Fault``; ``how`` is seconds, status, code, desc."""
        self.faults.append(Fault(kind, method, times, after, **how))

    def handle(self, handler: _Handler, path: str, fields: dict[str, str]) -> None:
        """Answer one request on the connection of ``handler``."""
        routed = path == "/routerjson"
        method = fields.get("method", "") if routed else ""
        params = _sorted_object(fields.get(_PARAM_JSON, "")) if routed else fields
        page = str((params or {}).get("page_number", 1)) if method == WORKLIST else ""
        with self._lock:
            fault = next_fault(self.faults, "oauth" if path.startswith("/oauth2/") else method, page)
            kind = fault.kind if fault is not None else ""
            shown = (fields.get(name, "") for name in ("access_token", "code", "refresh_token"))
            merchant = next((self._grants[name].merchant for name in shown if name in self._grants), "")
            answer = _Answer("404", "", 404)
            if fault is not None and not fault.processed:
                answer = _Answer("", "")
            elif routed and handler.command == "POST":
                answer = self._answer_call(method, fields, params, kind == "duplicate")
            elif path.startswith("/oauth2/"):
                answer = self._answer_oauth(path.removeprefix("/oauth2/"), fields)
            on_page = self.on_page if method == WORKLIST and answer.code == "0" else None
            answer = answer if fault is None else _spoilt(answer, fault)
            system = {name: value for name, value in fields.items() if routed and name != _PARAM_JSON}
            processed = fault is None or fault.processed
            self.calls.append(Call(path, method, params or {}, merchant, answer.code, system, processed))
        if on_page is not None:
            on_page(merchant, int(page))
        self._send(handler, answer, fault)

    def _send(self, handler: _Handler, answer: _Answer, fault: Fault | None) -> None:
        text = answer.body
        if isinstance(text, dict):
            text = json.dumps(text, ensure_ascii=False)
        body = text.encode("utf-8", "replace")
        head = (
            f"HTTP/1.1 {answer.status} {HTTPStatus(answer.status).phrase}\r\n"
            f"Date: {format_datetime(self._clock(), usegmt=True)}\r\n"
            f"Content-Type: {'text/html' if text.startswith('<') else 'application/json'};charset=utf-8\r\n"
            + (f"Location: {answer.location}\r\n" if answer.location else "")
            + f"Content-Length: {len(body)}\r\n\r\n"
        )
        whole = head.encode("ascii") + body
        kind = fault.kind if fault is not None else ""
        handler.close_connection |= kind in ("never", "cut", "lost", "refuse")
        if kind == "never":
            self._closing.wait()
        elif kind == "cut":
            handler.wfile.write(whole[: len(head) + len(body) // 2])
        elif fault is not None and kind == "slow":
            for byte in whole:
                handler.wfile.write(bytes([byte]))
                if self._closing.wait(fault.seconds):
                    break
        elif kind not in ("lost", "refuse"):
            # Head and body in one write: of two, the second may have to wait for a delayed acknowledgement.
            handler.wfile.write(whole)

    def _clock(self) -> datetime:
        return self._now().astimezone(UTC) + self.skew

    def _answer_call(
        self, method: str, fields: Mapping[str, str], params: dict[str, Any] | None, repeated: bool
    ) -> _Answer:
        now = self._clock()
        try:
            self._check(fields, now)
            merchant = self._admit(fields, now)
            if params is None:
                raise RefusedError("62")
            body = answer_to(method, params, self._shops[merchant], merchant, now, repeated=repeated)
        except RefusedError as refused:
            about = f": {refused.about}" if refused.about else ""
            return _error(refused.code, *(words + about for words in ERRORS[refused.code]))
        if self.camel_case:
            body = _camel_case(body)
        return _Answer("0", {method.replace(".", "_") + self.suffix: {"code": "0", **body}})

    def _check(self, fields: Mapping[str, str], now: datetime) -> None:
        app = self._apps.get(fields.get("app_key", ""), _App("", ""))
        sent = read_moment(fields.get("timestamp", ""))
        signed = "".join(name + value for name, value in sorted(fields.items()) if name != "sign")
        sign = hashlib.md5(f"{app.secret}{signed}{app.secret}".encode(), usedforsecurity=False)
        wrong = {
            "4": not fields.get("v"),
            "5": fields.get("v") != "2.0",
            "7": not fields.get("timestamp"),
            "8": sent is None or abs(sent - now) > timedelta(minutes=10),
            "14": not fields.get("method"),
            "15": fields.get("method") not in PARAMETERS,
            "13": fields.get("format") != "json",
            "21": fields.get("app_key") not in self._apps,
            "11": not fields.get("sign"),
            "12": fields.get("sign") != sign.hexdigest().upper(),
        }
        for code, is_wrong in wrong.items():
            if is_wrong:
                raise RefusedError(code)

    def _admit(self, fields: Mapping[str, str], now: datetime) -> str:
        """The merchant whose work orders may be seen; counts the call."""
        grant = self._granted("access_token", fields)
        if grant is None:
            raise RefusedError("19")
        calls = self._apps[grant.app_key].calls
        while calls and calls[0] <= now - timedelta(seconds=60):
            calls.popleft()
        if self.call_limit is not None and len(calls) >= self.call_limit:
            raise RefusedError("2")
        calls.append(now)
        return grant.merchant

    def _answer_oauth(self, step: str, fields: Mapping[str, str]) -> _Answer:
        app_key = fields.get("app_key", "")
        app = self._apps.get(app_key)
        if app is None or step not in ("to_login", *_GRANTS):
            return _refusal(401, "invalid app_key" if app is None else "no such step")
        grant_type, shown = _GRANTS.get(step, ("", ""))
        demanded = {"app_secret": app.secret, "grant_type": grant_type}
        if step == "to_login":
            demanded = {"response_type": "code", "redirect_uri": app.redirect_uri, "scope": "snsapi_base"}
        for name, value in demanded.items():
            if fields.get(name) != value:
                return _refusal(400, f"invalid {name}")
        if step == "to_login":
            # A person would log in here; the first merchant does.
            back = {"code": self.code_for(app_key, next(iter(self._shops))), "state": fields.get("state", "")}
            mark = "&" if "?" in app.redirect_uri else "?"
            return _Answer("0", "", 302, f"{app.redirect_uri}{mark}{urlencode(back)}")
        grant = self._granted(shown, fields)
        if grant is None:
            return _refusal(402, f"invalid or expired {shown}")
        for old in (grant, grant.partner):
            if old is not None:
                old.ended = True
        access, refresh = self.token_for(app_key, grant.merchant, lifetime=self.token_lifetime)
        known_as = hashlib.md5(grant.merchant.encode(), usedforsecurity=False).hexdigest()
        body = named(
            "access_token refresh_token expires_in scope open_id uid time token_type code",
            *(access, refresh, int(self.token_lifetime.total_seconds()), "snsapi_base"),
            *(known_as, str(int(known_as[:12], 16)), epoch_ms(self._clock()), "bearer", 0),
        )
        return _Answer("0", body)

    def _grant(self, kind: str, app_key: str, merchant: str, lifetime: timedelta) -> str:
        if app_key not in self._apps or merchant not in self._shops:
            raise KeyError(f"no application {app_key!r} or no merchant {merchant!r}")
        name = secrets.token_hex(18)
        with self._lock:
            self._grants[name] = _Grant(kind, app_key, merchant, self._clock() + lifetime)
        return name

    def _granted(self, kind: str, fields: Mapping[str, str]) -> _Grant | None:
        """What the field of this name permits the application of the request; None: nothing."""
        grant = self._grants.get(fields.get(kind, ""))
        if grant is None or grant.kind != kind or grant.app_key != fields["app_key"]:
            return None
        return None if grant.ended or grant.expires <= self._clock() else grant

    def _end(self, merchant: str, *kinds: str) -> None:
        with self._lock:
            for grant in self._grants.values():
                grant.ended |= grant.merchant == merchant and grant.kind in kinds


def _spoilt(answer: _Answer, fault: Fault) -> _Answer:
    """What is sent under the fault, and the code that goes on record."""
    if fault.kind == "error":
        return _error(fault.code, fault.desc, fault.desc)
    if fault.kind in ("html", "status"):
        page = "<html><head><title>502 Bad Gateway</title></head><body>系统繁忙，请稍后再试</body></html>"
        return _Answer("", page, fault.status if fault.kind == "status" else 200)
    if fault.kind == "garbage":
        return _Answer("", "callback({code: 0,})")
    if fault.kind not in ("slow", "duplicate"):
        answer.code = ""
    return answer


def _error(code: str, chinese: str, english: str) -> _Answer:
    return _Answer(code, {"error_response": {"code": code, "zh_desc": chinese, "en_desc": english}})


def _refusal(code: int, why: str) -> _Answer:
    return _Answer(str(code), {"code": code, "msg": why, "requestId": secrets.token_hex(8)})


def _sorted_object(text: str) -> dict[str, Any] | None:
    """The JSON object, if it is one and its keys are sorted."""
    with suppress(ValueError):
        found = json.loads(text)
        if isinstance(found, dict) and list(found) == sorted(found):
            return found
    return None


def _camel_case(found: Any) -> Any:
    if isinstance(found, dict):
        return {_camel_name(name): _camel_case(value) for name, value in found.items()}
    return [_camel_case(value) for value in found] if isinstance(found, list) else found


@cache
def _camel_name(name: str) -> str:
    return re.sub("_([A-Za-z])", lambda letter: letter[1].upper(), name)


def main() -> None:
    """Serve a shop of sample work orders until standard input closes."""
    parser = argparse.ArgumentParser(prog="python -m jdticket.demo.gateway")
    parser.add_argument("--orders", type=int, default=100, metavar="N", help="how many work orders")
    count = parser.parse_args().orders
    with Gateway() as gateway:
        gateway.add_app("demo-app", "demo-secret")
        gateway.add_merchant("demo")
        gateway.add_orders("demo", sample_orders(count, datetime.now(UTC)))
        tokens = gateway.token_for("demo-app", "demo")
        reach = named(
            "url oauth_url app_key app_secret access_token refresh_token code",
            *(gateway.url, gateway.oauth_url, "demo-app", "demo-secret", *tokens),
            gateway.code_for("demo-app", "demo"),
        )
        sys.stdout.write(json.dumps(reach) + "\n")
        sys.stdout.flush()
        sys.stdin.read()


if __name__ == "__main__":
    with suppress(KeyboardInterrupt):
        main()
