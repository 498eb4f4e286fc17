"""A customer escalates to level 3: acknowledged, met with silence, and answered in the end."""

from datetime import datetime, timedelta
from functools import partial

import pytest

from accounts.tenancy import set_scope
from incidents.actions import responding
from incidents.models import Follower
from msa import clock
from msa.outbox import relay
from msa.outbox.models import Email
from msa.wiring import HANDLERS
from tam.actions.climbing import climb_due
from tam.actions.escalations import escalate
from tests.conftest import MONDAY_NINE

pytestmark = pytest.mark.django_db

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


@pytest.fixture
def portal(cast, signed_in):
    """Return what the portal says at an instant of the levels: of each its words in short."""
    client = signed_in(cast.alice)

    def read(incident, at: datetime) -> list[str]:
        with clock.at(at):
            page = client.get(f"/incidents/{incident.reference}/escalation/")
        return [_in_short(step) for step in page.context["steps"]]

    return read


@pytest.fixture
def told():
    """Return who was mailed, each with what happened, in order of telling; and forget it."""

    def mails() -> list[tuple[str, str]]:
        relay.drain(HANDLERS, prepare=partial(set_scope, staff=True))
        found = Email.objects.order_by("id").values_list("to_address", "text")
        lines = [(address, text.splitlines()[0]) for address, text in found]
        Email.objects.all().delete()
        return lines

    return mails


def _in_short(step) -> str:
    escalation = step.escalation
    reached = ", ".join(person.name for person in step.reached)
    if escalation.answered_at:
        became = f"answered by {escalation.answered_by.name}: {step.answer}"
    elif escalation.acknowledged_at:
        became = f"acknowledged by {escalation.acknowledged_by.name}"
    else:
        became = f"until {escalation.acknowledge_by:%H:%M}"
    reason = f" ({step.reason})" if step.reason else ""
    return f"{escalation.level} {escalation.get_cause_display()}{reason} → {reached}, {became}"


def test_a_customer_escalates_to_level_3(cast, signed_in, portal, until, told):
    incident = answered_at_nine(cast)
    escalations = f"/incidents/{incident.reference}/escalations/"
    alice, tom, hanna, bruno = (
        signed_in(person) for person in (cast.alice, cast.tom, cast.hanna, cast.bruno)
    )
    told()

    def press(reason: str, from_level: int, at: datetime) -> int:
        with clock.at(at):
            form = {"text": reason, "from_level": str(from_level)}
            return int(alice.post(escalations, form).status_code)

    def waiting(client, at: datetime) -> list[tuple[int, int]]:
        with clock.at(at):
            page = client.get("/escalations/")
        return [(each.pk, each.level) for each in page.context["waiting"]]

    # Level 1: the account manager takes note within the hour.
    first_at = MONDAY_NINE + 10 * MINUTE
    assert press("We wait.", 0, first_at) == 302
    assert told() == [(cast.tom.email, "Escalated to level 1")]
    assert portal(incident, first_at) == ["1 By the customer (We wait.) → Tom, until 09:10"]
    ((first, _level),) = waiting(tom, first_at)
    with clock.at(first_at + 20 * MINUTE):
        tom.post(f"/escalations/{first}/acknowledgement/", {"from": "list"})
    assert told() == [
        (
            cast.alice.email,
            "Escalation acknowledged by Tom of Northlight",
        )
    ]
    second_at = first_at + 3 * HOUR
    until(second_at)
    assert climb_due(at=second_at) == 0
    assert portal(incident, second_at) == [
        "1 By the customer (We wait.) → Tom, acknowledged by Tom",
    ]

    # Level 2: the head of the team says nothing for an hour, so that it goes up by itself.
    assert press("Nothing came.", 1, second_at) == 302
    assert press("Nothing came.", 1, second_at) == 409  # two windows: one act
    assert {address for address, _subject in told()} == {cast.hanna.email, cast.tom.email}
    assert portal(incident, second_at)[1:] == [
        "2 By the customer (Nothing came.) → Hanna, until 12:10"
    ]
    assert bruno.get(f"/incidents/{incident.reference}/").status_code == 404
    third_at = second_at + HOUR
    noticed_at = third_at + 10 * MINUTE  # an outage: the tick comes late
    assert climb_due(at=noticed_at) == 1
    gone_up = "Gone up to level 3"
    assert told() == [
        (cast.alice.email, gone_up),
        (cast.bruno.email, gone_up),
        (cast.hanna.email, gone_up),
        (cast.tom.email, gone_up),
    ]
    assert portal(incident, noticed_at)[1:] == [
        "2 By the customer (Nothing came.) → Hanna, until 12:10",
        "3 Not acknowledged in time → Bruno, until 13:10",
    ]
    assert press("Higher!", 3, noticed_at) == 409
    with clock.at(noticed_at):
        page = alice.get(f"/incidents/{incident.reference}/escalation/").content.decode()
    assert "It stands at the highest level already." in page

    # Level 3: the business manager sees the incident now, and answers; all of it is on record.
    assert waiting(hanna, noticed_at) == []
    ((third, _level),) = waiting(bruno, noticed_at)
    with clock.at(noticed_at):
        assert bruno.get(f"/incidents/{incident.reference}/").status_code == 200
        bruno.post(f"/escalations/{third}/answer/", {"text": "Two people come tomorrow."})
    assert told()[0] == (
        cast.alice.email,
        "Escalation answered by Bruno of Northlight",
    )
    assert portal(incident, noticed_at)[2:] == [
        "3 Not acknowledged in time → Bruno, answered by Bruno: Two people come tomorrow."
    ]
    assert waiting(bruno, noticed_at) == []
    journal = incident.journal.filter(kind__startswith="escalat").order_by("number")
    assert list(journal.values_list("kind", "at", "actor__name", "data__level")) == [
        ("escalated", first_at, "Alice", 1),
        ("escalation_acknowledged", first_at + 20 * MINUTE, "Tom", 1),
        ("escalated", second_at, "Alice", 2),
        ("escalated", third_at, None, 3),
        ("escalation_answered", noticed_at, "Bruno", 3),
    ]


def test_a_letter_says_whom_it_reached_and_until_when(cast, told):
    """Bob, who follows, reads what the portal says too."""
    incident = answered_at_nine(cast)
    Follower.objects.create(customer=cast.acme, incident=incident, user=cast.bob)
    told()
    escalate(incident=incident, actor=cast.alice, text="We wait.", at=MONDAY_NINE)
    relay.drain(HANDLERS, prepare=partial(set_scope, staff=True))
    bob = Email.objects.get(to_name="Bob").text
    assert "It reached:\n  Tom\n  09:00 · March 2, 2026 (Europe/Paris)" in bob
    assert "To be acknowledged by: 10:00 · March 2, 2026 (Europe/Paris)" in bob
    assert "To be acknowledged by: 10:00" in Email.objects.get(to_name="Tom").text


def answered_at_nine(cast):
    """Return an incident of severity 2, at which escalations have an hour."""
    cast.office.acknowledge_minutes = {"2": 60}
    cast.office.save()
    cast.certificate.office.refresh_from_db()
    filed = cast.file()
    return responding.respond(incident=filed, actor=cast.tom, text="We look.", at=MONDAY_NINE)
