"""Mails to the customer's side: who is told what, in which language and zone, once (SPEC 18)."""

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from accounts.actions import offices
from accounts.actions.notices import choose_ways
from accounts.models import Certificate, Notice, NoticeKind, NoticeWay, User
from incidents.actions import answering, filing, responding
from incidents.actions.calendars import revise_clocks
from incidents.actions.case import Case
from incidents.actions.deadlines import fire_earlier_than
from incidents.inbound.addresses import reply_address
from incidents.models import Category, Follower, Incident, JournalEntry, MessageKind
from incidents.notifications import customer
from incidents.notifications.kinds import CUSTOMER
from incidents.states import Channel
from msa.outbox import relay
from msa.outbox.models import Email, Message
from tam.actions.escalations import escalate, escalate_breach
from tests.conftest import MONDAY_NINE, Cast

pytestmark = pytest.mark.django_db

CANARY = "the customer's firewall is to blame"
HANDLERS = {f"incident.{kind}": [customer.notify] for kind in customer.LETTERS}
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)

Told = list[tuple[str, str]]
Act = Callable[[Cast, Incident], object]


@pytest.fixture
def incident(cast: Cast) -> Incident:
    """Alice's, severity 2, followed by Bob, with a note that no customer may ever read."""
    filed = cast.file()
    follow(filed, cast.bob)
    responding.add_note(incident=filed, actor=cast.tom, text=CANARY, at=MONDAY_NINE)
    deliver()
    return filed


def follow(incident: Incident, user: User) -> None:
    Follower.objects.create(customer=incident.customer, incident=incident, user=user)


def deliver() -> list[Email]:
    """Return the mails on what happened since the last time."""
    known = list(Email.objects.values_list("pk", flat=True))
    relay.drain(HANDLERS)
    return list(Email.objects.exclude(pk__in=known).order_by("pk"))


def told(mails: list[Email]) -> Told:
    """Return name of the address, and the first line: what happened."""
    return [(mail.to_address.partition("@")[0], mail.text.splitlines()[0]) for mail in mails]


def ask(cast: Cast, incident: Incident, at: datetime = MONDAY_NINE) -> None:
    responding.ask_customer(incident=incident, actor=cast.tom, text="Which version?", at=at)


def offer(cast: Cast, incident: Incident) -> None:
    responding.offer_solution(
        incident=incident, actor=cast.tom, text="Update.", at=MONDAY_NINE + HOUR
    )


def let_pass(at: datetime) -> None:
    fire_earlier_than(at)


def say(act: Callable[..., object], who: str, at: datetime = MONDAY_NINE + 2 * HOUR) -> Act:
    def acts(cast: Cast, incident: Incident) -> None:
        act(incident=incident, actor=getattr(cast, who), text="Words.", at=at)

    return acts


def log_call(cast: Cast, incident: Incident, *, qualified: bool = False) -> None:
    responding.log_call(
        incident=incident,
        actor=cast.tom,
        caller=cast.alice,
        qualified=qualified,
        text="She rang.",
        at=MONDAY_NINE + HOUR,
        logged_at=MONDAY_NINE + 5 * HOUR,
    )


def breach(cast: Cast, incident: Incident) -> None:
    let_pass(MONDAY_NINE + 4 * HOUR + MINUTE)
    escalate_breach(incident_id=incident.pk, at=MONDAY_NINE + 4 * HOUR)


def reopen_by(who: str) -> Act:
    def acts(cast: Cast, incident: Incident) -> None:
        answering.reopen(
            incident=incident, actor=getattr(cast, who), at=MONDAY_NINE + 3 * HOUR, text="Again."
        )

    return acts


def change_severity(cast: Cast, incident: Incident) -> None:
    responding.change_severity(
        incident=incident, actor=cast.tom, severity=1, text="It spreads.", at=MONDAY_NINE + HOUR
    )


def expire(cast: Cast, incident: Incident) -> None:
    let_pass(datetime(2026, 4, 2, 7, 0, 1, tzinfo=UTC))


def both(heading: str) -> Told:
    return [("alice", heading), ("bob", heading)]


@pytest.mark.parametrize(
    ("before", "act", "expected"),
    [
        ([], say(responding.respond, "tom"), both("We have answered")),
        (
            [],
            lambda cast, incident: responding.respond(
                incident=incident, actor=cast.erik, text="Hm.", at=MONDAY_NINE, qualified=False
            ),
            both("A message from us"),
        ),
        ([], ask, both("We have a question")),
        ([], offer, both("We offer a solution")),
        ([], say(responding.record_workaround, "tom"), both("A workaround")),
        ([], change_severity, both("Severity changed")),
        ([ask], say(responding.take_back, "tom"), both("Nothing to do for you")),
        ([], say(answering.answer, "alice"), [("bob", "A message from Alice")]),
        ([], say(answering.answer, "bob"), [("alice", "A message from Bob")]),
        ([offer], say(answering.accept, "alice"), [("bob", "Solved")]),
        ([offer], say(answering.decline, "bob"), [("alice", "Solution declined")]),
        ([], say(answering.withdraw, "alice"), [("bob", "Withdrawn")]),
        ([say(answering.withdraw, "alice")], reopen_by("bob"), [("alice", "Reopened")]),
        ([say(answering.withdraw, "alice")], reopen_by("tom"), both("Reopened")),
        ([], say(escalate, "alice"), [("bob", "Escalated to level 1")]),
        ([], say(escalate, "tom"), both("Escalated to level 1")),
        ([], log_call, both("Call logged")),
        ([], breach, both("Our answer is late")),
        (
            [breach],
            lambda cast, incident: log_call(cast, incident, qualified=True),
            [*both("Call logged"), *both("Our answer was in time")],
        ),
        (
            [ask],
            expire,
            [
                *both("Reminder: 14 days left to answer"),
                *both("Reminder: 7 days left to answer"),
                *both("Reminder: 1 day left to answer"),
                *both("Closed without a reply"),
            ],
        ),
        (
            [ask, expire],
            say(answering.answer, "alice", datetime(2026, 4, 2, 7, tzinfo=UTC)),
            [*both("Open again"), ("bob", "A message from Alice")],
        ),
        ([], say(responding.add_note, "tom"), []),
        ([], lambda cast, incident: let_pass(MONDAY_NINE + 3.5 * HOUR), []),  # both warnings
    ],
)
def test_each_event_reaches_author_and_followers_but_not_who_did_it(
    cast: Cast, incident: Incident, before: list[Act], act: Act, expected: Told
) -> None:
    for earlier in before:
        earlier(cast, incident)
    deliver()
    act(cast, incident)
    assert told(deliver()) == expected
    assert _with_canary() == []


def _with_canary() -> list[Email]:
    assert JournalEntry.objects.filter(kind="noted", message__text=CANARY).count() == 1
    return [
        mail for mail in Email.objects.all() if "firewall" in mail.subject + mail.text + mail.html
    ]


def test_every_kind_of_the_journal_is_told_or_left_out_on_purpose() -> None:
    assert sorted(customer.LETTERS) == [
        "accepted",
        "answered",
        "asked",
        "breach_set_aside",
        "call_logged",
        "clock_breached",
        "clock_moved",
        "declined",
        "escalated",
        "escalation_acknowledged",
        "escalation_answered",
        "expired",
        "expiry_set_aside",
        "filed",
        "reminded",
        "reopened",
        "replied",
        "responded",
        "severity_changed",
        "solution_offered",
        "taken_back",
        "withdrawn",
        "workaround_recorded",
    ]


@pytest.mark.parametrize("kind", sorted({*customer.LETTERS, "noted"}))
def test_no_event_whose_text_is_a_note_is_ever_told(
    cast: Cast, incident: Incident, kind: str
) -> None:
    case = Case.open(incident, at=MONDAY_NINE)
    note = case.write(cast.tom, MessageKind.NOTE, CANARY)
    entry = case.record(kind, actor=cast.tom, message=note)
    case.finish()
    customer.notify({"incident": incident.pk, "entry": entry.pk}, at=MONDAY_NINE)
    assert told(list(Email.objects.exclude(text__startswith="Received"))) == []
    assert list(Notice.objects.exclude(heading__startswith="Received")) == []


def test_the_author_gets_a_receipt_that_says_what_it_is(cast: Cast) -> None:
    cast.file(at=MONDAY_NINE)
    (receipt,) = deliver()
    assert receipt.to_address == "alice@acme.example"
    assert receipt.subject == "[INC-2026-000001] Scans stop half-way"
    assert receipt.occurred_at == MONDAY_NINE
    assert not receipt.urgent
    assert receipt.text == (
        "Received\n"
        "INC-2026-000001 · Scans stop half-way\n"
        "\n"
        "Your incident has reached us.\n"
        "\n"
        "This is an automatic receipt and no qualified response. A specialist will answer by the "
        "time below at the latest; an answer need not be a solution.\n"
        "\n"
        "Severity: 2 · High\n"
        "\n"
        "Answer at the latest: 13:00 · March 2, 2026 (Europe/Paris)\n"
        "\n"
        "----- Alice -----\n"
        "\n"
        "It happens every morning.\n"
        "\n"
        "-----\n"
        "\n"
        "Open the incident:\n"
        "http://testserver/incidents/INC-2026-000001/\n"
        "\n"
        "The link leads to INC-2026-000001 at testserver, once you have signed in.\n"
        "\n"
        "-- \n"
        "Northlight\n"
        "You get this mail because this incident is yours.\n"
    )


def test_a_receipt_out_of_hours_asks_for_the_call_and_names_both_zones(cast: Cast) -> None:
    cast.alice.timezone = "Asia/Shanghai"
    cast.alice.save()
    cast.file("product-network-down", at=MONDAY_NINE - 3 * HOUR)
    (receipt,) = deliver()
    assert receipt.urgent
    assert receipt.text.split("\n\n")[3:6] == [
        "Severity: 1 · Critical",
        "Answer at the latest:\n"
        "  16:30 · March 2, 2026 (Asia/Shanghai), your time\n"
        "  09:30 · March 2, 2026 (Europe/Paris), at our office",
        "Please ring us:\n"
        "  +33 1 99 00 41 10\n"
        "  At this severity we ask for a call outside our working hours. Our time starts with it, "
        "or when the office opens, whichever comes first:\n"
        "  16:00 · March 2, 2026 (Asia/Shanghai), your time\n"
        "  09:00 · March 2, 2026 (Europe/Paris), at our office",
    ]


def test_who_is_filed_for_is_told_by_whom(cast: Cast) -> None:
    filing.file_incident(
        certificate=cast.certificate,
        category=Category.objects.get(key="product-malfunction"),
        author=cast.alice,
        actor=cast.tom,
        title="Scans stop half-way",
        text="She rang.",
        at=MONDAY_NINE,
        channel=Channel.PHONE,
    )
    (receipt,) = deliver()
    assert receipt.to_address == "alice@acme.example"
    assert receipt.text.split("\n\n")[3] == "Filed for you by: Tom · Phone"


def test_a_workaround_tells_the_severity_that_follows_and_is_told_once(cast: Cast) -> None:
    critical = cast.file("product-network-down")
    deliver()
    say(responding.record_workaround, "tom", MONDAY_NINE + MINUTE)(cast, critical)
    (mail,) = deliver()
    assert told([mail]) == [("alice", "A workaround")]
    assert mail.urgent
    assert mail.text.split("\n\n")[2] == "Severity: 1 · Critical → 2 · High"


def test_a_change_of_severity_names_both_and_the_new_time(cast: Cast, incident: Incident) -> None:
    change_severity(cast, incident)
    mail = deliver()[0]
    assert mail.urgent
    assert mail.text.split("\n\n")[2:4] == [
        "Severity: 2 · High → 1 · Critical",
        "Answer at the latest: 10:30 · March 2, 2026 (Europe/Paris)",
    ]


def test_a_reminder_names_the_date(cast: Cast, incident: Incident) -> None:
    ask(cast, incident)
    deliver()
    let_pass(datetime(2026, 3, 26, 9, tzinfo=UTC))
    mails = deliver()
    assert told(mails) == [
        *both("Reminder: 14 days left to answer"),
        *both("Reminder: 7 days left to answer"),
    ]
    assert [mail.text.split("\n\n")[2] for mail in mails] == [
        "Please answer by: 09:00 · April 2, 2026 (Europe/Paris)"
    ] * 4
    assert mails[0].occurred_at == datetime(2026, 3, 19, 7, tzinfo=UTC)


def test_closed_without_a_reply_says_how_to_reopen(cast: Cast, incident: Incident) -> None:
    ask(cast, incident)
    expire(cast, incident)
    mail = deliver()[-1]
    assert mail.text.split("\n\n")[1:5] == [
        "No reply has reached us in the time agreed, so this incident is closed.",
        "If it is not solved, please reopen it on its page. Later than the time below, please "
        "file a new incident that names this one.",
        "Can be reopened until: 09:00 · April 16, 2026 (Europe/Paris)",
        "Reopen the incident:\nhttp://testserver/incidents/INC-2026-000001/",
    ]


def test_a_holiday_that_moves_the_answer_is_told(cast: Cast) -> None:
    cast.file("product-other", at=MONDAY_NINE + 8 * HOUR)
    deliver()
    offices.close_day(
        office=cast.office, day=date(2026, 3, 3), actor=None, at=MONDAY_NINE + 9 * HOUR
    )
    assert deliver() == []  # nobody hears of a calendar before it has moved a clock
    revise_clocks(certificates=Certificate.objects.all(), at=MONDAY_NINE + 9 * HOUR)
    (mail,) = deliver()
    assert told([mail]) == [("alice", "A new time for our answer")]
    assert mail.text.split("\n\n")[2] == (
        "Answer at the latest:\n"
        "  16:00 · March 4, 2026 (Europe/Paris)\n"
        "  Until now it was:\n"
        "  16:00 · March 3, 2026 (Europe/Paris)"
    )


def test_each_person_is_written_to_in_their_own_language_and_zone(
    cast: Cast, incident: Incident
) -> None:
    cast.bob.language, cast.bob.timezone = "fr", "America/Montreal"
    cast.bob.save()
    ask(cast, incident)
    mails = deliver()
    assert [(mail.to_name, mail.language) for mail in mails] == [("Alice", "en"), ("Bob", "fr")]
    assert "09:00 · April 2, 2026 (Europe/Paris)" in mails[0].text
    assert "03:00 · 2 avril 2026 (America/Montreal)" in mails[1].text
    assert "09:00 · 2 avril 2026 (Europe/Paris)" in mails[1].text
    assert [re.findall('<html lang="(.*)">', mail.html) for mail in mails] == [["en"], ["fr"]]


def test_a_second_delivery_tells_nobody_twice(cast: Cast, incident: Incident) -> None:
    ask(cast, incident)
    payload = Message.objects.get(topic="incident.asked").payload
    assert len(deliver()) == 2
    before = Notice.objects.count()
    customer.notify(payload, at=MONDAY_NINE)
    assert (deliver(), Notice.objects.count()) == ([], before)


def test_who_lost_the_certificate_or_the_account_is_told_nothing(
    cast: Cast, incident: Incident
) -> None:
    cast.certificate.contacts.get(user=cast.bob).delete()
    cast.alice.is_active = False
    cast.alice.save()
    ask(cast, incident)
    assert deliver() == []


def test_mails_on_one_incident_hang_together_and_apart_from_others(cast: Cast) -> None:
    first, other = cast.file(), cast.file()
    ask(cast, first)
    mails = deliver()
    roots = [mail.in_reply_to for mail in mails]
    assert [mail.references for mail in mails] == [[root] for root in roots]
    subjects = [
        "[INC-2026-000001] Scans stop half-way",
        "[INC-2026-000002] Scans stop half-way",
        "[INC-2026-000001] Scans stop half-way",
    ]
    assert [mail.subject for mail in mails] == subjects
    assert [mail.headers for mail in mails] == [
        {"List-Id": "<incidents.testserver>", "Thread-Topic": subject} for subject in subjects
    ]
    assert roots[0] == roots[2] != roots[1]
    assert other.reference == "INC-2026-000002"


def test_files_are_named_with_their_size_and_words_are_kept(cast: Cast, incident: Incident) -> None:
    responding.ask_customer(
        incident=incident,
        actor=cast.tom,
        text="Please run:\n\n    scan --all & wait\n\nThanks <Tom>",
        at=MONDAY_NINE,
        files=[SimpleUploadedFile("how-to.txt", b"x" * 4000)],
    )
    mail = deliver()[0]
    assert (
        "----- Tom of Northlight -----\n"
        "\n"
        "Please run:\n\n    scan --all & wait\n\nThanks <Tom>\n"
        "\n"
        "Attached file: how-to.txt (3.9\N{NO-BREAK SPACE}KB)\n"
        "-----\n"
    ) in mail.text
    assert "    scan --all &amp; wait<br><br>Thanks &lt;Tom&gt;" in mail.html
    assert "Attached file: how-to.txt (3.9\N{NO-BREAK SPACE}KB)" in mail.html


def test_whatever_a_title_or_a_name_holds_stays_text(cast: Cast) -> None:
    cast.alice.name = 'Alice "<i>" %(x)s'
    cast.alice.save()
    hostile = "<script>alert(1)</script> 100 % {{ x }}\r\nBcc: all@acme.example"
    cast.file(title=hostile)
    (mail,) = deliver()
    assert mail.subject == (
        "[INC-2026-000001] <script>alert(1)</script> 100 % {{ x }} Bcc: all@acme.example"
    )
    assert "&lt;script&gt;alert(1)&lt;/script&gt; 100 % {{ x }}" in mail.html
    assert "Alice &quot;&lt;i&gt;&quot; %(x)s" in mail.html
    assert re.findall(r"<(script|i)\b", mail.html) == []
    assert hostile in mail.text


def test_the_html_loads_nothing_and_leads_only_to_the_incident(
    cast: Cast, incident: Incident
) -> None:
    ask(cast, incident)
    html = deliver()[0].html
    assert re.findall(r"(?i)<(?:img|link|script|iframe|object|video|svg)\b", html) == []
    assert re.findall(r"(?i)\b(?:src|background|srcset)\s*=|url\(|@import", html) == []
    assert re.findall(r"[a-z]+://[^\"\s<]+", html) == [
        f"http://testserver/incidents/{incident.reference}/"
    ]
    assert html.count("{#") + html.count("{%") == 0


def test_every_letter_has_a_kind_of_notice() -> None:
    assert sorted(CUSTOMER) == sorted(customer.LETTERS)


def test_a_letter_is_a_notice_of_its_reader_too(cast: Cast, incident: Incident) -> None:
    Notice.objects.all().delete()
    ask(cast, incident)
    deliver()
    found = Notice.objects.order_by("pk").values_list(
        "user__name", "kind", "reference", "heading", "path", "urgent", "at", "read_at"
    )
    heading = "We have a question: Scans stop half-way"
    path = "/incidents/INC-2026-000001/"
    about = ("our_move", "INC-2026-000001", heading, path, False, MONDAY_NINE, None)
    assert list(found) == [("Alice", *about), ("Bob", *about)]


NIGHT = (time(22), time(8))
NIGHT_TIME = datetime(2026, 3, 2, 22, 0, tzinfo=UTC)  # 23:00 in Paris


def in_the_night(cast: Cast, way: str) -> None:
    ways: dict[str, str] = dict.fromkeys((NoticeKind.OUR_MOVE, NoticeKind.PROGRESS), way)
    choose_ways(actor=cast.alice, ways=ways, quiet=NIGHT, at=MONDAY_NINE)


def test_quiet_hours_hold_back_answers_but_no_question_on_severity_2(cast: Cast) -> None:
    filed = cast.file(at=NIGHT_TIME)
    deliver()
    in_the_night(cast, NoticeWay.AT_ONCE)
    say(responding.respond, "tom", NIGHT_TIME + MINUTE)(cast, filed)
    assert told(deliver()) == []
    ask(cast, filed, NIGHT_TIME + HOUR)
    assert told(deliver()) == [("alice", "We have a question")]


def test_quiet_hours_hold_back_a_question_on_severity_3(cast: Cast) -> None:
    filed = cast.file(at=NIGHT_TIME)
    responding.change_severity(
        incident=filed, actor=cast.tom, severity=3, text="Mild.", at=NIGHT_TIME
    )
    deliver()
    in_the_night(cast, NoticeWay.AT_ONCE)
    ask(cast, filed, NIGHT_TIME + MINUTE)
    assert told(deliver()) == []


@pytest.mark.parametrize("way", NoticeWay.values)
def test_nothing_holds_back_severity_1(cast: Cast, way: str) -> None:
    filed = cast.file("product-network-down", at=NIGHT_TIME)
    deliver()
    in_the_night(cast, way)
    say(responding.respond, "tom", NIGHT_TIME + MINUTE)(cast, filed)
    assert told(deliver()) == [("alice", "We have answered")]


def test_replies_go_to_an_address_of_their_own_where_mail_comes_in(
    cast: Cast, incident: Incident, settings
) -> None:
    ask(cast, incident)
    assert [mail.reply_to for mail in deliver()] == ["", ""]
    settings.INBOUND_DOMAIN = "in.northlight.example"
    say(responding.take_back, "tom")(cast, incident)
    mails = deliver()
    assert [mail.reply_to for mail in mails] == [
        reply_address(incident, cast.alice),
        reply_address(incident, cast.bob),
    ]
