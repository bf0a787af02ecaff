"""A machine on which nothing runs jobs: the line to run is told."""

from __future__ import annotations

from jdticket.errors import JdticketError
from jdticket.i18n import _, ngettext
from jdticket.scheduling.interface import Job, Result


class ByHand:
    """A machine on which nothing runs jobs."""

    def install(self, job: Job) -> Result:
        raise JdticketError(
            ngettext(
                "There is neither crontab nor systemctl on this machine; "
                "have something else run this every {n} minute: {command}",
                "There is neither crontab nor systemctl on this machine; "
                "have something else run this every {n} minutes: {command}",
                job.every,
            ).format(n=job.every, command=job.shell_command())
        )

    def show(self) -> Result:
        return Result(_("There is neither crontab nor systemctl on this machine; nothing is installed."))

    def remove(self) -> Result:
        return self.show()
