"""The words for the model's terms. One word for one thing, in either language.

Each function takes the ``gettext`` of a language, so that a message that leaves the house can speak
Chinese while the interface speaks English.
"""

from __future__ import annotations

import errno
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from jdticket.domain.tickets import FIELDS, DeadlineSource, Kind, Status
from jdticket.errors import Trouble
from jdticket.i18n import LANGUAGES, _, translator
from jdticket.text import name_key, quoted

if TYPE_CHECKING:
    from jdticket.domain.outages import OutageReason, Outcome, Via
    from jdticket.domain.tickets import Ticket
    from jdticket.domain.urgency import Order

Gettext = Callable[[str], str]
_KIND_MOST = 8  # of which each may take two columns of 80


def status_word(status: Status, _: Gettext = _) -> str:
    """What a status is called."""
    return {
        Status.PENDING: _("pending"),
        Status.REPLIED: _("replied"),
        Status.CLOSED: _("closed"),
        Status.VOID: _("void"),
    }[status]


def kind_word(kind: Kind, _: Gettext = _) -> str:
    """What a kind of ticket is called."""
    return {
        Kind.CRC: _("CRC"),
        Kind.COMPLAINT: _("complaint"),
        Kind.URGE: _("urge"),
        Kind.CONSULT: _("inquiry"),
        Kind.OTHER: _("other"),
    }[kind]


def deadline_source_word(source: DeadlineSource, _: Gettext = _) -> str:
    """Where a deadline came from."""
    return {
        DeadlineSource.POLICY: _("by the rule"),
        DeadlineSource.PLATFORM: _("the platform's"),
        DeadlineSource.GRANTED: _("granted"),
    }[source]


def yes_or_no(truth: bool, _: Gettext = _) -> str:
    """A truth value in a cell for people."""
    return _("Yes") if truth else _("No")


def column_word(name: str, _: Gettext = _) -> str:
    """What the column ``name`` of an export is called in a file for people."""
    return {
        "id": _("ticket number"),
        "shop": _("shop"),
        "order_id": _("order number"),
        "kind": _("kind"),
        "kind_text": _("the platform's kind"),
        "status": _("state"),
        "platform_status": _("the platform's state"),
        "created_at": _("created"),
        "deadline_at": _("deadline"),
        "first_deadline_at": _("first deadline"),
        "deadline_source": _("deadline from"),
        "seconds_left": _("seconds left"),
        "overdue": _("overdue"),
        "assignee": _("assignee"),
        "content": _("content"),
        "replied_at": _("last answered"),
        "returned": _("shown as waiting there"),
        "waits": _("waits"),
        "reply": _("reply text"),
        "reply_at": _("reply given at"),
        "reply_by": _("replied by"),
        "reply_on_time": _("in time"),
    }[name]


def column_named(word: str) -> str | None:
    """The column that is called so, by its key or its word in either language; None: none is."""
    wanted = name_key(word)
    for name in FIELDS:
        words = (column_word(name, translator(language).gettext) for language in LANGUAGES)
        if wanted in (name, *map(name_key, words)):
            return name
    return None


def kind_said(ticket: Ticket, _: Gettext = _) -> str:
    """What a ticket is about: the platform's own words, where our kinds have none for it."""
    if ticket.kind is Kind.OTHER and ticket.kind_text.strip():
        return quoted(ticket.kind_text, _KIND_MOST)
    return kind_word(ticket.kind, _)


def waits_because(ticket: Ticket, undelivered: bool, _: Gettext = _) -> str:
    """Why a ticket that was replied to waits all the same; empty for one that is pending or does not wait.
    ``undelivered``: a reply to it is not known to have arrived."""
    if ticket.status is not Status.REPLIED:
        return ""
    if undelivered:
        return _("not delivered")
    return _("still waiting there") if ticket.returned_at is not None else ""


def order_word(order: Order, _: Gettext = _) -> str:
    """What a list may be ordered by."""
    from jdticket.domain.urgency import Order

    return {
        Order.DEADLINE: _("deadline"),
        Order.URGENCY: _("urgency"),
        Order.CREATED: _("created"),
        Order.SHOP: _("shop"),
        Order.ASSIGNEE: _("assignee"),
    }[order]


def reason_word(reason: OutageReason, _: Gettext = _) -> str:
    """What a reason of an outage is called."""
    from jdticket.domain.outages import OutageReason

    return {
        OutageReason.POWER: _("power cut"),
        OutageReason.NETWORK: _("network failure"),
        OutageReason.SYSTEM: _("system failure"),
        OutageReason.WEATHER: _("weather"),
        OutageReason.DISASTER: _("natural disaster"),
        OutageReason.EVENT: _("major public event"),
        OutageReason.OTHER: _("other reason"),
    }[reason]


def via_word(via: Via, _: Gettext = _) -> str:
    """What a way of contact is called."""
    from jdticket.domain.outages import Via

    return {
        Via.PHONE: _("phone"),
        Via.WECHAT: _("WeChat"),
        Via.DINGTALK: _("DingTalk"),
        Via.FEISHU: _("Feishu"),
        Via.EMAIL: _("e-mail"),
        Via.OTHER: _("another way"),
    }[via]


def outcome_word(outcome: Outcome) -> str:
    """What the outcome of a contact is called."""
    from jdticket.domain.outages import Outcome

    return {
        Outcome.TOLD: _("told"),
        Outcome.GRANTED: _("granted more time"),
        Outcome.REFUSED: _("refused more time"),
        Outcome.NO_ANSWER: _("no answer"),
    }[outcome]


def source_word(source: DeadlineSource) -> str:
    """Where a deadline came from."""
    return {
        DeadlineSource.POLICY: _("counted in service hours"),
        DeadlineSource.PLATFORM: _("said by the platform"),
        DeadlineSource.GRANTED: _("granted by the operations manager"),
    }[source]


def platform_trouble(trouble: Trouble, code: str, words: str, shop: str, _: Gettext = _) -> str:
    """Why the platform could not be asked about a shop, and what to do; ``code``, ``words``: its own."""
    if trouble is Trouble.UNREACHABLE:
        return _("the platform does not answer")
    if trouble is Trouble.SIGNED_OUT:
        return _("sign the shop in: jdticket auth login {shop}").format(shop=shop).rstrip()
    if trouble is Trouble.SETTINGS:
        return _("the application's secret is not to be had where it ran (cron needs it, too)")
    if trouble is Trouble.UNDECIDED:
        return _("the second-level type is missing: --subtype")
    if not code:
        return words or _("try again later")
    return _("code {code} ({words}): {what_to_do}").format(
        code=code or "-", words=words or "-", what_to_do=_advice(code, shop, _)
    )


def _advice(code: str, shop: str, _: Gettext) -> str:
    """What to do about an error code of the platform's gateway (JOS help, gateway error codes)."""
    if code == "2":
        return _("too many calls, try again later; JD can raise the limit")
    if code in {"7", "8"}:
        return _("this machine's clock is wrong by more than 6 minutes, set it")
    if code in {"11", "12"}:
        return _("the signature is wrong, look at the application's secret")
    if code in {"10", "19", "22"}:
        return _("sign the shop in: jdticket auth login {shop}").format(shop=shop)
    if code in {"20", "21"}:
        return _("look at app_key in the configuration")
    if code in {"14", "15", "23", "24", "25", "64"}:
        return _("the application may not use this interface, ask for it on the open platform")
    return _("try again later")


def listed(names: Iterable[str], _: Gettext = _) -> str:
    """Several names in a row, with the language's own comma."""
    return _(", ").join(names)


def some(numbers: Iterable[str], most: int = 10) -> str:
    """The first ``most`` of these, each once, and a sign that there are more."""
    shown = [*dict.fromkeys(numbers)]
    return listed([*shown[:most], *["…"][: len(shown) > most]])


def in_runs(numbers: Iterable[int], most: int = 10) -> str:
    """Rising numbers, runs of them shortened ("2-601, 610"): the first ``most`` runs, a sign for more."""
    runs: list[list[int]] = []
    for number in numbers:
        if runs and number == runs[-1][-1] + 1:
            runs[-1][1:] = [number]
        else:
            runs.append([number])
    return some(("-".join(map(str, run)) for run in runs), most)


def sentences(first: str, second: str) -> str:
    """Two sentences one after the other; Chinese has no space between them."""
    return _("{first} {second}").format(first=first, second=second)


def os_reason(error: OSError) -> str:
    """Why the system refused a file, in a few words; its own words where we have none."""
    known = {
        errno.ENOENT: _("it does not exist"),
        errno.EACCES: _("permission denied"),
        errno.EPERM: _("permission denied"),
        errno.EISDIR: _("it is a folder"),
        errno.ENOTDIR: _("a part of its path is no folder"),
        errno.EEXIST: _("it exists already"),
        errno.ENOSPC: _("the disk is full"),
        errno.EFBIG: _("the file would grow too large"),
        errno.EROFS: _("the disk can only be read"),
        errno.ENAMETOOLONG: _("its name is too long"),
        errno.EIO: _("the disk fails"),
    }
    return known.get(error.errno or 0) or error.strerror or str(error)
