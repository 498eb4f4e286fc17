"""Programme editions through the administrators' forms (SPEC 2)."""

import pytest
from django.urls import reverse

from accounts.models import Certificate, Programme
from accounts.terms import VALUE_PATHS
from msa import clock
from msa.outbox.models import Message
from tests.accounts.previews import save
from tests.conftest import MONDAY_NINE

pytestmark = pytest.mark.django_db

LANGUAGES = ("en", "fr", "zh-hans", "nl", "ru")
GOLD = {"en": "Gold", "fr": "Or", "zh-hans": "黄金版", "nl": "Goud", "ru": "Золото"}
INSTEAD = (
    "2 certificates that have not ended promise this. "
    "Make a new edition instead, and move certificates to it. "
)


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


def new_form(programme, **changes):
    """Return what the browser sends for a new edition like another one."""
    sent = form(programme, **{"severities-INITIAL_FORMS": 0}, **changes)
    for index in range(4):
        sent[f"severities-{index}-id"] = sent[f"severities-{index}-programme"] = ""
    return sent


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
        "Certificates that have not ended take a higher number over at once; while there are any, "
        "it cannot be lowered. Stated in its document."
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
    sent = new_form(programme, key="gold-fr-2026", year=2026, **texts("names", GOLD))
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


class TestInUse:
    """An edition that certificates name: a promise that runs is not taken back."""

    @pytest.fixture
    def used(self, cast):
        return cast.certificate.programme

    @pytest.fixture
    def sent(self, used):
        hours = {f"tam_hours_{day}": "9-18" for day in ("mon", "tue", "wed", "thu", "fri")}
        return form(used, **hours)

    @pytest.fixture
    def instead(self, used):
        address = f"/admin/accounts/programme/add/?like={used.pk}"
        return f'{INSTEAD}<a href="{address}">New edition from this one</a>'

    def test_each_value_that_takes_a_promise_back_is_named_and_kept_as_typed(
        self, admin, used, sent, instead
    ):
        del sent["services_health_check"]
        page = admin.post(change(used), sent | {"contact_limit": 4, "tam_hours_fri": "9-12"})
        assert errors_of(page) == {
            "contact_limit": ["Number of contacts: 8 until now, 4 then"],
            "tam_hours": ["Hours of the TAM: Fri 09:00–18:00 until now, Fri 09:00–12:00 then"],
            "services": ["Yearly health check: included until now, not included then"],
            "__all__": [instead],
        }
        html = page.content.decode()
        assert 'name="contact_limit" value="4"' in html
        assert "As in its file" in html
        assert Programme.objects.get(pk=used.pk).fingerprint() == used.loaded_digest

    def test_a_severity_that_promises_less_is_named(self, admin, used, sent, instead):
        page = admin.post(
            change(used),
            sent
            | {
                "severities-1-response_minutes": 300,
                "severities-2-phone_line": "none",
                "severities-3-call_required_out_of_hours": "on",
            },
        )
        assert errors_of(page) == {
            "2.response_minutes": ["Response time at severity 2: 4 h until now, 5 h then"],
            "3.phone_line": [
                "Priority phone line at severity 3: in office hours until now, not included then"
            ],
            "4.call_required_out_of_hours": [
                "Call out of hours at severity 4: not required until now, required then"
            ],
        }
        [severities] = page.context["inline_admin_formsets"]
        assert severities.formset.non_form_errors() == [instead]

    def test_what_gets_better_is_read_saved_and_told(self, admin, used, sent, cast):
        page = admin.post(
            change(used), sent | {"contact_limit": 9, "severities-1-response_minutes": 60}
        )
        assert page.templates[0].name == "admin/confirm_change.html"
        assert save(admin, change(used), page).status_code == 302
        stored = Programme.objects.get(pk=used.pk)
        assert stored.contact_limit == 9
        assert stored.severities.get(severity=2).response_minutes == 60
        [message] = Message.objects.filter(topic="programme.revised")
        assert message.payload == {"programme": used.pk, "actor": cast.ada.pk, "after": 0}

    def test_texts_go_through(self, admin, used, sent):
        other = sent | texts("names", GOLD) | {"severities-0-meaning_product_en": "Fire"}
        assert admin.post(change(used), other).status_code == 302
        assert Programme.objects.get(pk=used.pk).name == "Gold"

    def test_what_was_promised_stands_though_its_certificates_are_revoked(self, admin, used, sent):
        Certificate.objects.update(revoked_at=MONDAY_NINE)
        page = admin.post(change(used), sent | {"contact_limit": 1})
        assert errors_of(page) == {
            "contact_limit": ["Number of contacts: 8 until now, 1 then"],
            "__all__": [
                "Certificates were issued under it, and may run under it again. "
                "Make a new edition instead. "
                f'<a href="/admin/accounts/programme/add/?like={used.pk}">'
                "New edition from this one</a>"
            ],
        }


def test_how_many_values_are_stated_and_assumed_is_told(admin, programme):
    html = admin.get(change(programme)).content.decode()
    assert (
        "Assumed: a rule of this product: 18 · Stated in its document: 16 · "
        "Assumed from msa-enterprise-fr-2022: 12"
    ) in html


def test_a_page_costs_the_same_for_an_edition_of_many_certificates(
    admin, cast, programme, django_assert_num_queries
):
    for row in (programme, cast.certificate.programme):
        with django_assert_num_queries(16):
            admin.get(change(row))
