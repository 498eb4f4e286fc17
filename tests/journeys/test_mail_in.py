"""A day of machines that answer each other: the desk says little, and stops first (SPEC 17)."""

from datetime import timedelta
from functools import partial

import pytest

from accounts.models import MailTrouble
from accounts.tenancy import set_scope
from incidents.actions import inbound
from incidents.models import Incident, Message
from msa.outbox import relay
from msa.outbox.models import Email
from msa.wiring import HANDLERS
from tests.conftest import MONDAY_NINE, see_everything
from tests.incidents.inbound.corpus import AUTHSERV, DOMAIN, bounce, mail

pytestmark = pytest.mark.django_db
STEP = timedelta(minutes=10)


@pytest.fixture(autouse=True)
def mail_comes_in(settings):
    settings.INBOUND_DOMAIN = DOMAIN
    settings.INBOUND_AUTHSERV_ID = AUTHSERV


def receive(raw, at):
    inbound.take(pk=inbound.keep(raw=raw, at=at).pk, at=at)
    see_everything()


def answered_by_machines(ours, number):
    """Return what the machine at an address says to a mail of ours: two that answer, one bouncer.

    One of those that answer does not say that it is a machine.
    """
    reply = {"message_id": f"<{number}@machine>", "In_Reply_To": ours.message_id}
    match ours.to_address:
        case "bot@naive.example":
            return mail("Thank you!", sender=ours.to_address, results="", **reply)
        case "bob@acme.example":
            return mail("Away.", sender=ours.to_address, Auto_Submitted="auto-replied", **reply)
        case _:
            return bounce(ours.message_id)


def test_two_machines_and_a_bouncer_get_two_answers_in_a_day(cast):
    first = (
        mail("Buy!", sender="bot@naive.example", results="", message_id="<a@naive>"),
        mail("Buy!", sender="gone@nowhere.example", results="", message_id="<b@nowhere>"),
        mail("Away.", sender="bob@acme.example", Auto_Submitted="auto-replied"),
    )
    for raw in first:
        receive(raw, MONDAY_NINE)
    heard = 0
    for step in range(1, int(timedelta(hours=24) / STEP)):
        relay.drain(HANDLERS, prepare=partial(set_scope, staff=True))
        see_everything()
        for ours in Email.objects.filter(pk__gt=heard).order_by("pk"):
            heard = ours.pk
            receive(answered_by_machines(ours, ours.pk), MONDAY_NINE + step * STEP)
        nagging = mail("Buy!", sender="bot@naive.example", results="", message_id=f"<{step}@naive>")
        receive(nagging, MONDAY_NINE + step * STEP)
    sent = list(Email.objects.order_by("pk").values_list("to_address", flat=True))
    assert sent == ["bot@naive.example", "gone@nowhere.example"]
    assert (Incident.objects.count(), Message.objects.count()) == (0, 0)
    assert list(MailTrouble.objects.values_list("address", flat=True)) == ["gone@nowhere.example"]
