from __future__ import annotations

import pytest

from jdticket.errors import JdticketError
from jdticket.scheduling.by_hand import ByHand

from .jobs import both, job


def test_where_nothing_runs_jobs_the_line_to_run_is_told() -> None:
    with pytest.raises(JdticketError) as raised:
        ByHand().install(job("--db", "/a b.db", "remind"))
    assert raised.value.message.endswith("this every 5 minutes: /opt/jdticket --db '/a b.db' remind")
    with pytest.raises(
        JdticketError, match=r": \{ /opt/jdticket sync --quiet; .* remind; \} >> /r\.log 2>&1$"
    ):
        ByHand().install(both(log="/r.log"))
