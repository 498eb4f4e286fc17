"""What each programme offers, as tables; and what validity and quota make of it."""

from dataclasses import replace
from datetime import date

import pytest
from django.conf import settings
from django.utils import translation

from accounts.programmes import read_programmes
from accounts.terms import ProgrammeTerms
from incidents.entitlements import (
    Entitlement,
    Quota,
    Standing,
    Terms,
    Validity,
    by_severity,
    entitlements,
    filing_refusal,
)
from incidents.offers import Offer

EDITIONS = {edition.key: edition for edition in read_programmes(settings.BASE_DIR / "programmes")}

# Reading order: filing, line, TAM, TAM as a channel, escalation, status reports, signatures,
# public and private patches, reports regular, on demand, tailored, quarterly, health check.
INCLUDED = {
    "msa-enterprise-fr-2022": "yyy-yyyyyy--yy",
    "premium-fr-2023": "yyy-y-y-------",
    "msa-enterprise-zh": "yyy-yyyyyy--y-",
    "msa-enterprise-nl-2023": "yyyyyyyyyyyyyy",
    "msa-enterprise-ru-2023": "yyyyyyyyyyyyyy",
    "msa-start": "yyy-y--y------",
    "msa-team": "yyy-yyyy-y----",
    "msa-business": "yyy-yyyy-yy-y-",
    "msa-resolution": "yyyyyyyyyyyyy-",
}

LINES = {
    "msa-enterprise-fr-2022": "Critical, High: at any hour; Medium, Low: in office hours.",
    "premium-fr-2023": "Critical, High, Medium, Low: at any hour.",
    "msa-enterprise-zh": "Critical, High: at any hour; Medium, Low: in office hours.",
    "msa-enterprise-nl-2023": "Critical, High, Medium, Low: at any hour.",
    "msa-enterprise-ru-2023": "Critical, High, Medium, Low: at any hour.",
    "msa-start": "Critical: at any hour; High, Medium, Low: in office hours.",
    "msa-team": "Critical: at any hour; High, Medium, Low: in office hours.",
    "msa-business": "Critical: at any hour; High, Medium, Low: in office hours.",
    "msa-resolution": "Critical, High: at any hour; Medium: in office hours.",
}

FILING = {
    "msa-start": "You file 6 incidents in a contract year.",
    "msa-team": "You file 12 incidents in a contract year.",
    "msa-business": "You file 36 incidents in a contract year.",
}

IN_FORCE = Validity(
    number="MSA-1",
    first_day=date(2026, 1, 1),
    last_day=date(2027, 12, 31),
    is_revoked=False,
    today=date(2026, 3, 2),
)
ENDED = replace(IN_FORCE, today=date(2028, 1, 1))
REVOKED = replace(IN_FORCE, is_revoked=True)
TO_COME = replace(IN_FORCE, today=date(2025, 12, 31))
FULL = Quota(limit=6, used=2, first_day=date(2026, 1, 1), last_day=date(2026, 12, 31))


def terms_of(edition: ProgrammeTerms) -> Terms:
    return Terms(
        services={
            name: getattr(edition.services, name) for name in edition.services.__dataclass_fields__
        },
        phone_line={number: str(one.phone_line) for number, one in edition.severities.items()},
        status_reports={
            number: str(one.status_reports) for number, one in edition.severities.items()
        },
        escalation_levels=[str(level) for level in edition.escalation_levels],
    )


def offers(
    key: str = "msa-start", validity: Validity = IN_FORCE, quota: Quota = FULL
) -> dict[Offer, Entitlement]:
    return entitlements(terms_of(EDITIONS[key]), validity, quota)


def unused(key: str) -> Quota:
    return replace(FULL, limit=EDITIONS[key].incidents_per_year, used=0)


def test_every_edition_stands_in_the_tables():
    assert sorted(EDITIONS) == sorted(INCLUDED) == sorted(LINES)


@pytest.mark.parametrize(("key", "expected"), INCLUDED.items())
def test_what_each_programme_includes(key, expected):
    found = offers(key, quota=unused(key))

    assert list(found) == list(Offer)
    assert "".join("y" if one.included else "-" for one in found.values()) == expected
    assert [one.is_offered for one in found.values()] == [sign == "y" for sign in expected]


@pytest.mark.parametrize(("key", "expected"), LINES.items())
def test_when_the_priority_line_of_each_is_answered(key, expected):
    found = offers(key, quota=unused(key))

    assert found[Offer.PHONE_LINE].why == expected
    assert found[Offer.FILING].why == FILING.get(key, "You file any number of incidents.")


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        (
            "msa-enterprise-fr-2022",
            "Critical: by agreement, at most once a day; "
            "High, Medium, Low: in the regular reports.",
        ),
        ("msa-resolution", "Critical: daily; High, Medium: in the regular reports."),
        ("msa-start", "This programme promises no reports while an incident is open."),
    ],
)
def test_status_reports_in_words(key, expected):
    assert offers(key)[Offer.STATUS_REPORTS].why == expected


@pytest.mark.parametrize("key", INCLUDED)
def test_nothing_stands_without_a_sentence_and_what_is_missing_has_a_way(key):
    for one in offers(key, quota=unused(key)).values():
        assert one.label
        assert one.why.endswith(".")
        assert one.refusal == ""
        assert bool(one.what_to_do) is not one.included


def test_what_a_small_programme_says_of_what_it_does_not_include():
    missing = offers()[Offer.PRIVATE_PATCHES]

    assert missing == Entitlement(
        Offer.PRIVATE_PATCHES,
        "Private patches",
        included=False,
        why="This programme includes no patches made for you alone.",
        what_to_do="Corrections reach you with the patches for all customers.",
    )


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        ("msa-enterprise-ru-2023", "We take all necessary measures to make a patch for you alone."),
        ("msa-enterprise-zh", "We make a reasonable effort to make a patch for you alone."),
    ],
)
def test_the_effort_for_private_patches(key, expected):
    assert offers(key)[Offer.PRIVATE_PATCHES].why == expected


def test_what_goes_with_signature_requests():
    around_the_clock = offers("msa-enterprise-zh")[Offer.SIGNATURE_REQUESTS].why
    by_day = offers("msa-team")[Offer.SIGNATURE_REQUESTS].why

    assert around_the_clock == (
        "We correct the databases when they miss malware or raise a false alarm. "
        "Our lab works around the clock. Your products must use the latest databases."
    )
    assert by_day == (
        "We correct the databases when they miss malware or raise a false alarm. "
        "Your products must use the latest databases."
    )


def test_levels_of_escalation_are_counted():
    assert (
        offers("msa-start")[Offer.ESCALATION].why
        == "While the next move is ours you may take an incident up 2 levels."
    )
    none = replace(terms_of(EDITIONS["msa-start"]), escalation_levels=[])
    assert not entitlements(none, IN_FORCE, FULL)[Offer.ESCALATION].included


@pytest.mark.parametrize(
    ("validity", "standing", "refusal"),
    [
        (IN_FORCE, Standing.IN_FORCE, ""),
        (replace(IN_FORCE, today=date(2026, 1, 1)), Standing.IN_FORCE, ""),
        (replace(IN_FORCE, today=date(2027, 12, 31)), Standing.IN_FORCE, ""),
        (ENDED, Standing.ENDED, "Certificate MSA-1 ended on Dec. 31, 2027."),
        (REVOKED, Standing.REVOKED, "Certificate MSA-1 was revoked."),
        (TO_COME, Standing.TO_COME, "Certificate MSA-1 is not valid before Jan. 1, 2026."),
    ],
)
def test_where_a_certificate_stands(validity, standing, refusal):
    assert (validity.standing, validity.refusal) == (standing, refusal)


@pytest.mark.parametrize("validity", [ENDED, REVOKED])
def test_after_the_end_only_what_belongs_to_open_incidents_goes_on(validity):
    found = offers("msa-enterprise-nl-2023", validity, replace(FULL, limit=None))

    refused = [offer for offer, one in found.items() if not one.is_offered]
    assert refused == [
        Offer.FILING,
        Offer.TAM_CHANNEL,
        Offer.QUARTERLY_REPORTS,
        Offer.HEALTH_CHECK,
    ]
    assert {found[offer].refusal for offer in refused} == {validity.refusal}
    assert {found[offer].what_to_do for offer in refused} == {
        "For a renewal, speak to your technical account manager."
    }
    assert found[Offer.PHONE_LINE].what_to_do == "Only for incidents that are still open."


def test_before_the_first_day_nothing_can_be_asked_for():
    found = offers("msa-enterprise-nl-2023", TO_COME)

    assert [one.is_offered for one in found.values()] == [False] * len(Offer)


@pytest.mark.parametrize(
    ("quota", "refusal", "what_to_do"),
    [
        (replace(FULL, used=5), "", ""),
        (
            replace(FULL, used=6),
            "Certificate MSA-1 has no incident left in this contract year.",
            "The next contract year begins on Jan. 1, 2027.",
        ),
        (
            replace(FULL, used=7, last_day=date(2027, 12, 31)),
            "Certificate MSA-1 has no incident left in this contract year.",
            "For a renewal, speak to your technical account manager.",
        ),
        (replace(FULL, limit=None, used=700), "", ""),
    ],
)
def test_a_quota_used_up_stops_filing_and_nothing_else(quota, refusal, what_to_do):
    found = offers(quota=quota)

    assert (found[Offer.FILING].refusal, found[Offer.FILING].what_to_do) == (refusal, what_to_do)
    assert found[Offer.PHONE_LINE].is_offered
    assert filing_refusal(IN_FORCE, quota.left) == refusal


def test_a_programme_without_incidents_does_not_include_filing():
    assert not offers(quota=replace(FULL, limit=0, used=0))[Offer.FILING].included


def test_the_end_is_told_before_the_quota():
    assert filing_refusal(ENDED, 0) == "Certificate MSA-1 ended on Dec. 31, 2027."


def test_severities_that_share_a_value():
    assert by_severity({4: "b", 1: "a", 2: "a", 3: "b"}) == {
        "a": ["Critical", "High"],
        "b": ["Medium", "Low"],
    }


def test_nothing_is_decided_by_the_language():
    with translation.override("ru"):
        found = offers("premium-fr-2023", quota=unused("premium-fr-2023"))
    assert "".join("y" if one.included else "-" for one in found.values()) == "yyy-y-y-------"
