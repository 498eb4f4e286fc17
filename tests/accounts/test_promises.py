"""What counts as worse for the customer when an edition's terms change."""

from copy import deepcopy
from pathlib import Path

import pytest
from django.conf import settings

from accounts.datafile import read_toml
from accounts.promises import losses

FOLDER = Path(settings.BASE_DIR) / "programmes"
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri")


def elapsed(minutes):
    return {"minutes": minutes, "unit": "elapsed"}


def working(minutes):
    return {"minutes": minutes, "unit": "working"}


def edition(key="msa-resolution", **changes):
    """Return an edition's terms with the values at some paths changed."""
    terms = read_toml(FOLDER / f"{key}.toml")
    for number in ("1", "2", "3", "4"):
        terms["severity"][number].setdefault("further_targets", {})
    return changed(terms, changes)


def changed(terms, changes):
    terms = deepcopy(terms)
    for path, value in changes.items():
        *tables, key = path.split("__")
        table = terms
        for name in tables:
            table = table[name.removeprefix("s") if name[1:].isdigit() else name]
        table[key] = value
    return terms


def told(before, after):
    return [(loss.path, str(loss)) for loss in losses(before, after)]


@pytest.mark.parametrize(
    ("changes", "path", "text"),
    [
        ({"contact_limit": 3}, "contact_limit", "Number of contacts: 4 until now, 3 then"),
        (
            {"incidents_per_year": 99},
            "incidents_per_year",
            "Incidents per contract year: unlimited until now, 99 then",
        ),
        (
            {"customer_side_months": 1},
            "customer_side_months",
            "Months on the customer's side: 2 until now, 1 then",
        ),
        (
            {"escalation_levels": ["tam", "business_manager"]},
            "escalation_levels",
            "Escalation levels: technical account manager, head of the support team, "
            "business manager until now, technical account manager, business manager then",
        ),
        (
            {"requirements": {"licence": {}}},
            "requirements",
            "What a customer must hold: nothing until now, licence then",
        ),
        (
            {"tam_hours": dict.fromkeys(WEEKDAYS, "office")},
            "tam_hours",
            "Hours of the TAM: Sat office hours; Sun office hours until now, "
            "Sat none; Sun none then",
        ),
        (
            {"services__tam": False},
            "services.tam",
            "Technical account manager: included until now, not included then",
        ),
        (
            {"services__lab_around_the_clock": False},
            "services.lab_around_the_clock",
            "Lab around the clock: included until now, not included then",
        ),
        (
            {"services__private_patches": "reasonable"},
            "services.private_patches",
            "Private patches: all necessary measures until now, reasonable effort then",
        ),
        (
            {"services__private_patches": False},
            "services.private_patches",
            "Private patches: all necessary measures until now, not included then",
        ),
        (
            {"services__open_incident_reports": ["regular"]},
            "services.open_incident_reports",
            "Reports of open incidents: regular, on demand, tailored until now, regular then",
        ),
        (
            {"severity__s1__response": elapsed(31)},
            "severity.1.response",
            "Response time at severity 1: 30 min until now, 31 min then",
        ),
        (
            {"severity__s1__response": working(30)},
            "severity.1.response",
            "Response time at severity 1: 30 min until now, 30 min working then",
        ),
        (
            {"severity__s1__response": "none"},
            "severity.1.response",
            "Response time at severity 1: 30 min until now, not promised then",
        ),
        (
            {"severity__s3__response": elapsed(510)},
            "severity.3.response",
            "Response time at severity 3: 8 h working until now, 8 h 30 min then",
        ),
        (
            {"severity__s1__call_required_out_of_hours": True},
            "severity.1.call_required_out_of_hours",
            "Call out of hours at severity 1: not required until now, required then",
        ),
        (
            {"severity__s2__phone_line": "office_hours"},
            "severity.2.phone_line",
            "Priority phone line at severity 2: at any hour until now, in office hours then",
        ),
        (
            {"severity__s1__status_reports": "by_agreement"},
            "severity.1.status_reports",
            "Status reports at severity 1: daily until now, by agreement, at most once a day then",
        ),
        (
            {"severity__s4__further_targets": {}},
            "severity.4.further_targets",
            "Resolution at severity 4: 180 h working until now, not promised then",
        ),
        (
            {"severity__s3__further_targets__next_response": working(961)},
            "severity.3.further_targets",
            "Next response at severity 3: 16 h working until now, 16 h 1 min working then",
        ),
    ],
)
def test_what_is_worse_is_told_with_before_and_after(changes, path, text):
    assert told(edition(), edition(**changes)) == [(path, text)]


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"contact_limit": 5},
        {"customer_side_months": "none"},
        {"warning_percentages": [10]},
        {"name": {"en": "Other"}, "summary": {"en": "Other"}},
        {"document": "x", "region": "FR", "year": 2027},
        {"escalation_levels": ["tam", "team_head", "business_manager"]},
        {"tam_hours": {day: [["00:00", "24:00"]] for day in (*WEEKDAYS, "sat", "sun")}},
        {"services__health_check": True},
        {"services__latest_databases_required": False},
        {"services__exclusions": []},
        {"severity__s1__response": elapsed(29)},
        {"severity__s3__response": elapsed(480)},
        {"severity__s4__response": working(9999)},
        {"severity__s4__call_required_out_of_hours": True},  # nothing waits for it
        {"severity__s3__phone_line": "always"},
        {"severity__s3__status_reports": "by_agreement"},
        {"severity__s4__further_targets": {"resolution": elapsed(60), "update": elapsed(1)}},
        {"severity__s1__meaning": {"product": {}, "malware": {}}},
    ],
)
def test_what_is_better_or_only_text_is_no_loss(changes):
    assert told(edition(), edition(**changes)) == []


def test_a_limit_in_place_of_none_is_a_loss():
    before = edition(customer_side_months="none")
    assert told(before, edition()) == [
        ("customer_side_months", "Months on the customer's side: no limit until now, 2 then")
    ]


def test_obligations_that_come_anew_are_losses():
    before = edition(services__latest_databases_required=False, services__exclusions=["hardware"])
    after = edition(services__exclusions=["hardware", "platform"])
    assert told(before, after) == [
        (
            "services.latest_databases_required",
            "Latest databases: not required until now, required then",
        ),
        (
            "services.exclusions",
            "Reasons for “out of scope”: the customer's hardware until now, "
            "the customer's hardware, an unsupported platform then",
        ),
    ]


@pytest.mark.parametrize(
    ("before", "after", "text"),
    [
        ([["09:00", "18:00"]], [["09:00", "18:00"]], ""),
        ([["09:00", "18:00"]], [["08:00", "13:00"], ["13:00", "19:00"]], ""),
        ([], [["09:00", "18:00"]], ""),
        (
            [["09:00", "18:00"]],
            [["09:00", "13:00"], ["14:00", "19:00"]],
            "Hours of the TAM: Mon 09:00–18:00 until now, Mon 09:00–13:00, 14:00–19:00 then",
        ),
        (
            [["09:00", "18:00"]],
            "office",
            "Hours of the TAM: Mon 09:00–18:00 until now, Mon office hours then",
        ),
        (
            "office",
            [["09:00", "18:00"]],
            "Hours of the TAM: Mon office hours until now, Mon 09:00–18:00 then",
        ),
        (
            [["09:00", "18:00"]],
            [],
            "Hours of the TAM: Mon 09:00–18:00 until now, Mon none then",
        ),
    ],
)
def test_every_minute_of_the_tam_counts(before, after, text):
    weeks = [{"mon": windows} if windows else {} for windows in (before, after)]
    found = told(*(edition(tam_hours=week) for week in weeks))
    assert [line for _path, line in found] == ([text] if text else [])


def test_an_edition_is_compared_with_itself_and_with_a_smaller_one():
    assert told(edition("msa-team"), edition("msa-business")) == []
    assert [path for path, _text in told(edition("msa-business"), edition("msa-team"))] == [
        "contact_limit",
        "incidents_per_year",
        "services.quarterly_reports",
        "services.open_incident_reports",
        "severity.1.response",
        "severity.1.status_reports",
        "severity.2.response",
        "severity.3.response",
        "severity.4.response",
    ]
