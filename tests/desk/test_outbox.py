from __future__ import annotations

from pathlib import Path

from jdticket.domain.replies import Delivery, DeliveryState
from tests.desk.at_desk import DeskAt, answer, draft


def test_replies_that_are_to_reach_the_platform_are_told_apart_from_others(tmp_path: Path) -> None:
    office = DeskAt(tmp_path, "23 11:00", shops=["jd3", "jd5"])
    office.take_in(draft(shop="jd3"))
    kept = answer(office).reply
    outbox = office.desk.outbox
    assert (outbox.unsent(), outbox.latest(10), outbox.delivery(kept)) == ([], [(kept, None)], None)
    sent = answer(office, "已经补发，请留意", send=True).reply
    unsent = Delivery(sent.id, sent.ticket_id, DeliveryState.UNSENT)
    assert outbox.unsent() == outbox.unsent("jd3") == [(sent, unsent)]
    assert outbox.unsent("jd5") == outbox.latest(10, "jd5") == []
    assert outbox.latest(10) == [(sent, unsent), (kept, None)]
    assert outbox.latest(1) == [(sent, unsent)]
    assert outbox.delivery(sent) == unsent
