"""New editions made from old ones, and editions downloaded as files (SPEC 2)."""

import pytest
from django.conf import settings

from accounts.models import Programme
from accounts.programmes import read_programmes
from accounts.terms import VALUE_PATHS
from msa import clock
from tests.accounts.test_admin_programmes import GOLD, change, errors_of, new_form, texts
from tests.conftest import MONDAY_NINE

pytestmark = pytest.mark.django_db


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


class TestNewEditions:
    def address(self, programme):
        return f"/admin/accounts/programme/add/?like={programme.pk}"

    def test_the_form_begins_with_all_terms_of_the_other(self, admin, programme):
        page = admin.get(self.address(programme))
        assert page.context["title"] == "New edition from premium-fr-2023"
        filled = page.context["adminform"].form
        assert filled["key"].value() is None
        assert filled["document"].value() == "rules"
        assert filled["contact_limit"].value() == 8
        assert filled["summaries"].value() == programme.summaries
        assert filled["services"].value() == programme.services
        assert filled.fields["contact_limit"].help_text.endswith("Assumed from premium-fr-2023.")
        [severities] = page.context["inline_admin_formsets"]
        rows = severities.formset.forms
        assert [row["response_minutes"].value() for row in rows] == [30, 240, 360, 480]
        assert rows[3].fields["phone_line"].help_text == "Assumed from premium-fr-2023."
        assert [str(row["severity"].value()) for row in rows] == ["1", "2", "3", "4"]

    def test_unchanged_terms_are_saved_with_where_they_come_from(self, admin, programme):
        sent = new_form(
            programme,
            key="gold-fr-2026",
            document="rules",
            **texts("names", GOLD),
            **{f"provenance_{path}": "premium-fr-2023" for path in VALUE_PATHS},
        )
        assert admin.post(self.address(programme), sent).status_code == 302
        made, source = Programme.objects.get(key="gold-fr-2026").as_data(), programme.as_data()
        assert made["provenance"] == dict.fromkeys(VALUE_PATHS, "assumed from premium-fr-2023")
        differing = {key for key in made if made[key] != source[key]}
        assert differing == {"key", "document", "name", "provenance"}

    def test_two_editions_do_not_share_a_name(self, admin, programme):
        names = GOLD | {"nl": programme.names["nl"]}
        sent = new_form(programme, key="gold-fr-2026", **texts("names", names))
        assert errors_of(admin.post(self.address(programme), sent)) == {
            "names": ["Dutch: premium-fr-2023 has this name already."]
        }

    def test_a_value_is_not_stated_where_no_document_states_it(self, admin, programme):
        sources = {f"provenance_{path}": "premium-fr-2023" for path in VALUE_PATHS}
        sent = new_form(
            programme,
            key="gold-fr-2026",
            document="rules",
            **texts("names", GOLD),
            **sources | {"provenance_tam_hours": "stated"},
        )
        assert errors_of(admin.post(self.address(programme), sent)) == {
            "__all__": [
                'provenance.tam_hours: expected "assumed from" with "rules" or the key of an '
                'edition, since the document is "rules", found "stated"'
            ]
        }

    @pytest.mark.parametrize("key", ["x", "0", "-1", "99999999999999999999"])
    def test_an_edition_that_there_is_not(self, admin, key):
        assert admin.get(f"/admin/accounts/programme/add/?like={key}").status_code == 404

    def test_the_page_offers_it(self, admin, programme):
        html = admin.get(change(programme)).content.decode()
        assert f'<a href="{self.address(programme)}">New edition from this one</a>' in html


class TestDownload:
    def address(self, pk):
        return f"/admin/accounts/programme/{pk}/toml/"

    def test_it_is_the_file_of_the_edition(self, admin, programme, tmp_path):
        sent = admin.get(self.address(programme.pk))
        assert sent["Content-Type"] == "application/toml; charset=utf-8"
        assert sent["Content-Disposition"] == 'attachment; filename="premium-fr-2023.toml"'
        (tmp_path / "premium-fr-2023.toml").write_bytes(sent.content)
        assert read_programmes(tmp_path) == [
            terms
            for terms in read_programmes(settings.BASE_DIR / "programmes")
            if terms.key == "premium-fr-2023"
        ]

    def test_none_for_an_edition_that_there_is_not(self, admin):
        assert admin.get(self.address(0)).status_code == 404
        assert admin.get(self.address("x")).status_code == 404

    def test_administrators_only(self, cast, signed_in, programme):
        assert signed_in(cast.tom).get(self.address(programme.pk)).status_code == 403

    def test_the_page_offers_it(self, admin, programme):
        html = admin.get(change(programme)).content.decode()
        assert f'<a href="{self.address(programme.pk)}" download>Download as a file</a>' in html
