"""Warnings 90, 30 and 7 days before a certificate ends: once each, to everyone concerned."""

import threading
from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import connection, connections, transaction

from accounts import endings, notifications
from accounts.actions import certificates
from accounts.actions.endings import warn_of_endings
from accounts.models import Certificate, EndingWarning
from msa import clock, tasks
from msa.outbox import relay
from msa.outbox.models import Email, Message
from tests.conftest import see_everything

pytestmark = pytest.mark.django_db

TOPIC = "certificate.ends_soon"
DAY, SECOND = timedelta(days=1), timedelta(seconds=1)
# The certificates of the cast end on 31 December 2026; midnights of Paris in winter.
AT_90 = datetime(2026, 10, 1, 22, 0, tzinfo=UTC)  # 2 October, 00:00 in summer time
AT_30 = datetime(2026, 11, 30, 23, 0, tzinfo=UTC)  # 1 December
AT_7 = datetime(2026, 12, 23, 23, 0, tzinfo=UTC)  # 24 December
LAST_DAY = datetime(2026, 12, 30, 23, 0, tzinfo=UTC)
AFTER = datetime(2026, 12, 31, 23, 0, tzinfo=UTC)


@pytest.fixture
def only_acme(cast):
    """Leave one certificate that ends in 2026."""
    postpone(cast.globex_certificate, date(2030, 1, 1))
    return cast


def postpone(certificate: Certificate, last_day: date) -> None:
    Certificate.objects.filter(pk=certificate.pk).update(valid_until=last_day)


def published() -> list[tuple[str, int]]:
    messages = Message.objects.filter(topic=TOPIC).order_by("pk")
    return [(message.payload["valid_until"], message.payload["days"]) for message in messages]


def deliver() -> list[Email]:
    relay.drain({TOPIC: notifications.LETTERS[TOPIC]})
    return list(Email.objects.order_by("pk"))


@pytest.mark.parametrize(
    ("days", "expected"),
    [(91, None), (90, 90), (31, 90), (30, 30), (8, 30), (7, 7), (0, 7), (-1, None)],
)
def test_the_tightest_warning_that_is_due(days, expected):
    assert endings.warning_due(days) == expected


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        (AT_90 - SECOND, []),
        (AT_90, [("2026-12-31", 90)]),
        (AT_30 - SECOND, [("2026-12-31", 90)]),
        (AT_30, [("2026-12-31", 30)]),
        (AT_7 - SECOND, [("2026-12-31", 30)]),
        (AT_7, [("2026-12-31", 7)]),
        (AFTER - SECOND, [("2026-12-31", 7)]),
        (AFTER, []),
    ],
)
def test_a_day_begins_in_the_zone_of_the_office(only_acme, at, expected):
    assert warn_of_endings(at=at) == len(expected)
    assert published() == expected


def test_each_warning_is_given_once(only_acme):
    told = [warn_of_endings(at=at) for at in (AT_90, AT_90 + DAY, AT_30, AT_30, AT_7, LAST_DAY)]

    assert told == [1, 0, 1, 0, 1, 0]
    assert published() == [("2026-12-31", 90), ("2026-12-31", 30), ("2026-12-31", 7)]
    rows = EndingWarning.objects.order_by("warned_at").values_list(
        "certificate__number", "customer__name", "days", "warned_at"
    )
    assert list(rows) == [
        ("MSA-1", "Acme", 90, AT_90),
        ("MSA-1", "Acme", 30, AT_30),
        ("MSA-1", "Acme", 7, AT_7),
    ]


def test_offices_of_two_zones_have_their_own_midnights(only_acme):
    globex = only_acme.globex_certificate
    postpone(globex, date(2026, 12, 31))
    office = only_acme.office
    office.pk, office.name, office.timezone = None, "Tokyo", "Asia/Tokyo"
    office.save()
    Certificate.objects.filter(pk=globex.pk).update(office=office)

    assert warn_of_endings(at=AT_7 - DAY / 3) == 2  # 24 December in Tokyo only
    numbers = EndingWarning.objects.order_by("certificate").values_list(
        "certificate__number", "days"
    )
    assert list(numbers) == [("MSA-1", 30), ("MSA-2", 7)]


def test_none_for_a_revoked_certificate(only_acme):
    certificates.revoke_certificate(
        certificate=only_acme.certificate, reason="Unpaid.", actor=None, at=AT_90
    )

    assert warn_of_endings(at=AT_7) == 0


def test_none_for_one_that_is_renewed(only_acme):
    renewed(only_acme)

    assert warn_of_endings(at=AT_7) == 0


def test_none_before_the_first_day(only_acme):
    Certificate.objects.filter(pk=only_acme.certificate.pk).update(valid_from=date(2026, 12, 30))

    assert warn_of_endings(at=AT_7) == 0
    assert warn_of_endings(at=LAST_DAY) == 1


def test_one_that_is_prolonged_is_warned_of_anew(only_acme):
    warn_of_endings(at=AT_7)
    postpone(only_acme.certificate, date(2027, 1, 20))

    assert warn_of_endings(at=AT_7) == 1
    assert published() == [("2026-12-31", 7), ("2027-01-20", 30)]


def test_batches_go_on_where_the_last_ended(only_acme, monkeypatch):
    monkeypatch.setattr("accounts.actions.endings.WARN_BATCH", 1)
    postpone(only_acme.globex_certificate, date(2026, 12, 31))

    assert warn_of_endings(at=AT_7) == 2


def test_one_run_takes_so_many_and_the_next_goes_on(only_acme, monkeypatch):
    monkeypatch.setattr("accounts.actions.endings.WARN_BATCH", 1)
    monkeypatch.setattr("accounts.actions.endings.WARN_BATCHES", 1)
    postpone(only_acme.globex_certificate, date(2026, 12, 31))

    assert [warn_of_endings(at=AT_7) for _run in range(3)] == [1, 1, 0]


def test_the_task_asks_for_the_time(only_acme):
    with clock.at(AT_30):
        tasks.warn_of_endings()
    see_everything()

    assert published() == [("2026-12-31", 30)]


def test_a_run_that_fails_leaves_nothing_and_the_next_tells_it(only_acme, monkeypatch):
    with monkeypatch.context() as patched:

        def crash(_news):
            raise RuntimeError

        patched.setattr("accounts.actions.endings.publish_all", crash)
        with pytest.raises(RuntimeError):
            warn_of_endings(at=AT_7)

    see_everything()
    assert EndingWarning.objects.count() == 0
    assert warn_of_endings(at=AT_7) == 1


@pytest.mark.django_db(transaction=True)
def test_workers_that_run_at_once_tell_each_certificate_once(cast):
    barrier = threading.Barrier(4)
    told: list[int] = []

    def run() -> None:
        barrier.wait()
        try:
            told.append(warn_of_endings(at=AT_7))
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run) for _number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    told.append(warn_of_endings(at=AT_7))  # whatever somebody had locked
    assert sum(told) == 2
    assert published() == [("2026-12-31", 7), ("2026-12-31", 7)]


@pytest.mark.django_db(transaction=True)
def test_what_somebody_has_locked_waits_for_the_next_run(only_acme):
    found: list[int] = []

    def run() -> None:
        try:
            found.append(warn_of_endings(at=AT_7))
        finally:
            connection.close()

    with transaction.atomic():
        Certificate.objects.select_for_update(no_key=True).get(pk=only_acme.certificate.pk)
        thread = threading.Thread(target=run)
        thread.start()
        thread.join()

    assert found == [0]
    assert warn_of_endings(at=AT_7) == 1


def renewed(cast) -> Certificate:
    return certificates.issue_certificate(
        certificate=Certificate(
            number="MSA-9",
            customer=cast.acme,
            programme=cast.certificate.programme,
            office=cast.office,
            valid_from=date(2027, 1, 1),
            valid_until=date(2027, 12, 31),
            tam=cast.tom,
            renews=cast.certificate,
        ),
        actor=None,
        at=AT_90,
    )


def test_contacts_tam_and_deputy_get_a_letter(only_acme):
    warn_of_endings(at=AT_7)

    mails = deliver()

    assert [mail.to_address for mail in mails] == [
        "alice@acme.example",
        "bob@acme.example",
        "tom@northlight.example",
        "tess@northlight.example",
    ]
    assert {mail.subject for mail in mails} == {"[MSA-1] The certificate ends in 7 days"}
    to_alice, _bob, to_tom, _tess = (" ".join(mail.text.split()) for mail in mails)
    for words in (
        "From the day after, nothing new can be filed. Incidents that are open go on.",
        "For a renewal, speak to your technical account manager.",
        "MSA-1 · Acme",
        "Dec. 31, 2026",
        "tom@northlight.example",
        "/certificates/MSA-1/",
        "because you are a contact of certificate MSA-1.",
    ):
        assert words in to_alice
    for words in (
        "Its contacts are told the same. An administrator can renew it.",
        "because you look after certificate MSA-1.",
    ):
        assert words in to_tom


def test_the_letter_is_in_the_language_of_its_reader(only_acme):
    only_acme.alice.language = "fr"
    only_acme.alice.save()
    warn_of_endings(at=AT_7)

    assert [mail.language for mail in deliver()] == ["fr", "en", "en", "en"]


@pytest.mark.parametrize(
    ("at", "heading"),
    [
        (AT_90, "The certificate ends in 90 days"),
        (LAST_DAY - SECOND, "The certificate ends in 1 day"),
        (LAST_DAY, "The certificate ends today"),
    ],
)
def test_the_letter_counts_the_days_that_are_left(only_acme, at, heading):
    warn_of_endings(at=at)

    assert deliver()[0].subject == f"[MSA-1] {heading}"


def test_who_may_not_sign_in_is_told_nothing(only_acme):
    for person in (only_acme.bob, only_acme.tom):
        person.is_active = False
        person.save()
    warn_of_endings(at=AT_7)

    assert [mail.to_address for mail in deliver()] == [
        "alice@acme.example",
        "tess@northlight.example",
    ]


def test_what_is_no_longer_so_is_not_told(only_acme):
    warn_of_endings(at=AT_90)
    postpone(only_acme.certificate, date(2027, 12, 31))
    assert deliver() == []

    postpone(only_acme.certificate, date(2026, 12, 31))
    warn_of_endings(at=AT_30)
    renewed(only_acme)
    assert deliver() == []


def test_a_letter_delivered_twice_is_one(only_acme):
    warn_of_endings(at=AT_7)
    payload = Message.objects.get(topic=TOPIC).payload

    for _time in range(2):
        for handler in notifications.LETTERS[TOPIC]:
            handler(payload, at=AT_7)

    assert Email.objects.count() == 4
