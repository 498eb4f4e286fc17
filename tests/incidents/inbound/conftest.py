"""Mail as it comes to the desk of the cast; `northlight.example` receives and sends it."""

import pytest

from incidents.actions import inbound
from incidents.models import InboundMail
from tests.conftest import MONDAY_NINE
from tests.incidents.inbound.corpus import AUTHSERV, DOMAIN


@pytest.fixture(autouse=True)
def mail_comes_in(settings):
    settings.INBOUND_DOMAIN = DOMAIN
    settings.INBOUND_AUTHSERV_ID = AUTHSERV
    settings.DEFAULT_FROM_EMAIL = "Northlight <support@northlight.example>"


@pytest.fixture
def receive(cast):
    """Keep a mail and judge it, as the pipe does."""

    def take(raw, *, at=MONDAY_NINE, recipient=""):
        kept = inbound.keep(raw=raw, at=at, recipient=recipient)
        inbound.take(pk=kept.pk, at=at)
        return InboundMail.objects.get(pk=kept.pk)

    return take
