"""A pipe of a mail server: from our sender over SMTP to `receive_mail`, and its exit codes."""

import os
import subprocess
import sys
from urllib.parse import urlencode

import pytest
from django.conf import settings as ours
from django.db import connection

from incidents.inbound.parsing import MAIL_BYTES_MOST
from incidents.models import InboundMail, Message
from msa.outbox import mail as sender
from msa.outbox.mail import queue_email
from tests.conftest import MONDAY_NINE, see_everything
from tests.incidents.inbound.corpus import AUTHSERV, DOMAIN, mail
from tests.smtp import mail_server

pytestmark = pytest.mark.django_db(transaction=True)


def environment(**changes):
    """Return the environment of a command that works on the database of this test."""
    database = connection.settings_dict
    where = {"host": database["HOST"], "port": database["PORT"], "user": database["USER"]}
    named = urlencode({key: value for key, value in where.items() if value})
    return {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "msa.settings",
        "DATABASE_URL": f"postgresql:///{database['NAME']}?{named}",
        "MEDIA_ROOT": str(ours.MEDIA_ROOT),
        "INBOUND_DOMAIN": DOMAIN,
        "INBOUND_AUTHSERV_ID": AUTHSERV,
        **changes,
    }


def receive_mail(raw, *arguments, **changes):
    command = [sys.executable, "manage.py", "receive_mail", *arguments]
    ran = subprocess.run(
        command, input=raw, capture_output=True, env=environment(**changes), timeout=60, check=False
    )
    see_everything()
    return ran


def test_a_mail_of_our_own_sender_reaches_the_desk_by_smtp_and_pipe(cast, settings):
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.DEFAULT_FROM_EMAIL = "Alice <alice@acme.example>"
    queue_email(
        dedupe_key="x",
        to_address=f"support@{DOMAIN}",
        language="en",
        subject="All is down",
        text="Severity: 1\n",
        at=MONDAY_NINE,
    )
    with mail_server() as server:
        settings.EMAIL_HOST, settings.EMAIL_PORT = server.host, server.port
        assert sender.send_due(at=MONDAY_NINE) == 1
        [raw] = server.accepted_raw
    ran = receive_mail(raw, "--recipient", f"support@{DOMAIN}")
    assert (ran.returncode, ran.stderr) == (0, b"")
    kept = InboundMail.objects.get()
    assert (kept.from_address, kept.subject) == ("alice@acme.example", "All is down")
    assert (kept.outcome, kept.reason) == ("quarantined", "is from ourselves")


def test_a_contacts_answer_joins_its_incident(cast):
    incident = cast.file()
    ran = receive_mail(mail("More.", subject=f"Re: [{incident.reference}] x"))
    assert ran.returncode == 0
    kept = InboundMail.objects.get()
    assert (kept.outcome, kept.person, kept.reference) == ("joined", cast.alice, incident.reference)
    assert Message.objects.latest("id").text == "More."


def test_without_a_database_the_mail_server_keeps_the_mail(cast):
    ran = receive_mail(mail(), DATABASE_URL="postgresql://nobody@127.0.0.1:1/none")
    assert ran.returncode == os.EX_TEMPFAIL
    assert InboundMail.objects.count() == 0


def test_too_large_a_mail_is_refused_for_good(cast):
    ran = receive_mail(mail(b"x" * MAIL_BYTES_MOST))
    assert ran.returncode == os.EX_NOPERM
    assert InboundMail.objects.get().outcome == "quarantined"
