"""A mailbox read by IMAP, over a real connection: nothing lost, nothing doubled."""

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError

from incidents.actions import inbound
from incidents.actions.polling import poll
from incidents.inbound import parsing
from incidents.models import InboundMail, Incident
from tests.conftest import MONDAY_NINE, see_everything
from tests.incidents.inbound.corpus import mail
from tests.incidents.inbound.imap import imap_server

pytestmark = pytest.mark.django_db


@pytest.fixture
def mailbox(settings, cast):
    with imap_server() as store:
        settings.INBOUND_IMAP_HOST = "127.0.0.1"
        settings.INBOUND_IMAP_PORT = store.port
        settings.INBOUND_IMAP_TLS = False
        settings.INBOUND_IMAP_USER = "desk"
        settings.INBOUND_IMAP_PASSWORD = "secret"
        yield store


def look():
    kept = poll(at=MONDAY_NINE)
    see_everything()
    return kept


def warnings_in(caplog):
    return len([record for record in caplog.records if record.levelname == "WARNING"])


def left(store):
    return [sorted(store.folders.get(name, {})) for name in ("INBOX", "Taken")]


@pytest.mark.parametrize("capabilities", ["IMAP4rev1 UIDPLUS MOVE", "IMAP4rev1 UIDPLUS"])
def test_mails_are_kept_judged_and_put_away(mailbox, capabilities):
    mailbox.capabilities = capabilities
    mailbox.put(mail(), mail(message_id="<2@acme.example>"))
    assert look() == 2
    assert left(mailbox) == [[], [1, 2]]
    assert list(InboundMail.objects.values_list("outcome", flat=True)) == ["filed", "filed"]
    assert Incident.objects.count() == 2
    assert look() == 0


def test_a_server_that_knows_no_uid_expunge_keeps_them_marked(mailbox):
    mailbox.capabilities = "IMAP4rev1"
    mailbox.put(mail())
    assert [look(), look()] == [1, 0]
    assert left(mailbox) == [[1], [1]]


def test_a_connection_that_breaks_before_a_mail_is_put_away_takes_it_once(mailbox, caplog):
    mailbox.put(mail(), mail(message_id="<2@acme.example>"))
    mailbox.breaks_at = "MOVE"
    look()
    assert left(mailbox) == [[1, 2], []]
    assert warnings_in(caplog) == 1
    mailbox.breaks_at = ""
    look()
    assert left(mailbox) == [[], [1, 2]]
    assert InboundMail.objects.count() == Incident.objects.count() == 2


def test_a_mail_that_cannot_be_kept_stays_in_the_mailbox(mailbox, monkeypatch):
    mailbox.put(mail())
    with monkeypatch.context() as broken:
        broken.setattr(inbound, "keep", _fail)
        with pytest.raises(DatabaseError):
            poll(at=MONDAY_NINE)
    assert left(mailbox) == [[1], []]
    assert look() == 1


def _fail(**_named):
    raise DatabaseError


@pytest.mark.parametrize("trouble", ["password", "connection"])
def test_trouble_is_logged_and_tried_again(mailbox, settings, caplog, trouble):
    mailbox.put(mail())
    if trouble == "password":
        mailbox.password = "another"
    else:
        settings.INBOUND_IMAP_PORT = 1
    assert look() == 0
    assert warnings_in(caplog) == 1
    mailbox.password, settings.INBOUND_IMAP_PORT = "secret", mailbox.port
    assert look() == 1


def test_a_mail_that_is_too_large_leaves_its_beginning(mailbox, monkeypatch):
    for module in (inbound, parsing):
        monkeypatch.setattr(module, "MAIL_BYTES_MOST", 1000)
    mailbox.put(mail("x" * 2000))
    assert look() == 0
    assert left(mailbox) == [[], [1]]
    assert InboundMail.objects.get().outcome == "quarantined"


def test_the_command_looks_once(mailbox, settings, capsys):
    mailbox.put(mail())
    call_command("poll_mail")
    assert capsys.readouterr().out == "1 mails were kept.\n"
    settings.INBOUND_IMAP_HOST = ""
    with pytest.raises(CommandError, match="INBOUND_IMAP_HOST is not set"):
        call_command("poll_mail")
    assert poll(at=MONDAY_NINE) == 0
