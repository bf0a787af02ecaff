"""The one way to the network: an exchange that ends in time, whatever the other side does."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, TypeVar
from urllib.parse import parse_qsl, quote, unquote, urlsplit

from jdticket.i18n import _
from jdticket.text import is_web_address, quoted

if TYPE_CHECKING:
    import requests

CONNECT_SECONDS = 5.0
ANSWER_LIMIT = 64 * 1024
"""The most bytes of an answer that are read unless more is asked for; a robot's has a few hundred."""
_ANSWER_SHOWN = 160

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Answer:
    """What a server answered."""

    status: int
    body: bytes


class NoAnswerError(Exception):
    """There was no whole answer; ``str`` says why in one line that never shows the address.

    ``left``: the request may have reached the server, which may have done what it was asked.
    """

    def __init__(self, why: str, *, left: bool = True) -> None:
        super().__init__(why)
        self.left = left


class AddressError(NoAnswerError):
    """No server can be asked at such an address."""

    def __init__(self, why: str) -> None:
        super().__init__(why, left=False)


def exchange(
    url: str,
    *,
    timeout: float,
    payload: Mapping[str, object] | None = None,
    form: Mapping[str, str] | None = None,
    params: Mapping[str, str] | None = None,
    limit: int = ANSWER_LIMIT,
    line: Line | None = None,
) -> Answer:
    """POST ``payload`` as JSON, or ``form`` form-encoded, to ``url`` (GET it when there is neither) and
    read the answer, any status.

    ``params`` are added to the address. ``timeout`` in seconds is for everything, as
    ``interface.Channel.send`` promises. At most ``limit`` bytes are read. ``line`` keeps the connection for
    the next call. Raises ``NoAnswerError``.
    """
    request = _Request(url, timeout, payload, form, params, limit)
    if line is not None:
        answer = line.within(timeout, request)
    else:
        answer = within(timeout, request.on_a_connection_of_its_own)
    if isinstance(answer, NoAnswerError):
        raise answer
    if answer is None:
        raise NoAnswerError(_("no whole answer within {seconds} s").format(seconds=f"{timeout:g}"))
    return answer


class Line:
    """A connection that is kept between calls, and the thread that waits at it.

    One call at a time. After a ``NoAnswerError`` it must not be used again: the thread may still be at it.
    """

    def __init__(self) -> None:
        self._requests: SimpleQueue[_Request | None] = SimpleQueue()
        self._answers: SimpleQueue[Answer | NoAnswerError] = SimpleQueue()
        threading.Thread(target=self._work, daemon=True).start()

    def within(self, seconds: float, request: _Request) -> Answer | NoAnswerError | None:
        """What comes of ``request``, or None when it takes longer: it is then left to itself."""
        self._requests.put(request)
        try:
            return self._answers.get(timeout=seconds)
        except Empty:
            self.close()
            return None

    def close(self) -> None:
        """Let go of the connection, as soon as nothing is under way on it."""
        self._requests.put(None)

    def _work(self) -> None:
        import requests

        with requests.Session() as session:
            while (request := self._requests.get()) is not None:
                self._answers.put(request.in_session(session))


def _own(url: str) -> Callable[[requests.PreparedRequest], requests.PreparedRequest]:
    """What signs a request with the name and password in its own address, if there are any."""
    from requests.auth import HTTPBasicAuth
    from requests.utils import get_auth_from_url

    name, password = get_auth_from_url(url)
    return HTTPBasicAuth(name, password) if name or password else lambda request: request


def within(seconds: float, work: Callable[[], T]) -> T | None:
    """What ``work`` returns, or None when it takes longer: it is then left to itself.

    The limits of sockets are for one read each and never end a drip, and there is none for looking up
    a name. The thread does not keep the process from ending.
    """
    results: list[T] = []
    thread = threading.Thread(target=lambda: results.append(work()), daemon=True)
    thread.start()
    thread.join(seconds)
    return results[0] if results else None


@dataclass(frozen=True, slots=True)
class _Request:
    url: str
    timeout: float
    payload: Mapping[str, object] | None
    form: Mapping[str, str] | None
    params: Mapping[str, str] | None
    limit: int

    def on_a_connection_of_its_own(self) -> Answer | NoAnswerError:
        import requests

        with requests.Session() as session:
            return self.in_session(session)

    def in_session(self, session: requests.Session) -> Answer | NoAnswerError:
        if not is_web_address(self.url):
            return AddressError(_("the address cannot be used"))
        import json

        import requests
        import urllib3

        # Not compressed: the limit is then for what really comes in.
        headers = {"Accept-Encoding": "identity"}
        data: bytes | Mapping[str, str] | None = self.form
        if self.payload is not None:
            headers["Content-Type"] = "application/json; charset=utf-8"
            data = json.dumps(self.payload, ensure_ascii=False).encode("utf-8", "replace")
        try:
            with session.request(
                "GET" if data is None else "POST",
                self.url,
                params=self.params,
                data=data,
                headers=headers,
                # Of its own accord requests would send what ~/.netrc holds for that machine.
                auth=_own(self.url),
                # The limit for one read ends the thread that nobody waits for any more.
                timeout=(min(CONNECT_SECONDS, self.timeout), self.timeout + 1),
                allow_redirects=False,
                stream=True,
            ) as response:
                body = b""
                for piece in response.iter_content(ANSWER_LIMIT):
                    body += piece
                    if len(body) > self.limit:
                        return NoAnswerError(
                            _("the answer is longer than {most} bytes").format(most=self.limit)
                        )
                return Answer(response.status_code, body)
        except requests.exceptions.SSLError as error:
            # A certificate is looked at before anything is sent.
            distrusted = "CERTIFICATE_VERIFY_FAILED" in str(error)
            return NoAnswerError(
                _("the certificate of the server cannot be trusted, or the encryption failed"),
                left=not distrusted,
            )
        except requests.exceptions.ProxyError:
            return NoAnswerError(
                _("the proxy that this computer is set to (HTTPS_PROXY, ALL_PROXY) cannot be used"),
                left=False,
            )
        except requests.exceptions.ConnectTimeout:
            return NoAnswerError(_("the server could not be reached in time"), left=False)
        except requests.exceptions.InvalidSchema as error:
            if "SOCKS" in str(error):
                return AddressError(
                    _(
                        "the proxy that this computer is set to (ALL_PROXY) speaks SOCKS, for which pip "
                        "install pysocks is needed; or set NO_PROXY"
                    )
                )
            return AddressError(_("the address cannot be used"))
        except (
            requests.exceptions.InvalidURL,
            urllib3.exceptions.LocationValueError,
            UnicodeError,
        ):
            return AddressError(_("the address cannot be used"))
        except ValueError:  # of requests, urllib3 and http.client alike, each for another flaw
            return NoAnswerError(_("the answer cannot be understood"))
        except requests.exceptions.RequestException as error:
            cause = getattr(error.args[0], "reason", None) if error.args else None
            never_left = isinstance(cause, urllib3.exceptions.NewConnectionError)
            return NoAnswerError(_("the connection failed or broke off"), left=not never_left)


def secrets_of(url: str) -> set[str]:
    """Every part of ``url`` that may be a key: the values of its query, the end of its path, a password."""
    parts = urlsplit(url)
    values = {value for _name, value in parse_qsl(parts.query)}
    end = parts.path.rstrip("/").rpartition("/")[2]
    # The addresses of two robots end in "send", which answers may want to say.
    return {url, *values, end, parts.password or ""} - {"", "send"}


def short(text: str, secrets: set[str]) -> str:
    """The beginning of ``text`` on one line, with stars for every one of ``secrets``, however quoted."""
    spellings = {
        spelling
        for secret in secrets - {""}
        for spelling in (secret, quote(secret, safe=""), unquote(secret))
    }
    for spelling in sorted(spellings, key=len, reverse=True):
        text = text.replace(spelling, "***")
    return quoted(text, _ANSWER_SHOWN)
