from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jdticket.errors import UsageError
from jdticket.settings.templates import fill_template


def test_a_template_is_filled_in() -> None:
    filled = fill_template(
        "订单{order_id}：{{{运单号}}} 100%", {"order_id": "1", "运单号": "SF{2}", "other": "x"}
    )
    assert filled == "订单1：{SF{2}} 100%"


def test_missing_values_are_named_once_each_with_the_way_to_give_them() -> None:
    with pytest.raises(UsageError) as caught:
        fill_template("{a} {waybill} {b} {b}", {"a": "1"})
    assert caught.value.message == (
        "The template needs a value for {waybill}, {b}; give it with --set waybill=… --set b=…."
    )


@pytest.mark.parametrize("text", ["{a.__class__}", "{a[0]}", "{a!r}", "{a:>{b}}", "{}", "{0}", "{", "}"])
def test_a_template_is_never_evaluated(text: str) -> None:
    with pytest.raises(UsageError, match="cannot be filled in"):
        fill_template(text, {"a": "1", "b": "2", "": "3", "0": "4"})


@given(st.text(), st.text())
def test_a_value_stands_in_the_text_as_it_is(literal: str, value: str) -> None:
    escaped = literal.replace("{", "{{").replace("}", "}}")
    assert fill_template(escaped + "{a}" + escaped, {"a": value}) == literal + value + literal
