"""What becomes of mail (SPEC 6, 17)."""

from datetime import UTC, datetime, timedelta
from functools import partial

import pytest

from accounts.models import Contact, MailTrouble
from accounts.tenancy import set_scope
from incidents.actions import inbound
from incidents.actions.answering import withdraw
from incidents.actions.responding import ask_customer
from incidents.inbound import judging
from incidents.inbound.addresses import reply_address
from incidents.models import Attachment, InboundMail, Incident, JournalEntry, Message
from incidents.states import State
from msa.outbox import relay
from msa.outbox.mail import queue_email
from msa.outbox.models import Email
from msa.wiring import HANDLERS
from tests.conftest import MONDAY_NINE, PROGRAMME, _agreement, see_everything
from tests.incidents.inbound.corpus import AUTHSERV, LOG, PLAIN, bounce, mail, multipart

pytestmark = pytest.mark.django_db
TEN = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


def told():
    """Return whom mails have gone to, with their subjects, without those on incidents."""
    see_everything()
    relay.drain(HANDLERS, prepare=partial(set_scope, staff=True))
    see_everything()
    letters = Email.objects.exclude(dedupe_key__startswith="incident-").order_by("pk")
    return list(letters.values_list("to_address", "subject"))


def outcome(kept):
    return (kept.outcome, kept.reason, kept.person and kept.person.name, kept.reference)


@pytest.mark.parametrize(
    ("line", "severity", "why"),
    [
        ("Severity: 1", 1, "Severity as named: 1."),
        ("Gravité : 3", 3, "Severity as named: 3."),
        ("严重级别:1", 1, "Severity as named: 1."),
        ("Ernst: 4", 4, "Severity as named: 4."),
        ("Уровень критичности: 2", 2, "Severity as named: 2."),
        ("Severity: 5", 2, "No severity was named: 2 for the time being."),
        ("All is well.", 2, "No severity was named: 2 for the time being."),
    ],
)
def test_a_contacts_mail_files_an_incident(cast, receive, line, severity, why):
    kept = receive(mail(f"{line}\n\nAll is down."))
    incident = Incident.objects.get()
    assert outcome(kept) == (
        "filed",
        "by e-mail: the portal cannot be reached",
        "Alice",
        incident.reference,
    )
    assert (incident.author, incident.channel, incident.severity) == (cast.alice, "email", severity)
    assert (incident.title, incident.received_at) == ("Scans stop", MONDAY_NINE)
    message = Message.objects.get()
    assert (message.kind, message.channel) == ("report", "email")
    assert message.text == (
        f"By e-mail: the portal could not be reached. {why}\n\n{line}\n\nAll is down."
    )


def test_a_reply_to_a_signed_address_is_the_answer(cast, receive):
    incident = cast.file()
    ask_customer(incident=incident, actor=cast.tom, text="Which version?", at=MONDAY_NINE)
    raw = multipart(
        (PLAIN, "12.4\n\nOn Monday, Northlight wrote:\n> Which version?\n"),
        (LOG, "line\n"),
        to=reply_address(incident, cast.alice),
        results="",
    )
    kept = receive(raw, at=TEN)
    incident.refresh_from_db()
    assert outcome(kept) == ("joined", "", "Alice", incident.reference)
    assert incident.state == State.IN_PROGRESS
    message = Message.objects.latest("id")
    assert (message.text, message.author, message.channel) == ("12.4", cast.alice, "email")
    assert list(Attachment.objects.values_list("name", "message")) == [("scan.log", message.pk)]


def test_the_envelope_may_name_the_signed_address(cast, receive):
    incident = cast.file()
    kept = receive(mail("More.", results=""), recipient=reply_address(incident, cast.alice).upper())
    assert outcome(kept) == ("joined", "", "Alice", incident.reference)


def test_a_signed_address_is_good_for_its_person_only(cast, receive):
    incident = cast.file()
    address = reply_address(incident, cast.alice)
    kept = receive(mail("More.", sender="bob@acme.example", to=address, results=""))
    assert outcome(kept) == ("quarantined", "nothing shows that it is from this person", "Bob", "")
    stranger = receive(mail("More.", sender="eve@evil.example", to=address, results=""))
    assert outcome(stranger) == ("answered", "is from nobody registered", None, "")
    assert Message.objects.count() == 1


def test_a_colleague_whose_domain_passes_may_answer_too(cast, receive):
    incident = cast.file()
    to = reply_address(incident, cast.alice)
    kept = receive(mail("I saw it, too.", sender="bob@acme.example", to=to))
    assert outcome(kept) == ("joined", "", "Bob", incident.reference)
    assert Message.objects.latest("id").author == cast.bob


@pytest.mark.parametrize("where", ["subject", "thread"])
def test_a_reply_finds_its_incident_by(cast, receive, where):
    incident = cast.file()
    relay.drain(HANDLERS, prepare=partial(set_scope, staff=True))
    see_everything()
    ours = Email.objects.get(to_address="alice@acme.example")
    raw = {
        "subject": mail(subject=f"RE: [{incident.reference}] x"),
        "thread": mail(subject="Re:", In_Reply_To=ours.message_id),
    }[where]
    assert outcome(receive(raw)) == ("joined", "", "Alice", incident.reference)


def test_a_foreign_reference_tells_nothing_and_files(cast, receive):
    foreign = cast.file(by=cast.olga)
    kept = receive(mail(subject=f"Re: [{foreign.reference}]"))
    assert (kept.outcome, kept.reference) == ("filed", Incident.objects.latest("id").reference)
    assert Message.objects.filter(incident=foreign).count() == 1


def test_a_contact_whom_that_certificate_does_not_name_is_told_how_to_proceed(cast, receive):
    incident = cast.file()
    Contact.objects.filter(user=cast.bob).delete()
    _agreement("MSA-3", cast.acme, cast.office, cast.product, PROGRAMME, cast.tom, None, [cast.bob])
    kept = receive(mail(sender="bob@acme.example", subject=f"[{incident.reference}]"))
    reason = f"may not write on {incident.reference}"
    assert outcome(kept) == ("quarantined", reason, "Bob", "")
    assert told() == [("bob@acme.example", "Your mail was not taken as a request")]


def test_a_reply_within_a_fortnight_of_closing_reopens(cast, receive):
    incident = cast.file()
    withdraw(incident=incident, actor=cast.alice, text="", at=MONDAY_NINE)
    raw = multipart((PLAIN, "It is back."), (LOG, "line"), subject=f"Re: [{incident.reference}]")
    kept = receive(raw, at=MONDAY_NINE + timedelta(days=14))
    incident.refresh_from_db()
    assert outcome(kept) == ("joined", "", "Alice", incident.reference)
    assert incident.state == State.RECEIVED
    assert Message.objects.latest("id").text == "It is back."
    assert Attachment.objects.get().name == "scan.log"


def test_a_reply_later_than_that_files_a_follow_up(cast, receive):
    incident = cast.file()
    withdraw(incident=incident, actor=cast.alice, text="", at=MONDAY_NINE)
    raw = mail("It is back.", subject=f"Re: [{incident.reference}] Scans")
    kept = receive(raw, at=MONDAY_NINE + timedelta(days=15))
    incident.refresh_from_db()
    follow_up = Incident.objects.latest("id")
    assert outcome(kept) == ("joined", "", "Alice", follow_up.reference)
    assert (incident.state, follow_up.state) == (State.CLOSED, State.RECEIVED)
    assert follow_up.relations_of_others.get().incident == incident
    assert Message.objects.latest("id").text == (
        f"By e-mail, in answer to {incident.reference}, which is closed.\n\nIt is back."
    )


def test_a_reply_of_staff_is_an_internal_note(cast, receive):
    incident = cast.file()
    raw = mail(
        "Looks like the driver.",
        sender="tom@northlight.example",
        results=f"{AUTHSERV}; dmarc=pass header.from=northlight.example",
        subject=f"Re: [{incident.reference}] x",
    )
    assert outcome(receive(raw)) == ("noted", "", "Tom", incident.reference)
    note = Message.objects.latest("id")
    assert (note.kind, note.text, note.channel) == ("note", "Looks like the driver.", "email")


def test_staff_who_name_no_incident_are_told_how_to_proceed(cast, receive):
    results = f"{AUTHSERV}; dmarc=pass header.from=northlight.example"
    kept = receive(mail(sender="tom@northlight.example", results=results))
    reason = "is from staff and names no incident of theirs"
    assert outcome(kept) == ("answered", reason, "Tom", "")
    assert Incident.objects.count() == 0


def test_a_stranger_is_answered_once_a_day(cast, receive):
    for number, hours in enumerate((0, 1, 23, 24, 30)):
        raw = mail(sender=f"eve+{number}@evil.example", message_id=f"<{number}@e>", results="")
        kept = receive(raw, at=MONDAY_NINE + timedelta(hours=hours))
        assert outcome(kept) == ("answered", "is from nobody registered", None, "")
    assert told() == [
        ("eve+0@evil.example", "Your mail was not taken as a request"),
        ("eve+3@evil.example", "Your mail was not taken as a request"),
    ]
    assert Incident.objects.count() == 0


def test_a_stranger_is_answered_in_the_language_of_the_mail(cast, receive):
    receive(mail(sender="eve@evil.example", results="", Content_Language="fr-CA, en"))
    told()
    assert Email.objects.get().language == "fr"


def test_what_is_not_verified_is_kept_and_its_person_asked_once_a_day(cast, receive):
    for number in range(3):
        kept = receive(mail(results="", message_id=f"<{number}@x>"))
        why = "nothing shows that it is from this person"
        assert outcome(kept) == ("quarantined", why, "Alice", "")
    [(address, subject)] = told()
    assert address == "alice@acme.example"
    assert subject.endswith("A mail in your name could not be verified")
    assert Incident.objects.count() == 0


def test_nobody_is_answered_whose_address_is_forged(cast, receive):
    results = f"{AUTHSERV}; dmarc=fail header.from=evil.example"
    kept = receive(mail(sender="eve@evil.example", results=results))
    assert outcome(kept) == ("quarantined", "forged: DMARC fails", None, "")
    assert told() == []


@pytest.mark.parametrize(
    ("headers", "sign"),
    [
        ({"Auto_Submitted": "auto-replied"}, "Auto-Submitted"),
        ({"Precedence": "bulk"}, "Precedence"),
        ({"X_Auto_Response_Suppress": "All"}, "x-auto-response-suppress"),
        ({"List_Id": "<x.acme.example>"}, "List"),
        ({"Return_Path": "<>"}, "Return-Path"),
        ({"subject": "Automatic reply: [INC-2026-000001] Received"}, "Subject"),
        ({"subject": "Réponse automatique : absence"}, "Subject"),
        ({"subject": "自动回复:收到"}, "Subject"),
        ({"subject": "Afwezig: tot maandag"}, "Subject"),
        ({"subject": "Автоответ: в отпуске"}, "Subject"),
        ({"sender": "no-reply@acme.example"}, "From"),
    ],
)
def test_an_automatic_reply_is_no_answer_and_is_not_answered(cast, receive, headers, sign):
    incident = cast.file()
    ask_customer(incident=incident, actor=cast.tom, text="Which version?", at=MONDAY_NINE)
    kept = receive(mail(**{"subject": f"[{incident.reference}]", **headers}), at=TEN)
    assert (kept.outcome, kept.reason, kept.reference) == ("automatic", sign, "")
    incident.refresh_from_db()
    assert incident.state == State.AWAITING_CUSTOMER
    assert told() == []


def test_a_mail_about_automatic_replies_is_none(cast, receive):
    assert receive(mail(subject="Automatic replies are blocked")).outcome == "filed"


def test_a_bounce_of_ours_is_recorded_and_another_is_not(cast, receive):
    queue_email(
        dedupe_key="x", to_address="alice@acme.example", language="en", subject="s", text="t",
        at=MONDAY_NINE,
    )  # fmt: skip
    ours = Email.objects.get()
    assert receive(bounce("<other@acme.example>")).outcome == "bounce"
    assert receive(bounce(ours.message_id, code="4.4.1", action="delayed")).outcome == "bounce"
    assert MailTrouble.objects.count() == 0
    kept = receive(bounce(ours.message_id), at=TEN)
    assert outcome(kept) == ("bounce", "5.1.1 smtp; 550 no such user", None, "")
    trouble = MailTrouble.objects.get()
    assert (trouble.address, trouble.bounces) == ("alice@acme.example", 1)
    assert (trouble.bounced_at, trouble.reason) == (TEN, "5.1.1 smtp; 550 no such user")
    assert Email.objects.count() == 1


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (mail(sender="support@northlight.example"), "is from ourselves"),
        (mail(top="Received: from a by b\n" * 30), "goes in circles"),
        (mail(top="From: eve@evil.example\n"), "is not from exactly one address"),
        (mail(sender="alice@acme.example, bob@acme.example"), "is not from exactly one address"),
        (b"\n\nnothing", "has no headers"),
    ],
)
def test_into_quarantine_without_an_answer_goes(cast, receive, raw, reason):
    kept = receive(raw)
    assert outcome(kept) == ("quarantined", reason, None, "")
    assert told() == []


def test_a_mail_of_ours_that_comes_back_is_stopped(cast, receive):
    queue_email(
        dedupe_key="x", to_address="eve@evil.example", language="en", subject="s", text="t",
        at=MONDAY_NINE,
    )  # fmt: skip
    kept = receive(mail(sender="eve@evil.example", message_id=Email.objects.get().message_id))
    assert outcome(kept) == ("quarantined", "is from ourselves", None, "")


def test_a_mail_that_is_delivered_twice_is_taken_once(cast, receive):
    first = receive(mail())
    assert receive(mail()).pk == first.pk
    again = receive(mail(top="Delivered-To: support@in.northlight.example\n"))
    assert outcome(again) == ("repeated", "", "Alice", "")
    assert Incident.objects.count() == 1


def test_a_forged_twin_beforehand_does_not_hold_up_the_true_mail(cast, receive):
    assert receive(mail(results="")).outcome == "quarantined"
    assert receive(mail()).outcome == "filed"


def test_what_the_rules_refuse_is_kept_and_answered(cast, receive):
    kept = receive(mail(), at=datetime(2027, 2, 1, 9, tzinfo=UTC))
    assert (kept.outcome, kept.person, kept.reference) == ("quarantined", cast.alice, "")
    assert kept.reason.startswith("refused: ")
    assert told() == [("alice@acme.example", "Your mail was not taken as a request")]
    assert Incident.objects.count() == 0


def test_a_loop_files_no_more_than_a_person_would(cast, receive, monkeypatch):
    monkeypatch.setattr(judging, "FILED_MOST", 3)
    outcomes = [receive(mail(message_id=f"<{n}@acme.example>")).outcome for n in range(5)]
    assert outcomes == ["filed", "filed", "filed", "quarantined", "quarantined"]


def test_what_cannot_be_judged_waits_and_is_put_aside_in_the_end(
    cast, receive, monkeypatch, caplog
):
    broken = pytest.MonkeyPatch()
    broken.setattr(inbound, "judge", lambda *_args, **_named: 1 / 0)
    kept = receive(mail())
    assert (kept.outcome, kept.attempts) == ("waiting", 1)
    assert inbound.judge_waiting(at=MONDAY_NINE + timedelta(seconds=59)) == 0
    broken.undo()
    assert inbound.judge_waiting(at=MONDAY_NINE + timedelta(seconds=60)) == 1
    kept.refresh_from_db()
    assert (kept.outcome, Incident.objects.get().received_at) == ("filed", MONDAY_NINE)
    broken.setattr(inbound, "judge", lambda *_args, **_named: 1 / 0)
    other = receive(mail(message_id="<2@acme.example>"))
    ours = [inbound.judge_waiting(at=MONDAY_NINE + timedelta(days=day)) for day in range(1, 8)]
    assert ours == [1, 1, 1, 1, 1, 0, 0]
    other.refresh_from_db()
    assert outcome(other) == ("quarantined", "could not be judged", None, "")
    broken.undo()
    assert {record.message for record in caplog.records if record.levelname == "ERROR"} == {
        f"Mail {kept.pk} could not be judged.",
        f"Mail {other.pk} could not be judged.",
    }


def test_too_large_a_mail_leaves_its_beginning(cast):
    with pytest.raises(inbound.TooLarge):
        inbound.keep(raw=mail(b"x" * 25 * 1024 * 1024), at=MONDAY_NINE)
    kept = InboundMail.objects.get()
    assert (kept.outcome, kept.size_bytes) == ("quarantined", 64 * 1024)
    assert kept.reason == "is larger than 25 MB; only its beginning is kept"


def test_files_that_do_not_fit_are_named(cast, receive):
    receive(multipart((PLAIN, "See."), *[(LOG, f"line {number}") for number in range(12)]))
    assert Attachment.objects.count() == 10
    assert Message.objects.get().text.endswith(
        "See.\n\n2 files of this mail did not fit; please send them in the portal:\n"
        "- scan.log\n- scan.log"
    )


def test_the_journal_names_the_channel(cast, receive):
    receive(mail("Severity: 1"))
    entry = JournalEntry.objects.get(kind="filed")
    assert (entry.data["channel"], entry.data["severity"]) == ("email", 1)
