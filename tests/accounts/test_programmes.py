"""The editions that ship: five against the table of SPEC 2, four against what they are to prove."""

from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

from accounts.datafile import LANGUAGES
from accounts.programmes import read_programmes, text_in
from accounts.terms import ProgrammeTerms, Services, Target, stated_throughout

FOLDER = Path(settings.BASE_DIR) / "programmes"

FR, PREMIUM, ZH = "msa-enterprise-fr-2022", "premium-fr-2023", "msa-enterprise-zh"
NL, RU = "msa-enterprise-nl-2023", "msa-enterprise-ru-2023"
STATED, ASSUMED, RULES = {"stated": True}, {"assumed_from": FR}, {"assumed_from": "rules"}

EXCLUSIONS = (
    "not_reproducible",
    "access_refused",
    "cause_outside",
    "already_solved",
    "earlier_solution",
    "hardware",
    "platform",
    "third_party",
    "information_missing",
    "instructions_ignored",
)
RESPONSES = {1: (30, "elapsed"), 2: (240, "elapsed"), 3: (360, "working"), 4: (480, "working")}
OFFICE_DAYS = dict.fromkeys(("mon", "tue", "wed", "thu", "fri"), "office")
BY_URGENCY = ["always", "always", "office_hours", "office_hours"]
UNAFFECTED = (
    "A lesser problem that leaves the product's functions unaffected, or a service request."
)
PARTLY = "A lesser problem that affects part of the product, or a service request."
SLIGHTLY = (
    "A lesser problem that affects the product's functions only slightly, or a service request."
)
ELSE = "Everything else: problems and service requests that fit none of the levels above."
MINOR = (
    "A minor problem that leaves the product's functions unaffected, or a minor service request."
)


def weekdays(opens: str, closes: str) -> dict[str, Any]:
    return {day: [[opens, closes]] for day in ("mon", "tue", "wed", "thu", "fri")}


def services(**differing: Any) -> dict[str, Any]:
    """Return what 000 includes, but for what differs."""
    return {
        "tam": True,
        "tam_channel": False,
        "signature_requests": True,
        "lab_around_the_clock": True,
        "latest_databases_required": True,
        "public_patches": True,
        "private_patches": "reasonable",
        "open_incident_reports": ("regular",),
        "quarterly_reports": True,
        "health_check": True,
        "exclusions": EXCLUSIONS,
    } | differing


MADE_TO_MEASURE = ("regular", "on_demand", "tailored")
TABLE: dict[str, dict[str, Any]] = {
    FR: {
        "region": "FR",
        "year": 2022,
        "document": "000_d0e984cd10af5aa2",
        "call": [True, True, False, False],
        "phone": BY_URGENCY,
        "status": ["by_agreement", "regular", "regular", "regular"],
        "tam_hours": weekdays("09:00", "18:00"),
        "requirements": [],
        "services": services(),
        "meaning": (UNAFFECTED, ELSE),
    },
    PREMIUM: {
        "region": "FR",
        "year": 2023,
        "document": "001_99e064711b246cef",
        "call": [True, True, False, False],
        "phone": ["always"] * 4,
        "status": ["none"] * 4,
        "tam_hours": None,
        "requirements": ["plus-licence"],
        "services": services(
            public_patches=False,
            private_patches=False,
            open_incident_reports=(),
            quarterly_reports=False,
            health_check=False,
        ),
        "meaning": (PARTLY, MINOR),
    },
    ZH: {
        "region": "CN",
        "year": None,
        "document": "002_dcd48738de60f96f",
        "call": [True, False, False, False],
        "phone": BY_URGENCY,
        "status": ["by_agreement", "regular", "regular", "regular"],
        "tam_hours": weekdays("10:00", "18:30"),
        "requirements": [],
        "services": services(health_check=False),
        "meaning": (UNAFFECTED, ELSE),
    },
    NL: {
        "region": "NL",
        "year": 2023,
        "document": "003_8060ce468677edb7",
        "call": [True, True, False, False],
        "phone": ["always"] * 4,
        "status": ["daily", "regular", "regular", "regular"],
        "tam_hours": OFFICE_DAYS,
        "requirements": [],
        "services": services(tam_channel=True, open_incident_reports=MADE_TO_MEASURE),
        "meaning": (PARTLY, MINOR),
    },
    RU: {
        "region": "RU",
        "year": 2023,
        "document": "004_09969778355e3441",
        "call": [True, True, False, False],
        "phone": ["always"] * 4,
        "status": ["daily", "regular", "regular", "regular"],
        "tam_hours": OFFICE_DAYS,
        "requirements": [],
        "services": services(
            tam_channel=True,
            open_incident_reports=MADE_TO_MEASURE,
            private_patches="all_necessary",
        ),
        "meaning": (SLIGHTLY, MINOR),
    },
}

# Each value that an edition's document does not state itself, and where it comes from.
NOT_STATED = {
    FR: {"requirements": RULES, "services.tam_channel": RULES},
    PREMIUM: {
        "customer_side_months": ASSUMED,
        "escalation_levels": ASSUMED,
        "tam_hours": RULES,
        "services.tam_channel": RULES,
        "services.lab_around_the_clock": ASSUMED,
        "services.public_patches": RULES,
        "services.private_patches": RULES,
        "services.open_incident_reports": RULES,
        "services.quarterly_reports": RULES,
        "services.health_check": RULES,
        "services.exclusions": ASSUMED,
        **{f"severity.{n}.call_required_out_of_hours": ASSUMED for n in (1, 2, 3, 4)},
        **{f"severity.{n}.status_reports": RULES for n in (1, 2, 3, 4)},
        **{f"severity.{n}.meaning.product": ASSUMED for n in (1, 2)},
        **{f"severity.{n}.meaning.malware": ASSUMED for n in (1, 2)},
    },
    ZH: {"requirements": RULES, "services.tam_channel": RULES, "services.health_check": RULES},
    NL: {
        "contact_limit": ASSUMED,
        "customer_side_months": ASSUMED,
        "escalation_levels": ASSUMED,
        "requirements": RULES,
        "services.lab_around_the_clock": ASSUMED,
        "services.latest_databases_required": ASSUMED,
        "services.exclusions": ASSUMED,
        **{f"severity.{n}.call_required_out_of_hours": ASSUMED for n in (1, 2, 3, 4)},
        **{f"severity.{n}.status_reports": RULES for n in (2, 3, 4)},
        **{f"severity.{n}.meaning.product": ASSUMED for n in (1, 2)},
        **{f"severity.{n}.meaning.malware": ASSUMED for n in (1, 2)},
    },
}
NOT_STATED[RU] = NOT_STATED[NL]
OURS_THROUGHOUT = {
    "warning_percentages": RULES,
    **{f"severity.{n}.further_targets": RULES for n in (1, 2, 3, 4)},
    **{f"severity.{n}.meaning.malware": RULES for n in (3, 4)},
}


# The editions that no document states: what they promise at severities 1 to 4.
START, TEAM, BUSINESS, RESOLUTION = "msa-start", "msa-team", "msa-business", "msa-resolution"
IN_OFFICE_HOURS = ["always", "office_hours", "office_hours", "office_hours"]
OWN: dict[str, dict[str, Any]] = {
    START: {
        "incidents": 6,
        "contacts": 1,
        "months": 1,
        "warnings": (50, 80),
        "levels": ("tam", "team_head"),
        "responses": [(120, "elapsed"), (480, "working"), (960, "working"), (1440, "working")],
        "call": [True, False, False, False],
        "phone": IN_OFFICE_HOURS,
        "status": ["none"] * 4,
        "further": [{}] * 4,
    },
    TEAM: {
        "incidents": 12,
        "contacts": 2,
        "months": 1,
        "warnings": (50, 80),
        "levels": ("tam", "team_head", "business_manager"),
        "responses": [(60, "elapsed"), (360, "working"), (720, "working"), (1080, "working")],
        "call": [True, False, False, False],
        "phone": IN_OFFICE_HOURS,
        "status": ["regular"] * 4,
        "further": [{}] * 4,
    },
    BUSINESS: {
        "incidents": 36,
        "contacts": 4,
        "months": 1,
        "warnings": (50, 80),
        "levels": ("tam", "team_head", "business_manager"),
        "responses": [(30, "elapsed"), (240, "working"), (480, "working"), (720, "working")],
        "call": [True, False, False, False],
        "phone": IN_OFFICE_HOURS,
        "status": ["by_agreement", "regular", "regular", "regular"],
        "further": [{}] * 4,
    },
    RESOLUTION: {
        "incidents": None,
        "contacts": 4,
        "months": 2,
        "warnings": (50, 75, 90),
        "levels": ("tam", "team_head", "business_manager"),
        "responses": [(30, "elapsed"), (120, "elapsed"), (480, "working"), None],
        "call": [False] * 4,
        "phone": ["always", "always", "office_hours", "none"],
        "status": ["daily", "regular", "regular", "none"],
        "further": [
            {
                "update": (120, "elapsed"),
                "workaround": (480, "elapsed"),
                "resolution": (2880, "elapsed"),
            },
            {
                "update": (480, "elapsed"),
                "workaround": (1440, "elapsed"),
                "resolution": (7200, "elapsed"),
            },
            {"next_response": (960, "working"), "resolution": (5400, "working")},
            {"resolution": (10800, "working")},
        ],
    },
}


@pytest.fixture(scope="module")
def editions() -> dict[str, ProgrammeTerms]:
    return {terms.key: terms for terms in read_programmes(FOLDER)}


class TestTable:
    def test_the_editions_ship(self, editions):
        assert sorted(editions) == sorted([*TABLE, *OWN])

    @pytest.mark.parametrize("key", TABLE)
    def test_edition(self, editions, key):
        terms, row = editions[key], TABLE[key]
        severities = [terms.severities[number] for number in (1, 2, 3, 4)]
        assert {
            "region": terms.region,
            "year": terms.year,
            "document": terms.document,
            "call": [severity.call_required_out_of_hours for severity in severities],
            "phone": [severity.phone_line for severity in severities],
            "status": [severity.status_reports for severity in severities],
            "tam_hours": terms.tam_hours,
            "requirements": list(terms.requirements),
            "services": asdict(terms.services),
            "meaning": (
                severities[2].meaning_product["en"],
                severities[3].meaning_product["en"],
            ),
        } == row

    @pytest.mark.parametrize("key", TABLE)
    def test_what_all_editions_share(self, editions, key):
        terms = editions[key]
        responses = {
            number: severity.response and (severity.response.minutes, severity.response.unit)
            for number, severity in terms.severities.items()
        }
        assert responses == RESPONSES
        assert terms.contact_limit == 8
        assert terms.incidents_per_year is None
        assert terms.customer_side_months == 1
        assert terms.warning_percentages == (50, 80)
        assert terms.escalation_levels == ("tam", "team_head", "business_manager")
        assert [severity.further_targets for severity in terms.severities.values()] == [{}] * 4

    @pytest.mark.parametrize("key", TABLE)
    def test_every_value_says_where_it_comes_from(self, editions, key):
        stated = dict.fromkeys(stated_throughout(), STATED)
        assert editions[key].provenance == stated | OURS_THROUGHOUT | NOT_STATED[key]

    def test_texts_stand_in_every_language_of_the_product(self):
        assert tuple(code for code, _name in settings.LANGUAGES) == LANGUAGES

    @pytest.mark.parametrize("key", [*TABLE, *OWN])
    def test_texts_differ_between_languages(self, editions, key):
        terms = editions[key]
        for texts in (terms.names, terms.summaries, *terms.requirements.values()):
            assert len(set(texts.values())) == len(LANGUAGES)


class TestEditionsOfOurOwn:
    @pytest.mark.parametrize("key", OWN)
    def test_what_it_promises(self, editions, key):
        terms = editions[key]
        severities = [terms.severities[number] for number in (1, 2, 3, 4)]
        assert {
            "incidents": terms.incidents_per_year,
            "contacts": terms.contact_limit,
            "months": terms.customer_side_months,
            "warnings": terms.warning_percentages,
            "levels": terms.escalation_levels,
            "responses": [length(severity.response) for severity in severities],
            "call": [severity.call_required_out_of_hours for severity in severities],
            "phone": [severity.phone_line for severity in severities],
            "status": [severity.status_reports for severity in severities],
            "further": [
                {kind: length(target) for kind, target in severity.further_targets.items()}
                for severity in severities
            ],
        } == OWN[key]

    @pytest.mark.parametrize("key", OWN)
    def test_no_document_states_any_of_it(self, editions, key):
        terms = editions[key]
        assert (terms.document, terms.year, terms.region) == ("rules", None, "INT")
        assert terms.provenance == dict.fromkeys(stated_throughout(), RULES)

    def test_each_level_of_the_family_keeps_all_that_the_one_below_has(self, editions):
        below, middle, above = (editions[key].services for key in (START, TEAM, BUSINESS))
        assert included(below) == {"tam", "latest_databases_required", "public_patches"}
        assert included(middle) == included(below) | {"signature_requests", "open_incident_reports"}
        assert included(above) == included(middle) | {"quarterly_reports"}


def length(target: Target | None) -> tuple[int, str] | None:
    return None if target is None else (target.minutes, str(target.unit))


def included(services: Services) -> set[str]:
    return {key for key, value in asdict(services).items() if value} - {"exclusions"}


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("fr", "bonjour"),
        ("fr-CA", "bonjour"),
        ("zh-hans", "你好"),
        ("de", "hello"),
        ("nl", "hello"),
        (None, "hello"),
    ],
)
def test_text_in_falls_back_to_english(language, text):
    texts = {"en": "hello", "fr": "bonjour", "zh-hans": "你好", "nl": ""}
    assert text_in(texts, language) == text
