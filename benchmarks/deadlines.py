"""How fast a deadline is, beside businesstimedelta 1.0.1. Run by hand: python benchmarks/deadlines.py

businesstimedelta is asked for the same 4 hours within 09:00-19:00 on every day; its answer is checked
against ours first.
"""

from __future__ import annotations

import timeit
from collections.abc import Callable
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import installed

CREATED_AT = datetime(2026, 11, 23, 8, 40, 17, tzinfo=UTC)
FOUR_HOURS = timedelta(hours=4)
# Ten hours of service a day.
ONE_DAY, FOUR_HUNDRED_DAYS = timedelta(hours=10), timedelta(hours=4000)


def main() -> None:
    import businesstimedelta
    import pytz

    from jdticket.domain.hours import ServiceHours, parse_window

    shanghai, berlin = (
        ServiceHours(ZoneInfo(name), [[parse_window("09:00-19:00")]] * 7)
        for name in ("Asia/Shanghai", "Europe/Berlin")
    )
    zone = pytz.timezone("Asia/Shanghai")  # the only zones that businesstimedelta takes
    rules = businesstimedelta.WorkDayRule(
        start_time=time(9), end_time=time(19), working_days=list(range(7)), tz=zone
    )
    four_hours = businesstimedelta.BusinessTimeDelta(rules, hours=4)
    created_there = CREATED_AT.astimezone(zone)
    assert shanghai.after(CREATED_AT, FOUR_HOURS) == created_there + four_hours

    compare(
        "a deadline of 4 h in Shanghai",
        ("businesstimedelta", lambda: created_there + four_hours),
        ("jdticket", lambda: shanghai.after(CREATED_AT, FOUR_HOURS)),
    )
    for name, hours in (("Shanghai", shanghai), ("Berlin", berlin)):
        compare(
            f"days out in {name}",
            ("400 days", lambda hours=hours: hours.after(CREATED_AT, FOUR_HUNDRED_DAYS)),
            ("1 day", lambda hours=hours: hours.after(CREATED_AT, ONE_DAY)),
        )


def compare(
    what: str, one: tuple[str, Callable[[], object]], other: tuple[str, Callable[[], object]]
) -> None:
    """Print what a call of each costs, and the ratio."""
    (one_name, one_call), (other_name, other_call) = one, other
    one_cost, other_cost = microseconds(one_call), microseconds(other_call)
    print(
        f"{what}: {one_name} {one_cost:.2f} us, {other_name} {other_cost:.2f} us, "
        f"ratio {one_cost / other_cost:.2f}"
    )


def microseconds(call: Callable[[], object]) -> float:
    """The best of several averages, which the machine's other work disturbs least."""
    number = 2000
    return min(timeit.repeat(call, number=number, repeat=7)) / number * 1e6


if __name__ == "__main__":
    installed.run(main, "businesstimedelta==1.0.1")
