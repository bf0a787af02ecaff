"""The one way to the network: an exchange that ends in time, whatever the other side does."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeVar
from urllib.parse import parse_qsl, quote, unquote, urlsplit

from jdticket.i18n import _
from jdticket.text import quoted

CONNECT_SECONDS = 5.0
ANSWER_LIMIT = 64 * 1024
"""The most bytes of an answer that are read; a robot's has a few hundred."""
_ANSWER_SHOWN = 160

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Answer:
    """What a server answered."""

    status: int
    body: bytes


class NoAnswerError(Exception):
    """There was no whole answer; ``str`` says why in one line that never shows the address."""


class AddressError(NoAnswerError):
    """No server can be asked at such an address."""


def exchange(
    url: str,
    *,
    timeout: float,
    payload: Mapping[str, object] | None = None,
    params: Mapping[str, str] | None = None,
) -> Answer:
    """POST ``payload`` as JSON to ``url`` (or GET it when there is none) and read the answer, any status.

    ``params`` are added to the address. ``timeout`` in seconds is for everything, as
    ``interface.Channel.send`` promises. Raises ``NoAnswerError``.
    """
    answer = within(timeout, lambda: _exchange(url, timeout, payload, params))
    if isinstance(answer, NoAnswerError):
        raise answer
    if answer is None:
        raise NoAnswerError(_("no whole answer within {seconds} s").format(seconds=f"{timeout:g}"))
    return answer


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


def _exchange(
    url: str, timeout: float, payload: Mapping[str, object] | None, params: Mapping[str, str] | None
) -> Answer | NoAnswerError:
    import json

    import requests

    # Not compressed: the limit is then for what really comes in.
    headers = {"Accept-Encoding": "identity"}
    data = None
    if payload is not None:
        headers["Content-Type"] = "application/json; charset=utf-8"
        data = json.dumps(payload, ensure_ascii=False).encode("utf-8", "replace")
    try:
        with (
            requests.Session() as session,
            session.request(
                "GET" if data is None else "POST",
                url,
                params=params,
                data=data,
                headers=headers,
                # The limit for one read ends the thread that nobody waits for any more.
                timeout=(min(CONNECT_SECONDS, timeout), timeout + 1),
                allow_redirects=False,
                stream=True,
            ) as response,
        ):
            body = b""
            for piece in response.iter_content(ANSWER_LIMIT):
                body += piece
                if len(body) > ANSWER_LIMIT:
                    return NoAnswerError(
                        _("the answer is longer than {most} bytes").format(most=ANSWER_LIMIT)
                    )
            return Answer(response.status_code, body)
    except requests.exceptions.SSLError:
        return NoAnswerError(_("the certificate of the server cannot be trusted, or the encryption failed"))
    except requests.exceptions.ConnectTimeout:
        return NoAnswerError(_("the server could not be reached in time"))
    except ValueError:  # of requests, urllib3 and socket alike, each for another flaw
        return AddressError(_("the address cannot be used"))
    except requests.exceptions.RequestException:
        return NoAnswerError(_("the connection failed or broke off"))


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
