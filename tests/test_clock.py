from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jdticket import clock
from jdticket.clock import (
    duration_in_words,
    from_stored,
    iso,
    left_in_words,
    load_zone,
    moment_in_words,
    parse_duration,
    parse_time,
    stored,
)
from jdticket.errors import InputError

SHANGHAI = ZoneInfo("Asia/Shanghai")
BERLIN = ZoneInfo("Europe/Berlin")
SECOND, MINUTE, HOUR, DAY = (timedelta(seconds=n) for n in (1, 60, 3600, 86_400))
NOW = datetime(2026, 11, 23, 14, 15, tzinfo=SHANGHAI).astimezone(UTC)  # a Monday
MOMENTS = st.integers(946_684_800 + 86_400, 4_133_894_400).map(lambda n: datetime.fromtimestamp(n, UTC))


def read(text: str, now: datetime = NOW, zone: ZoneInfo = SHANGHAI) -> str:
    """What ``text`` is read as, on the clock of ``zone``, without the offset."""
    moment = parse_time(text, zone, now=now)
    assert moment.tzinfo is UTC
    assert moment.microsecond == 0
    return moment.astimezone(zone).isoformat(" ")[:19]


def refusal(text: str, zone: ZoneInfo = SHANGHAI) -> str:
    with pytest.raises(InputError) as caught:
        parse_time(text, zone, now=NOW)
    return caught.value.message


# Now, and zones


def test_the_present_moment_is_in_utc_and_to_the_second() -> None:
    before = datetime.now(UTC).replace(microsecond=0)
    now = clock.system_now()
    assert before <= now <= datetime.now(UTC)
    assert now.tzinfo is UTC
    assert now.microsecond == 0


def test_a_zone_is_loaded_by_its_name() -> None:
    assert load_zone("Europe/Berlin") == BERLIN


@pytest.mark.parametrize(
    "name", ["Asia/Peking", "", "Asia", "../../etc/passwd", "/etc/passwd", "x\x00y", "\ud800"]
)
def test_an_unknown_zone_is_refused_by_name(name: str) -> None:
    with pytest.raises(InputError, match=r"There is no time zone .*Asia/Shanghai") as caught:
        load_zone(name)
    assert repr(name) in caught.value.message


# Moments as the store and programs read them


def test_a_stored_moment_is_utc_text_of_a_fixed_width() -> None:
    assert stored(NOW) == "2026-11-23T06:15:00Z"
    assert stored(NOW.astimezone(SHANGHAI)) == "2026-11-23T06:15:00Z"
    assert stored(NOW + timedelta(microseconds=999_999)) == "2026-11-23T06:15:00Z"
    assert stored(datetime(2000, 1, 2, tzinfo=timezone.utc)) == "2000-01-02T00:00:00Z"  # noqa: UP017


@given(MOMENTS)
def test_a_stored_moment_comes_back_as_it_went_in(moment: datetime) -> None:
    back = from_stored(stored(moment))
    assert back == moment
    assert back.tzinfo is UTC
    assert len(stored(moment)) == 20


@given(MOMENTS, MOMENTS)
def test_stored_moments_sort_as_the_moments_do(one: datetime, other: datetime) -> None:
    assert (stored(one) < stored(other)) is (one < other)


def test_a_moment_for_programs_has_the_offset_of_the_zone() -> None:
    assert iso(NOW, SHANGHAI) == "2026-11-23T14:15:00+08:00"
    assert iso(NOW + timedelta(microseconds=5), BERLIN) == "2026-11-23T07:15:00+01:00"


# Times in files


@pytest.mark.parametrize(
    "text",
    [
        "2023-06-10 20:48:43",
        "2023/6/10 20:48:43",
        "2023/06/10 20:48:43",
        "2023.6.10 20:48:43",
        "2023-6-10  20:48:43",
        "2023年6月10日 20:48:43",
        "2023年06月10日20:48:43",
        "2023年6月10日20时48分43秒",
        "2023年6月10日 20点48分43秒",
        "2023-06-10 20:48:43.999",
        "2023-06-10T20:48:43",
        "2023-06-10T20:48:43+08:00",
        "2023-06-10 20:48:43 +0800",
        "2023-06-10T14:48:43.5+02",
        "2023-06-10T12:48:43Z",
        "2023-06-10T12:48:43.123Z",
        "2023-06-10T05:18:43-07:30",
        "20230610 204843",
        "20230610T204843",
        "20230610204843",
        "2023-06-10 下午8:48:43",
        "2023/6/10 下午 08:48:43",
        "2023/6/10 8:48:43 PM",
        "2023-06-10 8:48:43pm",
        "1686401323",
        "1686401323000",
        "1686401323999",
        "45087.86716",
        "２０２３－０６－１０　２０：４８：４３",
        "\t2023-06-10 20:48:43\r\n",
        "2023-06-10\u00a020:48:43",
        "Jun 10, 2023 8:48:43 PM",
        "June 10th, 2023, 20:48:43",
        "10 Jun 2023 20:48:43",
        "10-Jun-2023 20:48:43",
        "2023-06-10 晚上8:48:43",
        "2023年6月10日 晚上8点48分43秒",
        "2023/6/10 8:48:43 下午",
        "2023-06-10 20:48:43 星期六",
        "2023-06-10 星期六 20:48:43",
        "2023年6月10日(周六) 20:48:43",
        "星期六 2023-06-10 20:48:43",
        "2023-06-10 Sat 20:48:43",
        "Sat Jun 10 2023 20:48:43 GMT+0800 (中国标准时间)",
        "Sat Jun 10 2023 20:48:43 GMT+0800 (China Standard Time)",
        "Sat, 10 Jun 2023 12:48:43 GMT",
        "Sat Jun 10 20:48:43 CST 2023",
        "Sat Jun 10 20:48:43 2023",
        "2023-06-10 20:48:43 CST",
        "2023-06-10 20:48:43 GMT+8",
        "2023-06-10 20:48:43 UTC+08:00",
        "2023-06-10 20:48:43 (北京时间)",
        "2023/06/10-20:48:43",
    ],
)
def test_every_form_of_a_time_in_files_is_read(text: str) -> None:
    assert read(text) == "2023-06-10 20:48:43"


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2023-06-10", "2023-06-10 00:00:00"),
        ("2023/6/10", "2023-06-10 00:00:00"),
        ("20230610", "2023-06-10 00:00:00"),
        ("2023年6月10日", "2023-06-10 00:00:00"),
        ("45087", "2023-06-10 00:00:00"),
        ("10 June 2023", "2023-06-10 00:00:00"),
        ("2023/6/10 20:48", "2023-06-10 20:48:00"),
        ("2023/6/1 8:05", "2023-06-01 08:05:00"),
        ("2023年6月10日 20:48", "2023-06-10 20:48:00"),
        ("2023年6月10日20时48分", "2023-06-10 20:48:00"),
        ("2023年6月10日20时", "2023-06-10 20:00:00"),
        ("202306102048", "2023-06-10 20:48:00"),
        ("2023-06-10 上午12:05", "2023-06-10 00:05:00"),
        ("2023-06-10 下午12:05", "2023-06-10 12:05:00"),
        ("2023-06-10 下午20:48", "2023-06-10 20:48:00"),
        ("2023-06-10 12:05 AM", "2023-06-10 00:05:00"),
        ("2023-06-10 24:00", "2023-06-11 00:00:00"),
        ("2023-12-31 24:00:00", "2024-01-01 00:00:00"),
        ("2024-02-29 00:00:00", "2024-02-29 00:00:00"),
        ("2000-01-01 00:00:00", "2000-01-01 00:00:00"),
        ("2100-12-31 23:59:59", "2100-12-31 23:59:59"),
        ("36526", "2000-01-01 00:00:00"),
        ("45087.999999", "2023-06-11 00:00:00"),
        ("13/11/2026", "2026-11-13 00:00:00"),
        ("11/13/2026 9:30", "2026-11-13 09:30:00"),
        ("13-11-2026 9:30", "2026-11-13 09:30:00"),
        ("05.05.2026", "2026-05-05 00:00:00"),
    ],
)
def test_a_time_in_files_may_leave_parts_out(text: str, moment: str) -> None:
    assert read(text) == moment


@given(MOMENTS, st.sampled_from([SHANGHAI, BERLIN, ZoneInfo("Australia/Lord_Howe")]))
def test_a_time_written_with_its_offset_is_read_as_the_same_moment(moment: datetime, zone: ZoneInfo) -> None:
    assert parse_time(iso(moment, zone), SHANGHAI, now=NOW) == moment
    assert parse_time(stored(moment), zone, now=NOW) == moment


@given(MOMENTS)
def test_all_forms_of_one_local_time_mean_the_same_moment(moment: datetime) -> None:
    local = moment.astimezone(SHANGHAI)
    clock_time = f"{local.hour}:{local.minute:02}:{local.second:02}"
    serial = (local.replace(tzinfo=None) - datetime(1899, 12, 30)) / DAY  # noqa: DTZ001
    for text in (
        local.isoformat(" ")[:19],
        f"{local.year}/{local.month}/{local.day} {clock_time}",
        f"{local.year}年{local.month}月{local.day}日{clock_time}",
        f"{local.year}{local.month:02}{local.day:02}{local.hour:02}{local.minute:02}{local.second:02}",
        f"{serial:.6f}",
    ):
        assert parse_time(text, SHANGHAI, now=NOW) == moment


# Times of people


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("now", "2026-11-23 14:15:00"),
        ("Now", "2026-11-23 14:15:00"),
        ("现在", "2026-11-23 14:15:00"),
        ("14:30", "2026-11-23 14:30:00"),
        ("9:05", "2026-11-23 09:05:00"),
        ("14:30:05", "2026-11-23 14:30:05"),
        ("１４：３０", "2026-11-23 14:30:00"),
        ("下午2:30", "2026-11-23 14:30:00"),
        ("2:30 pm", "2026-11-23 14:30:00"),
        ("14点", "2026-11-23 14:00:00"),
        ("14时30分", "2026-11-23 14:30:00"),
        ("今天 14:30", "2026-11-23 14:30:00"),
        ("今天14:30", "2026-11-23 14:30:00"),
        ("昨天 18:00", "2026-11-22 18:00:00"),
        ("前天 18:00", "2026-11-21 18:00:00"),
        ("前天", "2026-11-21 00:00:00"),
        ("明天 09:00", "2026-11-24 09:00:00"),
        ("明天上午9点", "2026-11-24 09:00:00"),
        ("today 14:30", "2026-11-23 14:30:00"),
        ("Yesterday 18:00", "2026-11-22 18:00:00"),
        ("tomorrow", "2026-11-24 00:00:00"),
        ("今天 24:00", "2026-11-24 00:00:00"),
        ("6-10 20:48", "2026-06-10 20:48:00"),
        ("6/10 20:48", "2026-06-10 20:48:00"),
        ("6月10日 20:48", "2026-06-10 20:48:00"),
        ("6月10日20:48", "2026-06-10 20:48:00"),
        ("6月10日", "2026-06-10 00:00:00"),
        ("12-30 18:00", "2026-12-30 18:00:00"),
        ("-2h", "2026-11-23 12:15:00"),
        ("-1h30m", "2026-11-23 12:45:00"),
        ("2h ago", "2026-11-23 12:15:00"),
        ("2小时前", "2026-11-23 12:15:00"),
        ("30分钟前", "2026-11-23 13:45:00"),
        ("30分钟以前", "2026-11-23 13:45:00"),
        ("2天前", "2026-11-21 14:15:00"),
        ("刚才", "2026-11-23 14:15:00"),
        ("半小时前", "2026-11-23 13:45:00"),
        ("半个小时之前", "2026-11-23 13:45:00"),
        ("一个半小时前", "2026-11-23 12:45:00"),
        ("两小时前", "2026-11-23 12:15:00"),
        ("十分钟前", "2026-11-23 14:05:00"),
        ("3小时后", "2026-11-23 17:15:00"),
        ("1个半小时以后", "2026-11-23 15:45:00"),
        ("in 20m", "2026-11-23 14:35:00"),
        ("昨晚8点", "2026-11-22 20:00:00"),
        ("昨晚八点半", "2026-11-22 20:30:00"),
        ("昨天晚上8点", "2026-11-22 20:00:00"),
        ("今晚7点一刻", "2026-11-23 19:15:00"),
        ("明早9点", "2026-11-24 09:00:00"),
        ("明天下午三点", "2026-11-24 15:00:00"),
        ("今早8:30", "2026-11-23 08:30:00"),
        ("后天10:00", "2026-11-25 10:00:00"),
        ("大前天 10:00", "2026-11-20 10:00:00"),
        ("十点半", "2026-11-23 10:30:00"),
        ("10点钟", "2026-11-23 10:00:00"),
        ("10点整", "2026-11-23 10:00:00"),
        ("十二点二十", "2026-11-23 12:20:00"),
        ("下午2点20", "2026-11-23 14:20:00"),
        ("下午两点三刻", "2026-11-23 14:45:00"),
        ("周日 18:00", "2026-11-29 18:00:00"),
        ("上周五 18:00", "2026-11-20 18:00:00"),
        ("下周一上午十点", "2026-11-30 10:00:00"),
        ("11月20日 周五 18:00", "2026-11-20 18:00:00"),
    ],
)
def test_every_form_of_a_persons_time_is_read(text: str, moment: str) -> None:
    assert read(text) == moment


# Part of the day, and for each hour what the clock shows then; "?" where it may be of two days or halves,
# "x" where there is no such time.
HOURS = {
    #        0     1     2     3     4     5     6     7     8     9    10    11    12    13    20
    "上午": " 0     1     2     3     4     5     6     7     8     9    10    11     0     x     x",
    "早上": " 0     1     2     3     4     5     6     7     8     9    10    11     ?     x     x",
    "凌晨": " 0     1     2     3     4     5     6     x     x     x     x     x     0     x     x",
    "中午": "12    13    14    15     x     x     x     x     x     x    10    11    12    13    20",
    "下午": "12    13    14    15    16    17    18    19    20    21    22    23    12    13    20",
    "傍晚": " x     x     x     x    16    17    18    19    20     x     x     x     x    13    20",
    "晚上": " ?     ?     ?     ?     ?    17    18    19    20    21    22    23     ?    13    20",
    "半夜": " ?     ?     ?     ?     ?     x     x     x     x     x    22    23     ?    13    20",
}


@pytest.mark.parametrize("part", HOURS)
def test_each_hour_has_its_meaning_in_each_part_of_the_day(part: str) -> None:
    for said, meant in zip([*range(14), 20], HOURS[part].split(), strict=True):
        for text in (f"2026-11-20 {part}{said}:05", f"2026-11-20 {said}:05 {part}"):
            if meant == "?":
                assert "is ambiguous; write" in refusal(text)
            elif meant == "x":
                assert "is impossible" in refusal(text)
            else:
                assert read(text) == f"2026-11-20 {int(meant):02}:05:00"


@pytest.mark.parametrize(
    ("now", "text", "one", "other"),
    [
        ("14:30", "2点20", "02:20", "14:20"),
        ("14:30", "六点", "06:00", "18:00"),
        ("21:00", "8点", "08:00", "20:00"),
        ("14:30", "昨天3点", "03:00", "15:00"),
        ("14:30", "晚上12点", "2026-11-23 00:00", "2026-11-24 00:00"),
    ],
)
def test_an_hour_that_may_be_of_either_half_of_the_day_is_asked_about(
    now: str, text: str, one: str, other: str
) -> None:
    there = datetime.fromisoformat(f"2026-11-23 {now}").replace(tzinfo=SHANGHAI)
    with pytest.raises(InputError, match=f"write {one} or {other}, whichever is meant"):
        parse_time(text, SHANGHAI, now=there.astimezone(UTC))


@pytest.mark.parametrize(
    "text", ["2026-11-25 星期四 10:00", "Thu Nov 25 2026 10:00:00 GMT+0800", "11月25日 周日 10:00"]
)
def test_a_day_of_the_week_that_is_not_the_dates_is_a_contradiction(text: str) -> None:
    assert "contradicts itself: 2026-11-25 is another day of the week" in refusal(text)


@pytest.mark.parametrize("text", ["2026-11-2² 10:00", "2026-11-25 ①0:00", "10:3²", "昨天 1٠:00"])
def test_digits_are_those_of_a_keyboard_alone(text: str) -> None:
    assert "cannot be read as a time" in refusal(text)


def test_today_is_the_shops_day_and_not_the_machines() -> None:
    past_midnight = datetime(2026, 11, 23, 17, 0, tzinfo=UTC)  # 01:00 on the 24th in Shanghai
    assert read("14:30", now=past_midnight) == "2026-11-24 14:30:00"
    assert read("昨天 14:30", now=past_midnight) == "2026-11-23 14:30:00"


@pytest.mark.parametrize(
    ("now", "text", "moment"),
    [
        ("2027-01-05", "12-30 18:00", "2026-12-30 18:00:00"),
        ("2027-01-05", "7-7 18:00", "2027-07-07 18:00:00"),
        ("2027-01-05", "7-8 18:00", "2026-07-08 18:00:00"),
        ("2026-12-30", "1-3 09:00", "2026-01-03 09:00:00"),
        ("2028-03-01", "2-29 09:00", "2028-02-29 09:00:00"),
    ],
)
def test_a_date_without_a_year_is_last_years_when_this_years_is_half_a_year_away(
    now: str, text: str, moment: str
) -> None:
    there = datetime.fromisoformat(now).replace(tzinfo=SHANGHAI)
    assert read(text, now=there.astimezone(UTC)) == moment


# Times that are none


@pytest.mark.parametrize(
    ("text", "one", "other"),
    [
        ("10/11/2026", "2026-10-11", "2026-11-10"),
        ("03-04-2026", "2026-03-04", "2026-04-03"),
        ("1.2.2026 09:00", "2026-01-02", "2026-02-01"),
    ],
)
def test_a_date_that_can_be_read_in_two_ways_is_refused_and_both_are_shown(
    text: str, one: str, other: str
) -> None:
    message = refusal(text)
    assert "ambiguous" in message
    assert one in message
    assert other in message


@pytest.mark.parametrize("text", ["10/11/26", "23-6-10", "23-6-10 20:48"])
def test_a_year_of_two_digits_is_ambiguous(text: str) -> None:
    assert "ambiguous; write the year first" in refusal(text)


@pytest.mark.parametrize(
    "text",
    [
        "2026-02-30",
        "2026-02-30 12:00:00",
        "2026/2/30 12:00",
        "2026-13-01 12:00:00",
        "2026-00-10",
        "2027-02-29",
        "25:61",
        "24:01",
        "2026-11-23 25:00:00",
        "2026-11-23 24:00:01",
        "2026-11-23 12:60:00",
        "2026/11/23 12:60",
        "2026-11-23 12:00:60",
        "2026-11-23 上午13:00",
        "2026-11-23T12:00:00+99:00",
        "20261340",
        "31/11/2026",
        "13/13/2026",
        "2月30日 10:00",
        "Feb 30 2026",
    ],
)
def test_a_date_or_time_that_there_is_not_is_refused_as_impossible(text: str) -> None:
    assert "is impossible: there is no such date or time" in refusal(text)


@pytest.mark.parametrize(
    "text",
    ["1999-12-31 23:59:59", "2101-01-01 00:00:00", "2100-12-31 24:00", "1899/1/1 0:00", "0000-01-01 00:00:00",
     "9999-12-31", "2101-01-01T12:00:00Z", "2100-12-31T23:59:59Z", "99999", "36525", "9999999999",
     "9999999999999", "-36500d"],
)  # fmt: skip
def test_a_time_outside_2000_to_2100_is_refused(text: str) -> None:
    assert "outside the years 2000 to 2100" in refusal(text)


@pytest.mark.parametrize(
    "text",
    ["", " ", "hello", "yesterdayish", "2026", "2026-11", "23", "12345678901", "2026-11-2312:00",
     "2026 11 23", "mar 10 0001",
     "14:3x", "14:30:00:00", "13点半半", "-", "-5", "ago", "前", "foo 10 2023", "sat 10 2023", "Mon 5 2023",
     "2026-11-23 12:00 Europe/Berlin", "今天 tomorrow", "6-10 noon", "٢٠٢٣-٠٦-١٠", "nan", "1e5", "10:11-12",
     "2026-11-23 09:00-12:00", "2026-11-23 noon", "1234567890123456789",
     "2026-W10-1 20:48:43", "6月", "x" * 1000, "2026-11-23" + " " * 100 + "14:30"],
)  # fmt: skip
def test_what_is_no_time_is_refused_with_examples(text: str) -> None:
    message = refusal(text)
    assert "cannot be read as a time; write one such as 2026-11-23 14:30, 14:30" in message
    assert len(message) < 170


def test_a_refusal_quotes_at_most_forty_characters_and_none_that_could_do_harm() -> None:
    message = refusal("\x1b[31m\u202ered\x00" + "长" * 200)
    assert all(char.isprintable() for char in message)
    assert "\\x1b[31m\\u202ered\\x00长" in message
    assert message.count("长") < 40


@given(st.text(max_size=60) | st.text("0123456789-/:. T年月日时分秒前+Z今天上午ampJune", max_size=30))
def test_any_text_is_a_time_within_the_years_or_an_input_error(text: str) -> None:
    try:
        moment = parse_time(text, SHANGHAI, now=NOW)
    except InputError as error:
        assert all(char.isprintable() for char in error.message)
    else:
        assert 2000 <= moment.astimezone(SHANGHAI).year <= 2100
        assert moment.tzinfo is UTC


def test_a_local_time_that_the_clock_leaves_out_is_impossible() -> None:
    assert "is impossible: the clocks of the time zone Europe/Berlin" in refusal(
        "2026-03-29 02:30:00", BERLIN
    )
    assert read("2026-03-29 03:00:00", zone=BERLIN) == "2026-03-29 03:00:00"
    assert read("2026-03-29 01:59:59", zone=BERLIN) == "2026-03-29 01:59:59"


def test_a_local_time_that_comes_twice_is_the_first_of_the_two() -> None:
    assert parse_time("2026-10-25 02:30", BERLIN, now=NOW) == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)


# Lengths of time


@pytest.mark.parametrize(
    ("text", "length"),
    [
        ("4h", 4 * HOUR),
        ("30m", 30 * MINUTE),
        ("1h30m", 90 * MINUTE),
        ("1h 30m", 90 * MINUTE),
        ("90s", 90 * SECOND),
        ("2d", 48 * HOUR),
        ("1.5h", 90 * MINUTE),
        ("1.1h", 66 * MINUTE),
        ("4小时", 4 * HOUR),
        ("2个小时", 2 * HOUR),
        ("2小时30分", 150 * MINUTE),
        ("45分钟", 45 * MINUTE),
        ("1天2小时58分", 26 * HOUR + 58 * MINUTE),
        ("4 Hours", 4 * HOUR),
        ("1 day 2 hours 3 minutes 4 seconds", 26 * HOUR + 3 * MINUTE + 4 * SECOND),
        ("４ｈ", 4 * HOUR),
        (" 10 min ", 10 * MINUTE),
        ("0m", timedelta(0)),
        ("0.4s", timedelta(0)),
    ],
)
def test_a_length_of_time_is_read(text: str, length: timedelta) -> None:
    assert parse_duration(text) == length


@pytest.mark.parametrize(
    "text",
    ["", "4", "h", "-4h", "4x", "30m1h", "1h1h", "1h30", "4h!", "1e3h", "nan", ".5h", "9999999d", "99999999h",
     "4h" + " " * 200 + "x", "٤h"],
)  # fmt: skip
def test_what_is_no_length_of_time_is_refused_with_examples(text: str) -> None:
    with pytest.raises(InputError, match="is not a length of time; write one such as 4h, 30m") as caught:
        parse_duration(text)
    assert len(caught.value.message) < 140


# Words


@pytest.mark.parametrize(
    ("length", "words"),
    [
        (2 * HOUR + 15 * MINUTE, "2h 15m"),
        (2 * HOUR, "2h"),
        (40 * MINUTE, "40m"),
        (40 * MINUTE + 59 * SECOND, "40m"),
        (HOUR - SECOND, "59m"),
        (MINUTE, "1m"),
        (59 * SECOND, "<1m"),
        (timedelta(0), "<1m"),
        (26 * HOUR + 5 * MINUTE, "26h 5m"),
        (-(40 * MINUTE + SECOND), "40m"),
    ],
)
def test_a_length_in_words_drops_seconds_and_never_uses_days(length: timedelta, words: str) -> None:
    assert duration_in_words(length) == words


def test_what_is_left_and_what_is_overdue_are_said_apart() -> None:
    assert left_in_words(2 * HOUR + 15 * MINUTE, overdue=False) == "2h 15m left"
    assert left_in_words(-40 * MINUTE, overdue=True) == "overdue 40m"
    # Past a deadline at closing time, before the next opening: no service time has gone by yet.
    assert left_in_words(timedelta(0), overdue=True) == "overdue <1m"


@pytest.mark.parametrize(
    ("moment", "words"),
    [
        ("2026-11-23 17:30:00", "today 17:30"),
        ("2026-11-23 00:00:00", "today 00:00"),
        ("2026-11-23 17:30:05", "today 17:30:05"),
        ("2026-11-22 23:59:59", "yesterday 23:59:59"),
        ("2026-11-24 09:30:00", "tomorrow 09:30"),
        ("2026-11-25 09:30:00", "11-25 09:30"),
        ("2026-11-21 09:30:07", "11-21 09:30:07"),
        ("2026-01-01 09:30:00", "01-01 09:30"),
        ("2027-01-03 09:30:00", "2027-01-03 09:30"),
    ],
)
def test_a_moment_in_words_is_as_short_as_it_can_be(moment: str, words: str) -> None:
    there = datetime.fromisoformat(moment).replace(tzinfo=SHANGHAI)
    assert moment_in_words(there.astimezone(UTC), NOW, SHANGHAI) == words


def test_tomorrow_may_lie_in_another_year() -> None:
    eve = datetime(2026, 12, 31, 12, tzinfo=SHANGHAI)
    assert moment_in_words(eve + DAY, eve, SHANGHAI) == "tomorrow 12:00"


def test_words_can_be_asked_for_in_another_language_than_the_interfaces() -> None:
    def shout(message: str) -> str:
        return message.upper().replace("{DURATION}", "{duration}").replace("{TIME}", "{time}")

    def hours_only(message: str) -> str:
        return {"{hours}h": "{hours}小时", "{duration} left": "还剩 {duration}"}[message]

    assert left_in_words(2 * HOUR, False, hours_only) == "还剩 2小时"
    assert left_in_words(timedelta(0), True, shout) == "OVERDUE <1M"
    assert moment_in_words(NOW, NOW, SHANGHAI, shout) == "TODAY 14:15"
