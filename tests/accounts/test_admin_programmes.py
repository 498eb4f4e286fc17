"""Programme editions through the administrators' forms (SPEC 2)."""

import pytest
from django.urls import reverse

from accounts.models import Programme
from accounts.terms import VALUE_PATHS
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
def programme(cast):
    return Programme.objects.get(key="premium-fr-2023")


def change(programme):
    return reverse("admin:accounts_programme_change", args=[programme.pk])


def texts(name, values):
    return {f"{name}_{code}": values[code] for code in LANGUAGES}


def form(programme, **changes):
    """Return what the browser sends for an edition as it stands, with `changes`."""
    services = programme.services
    data = {
        "key": programme.key,
        "region": programme.region,
        "year": programme.year or "",
        "document": programme.document,
        **texts("names", programme.names),
        **texts("summaries", programme.summaries),
        "contact_limit": programme.contact_limit,
        "incidents_per_year": "",
        "customer_side_months": programme.customer_side_months,
        "warning_percentages": "50,80",
        "escalation_levels": programme.escalation_levels,
        "requirements": str(programme.requirements).replace("'", '"'),
        **{f"tam_hours_{day}": "" for day in ("mon", "tue", "wed", "thu", "fri", "sat", "sun")},
        **{f"services_{key}": "on" for key, value in services.items() if value is True},
        "services_private_patches": services["private_patches"] or "",
        "services_open_incident_reports": services["open_incident_reports"],
        "services_exclusions": services["exclusions"],
        **{
            f"provenance_{path}": "stated"
            if programme.provenance[path].get("stated")
            else programme.provenance[path]["assumed_from"]
            for path in VALUE_PATHS
        },
        "severities-TOTAL_FORMS": 4,
        "severities-INITIAL_FORMS": 4,
        "severities-MIN_NUM_FORMS": 4,
        "severities-MAX_NUM_FORMS": 4,
    }
    for index, row in enumerate(programme.severities.order_by("severity")):
        data |= severity_form(index, row)
    return {**data, **changes}


def severity_form(index, row):
    prefix = f"severities-{index}"
    return {
        f"{prefix}-id": row.pk or "",
        f"{prefix}-programme": row.programme_id,
        f"{prefix}-response_minutes": row.response_minutes,
        f"{prefix}-response_unit": row.response_unit,
        **(
            {f"{prefix}-call_required_out_of_hours": "on"} if row.call_required_out_of_hours else {}
        ),
        f"{prefix}-phone_line": row.phone_line,
        f"{prefix}-status_reports": row.status_reports,
        **{
            f"{prefix}-further_targets_{kind}_{part}": value
            for kind in ("next_response", "update", "workaround", "resolution")
            for part, value in (("minutes", ""), ("unit", "elapsed"))
        },
        **texts(f"{prefix}-meaning_product", row.meaning_product),
        **texts(f"{prefix}-meaning_malware", row.meaning_malware),
    }


def errors_of(response):
    assert response.status_code == 200
    found = {key: list(errors) for key, errors in response.context["adminform"].form.errors.items()}
    for formset in response.context["inline_admin_formsets"]:
        for index, row in enumerate(formset.formset.forms, start=1):
            found.update({f"{index}.{key}": list(value) for key, value in row.errors.items()})
    return found


@pytest.mark.parametrize(
    "key",
    [
        "msa-enterprise-fr-2022",
        "premium-fr-2023",
        "msa-enterprise-zh",
        "msa-enterprise-nl-2023",
        "msa-enterprise-ru-2023",
    ],
)
def test_saving_an_edition_as_it_stands_edits_nothing(admin, key):
    programme = Programme.objects.get(key=key)
    sent = form(programme)
    if programme.tam_hours:
        for day, windows in programme.tam_hours.items():
            sent[f"tam_hours_{day}"] = windows if windows == "office" else "–".join(windows[0])
    response = admin.post(change(programme), sent)
    assert response.status_code == 302
    saved = Programme.objects.get(key=key)
    assert saved.as_data() == programme.as_data()
    assert saved.fingerprint() == saved.loaded_digest


def test_hours_of_the_tam_services_and_further_targets_are_fields(admin, programme):
    sent = form(
        programme,
        tam_hours_mon="9-12",
        tam_hours_tue="office",
        services_private_patches="reasonable",
        services_open_incident_reports=["on_demand", "tailored"],
        **{
            "severities-0-further_targets_update_minutes": "60",
            "severities-0-further_targets_update_unit": "working",
        },
    )
    sent.pop("services_signature_requests")
    assert admin.post(change(programme), sent).status_code == 302
    saved = Programme.objects.get(pk=programme.pk)
    assert saved.tam_hours == {"mon": [["09:00", "12:00"]], "tue": "office"}
    assert saved.services == {
        **programme.services,
        "signature_requests": False,
        "private_patches": "reasonable",
        "open_incident_reports": ["on_demand", "tailored"],
    }
    first = saved.severities.get(severity=1)
    assert first.further_targets == {"update": {"minutes": 60, "unit": "working"}}
    page = admin.get(change(programme)).content.decode()
    assert "Edited since it was loaded from its file, which will not overwrite it" in page


def test_the_source_of_a_value_is_shown_beside_it_and_can_be_corrected(admin, programme):
    help_texts = {
        name: str(field.help_text)
        for name, field in admin.get(change(programme)).context["adminform"].form.fields.items()
    }
    assert help_texts["contact_limit"] == (
        "Certificates take it over when they are issued under this edition or moved to it. "
        "Stated in its document."
    )
    assert help_texts["escalation_levels"] == "Assumed from msa-enterprise-fr-2022."
    sent = form(programme, provenance_escalation_levels="stated")
    assert admin.post(change(programme), sent).status_code == 302
    saved = Programme.objects.get(pk=programme.pk)
    assert saved.provenance == {**programme.provenance, "escalation_levels": {"stated": True}}


@pytest.mark.parametrize(
    ("changes", "errors"),
    [
        ({"names_ru": ""}, {"names": ["Russian: This field is required."]}),
        (
            {"services_private_patches": "some"},
            {
                "services": [
                    "Private patches: Select a valid choice. some is not one of the available "
                    "choices."
                ]
            },
        ),
        (
            {"severities-2-further_targets_update_minutes": "0"},
            {
                "3.further_targets": [
                    "Update: minutes: Ensure this value is greater than or equal to 1."
                ]
            },
        ),
        (
            {"severities-0-meaning_product_nl": ""},
            {"1.meaning_product": ["Dutch: This field is required."]},
        ),
        (
            {"warning_percentages": "80,50"},
            {
                "__all__": [
                    "warning_percentages: expected at most 5 rising whole numbers from 1 to 99, "
                    "found [80, 50]"
                ]
            },
        ),
    ],
)
def test_what_a_programme_cannot_say_is_refused(admin, programme, changes, errors):
    assert errors_of(admin.post(change(programme), form(programme, **changes))) == errors


def test_a_programme_is_made_with_its_four_severities(admin, programme):
    sent = form(programme, key="gold-fr-2026", year=2026, **{"severities-INITIAL_FORMS": 0})
    for index in range(4):
        sent[f"severities-{index}-id"] = sent[f"severities-{index}-programme"] = ""
    response = admin.post("/admin/accounts/programme/add/", sent)
    assert response.status_code == 302
    made = Programme.objects.get(key="gold-fr-2026")
    assert (made.loaded_digest, made.year) == (None, 2026)
    assert [(row.severity, row.response_minutes) for row in made.severities.all()] == [
        (1, 30),
        (2, 240),
        (3, 360),
        (4, 480),
    ]
