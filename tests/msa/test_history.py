"""A period as a scenario: played again, it leads to the very same report."""

import json
import re
from datetime import UTC, date, datetime
from functools import partial
from pathlib import Path

import pytest

from accounts.actions import certificates, offices
from accounts.models import Certificate, DutyShift, Office, OfficeDay, Role, User
from accounts.tenancy import set_scope
from incidents.actions import answering, responding
from incidents.actions.filing import file_incident
from incidents.models import Category
from incidents.states import Channel
from msa.demo import SCENARIO
from msa.outbox import relay
from msa.scenarios.history import ACTS, CONSEQUENCES, Period, history_of, incidents_in
from msa.scenarios.lines import checked, read
from msa.scenarios.player import Player
from msa.scenarios.report import report
from msa.scenarios.stage import rehearse
from msa.settings import BASE_DIR
from msa.wiring import REACTIONS
from tests.conftest import PARIS_WEEK
from tests.msa.further_kinds import FURTHER

pytestmark = pytest.mark.django_db

DATA = Path(__file__).parents[1] / "data"
EXAMPLES = [
    json.loads(line) for line in (DATA / "example-scenarios.jsonl").read_text().splitlines()
]
NOW = datetime(2026, 11, 4, 10, 0, tzinfo=UTC)  # a Wednesday
EVER = Period(date(2001, 1, 1), date(2100, 1, 1))
MARCH = Period(date(2026, 3, 1), date(2026, 3, 31))


@pytest.mark.parametrize("number", range(0, 30, 3))
def test_every_third_example_leads_to_the_same_report(number):
    player = play(checked(EXAMPLES[number]["scenario"], now=NOW))
    assert again(player) == {"incidents": EXAMPLES[number]["expect"]["incidents"], "refused": []}


def test_the_demo_leads_to_the_same_report():
    with SCENARIO.open(encoding="utf-8") as file:
        player = play(read(file, now=NOW))
    expected = sorted(report(player)["incidents"], key=lambda incident: incident["incident"])
    found = again(player)
    found["incidents"].sort(key=lambda incident: incident["incident"])
    assert found == {"incidents": expected, "refused": []}


def test_clocks_of_further_kinds_lead_to_the_same_report():
    player = play(checked(FURTHER, now=NOW), letters=True)
    expected = report(player)
    assert {clock["kind"] for clock in expected["incidents"][0]["clocks"]} == {
        "next_response",
        "update",
        "workaround",
        "resolution",
    }
    assert again(player) == expected


def test_what_happened_becomes_lines(cast):
    incident = cast.file()
    responding.ask_customer(
        incident=incident, actor=cast.tom, text="Which version?", at=instant("2026-03-02T10:00")
    )
    answering.answer(incident=incident, actor=cast.bob, text="12.4", at=instant("2026-03-03T10:00"))
    lines = exported(MARCH, at=instant("2026-03-04T00:00"))
    targets = {
        "1": {"response": {"minutes": 30, "unit": "elapsed"}, "call_required": True, "further": {}},
        "2": {
            "response": {"minutes": 240, "unit": "elapsed"},
            "call_required": True,
            "further": {},
        },
        "3": {
            "response": {"minutes": 360, "unit": "working"},
            "call_required": False,
            "further": {},
        },
        "4": {
            "response": {"minutes": 480, "unit": "working"},
            "call_required": False,
            "further": {},
        },
    }
    assert lines == [
        {
            "do": "office",
            "key": "office-1",
            "name": "office-1",
            "calendar": {
                "timezone": "Europe/Paris",
                "week": PARIS_WEEK,
                "closed": [],
                "special": {},
            },
        },
        staff("person-2", "tam"),
        staff("person-4", "tam"),
        staff("person-5", "duty_manager"),
        staff("person-6", "team_head"),
        staff("person-7", "business_manager"),
        {"do": "customer", "key": "customer-1", "name": "customer-1"},
        {
            "do": "programme",
            "key": "programme-1",
            "edition": "msa-enterprise-fr-2022",
            "targets": targets,
            "warning_percentages": [50, 80],
            "customer_side_months": 1,
        },
        {
            "do": "certificate",
            "key": "certificate-1",
            "number": "certificate-1",
            "customer": "customer-1",
            "programme": "programme-1",
            "office": "office-1",
            "valid_from": "2026-01-01",
            "valid_until": "2026-12-31",
            "tam": "person-2",
            "deputy": "person-4",
            "contacts": [contact("person-1"), contact("person-3")],
        },
        {
            "do": "shift",
            "person": "person-5",
            "office": "office-1",
            "from": "2026-01-01T00:00:00Z",
            "until": "2027-01-01T00:00:00Z",
        },
        {
            "do": "file",
            "at": "2026-03-02T08:00:00Z",
            "by": "person-1",
            "key": incident.reference,
            "certificate": "certificate-1",
            "category": "product-malfunction",
            "channel": "portal",
            "title": "…",
            "text": "…",
        },
        act("ask", "2026-03-02T10:00:00Z", "person-2", incident),
        act("answer", "2026-03-03T10:00:00Z", "person-3", incident),
        {"do": "end", "at": "2026-03-04T00:00:00Z"},
    ]


def test_nothing_personal_leaves(cast):
    incident = cast.file(title="Alice's machine")
    responding.respond(
        incident=incident, actor=cast.tom, text="Dear Alice", at=instant("2026-03-02T10:00")
    )
    written = json.dumps(exported(MARCH), ensure_ascii=False)
    for person in User.objects.all():
        assert person.name not in written
        assert person.email not in written
    for text in ("machine", "Dear", "Acme", '"Paris"', "MSA-1", "every morning"):
        assert text not in written


def test_the_period_is_counted_by_each_offices_own_clock(cast):
    late = cast.file(at=instant("2026-02-28T23:30"))  # 1 March, 00:30 in Paris
    cast.file(at=instant("2026-02-28T22:30"))
    last = cast.file(at=instant("2026-03-31T21:59"))  # summer time: 23:59 in Paris
    cast.file(at=instant("2026-03-31T22:00"))
    found = incidents_in(MARCH, offices=[cast.office])
    assert [incident.reference for incident in found] == [late.reference, last.reference]
    assert list(incidents_in(MARCH, offices=[cast.office], certificates=[])) == []
    assert list(incidents_in(MARCH, offices=[])) == []


def test_acts_after_the_period_are_left_out(cast):
    incident = cast.file(at=instant("2026-03-31T20:00"))
    responding.respond(incident=incident, actor=cast.tom, text="…", at=instant("2026-03-31T22:00"))
    cast.file(at=instant("2026-04-01T08:00"))
    lines = exported(MARCH)
    assert [line["do"] for line in lines if "at" in line] == ["file", "respond", "end"]
    responding.add_note(incident=incident, actor=cast.tom, text="…", at=instant("2026-04-01T08:00"))
    assert exported(MARCH) == lines


def test_a_call_logged_afterwards_stands_at_its_own_instant(cast):
    """It is played when it was made, so the warnings and the breach it disproved never come."""
    incident = cast.file()
    responding.log_call(
        incident=incident,
        actor=cast.tom,
        caller=cast.alice,
        qualified=True,
        text="…",
        at=instant("2026-03-02T09:00"),
        logged_at=instant("2026-03-02T14:00"),
    )
    line = next(line for line in exported(MARCH) if line["do"] == "log_call")
    assert (line["at"], line["qualified"]) == ("2026-03-02T09:00:00Z", True)
    (found,) = rehearsed(MARCH)["incidents"]
    assert found["response"] == {
        "started_at": "2026-03-02T08:00:00Z",
        "due_at": "2026-03-02T12:00:00Z",
        "responded_at": "2026-03-02T09:00:00Z",
        "breached_at": None,
        "warned_at": [None, None],
    }


def test_changed_hours_change_at_their_instants(cast):
    first = cast.file("product-partial", instant("2026-03-02T15:00"))
    second = cast.file("product-partial", instant("2026-03-02T15:00"), by=cast.olga)
    OfficeDay.objects.create(office=cast.office, date=date(2026, 3, 3))
    offices.revise_calendar(office=cast.office, actor=None, at=instant("2026-03-02T16:00"))
    cast.certificate.week = {"wed": [["08:00", "20:00"]]}
    certificates.revise_certificate(
        certificate=cast.certificate,
        products=[cast.product],
        actor=None,
        at=instant("2026-03-02T16:30"),
    )
    drain()
    lines = exported(MARCH)
    assert [(line["do"], line["at"]) for line in lines if line["do"] in {"calendar", "hours"}] == [
        ("calendar", "2026-03-02T16:00:00Z"),
        ("hours", "2026-03-02T16:30:00Z"),
    ]
    found = rehearsed(MARCH, at=instant("2026-03-02T18:00"))["incidents"]
    due_times = {
        first.reference: "2026-03-04T13:00:00Z",
        second.reference: "2026-03-04T12:00:00Z",
    }
    assert {each["incident"]: each["response"]["due_at"] for each in found} == due_times
    for incident in (first, second):
        due_at = incident.clocks.get().due_at.strftime("%Y-%m-%dT%H:%M:%SZ")
        assert due_at == due_times[incident.reference]


def test_whoever_lost_the_right_is_stood_in_for(cast):
    """An engineer, a duty manager whose shift is gone, a former account manager."""
    incident = cast.file()
    for minute, actor in enumerate((cast.erik, cast.dana, cast.tess, cast.hanna)):
        responding.respond(
            incident=incident, actor=actor, text="…", at=instant(f"2026-03-02T10:0{minute}")
        )
    DutyShift.objects.all().delete()
    Certificate.objects.update(deputy=None)
    lines = exported(MARCH)
    roles = {line["key"]: line["role"] for line in lines if line["do"] == "staff"}
    assert [roles[line["by"]] for line in lines if line["do"] == "respond"] == [
        "tam",
        "tam",
        "tam",
        "team_head",
    ]
    assert rehearsed(MARCH)["refused"] == []


def test_staff_who_filed_for_a_contact_do_so_again(cast):
    incident = file_incident(
        certificate=cast.certificate,
        category=Category.objects.get(key="product-malfunction"),
        author=cast.alice,
        actor=cast.hanna,
        title="…",
        text="…",
        at=instant("2026-03-02T22:00"),
        channel=Channel.PHONE,
    )
    line = next(line for line in exported(MARCH) if line["do"] == "file")
    assert (line["by"], line["contact"], line["channel"]) == ("person-1", "person-2", "phone")
    (found,) = rehearsed(MARCH)["incidents"]
    assert found["incident"] == incident.reference
    assert found["response"]["started_at"] == "2026-03-02T22:00:00Z"


def test_contacts_beyond_the_slots_make_a_second_agreement(cast):
    """Over the months more people than slots may act, one after the other."""
    for number in range(9):
        person = User.objects.create_user(
            f"c{number}@acme.example", None, name="C", role=Role.CONTACT, customer=cast.acme
        )
        contact = certificates.name_contact(certificate=cast.certificate, user=person)
        cast.file(at=instant(f"2026-03-0{number + 1}T09:00"), by=person)
        certificates.remove_contact(contact=contact)
    lines = exported(MARCH)
    named = [len(line["contacts"]) for line in lines if line["do"] == "certificate"]
    assert named == [8, 1]
    found = rehearsed(MARCH)
    assert (len(found["incidents"]), found["refused"]) == (9, [])


def test_targets_are_those_taken_over_at_filing(cast):
    cast.file("product-partial", instant("2026-03-02T08:00"))
    cast.certificate.programme.severities.filter(severity=3).update(response_minutes=60)
    cast.file("product-partial", instant("2026-03-03T08:00"))
    found = rehearsed(MARCH)["incidents"]
    assert [each["response"]["due_at"] for each in found] == [
        "2026-03-02T14:00:00Z",
        "2026-03-03T09:00:00Z",
    ]


def test_a_category_of_another_severity_by_now_is_stood_in_for(cast):
    cast.file("product-malfunction")
    Category.objects.filter(key="product-malfunction").update(severity=4)
    (found,) = rehearsed(MARCH)["incidents"]
    assert found["severity"] == 2


def test_every_kind_of_entry_that_the_code_writes_is_known():
    """A new act must be played, or be named as what follows from another."""
    written = set()
    for room in ("incidents", "tam"):
        for path in sorted((BASE_DIR / room / "actions").glob("*.py")):
            written |= set(re.findall(r'record\(\s*"([a-z_]+)"', path.read_text("utf-8")))
            written |= set(
                re.findall(r'"(responded|replied|clock_ended)"', path.read_text("utf-8"))
            )
    assert {"filed", "responded", "replied", "clock_stopped", "escalated"} <= written
    assert written - ACTS.keys() - CONSEQUENCES == set()


def play(lines, *, letters=False):
    """Play for the test's own transaction; writing letters takes most of a play's time."""
    player = Player(today=NOW.date(), rehearsal=not letters)
    player.play(lines)
    return player


def again(player):
    """Export everything that was played and rehearse it; name the incidents as the play did."""
    found = rehearsed(EVER, at=player.ended_at)
    keys = {incident.reference: key for key, incident in player.incidents.items()}
    for incident in found["incidents"]:
        incident["incident"] = keys[incident["incident"]]
    return found


def rehearsed(period, at=NOW):
    return rehearse(checked(exported(period, at), now=NOW))


def exported(period, at=NOW):
    incidents = incidents_in(period, offices=Office.objects.all())
    history = history_of(incidents, period=period, at=at)
    assert history.unknown == []
    return list(history.lines)


def drain():
    relay.drain(REACTIONS, prepare=partial(set_scope, staff=True))


def instant(text):
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def staff(key, role):
    email = f"{key}@example.invalid"
    return {"do": "staff", "key": key, "role": role, "email": email, "office": "office-1"}


def contact(key):
    return {"key": key, "name": key, "email": f"{key}@example.invalid"}


def act(do, at, by, incident):
    return {"do": do, "at": at, "by": by, "incident": incident.reference, "text": "…"}
