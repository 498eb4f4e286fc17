"""What changed between two versions of a certificate, in words (SPEC 3)."""

from copy import deepcopy
from typing import Any

import pytest
from django.utils import translation

from accounts.printing.comparison import Change, Part, changes

PROMISES: dict[str, Any] = {
    "key": "small",
    "name": {"en": "Small plan", "fr": "Petite formule"},
    "contact_limit": 2,
    "incidents_per_year": 12,
    "customer_side_months": 1,
    "escalation_levels": ["tam"],
    "tam_hours": "office",
    "services": {
        "tam": True,
        "tam_channel": False,
        "signature_requests": False,
        "lab_around_the_clock": False,
        "latest_databases_required": True,
        "public_patches": True,
        "private_patches": False,
        "open_incident_reports": [],
        "quarterly_reports": False,
        "health_check": False,
        "exclusions": ["hardware"],
    },
    "severity": {
        "1": {
            "response": {"minutes": 30, "unit": "elapsed"},
            "call_required_out_of_hours": True,
            "phone_line": "always",
            "status_reports": "daily",
            "further_targets": {},
        }
    },
}
BEFORE: dict[str, Any] = {
    "number": "MSA-1",
    "customer": "Acme",
    "programme": "small",
    "promises": PROMISES,
    "office": "Paris",
    "timezone": "Europe/Paris",
    "valid_from": "2026-01-01",
    "valid_until": "2026-12-31",
    "week": None,
    "products": ["Endpoint", "Mail"],
    "tam": "Tom",
    "deputy": "Tess",
    "contacts": [
        {"slot": 1, "name": "Alice", "email": "alice@acme.example", "phone": ""},
        {"slot": 2, "name": "Bob", "email": "bob@acme.example", "phone": "1"},
    ],
}


def after(**changed) -> dict[str, Any]:
    return {**deepcopy(BEFORE), **changed}


def promising(**changed) -> dict[str, Any]:
    return after(promises={**deepcopy(PROMISES), **changed})


class TestChanges:
    def test_the_same_changes_nothing(self):
        assert changes(BEFORE, after()) == []

    def test_the_agreement(self):
        later = after(
            number="MSA-100",
            customer="Acme & Sons",
            office="Lyon",
            timezone="Europe/Berlin",
            tam="Tess",
            deputy=None,
            valid_from="2026-02-01",
            valid_until="2027-12-31",
            week={"mon": [["09:00", "12:00"]], "tue": [["09:00", "12:00"]]},
        )
        assert changes(BEFORE, later) == [
            Part(
                "Agreement",
                [
                    Change("Number", "MSA-1", "MSA-100"),
                    Change("Customer", "Acme", "Acme & Sons"),
                    Change("Office", "Paris", "Lyon"),
                    Change("Time zone", "Europe/Paris", "Europe/Berlin"),
                    Change("Technical account manager", "Tom", "Tess"),
                    Change("Deputy", "Tess", ""),
                    Change("First day", "Jan. 1, 2026", "Feb. 1, 2026"),
                    Change("Last day", "Dec. 31, 2026", "Dec. 31, 2027"),
                    Change("Hours", "The office's", "Monday–Tuesday 09:00–12:00"),
                ],
            )
        ]

    def test_contacts_added_and_removed(self):
        carol = {"slot": 2, "name": "Carol", "email": "carol@acme.example", "phone": ""}
        later = after(contacts=[BEFORE["contacts"][0], carol])
        assert changes(BEFORE, later) == [
            Part(
                "Contacts",
                [
                    Change("Contact removed", "Bob, bob@acme.example, 1, slot 2", ""),
                    Change("Contact added", "", "Carol, carol@acme.example, slot 2"),
                ],
            )
        ]

    @pytest.mark.parametrize(
        ("correction", "told"),
        [
            ({"name": "Robert"}, "Robert, bob@acme.example, 1, slot 2"),
            ({"email": "bob@new.example"}, "Bob, bob@new.example, 1, slot 2"),
            ({"phone": "2"}, "Bob, bob@acme.example, 2, slot 2"),
            ({"slot": 3}, "Bob, bob@acme.example, 1, slot 3"),
        ],
    )
    def test_a_contact_corrected(self, correction, told):
        later = after()
        later["contacts"][1] |= correction
        assert changes(BEFORE, later) == [
            Part(
                "Contacts",
                [Change("Contact corrected", "Bob, bob@acme.example, 1, slot 2", told)],
            )
        ]

    def test_two_contacts_change_slots(self):
        later = after()
        for contact, slot in zip(later["contacts"], (2, 1), strict=True):
            contact["slot"] = slot
        assert [[change.what for change in part.changes] for part in changes(BEFORE, later)] == [
            ["Contact corrected", "Contact corrected"]
        ]

    def test_products(self):
        assert changes(BEFORE, after(products=["Endpoint", "Server"])) == [
            Part(
                "Products",
                [Change("Product removed", "Mail", ""), Change("Product added", "", "Server")],
            )
        ]

    def test_what_the_programme_promises(self):
        severity = deepcopy(PROMISES["severity"])
        severity["1"] |= {
            "response": {"minutes": 240, "unit": "working"},
            "call_required_out_of_hours": False,
            "phone_line": "none",
            "status_reports": "none",
            "further_targets": {"resolution": {"minutes": 90, "unit": "elapsed"}},
        }
        services = {**PROMISES["services"], "private_patches": "reasonable", "tam": False}
        services |= {"open_incident_reports": ["regular", "tailored"]}
        services |= {"latest_databases_required": False, "exclusions": ["hardware", "platform"]}
        later = promising(
            contact_limit=8,
            incidents_per_year="unlimited",
            customer_side_months="none",
            escalation_levels=["tam", "team_head"],
            tam_hours={"mon": [["09:00", "12:00"]], "fri": "office"},
            services=services,
            severity=severity,
        )
        assert changes(BEFORE, later) == [
            Part(
                "What we promise",
                [
                    Change("Contacts at most", "2", "8"),
                    Change("Incidents per contract year", "12", "Unlimited"),
                    Change("Closed without your reply", "After 1 month", "Never"),
                    Change(
                        "Escalation",
                        "Technical account manager",
                        "Technical account manager → head of the support team",
                    ),
                    Change(
                        "Hours of the TAM",
                        "The office's",
                        "Monday 09:00–12:00; Friday as the office",
                    ),
                    Change("Technical account manager", "Included", "Not included"),
                    Change("Private patches", "Not included", "Reasonable effort"),
                    Change("Reports of open incidents", "Not included", "Regular, tailored"),
                    Change("Latest databases", "Required", "Not required"),
                    Change(
                        "Out of scope",
                        "The customer's hardware",
                        "The customer's hardware; an unsupported platform",
                    ),
                    Change(
                        "Severity 1: First response",
                        "30 min around the clock",
                        "4 h in working time",
                    ),
                    Change("Severity 1: Call out of hours", "Required", "Not required"),
                    Change("Severity 1: Priority line", "At any hour", "Not included"),
                    Change("Severity 1: Status reports", "Daily", "Not included"),
                    Change(
                        "Severity 1: Resolution", "No time promised", "1 h 30 min around the clock"
                    ),
                ],
            )
        ]

    def test_another_programme(self):
        other = {**PROMISES, "name": {"en": "Large plan"}}
        assert changes(BEFORE, after(programme="large", promises=other)) == [
            Part("Agreement", [Change("Programme", "Small plan", "Large plan")])
        ]

    def test_another_programme_of_the_same_name_is_told_by_its_key(self):
        assert changes(BEFORE, after(programme="small-2027")) == [
            Part("Agreement", [Change("Programme", "small", "small-2027")])
        ]

    def test_what_an_older_version_did_not_print_is_left_out(self):
        earlier = after(valid_until="2026-06-30")
        del earlier["promises"], earlier["timezone"]
        assert changes(earlier, BEFORE) == [
            Part("Agreement", [Change("Last day", "June 30, 2026", "Dec. 31, 2026")])
        ]

    def test_it_is_told_in_the_readers_language(self):
        with translation.override("ru"):
            (part,) = changes(BEFORE, after(valid_until="2027-12-31"))
        assert [(one.before, one.after) for one in part.changes] == [
            ("31 декабря 2026 г.", "31 декабря 2027 г.")
        ]
