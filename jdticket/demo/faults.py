"""How the stand-in misbehaves on demand."""

from __future__ import annotations

from dataclasses import dataclass

FAULTS = {
    "slow": "the answer drips, a byte each ``seconds``",
    "never": "the request is processed, and no answer comes until the gateway closes",
    "cut": "the request is processed, and the answer breaks off in the middle",
    "lost": "the request is processed, and the connection closed instead of an answer",
    "garbage": "the request is processed, and the answer is no JSON",
    "duplicate": "a page after the first has the last row of the page before above its own",
    "refuse": "the connection is closed, the request not looked at",
    "html": "an error page with HTTP status 200, the request not processed",
    "status": "an error page with HTTP status ``status``, the request not processed",
    "error": "the error ``code`` with the words ``desc``, the request not processed",
}


@dataclass(slots=True)
class Fault:
    """How calls go wrong. ``times`` -1: for ever; ``after``: how many matching calls pass unharmed before."""

    kind: str
    """A key of ``FAULTS``, which says what happens."""
    method: str = ""
    """Which calls match: those of this interface, "oauth", or "" for all."""
    times: int = 1
    after: int = 0
    seconds: float = 0.05
    status: int = 502
    code: str = "66"
    desc: str = "系统处理错误"

    def __post_init__(self) -> None:
        if self.kind not in FAULTS:
            raise ValueError(f"there is no fault {self.kind!r}")

    @property
    def processed(self) -> bool:
        """Whether the request takes effect all the same."""
        return self.kind not in ("refuse", "html", "status", "error")


def next_fault(faults: list[Fault], method: str, page: str) -> Fault | None:
    """The first that strikes a call of ``method`` ("oauth" for the sign-in), for ``page`` of the work list.

    It is counted, and taken out of ``faults`` after its last time.
    """
    for fault in faults:
        if fault.method not in ("", method) or (fault.kind == "duplicate" and page in ("", "1")):
            continue
        if fault.after:
            fault.after -= 1
            continue
        fault.times -= 1
        if not fault.times:
            faults.remove(fault)
        return fault
    return None
