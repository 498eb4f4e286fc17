"""Incidents that look like the one being filed: the customer's own, open or solved."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from incidents.actions import answering, responding
from incidents.models import Incident
from incidents.queries.look_alikes import look_alikes
from msa import clock
from tests.conftest import MONDAY_NINE
from tests.incidents.filing_page import form_of, look, send, words

pytestmark = pytest.mark.django_db

LOOK_ALIKES = "/incidents/new/look-alikes/"
HOUR = timedelta(hours=1)
NOON = MONDAY_NINE + 3 * HOUR


def found(cast, title: str, **who: object) -> list[tuple[str, str]]:
    asked = {"user": cast.alice, "customer_id": cast.acme.pk} | who
    rows = look_alikes(title=title, at=NOON, **asked)
    return [(row.incident.title, row.solution) for row in rows]


def solve(cast, incident: Incident, solution: str) -> None:
    responding.offer_solution(
        incident=incident, actor=cast.tom, text=solution, at=MONDAY_NINE + HOUR
    )
    answering.accept(incident=incident, actor=cast.alice, text="", at=MONDAY_NINE + 2 * HOUR)


def test_solved_ones_come_with_the_beginning_of_their_last_solution(cast):
    incident = cast.file(title="Scans stop half-way on every server")
    responding.offer_solution(incident=incident, actor=cast.tom, text="A", at=MONDAY_NINE + HOUR)
    answering.decline(
        incident=incident, actor=cast.alice, text="No.", at=MONDAY_NINE + HOUR + HOUR / 2
    )
    solve_at = MONDAY_NINE + 2 * HOUR
    responding.offer_solution(
        incident=incident, actor=cast.tom, text="Install 12.5.\n\nThen restart.\nA\nB", at=solve_at
    )
    answering.accept(incident=incident, actor=cast.alice, text="", at=solve_at)

    assert found(cast, "scan stopped") == [
        ("Scans stop half-way on every server", "Install 12.5.\nThen restart.\nA …")
    ]


def test_open_ones_are_named_without_what_was_offered(cast):
    incident = cast.file(title="Scans stop half-way")
    responding.offer_solution(incident=incident, actor=cast.tom, text="A", at=MONDAY_NINE + HOUR)

    assert found(cast, "Scans stop") == [("Scans stop half-way", "")]


def test_what_was_withdrawn_is_not_shown(cast):
    incident = cast.file()
    answering.withdraw(incident=incident, actor=cast.alice, text="", at=MONDAY_NINE + HOUR)

    assert found(cast, "Scans stop") == []


def test_never_another_customers(cast):
    cast.file(by=cast.olga, title="Scans stop half-way")

    assert found(cast, "Scans stop half-way") == []
    assert found(cast, "Scans stop half-way", user=cast.tom) == []
    assert found(cast, "Scans stop half-way", customer_id=cast.globex.pk) == []
    assert found(cast, "Scans stop half-way", user=cast.tom, customer_id=None) == []
    assert found(cast, "Scans", user=cast.tom, customer_id=cast.globex.pk) == [
        ("Scans stop half-way", "")
    ]


@pytest.mark.parametrize(
    ("title", "typed", "is_alike"),
    [
        ("Gateway drops mail from partners", "the mail gateway drops everything", True),
        ("Gateway drops mail from partners", "mail", True),
        ("Gateway drops mail from partners", "console does not open mail", False),
        ("VPN is down", "Our VPN fails", True),
        ("Update to 12.5 fails", "12", False),
        ("Les analyses s'arrêtent à moitié", "Analyse arrêtée", True),
        ("Проверка останавливается", "проверки останавливаются", True),
        ("扫描中途停止", "扫描停止了", True),
        ("扫描中途停止", "网关丢失邮件", False),
        ("10000% of it", "10000%_", True),
        ("Scans stop half-way", "a an of the it", False),
        ("Scans stop half-way", "   ", False),
    ],
)
def test_words_and_their_inflections_are_alike(cast, title, typed, is_alike):
    cast.file(title=title)

    assert found(cast, typed) == ([(title, "")] if is_alike else [])


def test_those_most_alike_come_first_then_the_latest_and_five_in_all(cast):
    for hour in range(6):
        cast.file(title=f"Mail gateway drops {hour}", at=MONDAY_NINE + hour * HOUR / 10)
    cast.file(title="Mail gateway drops attachments", at=MONDAY_NINE)

    assert [title for title, _solution in found(cast, "Mail gateway drops attachments")] == [
        "Mail gateway drops attachments",
        "Mail gateway drops 5",
        "Mail gateway drops 4",
        "Mail gateway drops 3",
        "Mail gateway drops 2",
    ]


def test_one_query_for_one_and_for_three(cast):
    counted = []
    for number in range(3):
        solve(cast, cast.file(title=f"Scans stop {number}"), "Install 12.5.")
        with CaptureQueriesContext(connection) as captured:
            rows = found(cast, "Scans stop")
        counted.append((len(rows), len(captured)))

    assert counted == [(1, 1), (2, 1), (3, 1)]


# On the page.


def test_they_are_told_while_the_title_is_typed(signed_in, cast):
    solve(cast, cast.file(title="Scans stop half-way"), "Install 12.5.")

    with clock.at(NOON):
        answer = signed_in(cast.bob).get(LOOK_ALIKES, {"title": "Scans stop"})

    assert words(answer) == (
        "Is it one of these? Scans stop half-way (opens a new window) "
        "INC-2026-000001 · solved 2 Mar 2026 Install 12.5."
    )


def test_staff_are_shown_those_of_the_certificate_they_chose(signed_in, cast):
    cast.file(title="Scans stop half-way")
    client, asked = signed_in(cast.tom), {"title": "Scans stop"}

    with clock.at(NOON):
        before = client.get(LOOK_ALIKES, asked)
        theirs = client.get(LOOK_ALIKES, asked | {"certificate": cast.certificate.pk})
        others = client.get(LOOK_ALIKES, asked | {"certificate": cast.globex_certificate.pk})

    assert (words(before), words(others)) == ("", "")
    assert "INC-2026-000001 · already filed, still open" in words(theirs)


def test_who_does_not_file_is_told_nothing(client, signed_in, cast):
    cast.file()
    for person, status in (("erik", 403), ("bruno", 403), ("ada", 403)):
        assert signed_in(getattr(cast, person)).get(LOOK_ALIKES, {}).status_code == status
    answer = client.get(LOOK_ALIKES, {"title": "Scans stop"})
    assert (answer.status_code, answer.content) == (200, b"")


def test_without_the_script_they_stand_on_the_next_page(signed_in, cast):
    cast.file(title="Scans stop half-way")

    page = send(signed_in(cast.alice), form_of(cast, promised=""), NOON)

    assert "Is it one of these? Scans stop half-way" in words(page)
    assert "Is it one of these?" not in words(look(signed_in(cast.bob)))
