"""How a story's time passes: the same sweep and relay that the beat starts."""

from datetime import datetime
from functools import partial

import pytest

from accounts.tenancy import set_scope
from incidents.actions.deadlines import fire_earlier_than
from msa.outbox import relay
from msa.outbox.models import Email
from msa.wiring import HANDLERS


@pytest.fixture
def until():
    """Let time pass until an instant: what fell due before it has fired, and is told."""

    def pass_time(at: datetime) -> None:
        fire_earlier_than(at)
        relay.drain(HANDLERS, prepare=partial(set_scope, staff=True))

    return pass_time


@pytest.fixture
def told():
    """Return who was mailed, each with the subject, in order of telling; and forget it."""

    def mails() -> list[tuple[str, str]]:
        relay.drain(HANDLERS, prepare=partial(set_scope, staff=True))
        found = list(Email.objects.order_by("id").values_list("to_address", "subject"))
        Email.objects.all().delete()
        return found

    return mails
