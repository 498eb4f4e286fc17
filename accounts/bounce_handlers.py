"""What follows from mail that a server refuses for good."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from accounts.actions.bounces import record_bounce
from msa.outbox.relay import Handler


def on_mail_refused(payload: Mapping[str, Any], *, at: datetime) -> None:
    record_bounce(address=payload["address"], reason=payload["reason"], at=at)


REACTIONS: Mapping[str, Sequence[Handler]] = {"mail.refused": [on_mail_refused]}
