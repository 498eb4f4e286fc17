"""Renewing certificates: the action, and the page for several at once (SPEC 3)."""

import re
from datetime import date, timedelta
from functools import partial

import pytest
from django.contrib.admin.models import LogEntry

from accounts.actions.certificates import issue_certificate, revoke_certificate
from accounts.actions.renewal import propose, renew_certificate, seams, term_months
from accounts.errors import Refused
from accounts.models import Certificate, Programme
from accounts.tenancy import staff_transaction
from msa import clock
from msa.outbox.models import Message
from tests.conftest import MONDAY_NINE
from tests.msa.outbox import in_parallel

pytestmark = pytest.mark.django_db

LIST = "/admin/accounts/certificate/"
PAGE = f"{LIST}renew/"
EXTREME = "An agreement lies between the years 2000 and 2199."
FIRST, LAST = date(2027, 1, 1), date(2027, 12, 31)


@pytest.fixture(autouse=True)
def monday():
    with clock.at(MONDAY_NINE):
        yield


@pytest.fixture
def admin(cast, signed_in):
    return signed_in(cast.ada)


def renew(certificate, **changes):
    terms = {"number": "MSA-1-R2", "valid_from": FIRST, "valid_until": LAST, "actor": None}
    return renew_certificate(certificate=certificate, **{**terms, **changes}, at=MONDAY_NINE)


def another(cast, number, valid_from=date(2026, 1, 1), valid_until=date(2026, 12, 31), **terms):
    return issue_certificate(
        certificate=Certificate(
            number=number,
            customer=cast.acme,
            programme=cast.certificate.programme,
            office=cast.office,
            valid_from=valid_from,
            valid_until=valid_until,
            tam=cast.tom,
            **terms,
        ),
        actor=None,
        at=MONDAY_NINE,
    )


def test_a_follow_on_takes_everything_over_and_contacts_keep_their_codes(cast):
    Certificate.objects.filter(pk=cast.certificate.pk).update(week={"mon": [["08:00", "12:00"]]})
    renewal = Certificate.objects.get(pk=renew(cast.certificate, actor=cast.ada).pk)
    assert (renewal.number, renewal.valid_from, renewal.valid_until) == ("MSA-1-R2", FIRST, LAST)
    assert (renewal.renews, renewal.customer, renewal.office) == (
        cast.certificate,
        cast.acme,
        cast.office,
    )
    assert (renewal.tam, renewal.deputy) == (cast.tom, cast.tess)
    assert renewal.programme.key == "msa-enterprise-fr-2022"
    assert renewal.week == {"mon": [["08:00", "12:00"]]}
    assert [row.product for row in renewal.covered.all()] == [cast.product]
    codes = cast.certificate.contacts.order_by("slot").values_list("user", "call_in_code")
    assert list(renewal.contacts.order_by("slot").values_list("user", "call_in_code")) == list(
        codes
    )
    version = renewal.versions.get()
    assert (version.number, version.approved_by, version.issued_at) == (1, cast.ada, MONDAY_NINE)
    assert [row["name"] for row in version.printed["contacts"]] == ["Alice", "Bob"]
    issued = Message.objects.get(topic="certificate.issued", stream=f"certificate-{renewal.pk}")
    assert (issued.topic, issued.payload) == (
        "certificate.issued",
        {"certificate": renewal.pk, "version": 1},
    )
    before = Certificate.objects.get(pk=cast.certificate.pk)
    assert (before.version, before.valid_until, before.revoked_at) == (1, date(2026, 12, 31), None)


def test_a_follow_on_may_be_of_a_newer_edition(cast):
    newer = Programme.objects.get(key="premium-fr-2023")
    assert renew(cast.certificate, programme=newer).programme == newer


def test_a_certificate_is_renewed_once(cast):
    renew(cast.certificate)
    with pytest.raises(Refused) as refusal:
        renew(Certificate.objects.get(pk=cast.certificate.pk), number="MSA-1-R3")
    assert str(refusal.value) == "Renewed already, by MSA-1-R2."
    assert Certificate.objects.count() == 3


@pytest.mark.parametrize(
    ("changes", "field", "message"),
    [
        ({"number": "MSA-2"}, "number", "There is a certificate of this number already."),
        (
            {"valid_from": date(2026, 1, 1)},
            "valid_from",
            "A follow-on begins after the one it renews.",
        ),
        (
            {"valid_until": date(2026, 12, 31)},
            "valid_until",
            "The last day lies before the first.",
        ),
        (
            {"number": "MSA/1"},
            "number",
            "A number stands in addresses: write it without “/” and without line breaks.",
        ),
        ({"valid_until": date(2200, 1, 1)}, "valid_until", EXTREME),
        ({"valid_from": date(1999, 12, 31)}, "valid_from", EXTREME),
    ],
)
def test_terms_that_cannot_be_are_refused_at_their_field(cast, changes, field, message):
    with pytest.raises(Refused) as refusal:
        renew(cast.certificate, **changes)
    assert (refusal.value.field, str(refusal.value)) == (field, message)
    assert Certificate.objects.count() == 2


def test_a_revoked_certificate_is_not_renewed(cast):
    revoke_certificate(certificate=cast.certificate, reason="Unpaid.", actor=None, at=MONDAY_NINE)
    with pytest.raises(Refused, match="Revoked: take the revocation back first"):
        renew(cast.certificate)


def test_an_edition_with_fewer_contacts_than_are_named_is_refused(cast):
    with pytest.raises(Refused) as refusal:
        renew(cast.certificate, programme=Programme.objects.get(key="msa-start"))
    assert str(refusal.value) == (
        "This certificate names at most 1 contacts; the slots are taken by Alice."
    )


@pytest.mark.parametrize(
    ("first", "told"),
    [
        (date(2027, 1, 1), []),
        (date(2027, 1, 2), ["A gap of 1 day after Dec. 31, 2026: nobody can file in it."]),
        (date(2027, 2, 1), ["A gap of 31 days after Dec. 31, 2026: nobody can file in it."]),
        (
            date(2026, 12, 31),
            ["Overlaps by 1 day, until Dec. 31, 2026: contacts can file under both."],
        ),
        (
            date(2026, 12, 1),
            ["Overlaps by 31 days, until Dec. 31, 2026: contacts can file under both."],
        ),
    ],
)
def test_gaps_and_overlaps_are_told(cast, first, told):
    assert seams(cast.certificate, first) == told


@pytest.mark.parametrize(
    ("number", "first", "last", "proposed", "until"),
    [
        ("FR-2026-014", (2026, 1, 1), (2026, 12, 31), "FR-2027-014", date(2027, 12, 31)),
        ("FR-20261-014", (2026, 1, 1), (2026, 12, 31), "FR-20261-014-R2", date(2027, 12, 31)),
        ("X-9", (2026, 1, 31), (2026, 2, 28), "X-9-R2", date(2026, 3, 31)),
        ("X-9-R2", (2026, 1, 1), (2028, 12, 31), "X-9-R3", date(2031, 12, 31)),
        ("X-10", (2026, 1, 1), (2026, 12, 30), "X-10-R2", date(2027, 12, 30)),
        ("N" * 40, (2026, 1, 1), (2026, 6, 30), "", date(2026, 12, 31)),
    ],
)
def test_what_is_proposed(cast, number, first, last, proposed, until):
    certificate = another(cast, number, date(*first), date(*last))
    proposal = propose([certificate])[certificate.pk]
    assert (proposal.number, proposal.valid_from, proposal.valid_until) == (
        proposed,
        date(*last) + timedelta(days=1),
        until,
    )


def test_proposals_never_name_a_number_twice(cast):
    first, second = another(cast, "X-2026"), another(cast, "X-2026-R2")
    another(cast, "X-2027")
    proposals = propose([first, second])
    assert [proposals[row.pk].number for row in (first, second)] == ["X-2026-R3", "X-2027-R2"]


def test_lengths_in_whole_months(cast):
    lengths = [
        term_months(Certificate(valid_from=date(*first), valid_until=date(*last)))
        for first, last in (
            ((2026, 1, 1), (2026, 12, 31)),
            ((2026, 1, 15), (2026, 2, 14)),
            ((2024, 2, 29), (2025, 2, 28)),
            ((2026, 1, 1), (2026, 1, 30)),
        )
    ]
    assert lengths == [12, 1, 12, None]


@pytest.mark.django_db(transaction=True)
def test_two_who_renew_at_once_renew_once(cast):
    outcomes = []

    def attempt(number):
        try:
            with staff_transaction():
                renewal = renew(Certificate.objects.get(pk=cast.certificate.pk), number=number)
            outcomes.append(renewal.number)
        except Refused as refusal:
            outcomes.append(str(refusal))

    in_parallel(*(partial(attempt, f"MSA-1-R{number}") for number in range(2, 6)))
    renewal = Certificate.objects.get(renews=cast.certificate)
    assert sorted(outcomes) == sorted(
        [renewal.number, *[f"Renewed already, by {renewal.number}."] * 3]
    )


def hidden(html, name):
    found = re.search(rf'name="{name}" value="([^"]*)"', html)
    assert found is not None
    return found[1]


def sent(page, **changes):
    """Return what a browser sends of the page, with `changes`."""
    html = page.content.decode()
    fields = {"ids": hidden(html, "ids")}
    fields["_noted"] = hidden(html, "_noted")
    for row in page.context["possible"]:
        for field in row.form:
            fields[field.html_name] = field.value() or ""
    return {**fields, **changes}


def open_page(admin, *certificates):
    chosen = {"_selected_action": [row.pk for row in certificates], "action": "renew"}
    return admin.post(LIST, chosen, follow=True)


def name(certificate, field):
    return f"row{certificate.pk}-{field}"


def test_several_are_read_and_renewed_in_one_act(cast, admin):
    page = open_page(admin, cast.certificate, cast.globex_certificate)
    rows = [
        (row.certificate.number, *(row.form[field].value() for field in ("number", "valid_until")))
        for row in page.context["possible"]
    ]
    assert rows == [("MSA-1", "MSA-1-R2", LAST), ("MSA-2", "MSA-2-R2", LAST)]
    assert Certificate.objects.count() == 2
    done = admin.post(PAGE, sent(page), follow=True)
    assert [str(message) for message in done.context["messages"]] == ["2 certificates renewed."]
    assert [row.number for row in done.context["cl"].result_list] == ["MSA-1-R2", "MSA-2-R2"]
    told = LogEntry.objects.order_by("pk").values_list("object_repr", "change_message")
    assert list(told) == [
        ("MSA-1-R2", "Issued as the renewal of MSA-1."),
        ("MSA-1", "Renewed by MSA-1-R2."),
        ("MSA-2-R2", "Issued as the renewal of MSA-2."),
        ("MSA-2", "Renewed by MSA-2-R2."),
    ]


def test_sent_twice_it_happens_once(cast, admin):
    fields = sent(open_page(admin, cast.certificate))
    admin.post(PAGE, fields)
    again = admin.post(PAGE, fields)
    assert [row.obstacle for row in again.context["impossible"]] == [
        "Renewed already, by MSA-1-R2."
    ]
    assert Certificate.objects.count() == 3


def test_those_that_cannot_be_renewed_are_told_with_the_reason(cast, admin):
    revoke_certificate(
        certificate=cast.globex_certificate, reason="Unpaid.", actor=None, at=MONDAY_NINE
    )
    page = open_page(admin, cast.certificate, cast.globex_certificate)
    assert [row.certificate.number for row in page.context["possible"]] == ["MSA-1"]
    assert [(row.certificate.number, row.obstacle) for row in page.context["impossible"]] == [
        ("MSA-2", "Revoked: take the revocation back first.")
    ]
    admin.post(PAGE, sent(page))
    assert [row.number for row in Certificate.objects.filter(renews__isnull=False)] == ["MSA-1-R2"]


def test_a_gap_is_read_before_it_is_renewed(cast, admin):
    page = open_page(admin, cast.certificate)
    gap = {name(cast.certificate, "valid_from"): "2027-02-01"}
    told = admin.post(PAGE, sent(page, **gap))
    assert told.context["rows"][0].notes == [
        "A gap of 31 days after Dec. 31, 2026: nobody can file in it."
    ]
    assert not Certificate.objects.filter(renews=cast.certificate).exists()
    admin.post(PAGE, sent(told))
    assert Certificate.objects.get(renews=cast.certificate).valid_from == date(2027, 2, 1)


def test_a_term_that_ends_before_it_begins_is_refused_at_its_last_day(cast, admin):
    page = open_page(admin, cast.certificate)
    told = admin.post(PAGE, sent(page, **{name(cast.certificate, "valid_from"): "2029-01-01"}))
    assert dict(told.context["rows"][0].form.errors) == {
        "valid_until": ["The last day lies before the first."]
    }


def test_with_one_wrong_none_is_renewed_and_what_was_typed_stays(cast, admin):
    page = open_page(admin, cast.certificate, cast.globex_certificate)
    wrong = {
        name(cast.certificate, "number"): "MSA-2",
        name(cast.globex_certificate, "valid_until"): "2027-03-31",
    }
    told = admin.post(PAGE, sent(page, **wrong))
    assert [dict(row.form.errors) for row in told.context["possible"]] == [
        {"number": ["There is a certificate of this number already."]},
        {},
    ]
    assert told.context["possible"][1].form["valid_until"].value() == "2027-03-31"
    assert Certificate.objects.count() == 2


def test_the_same_new_number_twice_is_refused_on_both(cast, admin):
    page = open_page(admin, cast.certificate, cast.globex_certificate)
    told = admin.post(PAGE, sent(page, **{name(cast.certificate, "number"): "MSA-2-R2"}))
    assert [list(row.form.errors) for row in told.context["possible"]] == [["number"], ["number"]]


def test_one_that_is_left_out_is_not_renewed(cast, admin):
    fields = sent(open_page(admin, cast.certificate, cast.globex_certificate))
    del fields[name(cast.certificate, "include")]
    admin.post(PAGE, fields | {name(cast.certificate, "number"): ""})
    assert [row.number for row in Certificate.objects.filter(renews__isnull=False)] == ["MSA-2-R2"]


def test_none_chosen_is_told(cast, admin):
    fields = sent(open_page(admin, cast.certificate))
    del fields[name(cast.certificate, "include")]
    assert "Choose at least one certificate to renew." in (
        admin.post(PAGE, fields).content.decode()
    )


def test_a_length_fills_in_the_last_days(cast, admin):
    page = open_page(admin, cast.certificate, cast.globex_certificate)
    later = {name(cast.globex_certificate, "valid_from"): "2027-01-15"}
    filled = admin.post(PAGE, sent(page, months="6", _fill="1", **later))
    assert [row.form["valid_until"].value() for row in filled.context["possible"]] == [
        "2027-06-30",
        "2027-07-14",
    ]
    assert Certificate.objects.count() == 2


def test_a_follow_on_is_proposed_until_the_last_day_of_all(cast):
    certificate = another(cast, "X-9", date(2190, 1, 1), date(2199, 12, 30))
    proposal = propose([certificate])[certificate.pk]
    assert (proposal.valid_from, proposal.valid_until) == (date(2199, 12, 31), date(2199, 12, 31))


def test_nothing_follows_on_the_last_day_of_all(cast, admin):
    certificate = another(cast, "X-9", date(2000, 1, 1), date(2199, 12, 31))
    page = open_page(admin, cast.certificate, certificate)
    assert [(row.certificate.number, row.obstacle) for row in page.context["impossible"]] == [
        ("X-9", "No agreement can follow on its last day.")
    ]
    with pytest.raises(Refused, match="No agreement can follow on its last day"):
        renew(certificate)


@pytest.mark.parametrize("first", ["0001-01-01", "9999-12-31"])
@pytest.mark.parametrize("button", [{}, {"_fill": "1", "months": "120"}])
def test_extreme_days_are_refused_at_their_fields(cast, admin, first, button):
    extreme = {
        name(cast.certificate, "valid_from"): first,
        name(cast.certificate, "valid_until"): "9999-12-31",
    }
    told = admin.post(PAGE, sent(open_page(admin, cast.certificate), **extreme, **button))
    assert dict(told.context["rows"][0].form.errors) == {
        "valid_from": [EXTREME],
        "valid_until": [EXTREME],
    }


def test_too_many_at_once_are_refused(cast, admin, monkeypatch):
    monkeypatch.setattr("accounts.admin.renewal.RENEWALS_MOST", 1)
    monkeypatch.setattr("accounts.admin.certificates.RENEWALS_MOST", 1)
    page = open_page(admin, cast.certificate, cast.globex_certificate)
    assert [str(message) for message in page.context["messages"]] == [
        "At most 1 certificates are renewed at once: narrow the list first."
    ]


def test_the_page_costs_the_same_for_one_and_for_three(cast, admin, django_assert_num_queries):
    Certificate.objects.update(week={"mon": [["08:00", "12:00"]]})
    third = another(cast, "MSA-3")
    for rows in ([cast.certificate], [cast.certificate, cast.globex_certificate, third]):
        with django_assert_num_queries(11):
            admin.get(PAGE, {"ids": ",".join(str(row.pk) for row in rows)})


def test_the_page_is_for_administrators(cast, signed_in):
    for who in (cast.alice, cast.tom, cast.hanna):
        assert signed_in(who).get(PAGE, {"ids": "1"}).status_code == 403
