"""Categories in the administrators' forms; incidents and their journal to look at only."""

import json

import pytest
from django.urls import reverse

from incidents.models import Category, Incident, JournalEntry
from msa import clock
from tests.conftest import MONDAY_NINE

pytestmark = pytest.mark.django_db

LANGUAGES = ("en", "fr", "zh-hans", "nl", "ru")


@pytest.fixture(autouse=True)
def monday():
    with clock.at(MONDAY_NINE):
        yield


@pytest.fixture
def admin(cast, signed_in):
    return signed_in(cast.ada)


@pytest.fixture
def category(cast):
    return Category.objects.get(key="product-malfunction")


def url(model, page="changelist", *args):
    return reverse(f"admin:incidents_{model}_{page}", args=args)


def form(category, **changes):
    """Return what the browser sends for a category as it stands, with `changes`."""
    return {
        "key": category.key,
        "active": "on",
        "kind": category.kind,
        "shown_under": category.shown_under,
        "severity": category.severity,
        "position": category.position,
        "extra_fields": json.dumps(category.extra_fields),
        **({"allows_signature_request": "on"} if category.allows_signature_request else {}),
        **{f"names_{code}": category.names[code] for code in LANGUAGES},
        **{f"descriptions_{code}": category.descriptions[code] for code in LANGUAGES},
        **changes,
    }


def errors_of(response):
    assert response.status_code == 200
    return {key: list(value) for key, value in response.context["adminform"].form.errors.items()}


def test_saving_every_category_as_it_stands_edits_nothing(admin):
    for category in Category.objects.all():
        address = url("category", "change", category.pk)
        assert admin.post(address, form(category)).status_code == 302
        saved = Category.objects.get(pk=category.pk)
        assert saved.as_data() == category.as_data()
        assert saved.fingerprint() == saved.loaded_digest


def test_a_category_is_edited_in_every_language_and_says_so(admin, category):
    address = url("category", "change", category.pk)
    sent = form(category, names_nl="Storing van het product", severity=1)
    assert admin.post(address, sent).status_code == 302
    saved = Category.objects.get(pk=category.pk)
    assert saved.names == {**category.names, "nl": "Storing van het product"}
    assert saved.severity == 1
    page = admin.get(address).content.decode()
    assert "Edited since it was loaded from its file, which will not overwrite it" in page


def test_a_text_may_be_missing_in_no_language(admin, category):
    address = url("category", "change", category.pk)
    sent = form(category, names_ru="", descriptions_fr="")
    assert errors_of(admin.post(address, sent)) == {
        "names": ["Russian: This field is required."],
        "descriptions": ["French: This field is required."],
    }


def test_extra_fields_are_checked_as_in_the_file(admin, category):
    address = url("category", "change", category.pk)
    wrong = json.dumps([{"key": "Not A Key"}])
    [error] = errors_of(admin.post(address, form(category, extra_fields=wrong)))["__all__"]
    assert error.startswith("extra_fields: expected at most ")


def test_a_category_with_incidents_is_kept(cast, admin, category):
    cast.file()
    response = admin.post(url("category", "delete", category.pk), {"post": "yes"}, follow=True)
    assert [str(message) for message in response.context["messages"]] == [
        f"“{category.name}” is part of the record and stays. It is named by: Incident: "
        f"{Incident.objects.get().reference}. "
        "Clear “on offer” instead: incidents filed keep it."
    ]
    assert Category.objects.filter(pk=category.pk).exists()


def test_incidents_and_their_journal_are_read_only(cast, admin):
    incident = cast.file()
    entry = incident.journal.get(number=1)
    page = admin.get(url("incident", "change", incident.pk)).content.decode()
    assert "Scans stop half-way" in page
    assert entry.hash in admin.get(url("journalentry", "change", entry.pk)).content.decode()
    for model, row in (("incident", incident), ("journalentry", entry)):
        for address in (
            url(model, "change", row.pk),
            url(model, "delete", row.pk),
            url(model, "add"),
        ):
            assert admin.post(address, {"post": "yes"}).status_code == 403
        chosen = {"action": "delete_selected", "_selected_action": [row.pk], "post": "yes"}
        admin.post(url(model), chosen)
    assert (Incident.objects.count(), JournalEntry.objects.count()) == (1, 2)


@pytest.mark.parametrize(
    ("model", "queries"), [("category", 9), ("incident", 13), ("journalentry", 12)]
)
def test_a_list_costs_the_same_for_one_row_and_for_three(
    cast, admin, django_assert_num_queries, model, queries
):
    for author in (cast.alice, cast.bob, cast.olga):
        cast.file(by=author)
    rows = {"category": Category, "incident": Incident, "journalentry": JournalEntry}[model]
    keys = [str(pk) for pk in rows._default_manager.values_list("pk", flat=True)[:3]]
    for shown in (keys[:1], keys):
        with django_assert_num_queries(queries):
            page = admin.get(url(model), {"id__in": ",".join(shown)})
        assert len(page.context["cl"].result_list) == len(shown)
