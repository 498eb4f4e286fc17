"""A call as it was held: its times, who rang, and what is told outside the line's hours."""

from datetime import UTC, datetime, timedelta

import pytest

from incidents.models import Message
from msa import clock
from tests.conftest import MONDAY_NINE

pytestmark = pytest.mark.django_db

MINUTE = timedelta(minutes=1)
NOON = datetime(2026, 3, 2, 11, 0, tzinfo=UTC)  # 12:00 in Paris
SATURDAY = datetime(2026, 3, 7, 11, 0, tzinfo=UTC)
LINE_IN_OFFICE_HOURS = {"1": "always", "2": "always", "3": "office_hours", "4": "office_hours"}


@pytest.fixture
def incident(cast):
    return cast.file("product-malfunction", MONDAY_NINE)


def code_of(person):
    return person.contact_slots.get().call_in_code


def send(signed_in, who, incident, at=NOON, **typed):
    with clock.at(at):
        return signed_in(who).post(f"/incidents/{incident.reference}/calls/", typed)


def look(signed_in, who, incident, at=NOON):
    with clock.at(at):
        return signed_in(who).get(f"/incidents/{incident.reference}/calls/")


def logged(incident):
    entry = incident.journal.get(kind="call_logged")
    return entry.at, entry.data


def errors(answer):
    return {name: list(texts) for name, texts in answer.context["form"].errors.items()}


def test_an_unqualified_call_counts_from_its_start(cast, signed_in, incident):
    answer = send(
        signed_in,
        cast.tom,
        incident,
        caller=cast.alice.pk,
        code=code_of(cast.alice),
        called_at="2026-03-02T11:40:05",
        ended_at="2026-03-02T11:55",
        text="Told us more.",
    )
    assert answer.status_code == 302
    assert logged(incident) == (
        datetime(2026, 3, 2, 10, 40, 5, tzinfo=UTC),
        {
            "caller": cast.alice.pk,
            "qualified": False,
            "identified": True,
            "started_at": "2026-03-02T10:40:05+00:00",
            "ended_at": "2026-03-02T10:55:00+00:00",
        },
    )


@pytest.mark.parametrize(
    ("answered_at", "met_at"),
    [
        ("", datetime(2026, 3, 2, 10, 55, tzinfo=UTC)),
        ("2026-03-02T11:50", datetime(2026, 3, 2, 10, 50, tzinfo=UTC)),
    ],
)
def test_a_qualified_response_counts_when_it_was_given(
    cast, signed_in, incident, answered_at, met_at
):
    send(
        signed_in,
        cast.tom,
        incident,
        caller=cast.alice.pk,
        code=f" {code_of(cast.alice)[:3]} {code_of(cast.alice)[3:]}",
        called_at="2026-03-02T11:40",
        ended_at="2026-03-02T11:55",
        qualified="on",
        answered_at=answered_at,
        text="Explained.",
    )
    assert incident.clocks.get().met_at == met_at


def test_a_call_in_which_the_incident_was_filed_counts_from_its_reception(
    cast, signed_in, incident
):
    send(
        signed_in,
        cast.tom,
        incident,
        at=MONDAY_NINE + 10 * MINUTE,
        caller=cast.alice.pk,
        called_at="2026-03-02T08:50",
        text="They rang, and we filed it.",
    )
    at, data = logged(incident)
    assert (at, data["started_at"]) == (MONDAY_NINE, "2026-03-02T07:50:00+00:00")


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        (
            {"code": "1"},
            {
                "code": [
                    "This is not the code of Alice. Leave it out to log the call as from somebody "
                    "not identified."
                ]
            },
        ),
        (
            {"qualified": "on"},
            {
                "code": [
                    "A qualified response is given only to a caller who tells the call-in code."
                ]
            },
        ),
        (
            {"called_at": "2026-03-02T11:40", "ended_at": "2026-03-02T11:39"},
            {"ended_at": ["The call ends before it begins."]},
        ),
        ({"called_at": "2026-03-02T12:01"}, {"called_at": ["The call has not begun yet."]}),
        ({"ended_at": "2026-03-02T12:01"}, {"ended_at": ["The call has not ended yet."]}),
        (
            {"called_at": "2026-03-01T11:59"},
            {"called_at": ["A call is logged within 24 hours of its time."]},
        ),
        (
            {"called_at": "2026-03-02T03:59"},
            {"ended_at": ["No call lasts that long. When did it end?"]},
        ),
        (
            {"called_at": "2026-03-02T08:00", "ended_at": "2026-03-02T08:59"},
            {"called_at": ["The call lies before the incident was received."]},
        ),
        (
            {
                "called_at": "2026-03-02T11:00",
                "ended_at": "2026-03-02T11:10",
                "answered_at": "2026-03-02T11:11",
                "qualified": "on",
                "code": None,
            },
            {"answered_at": ["The response was given during the call."]},
        ),
    ],
)
def test_what_cannot_be_is_said_at_its_field(cast, signed_in, incident, typed, expected):
    if "code" in typed and typed["code"] is None:
        typed = {**typed, "code": code_of(cast.alice)}
    answer = send(signed_in, cast.tom, incident, caller=cast.alice.pk, text="Rang.", **typed)
    assert (answer.status_code, errors(answer)) == (422, expected)
    assert "Rang." in answer.content.decode()
    assert Message.objects.filter(kind="call").count() == 0


def test_somebody_not_identified_is_logged_as_that(cast, signed_in, incident):
    send(signed_in, cast.tom, incident, caller=cast.alice.pk, text="Said to be Alice.")
    assert logged(incident)[1]["identified"] is False


def test_another_contacts_code_is_wrong(cast, signed_in, incident):
    answer = send(
        signed_in, cast.tom, incident, caller=cast.alice.pk, code=code_of(cast.bob), text="Rang."
    )
    assert answer.status_code == 422


def test_contacts_of_other_customers_do_not_call(cast, signed_in, incident):
    answer = send(signed_in, cast.tom, incident, caller=cast.olga.pk, text="Rang.")
    assert answer.status_code == 422
    callers = look(signed_in, cast.tom, incident).context["form"].fields["caller"].queryset
    assert list(callers) == [cast.alice, cast.bob]


@pytest.mark.parametrize(
    ("name", "status"),
    [("tom", 200), ("dana", 200), ("hanna", 200), ("erik", 404), ("alice", 403), ("ada", 403)],
)
def test_who_logs_calls(cast, signed_in, incident, name, status):
    assert look(signed_in, getattr(cast, name), incident).status_code == status


def test_outside_the_lines_hours_staff_read_what_to_tell_the_caller(cast, signed_in, incident):
    incident.severity, incident.targets["phone_line"] = 3, LINE_IN_OFFICE_HOURS
    incident.save(update_fields=["severity", "targets"])

    page = look(signed_in, cast.dana, incident, SATURDAY).content.decode()
    send(signed_in, cast.dana, incident, SATURDAY, caller=cast.alice.pk, text="Rang.")
    with clock.at(SATURDAY):
        told = signed_in(cast.dana).get(f"/incidents/{incident.reference}/")

    assert "There is no phone line for this severity now." in page
    assert "9 Mar 2026 09:00 CET" in page
    assert logged(incident)[0] == SATURDAY
    assert told.status_code == 200


def test_the_toast_says_it_too(cast, signed_in, incident):
    incident.severity, incident.targets["phone_line"] = 3, LINE_IN_OFFICE_HOURS
    incident.save(update_fields=["severity", "targets"])
    with clock.at(SATURDAY):
        answer = signed_in(cast.dana).post(
            f"/incidents/{incident.reference}/calls/",
            {"caller": cast.alice.pk, "text": "Rang."},
            follow=True,
        )
    assert [str(message) for message in answer.context["messages"]] == [
        "Tell the caller: we work on it from March 9, 2026, 09:00 (Paris).",
        "The call is logged.",
    ]


@pytest.mark.parametrize(("severity", "at"), [(2, SATURDAY), (3, NOON)])
def test_within_the_lines_hours_nothing_is_said(cast, signed_in, incident, severity, at):
    incident.severity, incident.targets["phone_line"] = severity, LINE_IN_OFFICE_HOURS
    incident.save(update_fields=["severity", "targets"])
    page = look(signed_in, cast.dana, incident, at).content.decode()
    assert "There is no phone line for this severity now." not in page


def test_another_incident_is_filed_by_phone_by_those_who_file(cast, signed_in, incident):
    link = f"/incidents/new/?channel=phone&amp;certificate={cast.certificate.pk}"
    assert link in look(signed_in, cast.tom, incident).content.decode()
    cast.erik.handlings.create(
        customer=cast.acme, incident=incident, reason="assigned", since=MONDAY_NINE
    )
    assert link not in look(signed_in, cast.erik, incident).content.decode()


def test_a_call_sent_twice_is_logged_once(cast, signed_in, incident):
    form = {
        "caller": cast.alice.pk,
        "text": "Rang.",
        "idempotency_key": "7b5bb8f4-6a1e-4c59-9d0c-0a6c5d9b1f11",
    }
    answers = [send(signed_in, cast.tom, incident, **form).status_code for _ in range(2)]
    assert answers == [302, 302]
    assert incident.journal.filter(kind="call_logged").count() == 1
