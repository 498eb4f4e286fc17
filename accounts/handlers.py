"""What follows from changes of agreements, after they are committed."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from accounts.actions.programmes import take_terms_over
from accounts.models import Programme, User
from msa.outbox.relay import Handler


def on_programme_revised(payload: Mapping[str, Any], *, at: datetime) -> None:
    actor = payload["actor"]
    take_terms_over(
        programme=Programme.objects.get(pk=payload["programme"]),
        after=payload["after"],
        actor=None if actor is None else User.objects.get(pk=actor),
        at=at,
    )


REACTIONS: Mapping[str, Sequence[Handler]] = {
    "programme.revised": [on_programme_revised],
}
