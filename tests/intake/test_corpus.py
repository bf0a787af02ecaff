from __future__ import annotations

from typing import Any

import pytest

from .corpus import Verdict, inputs, verdict
from .reading import DATA

FOLDER = DATA / "intake"


@pytest.mark.parametrize("one", inputs(FOLDER), ids=lambda one: one["file"])
def test_every_input_is_right_or_told(one: dict[str, Any]) -> None:
    found, why = verdict(FOLDER, one)
    assert found is not Verdict.WRONG, why


def test_a_wrong_value_a_silence_and_a_needless_word_are_seen() -> None:
    by_file = {one["file"]: one for one in inputs(FOLDER)}
    good, noted = by_file["csv-utf8.csv"], by_file["order-two.csv"]
    late = [{**good["tickets"][0], "deadline_at": "2025-11-25 15:18:06"}, *good["tickets"][1:]]
    for wrong, words in (
        ({**good, "tickets": late}, "deadline_at"),
        ({**good, "tickets": good["tickets"][1:]}, "is none"),
        ({**good, "tickets": [*good["tickets"], {"id": "59019999"}]}, "is missing"),
        ({**good, "notes": True}, "nothing was said"),
        ({**good, "named": ["row 2"]}, "exit code 0"),
        ({**noted, "notes": False}, "said: "),
    ):
        found, why = verdict(FOLDER, wrong)
        assert (found, words in why) == (Verdict.WRONG, True)
