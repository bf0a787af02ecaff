from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from jdticket.domain.reminders import ReminderRule
from jdticket.domain.sources import SourceState
from jdticket.domain.tickets import Kind, Status, Ticket
from jdticket.errors import Trouble
from jdticket.i18n import translator
from jdticket.settings.templates import fill_template
from jdticket.views.messages import Messages
from jdticket.words import platform_trouble
from tests.desk.at_desk import SHANGHAI
from tests.language import assert_speaks
from tests.store.making import NOON, outage, ticket

HOUR = timedelta(hours=1)
SHOPS = {"jd3": "京东3店"}
TICKET_RULES = (ReminderRule.NEW, ReminderRule.BEFORE, ReminderRule.OVERDUE, ReminderRule.RETURNED)


def messages(language: str = "zh", templates: Mapping[ReminderRule, str] | None = None) -> Messages:
    """Words of 12:00; the ticket of ``making.ticket`` is due at 16:00."""
    return Messages(
        now=NOON,
        zone=SHANGHAI,
        shop_names=SHOPS,
        templates=templates or {},
        fill=fill_template,
        gettext=translator(language).gettext,
    )


def lines(
    about: Ticket, rule: ReminderRule = ReminderRule.BEFORE, left: timedelta = 4 * HOUR, **options: bool
) -> list[str]:
    return messages().ticket(rule, about, left, **options).split("\n")


def test_a_message_names_shop_kind_time_ticket_and_order_and_then_the_content() -> None:
    first, content = lines(ticket(kind_text="CRC高危投诉", content="客户 来电"), left=HOUR / 2)
    assert first.startswith("【京东3店】CRC高危投诉 ")
    assert [first.count(words) for words in ("30分", "16:00", "工单59088842", "订单275490614167")] == [1] * 4
    assert content == "客户 来电"


def test_without_shop_order_or_content_it_is_shorter() -> None:
    [only] = lines(ticket(shop="", order_id=None, kind_text="", kind=Kind.CRC))
    assert only.startswith("CRC高危 ")
    assert only.endswith("订单-")


def test_each_rule_says_why_it_is_sent() -> None:
    told = {rule: lines(ticket(), rule)[0] for rule in TICKET_RULES}
    assert told[ReminderRule.NEW] != told[ReminderRule.BEFORE] != told[ReminderRule.RETURNED]
    past = ticket(deadline_at=NOON - HOUR)
    assert "超时" in lines(past, ReminderRule.OVERDUE, -HOUR)[0]
    assert "超时" not in told[ReminderRule.BEFORE]


def test_a_deadline_of_another_day_names_the_day() -> None:
    [only] = lines(ticket(deadline_at=NOON + 22 * HOUR))
    assert "明天 10:00" in only


def test_phone_numbers_are_masked_and_the_content_stays_one_line() -> None:
    content = "请回电 13812345678\r\n或 +86 13912345678\x1b[31m " + "急" * 80
    _first, shown = lines(ticket(content=content))
    assert shown.startswith("请回电 138****5678 或 +86 139****5678\\x1b[31m 急")
    assert len(shown) == 60
    assert shown.endswith("…")


def test_the_short_form_is_one_line_with_the_same_facts_and_no_content() -> None:
    for rule in TICKET_RULES:
        [only] = lines(ticket(content="客户来电"), rule, short=True)
        for words in ("京东3店", "催单", "59088842", "275490614167"):
            assert words in only
    [short], [long] = lines(ticket(), short=True), lines(ticket())
    assert len(short) < len(long)


def test_a_configured_text_takes_the_place_of_ours_in_every_form() -> None:
    about = ticket(content="电话13812345678", assignee="小王")
    text = "{shop}|{kind}|{deadline}|{ticket_id}|{order_id}|{content}|{assignee}"
    ours = messages(templates={ReminderRule.BEFORE: text})
    told = "京东3店|催单|16:00|59088842|275490614167|电话138****5678|小王"
    assert ours.ticket(ReminderRule.BEFORE, about, HOUR) == told
    assert ours.ticket(ReminderRule.BEFORE, about, HOUR, short=True) == told
    assert ours.ticket(ReminderRule.NEW, about, HOUR) != told


def test_braces_in_a_ticket_are_text() -> None:
    ours = messages(templates={ReminderRule.BEFORE: "{content}"})
    assert ours.ticket(ReminderRule.BEFORE, ticket(content="{shop} {0}"), HOUR) == "{shop} {0}"
    assert lines(ticket(content="{shop} {0}"))[1] == "{shop} {0}"


def test_the_digest_counts_all_and_has_a_line_for_each_ticket() -> None:
    ours = messages()
    assert ours.heading(25) == "今日汇总：待处理工单 25 个"
    assert ours.continued() == "今日汇总（续）："
    assert ours.more(7) == "……另有 7 个，稍后发出"
    line = ours.in_digest(ticket(), HOUR, undelivered=False)
    assert line == "【京东3店】催单 还剩1小时（16:00前）59088842/275490614167"


def test_without_outside_words_shop_time_and_number_are_left() -> None:
    told = messages().bare(ticket(kind_text="敏感词", content="敏感词"), HOUR)
    assert told == "【京东3店】还剩1小时（16:00前）工单59088842"


def test_that_nobody_has_a_ticket_is_told_by_itself_and_beside_its_step() -> None:
    [first, *_content] = lines(ticket(), ReminderRule.UNASSIGNED)
    assert first.startswith("【京东3店】还没人处理：催单 还剩")
    assert "（无人认领）" in messages().ticket(ReminderRule.BEFORE, ticket(), HOUR, unassigned=True)


def test_a_returned_ticket_says_how_much_time_is_left() -> None:
    returned = ticket(status=Status.REPLIED, returned_at=NOON)
    assert "还剩1小时（16:00前）" in messages().ticket(ReminderRule.RETURNED, returned, HOUR)


def test_what_was_replied_to_or_is_not_on_the_page_says_so_behind_its_line() -> None:
    replied = ticket(status=Status.REPLIED, content="客户来电")
    first, content = lines(replied, undelivered=True)
    assert first.endswith("订单275490614167（已回复，未送达）")
    assert content == "客户来电"
    returned = ticket(status=Status.REPLIED, returned_at=NOON, missing_at=NOON)
    [short] = lines(returned, short=True)
    assert short.endswith("275490614167（已回复，平台仍待处理、页面上已没有）")
    assert "（" not in lines(returned, ReminderRule.RETURNED, undelivered=True)[0].partition("订单")[2]
    assert not lines(ticket(), undelivered=True)[0].endswith("）")
    digest = [
        messages("en").in_digest(one, HOUR, undelivered=one is replied)
        for one in (ticket(), replied, ticket(missing_at=NOON))
    ]
    assert [line.partition("275490614167")[2] for line in digest] == [
        "",
        " (not delivered)",
        " (not on the page)",
    ]


def test_a_time_left_that_nobody_knows_is_told_as_such() -> None:
    for year, words in ((1980, "已超时"), (2150, "还剩多久算不出")):
        far = ticket(deadline_at=datetime(year, 1, 1, tzinfo=UTC))
        rule = ReminderRule.OVERDUE if year < 2000 else ReminderRule.NEW
        [told] = messages().ticket(rule, far, None).split("\n")
        assert words in told
        assert words in messages().in_digest(far, None, undelivered=False)


def test_an_outage_names_shops_reason_since_when_and_its_number() -> None:
    text = messages().outage(outage(id=7))
    for words in ("京东3店", "京东5店", "停电", "今天 12:00", "7"):
        assert words in text
    assert "\n" not in text


# Shops whose tickets cannot be fetched

WHY = {
    Trouble.UNREACHABLE: "平台没有应答",
    Trouble.REFUSED: "错误码 66（系统处理错误）：请稍后再试",
    Trouble.SIGNED_OUT: "请为店铺授权：jdticket auth login jd3",
    Trouble.SETTINGS: "运行时取不到应用的密钥（cron 里也要有）",
    Trouble.UNDECIDED: "没有选择二级业务类型，请用 --subtype",
}


def source(trouble: Trouble | None, **fields: Any) -> SourceState:
    """One that was last fetched at 11:00, or, without a trouble, failed since 11:30 and works again."""
    given: dict[str, Any] = {"good_at": NOON - HOUR, "code": "66", "words": "系统处理错误"}
    if trouble is None:
        given = {"good_at": NOON, "failed_since": NOON - HOUR / 2, "back_at": NOON}
    else:
        given["failing_since"] = NOON - HOUR / 2
    return SourceState("jd3", trouble=trouble, **(given | fields))


@pytest.mark.parametrize("trouble", Trouble)
def test_a_shop_that_cannot_be_fetched_is_named_with_since_when_and_what_to_do(trouble: Trouble) -> None:
    told = messages().source(source(trouble))
    assert told == f"【京东3店】今天 11:00 以来无法从平台同步工单：{WHY[trouble]}"
    never = messages().source(source(trouble, good_at=None))
    assert never == f"【京东3店】无法从平台同步工单：{WHY[trouble]}"


def test_a_shop_that_works_again_is_named_with_since_when_it_did_not() -> None:
    assert messages().source(source(None)) == "【京东3店】已恢复从平台同步工单（今天 11:30 起曾中断）"


def test_a_sign_in_that_ends_soon_is_told_with_what_to_do() -> None:
    assert messages().sign_in("jd3", NOON + timedelta(days=1)) == (
        "【京东3店】平台授权 明天 12:00到期，不会自动续期；请现在重新授权：jdticket auth login jd3"
    )
    assert_speaks(messages("en").sign_in("jd3", NOON), "en", allow=["京东3店"])


@pytest.mark.parametrize("trouble", [*Trouble, None])
def test_what_is_said_of_a_shop_speaks_the_language_asked_for(trouble: Trouble | None) -> None:
    for about in (source(trouble), source(trouble, good_at=None, code="", words="")):
        assert_speaks(messages("zh").source(about), "zh", allow=["jdticket auth login jd3"])
        assert_speaks(messages("en").source(about), "en", allow=["京东3店", "系统处理错误"])


def test_the_message_about_a_shop_is_one_harmless_line_whatever_the_platform_says() -> None:
    told = messages().source(source(Trouble.REFUSED, words="坏\x1b[31m了\n{shop}"))
    assert told.endswith("错误码 66（坏\\x1b[31m了 {shop}）：请稍后再试")
    assert "\n" not in told


def test_a_shop_without_a_name_has_its_code_and_one_without_a_code_nothing_in_front() -> None:
    def told(shop: str) -> str:
        return messages("en").source(SourceState(shop, trouble=Trouble.UNREACHABLE))

    assert told("jd9").startswith("[jd9] tickets cannot be fetched")
    assert told("").startswith("tickets cannot be fetched")


ADVICE = {
    "2": ("too many calls", "调用次数超限"),
    "7": ("clock is wrong", "时钟偏差"),
    "8": ("clock is wrong", "时钟偏差"),
    "10": ("jdticket auth login jd3", "请为店铺授权：jdticket auth login jd3"),
    "11": ("signature is wrong", "签名错误"),
    "12": ("signature is wrong", "签名错误"),
    "14": ("may not use this interface", "没有这个接口的权限"),
    "15": ("may not use this interface", "没有这个接口的权限"),
    "19": ("jdticket auth login jd3", "请为店铺授权：jdticket auth login jd3"),
    "20": ("look at app_key", "请检查配置中的 app_key"),
    "21": ("look at app_key", "请检查配置中的 app_key"),
    "22": ("jdticket auth login jd3", "请为店铺授权：jdticket auth login jd3"),
    "23": ("may not use this interface", "没有这个接口的权限"),
    "24": ("may not use this interface", "没有这个接口的权限"),
    "25": ("may not use this interface", "没有这个接口的权限"),
    "64": ("may not use this interface", "没有这个接口的权限"),
    "66": ("try again later", "请稍后再试"),
}


@pytest.mark.parametrize("code", ADVICE)
def test_each_code_of_the_platform_comes_with_what_to_do_in_either_language(code: str) -> None:
    for language, advice in zip(("en", "zh"), ADVICE[code], strict=True):
        told = platform_trouble(Trouble.REFUSED, code, "…", "jd3", translator(language).gettext)
        assert advice in told
        assert told.startswith(
            f"code {code or '-'} (…): " if language == "en" else f"错误码 {code or '-'}（…）："
        )
        assert_speaks(told, language)


def test_a_refusal_without_words_has_a_dash_for_them() -> None:
    assert platform_trouble(Trouble.REFUSED, "66", "", "jd3").startswith("code 66 (-): ")


def test_a_failure_without_a_code_has_the_platform_s_own_words() -> None:
    assert platform_trouble(Trouble.REFUSED, "", "系统繁忙", "jd3") == "系统繁忙"
    assert platform_trouble(Trouble.REFUSED, "", "", "jd3") == "try again later"


def test_a_rejected_reply_is_told_apart_from_one_that_did_not_arrive() -> None:
    rejected = messages().ticket(ReminderRule.RETURNED, ticket(platform_status="已驳回"), HOUR)
    assert "回复被平台驳回，请重新回复" in rejected
    again = messages().ticket(ReminderRule.RETURNED, ticket(platform_status="重新打开"), HOUR)
    assert "重新待处理，请回复：催单" in again
    assert "59088842" in rejected
    returned = messages().ticket(ReminderRule.RETURNED, ticket(status=Status.REPLIED), HOUR)
    assert "驳回" not in returned


def test_the_digest_names_what_is_closed_here_and_still_waits_there() -> None:
    told = messages().heading(1, ["59000000", "59000001"])
    assert told.splitlines()[-1] == "这里已关闭、平台上仍待处理：59000000、59000001"


def test_messages_speak_the_language_asked_for() -> None:
    def told(language: str) -> list[str]:
        ours = messages(language)
        about, everywhere = ticket(kind_text=""), outage(shops=())
        texts = [
            ours.ticket(rule, about, HOUR, short=short) for rule in TICKET_RULES for short in (False, True)
        ]
        digest = [ours.heading(25, ["59000000"]), ours.continued(), ours.more(5), ours.bare(about, HOUR)]
        digest.append(ours.in_digest(about, HOUR, undelivered=True))
        return [*texts, *digest, ours.outage(everywhere)]

    for text in told("zh"):
        assert_speaks(text, "zh", allow=["CRC"])
    for text in told("en"):
        assert_speaks(text, "en", allow=["京东3店"])


def test_an_outage_of_all_shops_names_none() -> None:
    assert not messages().outage(outage(shops=())).startswith("【")
