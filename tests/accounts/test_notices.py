"""Notices: what is told at once, later or in the portal only, each once (SPEC 18)."""

from datetime import UTC, datetime, time, timedelta

import pytest

from accounts.actions import notices
from accounts.actions.notices import choose_ways, forget_old, mail_waiting
from accounts.letters import Letter, send
from accounts.models import Notice, NoticeKind, NoticePreference, NoticeWay, QuietHours, User
from accounts.notices.telling import Mail, News, manners_of, post, tell
from msa.outbox.models import Email
from tests.conftest import MONDAY_NINE, Cast

pytestmark = pytest.mark.django_db

NIGHT = (time(22), time(7))
EVENING = datetime(2026, 3, 2, 22, 0, tzinfo=UTC)  # 23:00 in Paris
SEVEN = datetime(2026, 3, 3, 6, 0, tzinfo=UTC)
EIGHT = datetime(2026, 3, 3, 7, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def told(user: User, what: str, at: datetime, **fields) -> bool:
    news = News(
        **{
            "user": user,
            "key": f"{what}-{user.pk}",
            "kind": NoticeKind.PROGRESS,
            "reference": "INC-2026-000001",
            "heading": what,
            "path": "/incidents/INC-2026-000001/",
            "mail": Mail(f"Subject of {what}", f"Text of {what}", "<p>HTML</p>"),
            **fields,
        }
    )
    return tell(news, manners_of([user], news.kind)[user.pk], at=at)


def choose(
    user: User, way: str = NoticeWay.AT_ONCE, quiet=None, at: datetime = MONDAY_NINE
) -> None:
    choose_ways(actor=user, ways={NoticeKind.PROGRESS: way}, quiet=quiet, at=at)


def subjects() -> list[str]:
    return list(Email.objects.order_by("pk").values_list("subject", flat=True))


def test_without_a_choice_it_is_mailed_at_once_and_stands_in_the_portal(cast: Cast) -> None:
    assert told(cast.alice, "answer", MONDAY_NINE)
    assert subjects() == ["Subject of answer"]
    notice = Notice.objects.get()
    assert (notice.heading, notice.at, notice.mail, notice.mailed_at, notice.read_at) == (
        "answer",
        MONDAY_NINE,
        None,
        MONDAY_NINE,
        None,
    )


def test_nobody_is_told_twice(cast: Cast) -> None:
    assert told(cast.alice, "answer", MONDAY_NINE)
    assert not told(cast.alice, "answer", MONDAY_NINE + MINUTE)
    assert (Notice.objects.count(), subjects()) == (1, ["Subject of answer"])


def test_portal_only_is_never_mailed(cast: Cast) -> None:
    choose(cast.alice, NoticeWay.PORTAL)
    told(cast.alice, "answer", MONDAY_NINE)
    assert mail_waiting(at=MONDAY_NINE + timedelta(days=9)) == 0
    assert (Notice.objects.count(), subjects()) == (1, [])


@pytest.mark.parametrize("way", [NoticeWay.PORTAL, NoticeWay.DIGEST, NoticeWay.AT_ONCE])
def test_severity_1_is_mailed_at_once_whatever_was_chosen(cast: Cast, way: str) -> None:
    choose(cast.alice, way, NIGHT)
    told(cast.alice, "answer", EVENING, urgent=True)
    assert list(Email.objects.values_list("subject", "urgent")) == [("Subject of answer", True)]


def test_quiet_hours_hold_back_until_they_end_but_not_what_presses(cast: Cast) -> None:
    choose(cast.alice, quiet=NIGHT)
    told(cast.alice, "answer", EVENING)
    told(cast.alice, "question", EVENING, pressing=True)
    assert subjects() == ["Subject of question"]
    assert mail_waiting(at=SEVEN - timedelta(microseconds=1)) == 0
    assert mail_waiting(at=SEVEN) == 1
    assert subjects() == ["Subject of question", "Subject of answer"]
    assert Email.objects.get(subject="Subject of answer").text == "Text of answer"
    assert mail_waiting(at=SEVEN + MINUTE) == 0
    assert list(Notice.objects.filter(mailed_at=None)) == []


def test_several_that_wait_come_in_one_mail_by_what_they_are_about(cast: Cast) -> None:
    choose(cast.alice, quiet=NIGHT)
    told(cast.alice, "first", EVENING)
    told(
        cast.alice,
        "other",
        EVENING + MINUTE,
        reference="INC-2026-000002",
        path="/incidents/INC-2026-000002/",
    )
    told(cast.alice, "second", EVENING + 2 * MINUTE)
    mail_waiting(at=SEVEN)
    mail = Email.objects.get()
    assert mail.subject == "3 notices for you · March 3, 2026"
    assert mail.text == (
        "3 notices for you\n"
        "\n"
        "INC-2026-000001: http://testserver/incidents/INC-2026-000001/\n"
        "- first (23:00 · March 2, 2026)\n"
        "- second (23:02 · March 2, 2026)\n"
        "\n"
        "INC-2026-000002: http://testserver/incidents/INC-2026-000002/\n"
        "- other (23:01 · March 2, 2026)\n"
        "\n"
        "Open your notices:\n"
        "http://testserver/notices/\n"
        "\n"
        "The link leads to your notices at testserver, once you have signed in.\n"
        "\n"
        "-- \n"
        "Northlight\n"
        "You get this mail as you chose it in your settings for notices.\n"
    )


def test_the_digest_leaves_at_eight_once_and_not_at_all_without_news(cast: Cast) -> None:
    choose(cast.alice, NoticeWay.DIGEST)
    told(cast.alice, "answer", MONDAY_NINE)
    assert (mail_waiting(at=EIGHT - MINUTE), subjects()) == (0, [])
    assert mail_waiting(at=EIGHT) == 1
    assert mail_waiting(at=EIGHT) == 0
    assert mail_waiting(at=EIGHT + timedelta(days=1)) == 0
    assert subjects() == ["1 notice for you · March 3, 2026"]


def test_a_digest_waits_for_the_end_of_quiet_hours(cast: Cast) -> None:
    choose(cast.alice, NoticeWay.DIGEST, (time(22), time(9)))
    told(cast.alice, "answer", MONDAY_NINE)
    assert Notice.objects.get().mail_at == datetime(2026, 3, 3, 8, 0, tzinfo=UTC)


def test_changed_quiet_hours_hold_for_what_waits(cast: Cast) -> None:
    choose(cast.alice, quiet=NIGHT)
    told(cast.alice, "answer", EVENING)
    choose(cast.alice, quiet=(time(22), time(6)), at=EVENING + MINUTE)
    assert Notice.objects.get().mail_at == datetime(2026, 3, 3, 5, 0, tzinfo=UTC)
    choose(cast.alice, at=EVENING + 2 * MINUTE)
    assert mail_waiting(at=EVENING + 2 * MINUTE) == 1
    assert subjects() == ["Subject of answer"]


def test_a_later_address_gets_what_waited(cast: Cast) -> None:
    choose(cast.alice, quiet=NIGHT)
    told(cast.alice, "answer", EVENING)
    User.objects.filter(pk=cast.alice.pk).update(email="alice.new@acme.example")
    mail_waiting(at=SEVEN)
    assert Email.objects.get().to_address == "alice.new@acme.example"


def test_who_may_no_longer_sign_in_gets_nothing_that_waited(cast: Cast) -> None:
    choose(cast.alice, quiet=NIGHT)
    told(cast.alice, "answer", EVENING)
    cast.certificate.contacts.get(user=cast.alice).delete()
    assert (mail_waiting(at=SEVEN), mail_waiting(at=EIGHT), subjects()) == (0, 0, [])


def test_one_person_s_failure_holds_up_no_other(cast: Cast, monkeypatch, caplog) -> None:
    for person in (cast.alice, cast.bob):
        choose(person, quiet=NIGHT)
        told(person, f"answer to {person.name}", EVENING)

    def fail_for_alice(mail, user, **fields):
        if user == cast.alice:
            raise RuntimeError("unwell")
        return post(mail, user, **fields)

    monkeypatch.setattr(notices, "post", fail_for_alice)
    assert mail_waiting(at=SEVEN) == 1
    assert subjects() == ["Subject of answer to Bob"]
    assert caplog.messages == [f"What waits for person {cast.alice.pk} could not be mailed."]
    monkeypatch.setattr(notices, "post", post)
    assert mail_waiting(at=SEVEN) == 1


def test_the_digest_speaks_the_person_s_language(cast: Cast) -> None:
    User.objects.filter(pk=cast.alice.pk).update(language="fr")
    cast.alice.refresh_from_db()
    choose(cast.alice, NoticeWay.DIGEST)
    told(cast.alice, "réponse", MONDAY_NINE)
    mail_waiting(at=EIGHT)
    mail = Email.objects.get()
    assert mail.language == "fr"
    assert "- réponse (09:00 · 2 mars 2026)" in mail.text
    assert '<html lang="fr">' in mail.html


def test_letters_without_a_kind_leave_at_once_and_are_no_notices(cast: Cast) -> None:
    choose(cast.alice, NoticeWay.PORTAL, NIGHT)

    def write(_reader: User) -> Letter:
        return Letter("Your account", "A new password", ["Text."], "Open", "/", "Why.")

    for kind in (None, NoticeKind.PROGRESS):
        send(write, [cast.alice], key=f"key-{kind}", thread="person-1", kind=kind, at=EVENING)
    assert subjects() == ["[Your account] A new password"]
    assert list(Notice.objects.values_list("heading", "path", "mail_at")) == [
        ("A new password", "/", None)
    ]


def test_choices_are_kept_once_for_each_kind(cast: Cast) -> None:
    choose(cast.alice, NoticeWay.DIGEST, NIGHT)
    choose(cast.alice, NoticeWay.PORTAL)
    assert list(NoticePreference.objects.values_list("kind", "way")) == [("progress", "portal")]
    assert list(QuietHours.objects.all()) == []


def test_notices_of_more_than_a_year_are_forgotten(cast: Cast) -> None:
    told(cast.alice, "old", MONDAY_NINE)
    told(cast.alice, "young", MONDAY_NINE + MINUTE)
    assert forget_old(at=MONDAY_NINE + timedelta(days=365) + MINUTE) == 1
    assert Notice.objects.get().heading == "young"
