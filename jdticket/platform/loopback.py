"""The end of a sign-in without pasting: the browser is sent to a callback address on this machine.

It listens on the loopback interface alone, for the path of the callback address, and takes nothing without
the ``state`` of this very sign-in.
"""

from __future__ import annotations

import html
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from jdticket.errors import UsageError
from jdticket.i18n import _, language

_HOSTS = frozenset({"127.0.0.1", "localhost"})
_PATIENCE = 5.0  # seconds for a browser to say what it wants


class Loopback:
    """Waits at an application's callback address for the browser of the person who signs in."""

    def __init__(self, redirect_uri: str, code_in: Callable[[str], str]) -> None:
        """``code_in`` finds the code in an address, or raises ``UsageError``. Raises ``OSError`` where the
        port cannot be had; call it for an address that :func:`can_listen` agrees to."""
        self._address = urlsplit(redirect_uri)
        self._code_in = code_in
        self.code: str | None = None
        self.refused = ""
        """Why the last call brought no code, as it was shown in the browser."""
        loopback = self

        class Handler(BaseHTTPRequestHandler):
            timeout = _PATIENCE

            def do_GET(self) -> None:
                loopback._answer(self)

            def log_message(self, format: str, *args: Any) -> None:
                """Nothing: a code stands in the address."""

        self._server = HTTPServer(("127.0.0.1", self._address.port or 0), Handler)

    def fileno(self) -> int:
        """Becomes readable when a browser comes."""
        return self._server.fileno()

    def take(self) -> None:
        """Answer the one that has come."""
        self._server.handle_request()

    def close(self) -> None:
        """Listen no more."""
        self._server.server_close()

    def _answer(self, browser: BaseHTTPRequestHandler) -> None:
        asked = urlsplit(browser.path)
        if asked.path != (self._address.path or "/"):
            browser.send_error(404)
            return
        try:
            if "state" not in parse_qs(asked.query):
                raise UsageError(_("This call belongs to no sign-in that began here."))
            self.code, self.refused = self._code_in(browser.path), ""
        except UsageError as error:
            self.refused = error.message
        said = self.refused or _("The sign-in goes on in jdticket's window; this page can be closed.")
        page = f'<!doctype html><html lang="{language()}"><meta charset="utf-8"><title>jdticket</title>'
        body = f"{page}<p>{html.escape(said)}</p></html>".encode()
        browser.send_response(400 if self.refused else 200)
        browser.send_header("Content-Type", "text/html; charset=utf-8")
        browser.send_header("Content-Security-Policy", "default-src 'none'")
        browser.send_header("Referrer-Policy", "no-referrer")
        browser.send_header("Content-Length", str(len(body)))
        browser.end_headers()
        browser.wfile.write(body)


def can_listen(redirect_uri: str) -> bool:
    """Whether the callback address is one on this machine, with a port: ``http://127.0.0.1:8765/back``."""
    try:
        address = urlsplit(redirect_uri)
        return address.scheme == "http" and address.hostname in _HOSTS and bool(address.port)
    except ValueError:
        return False
