"""The built-in categories against SCENARIOS.md and SPEC 5, wrong files, and loading."""

import shutil
from datetime import UTC, datetime
from io import StringIO
from pathlib import Path

import pytest
from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import IntegrityError, transaction
from django.utils import translation

from accounts.actions.programmes import Loaded
from incidents.actions.categories import load_categories
from incidents.categories import CategoryError, read_categories
from incidents.models import Category

FILE = Path(settings.BASE_DIR) / "programmes" / "categories.toml"
AT = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)

# key, kind, shown under, severity, allows a signature request
BUILT_IN = [
    ("product-network-down", "product", "product", 1, False),
    ("product-crash-or-loss", "product", "product", 1, False),
    ("product-malfunction", "product", "product", 2, False),
    ("product-partial", "product", "product", 3, False),
    ("product-other", "product", "product", 4, False),
    ("malware-network-down", "malware", "malware", 1, True),
    ("malware-outbreak", "product", "malware", 1, True),
    ("malware-false-alarm-critical", "malware", "malware", 1, True),
    ("malware-nodes-infected", "malware", "malware", 2, True),
    ("malware-false-alarm", "malware", "malware", 2, True),
    ("malware-advice", "malware", "malware", 3, False),
    ("service-request", "service_request", "service_request", 3, False),
    ("service-information", "service_request", "service_request", 4, False),
]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A copy of the shipped file, to be changed at will."""
    return Path(shutil.copy(FILE, tmp_path))


def change(file: Path, old: str, new: str) -> None:
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new, 1), encoding="utf-8")


def load(file: Path = FILE) -> str:
    said = StringIO()
    call_command("load_categories", str(file), stdout=said)
    return said.getvalue()


class TestFile:
    def test_the_thirteen_built_in_categories(self):
        assert [
            (
                terms.key,
                terms.kind,
                terms.shown_under,
                terms.severity,
                terms.allows_signature_request,
            )
            for terms in read_categories(FILE)
        ] == BUILT_IN

    def test_positions_follow_the_file(self):
        assert [terms.position for terms in read_categories(FILE)] == list(range(10, 140, 10))

    def test_extra_fields(self):
        sample = [
            ("sample", "file", False),
            ("hashes", "text", False),
            ("databases-released", "date", False),
        ]
        affected = [*sample, ("affected", "choice", False)]
        asked = {
            terms.key: [(row["key"], row["kind"], row["required"]) for row in terms.extra_fields]
            for terms in read_categories(FILE)
            if terms.extra_fields
        }
        assert asked == {
            "malware-network-down": sample,
            "malware-outbreak": affected,
            "malware-false-alarm-critical": sample,
            "malware-nodes-infected": affected,
            "malware-false-alarm": sample,
        }

    def test_a_choice_offers_labels_in_each_language(self):
        outbreak = next(row for row in read_categories(FILE) if row.key == "malware-outbreak")
        assert outbreak.extra_fields[3]["choices"][2] == {
            "key": "most",
            "label": {
                "en": "More than 100",
                "fr": "Plus de 100",
                "zh-hans": "100 台以上",
                "nl": "Meer dan 100",
                "ru": "более 100",
            },
        }


ROWS = "at most 64 small letters, digits and single hyphens"
WRONG = {
    "severity too high": (
        "severity = 1",
        "severity = 5",
        "product-network-down.severity: expected a whole number from 1 to 4, found 5",
    ),
    "kind unknown": (
        'kind = "product"',
        'kind = "hardware"',
        (
            'product-network-down.kind: expected "product", "malware" or "service_request", '
            'found "hardware"'
        ),
    ),
    "shown under nothing": (
        'shown_under = "malware"',
        'shown_under = "viruses"',
        (
            'malware-outbreak.shown_under: expected "product", "malware" or "service_request", '
            'found "viruses"'
        ),
    ),
    "signature request neither": (
        "allows_signature_request = false",
        "allows_signature_request = 0",
        "product-network-down.allows_signature_request: expected true or false, found 0",
    ),
    "position missing": (
        "position = 10\n",
        "",
        "product-network-down.position: expected a whole number from 0 to 10000, found nothing",
    ),
    "unknown key": (
        "position = 10\n",
        "position = 10\ncolour = 1\n",
        (
            "product-network-down.colour: unknown key; expected one of allows_signature_request, "
            "description, extra_fields, kind, name, position, severity, shown_under"
        ),
    ),
    "language missing": (
        'nl = "Netwerk ligt plat"\n',
        "",
        (
            "product-network-down.name.nl: expected a text of 1 to 1000 characters without space "
            "around it, found nothing"
        ),
    ),
    "text with space around": (
        '"Netwerk ligt plat"',
        '"Netwerk ligt plat "',
        (
            "product-network-down.name.nl: expected a text of 1 to 1000 characters without space "
            'around it, found "Netwerk ligt plat "'
        ),
    ),
    "key no slug": (
        "[product-network-down]\n",
        "[Product_Network]\n",
        f"Product_Network: expected a key of {ROWS}",
    ),
    "no table": (
        "[product-network-down]\n",
        "extra = 1\n\n[product-network-down]\n",
        "extra: expected a table, found 1",
    ),
    "field kind unknown": (
        'kind = "date"',
        'kind = "time"',
        (
            "malware-network-down.extra_fields.databases-released.kind: "
            'expected "text", "choice", "file" or "date", found "time"'
        ),
    ),
    "field required neither": (
        "required = false",
        'required = "no"',
        'malware-network-down.extra_fields.sample.required: expected true or false, found "no"',
    ),
    "choices where there is no choice": (
        'kind = "choice"',
        'kind = "text"',
        (
            "malware-outbreak.extra_fields.affected.choices: unknown key; "
            "expected one of key, kind, label, required"
        ),
    ),
    "no TOML": (
        "severity = 1",
        "severity 1",
        "expected TOML: Expected '=' after a key in a key/value pair (at line 9, column 10)",
    ),
}


class TestWrongFiles:
    @pytest.mark.parametrize(("old", "new", "message"), WRONG.values(), ids=WRONG)
    def test_the_mistake_is_named(self, file, old, new, message):
        change(file, old, new)
        with pytest.raises(CategoryError) as refusal:
            read_categories(file)
        assert refusal.value.lines[0] == f"categories.toml: {message}"

    def test_every_mistake_is_told_at_once(self, file):
        change(file, "severity = 2", "severity = 0")
        change(file, "severity = 3", 'severity = "low"')
        with pytest.raises(CategoryError) as refusal:
            read_categories(file)
        assert refusal.value.lines == (
            (
                "categories.toml: product-malfunction.severity: "
                "expected a whole number from 1 to 4, found 0"
            ),
            (
                "categories.toml: product-partial.severity: "
                'expected a whole number from 1 to 4, found "low"'
            ),
        )

    def test_extra_fields_of_one_key_are_refused(self, tmp_path):
        file = tmp_path / "categories.toml"
        head, _field, fields = FILE.read_text(encoding="utf-8").partition("[[malware-network-down")
        field = fields.partition("[[")[0]
        file.write_text(f"{head}[[malware-network-down{field}[[malware-network-down{field}")
        with pytest.raises(CategoryError) as refusal:
            read_categories(file)
        (line,) = refusal.value.lines
        assert line.partition(", found ")[0] == (
            "categories.toml: malware-network-down.extra_fields: "
            f"expected at most 10 tables, each with a key of its own: {ROWS}"
        )

    def test_a_file_that_is_not_there(self, tmp_path):
        with pytest.raises(CategoryError) as refusal:
            read_categories(tmp_path / "none.toml")
        assert str(refusal.value) == "none.toml: cannot be read: No such file or directory"

    def test_an_empty_file(self, tmp_path):
        (tmp_path / "empty.toml").touch()
        with pytest.raises(CategoryError) as refusal:
            read_categories(tmp_path / "empty.toml")
        assert str(refusal.value) == "empty.toml: expected categories, found nothing"


@pytest.mark.django_db
@pytest.mark.usefixtures("nothing_shipped")
class TestLoading:
    def test_loading_twice_changes_nothing(self):
        assert load() == "13 new\n"
        first = list(Category.objects.values())
        assert load() == "13 unchanged\n"
        assert list(Category.objects.values()) == first
        assert [
            (row.key, row.kind, row.shown_under, row.severity, row.allows_signature_request)
            for row in Category.objects.on_offer()
        ] == BUILT_IN

    def test_without_a_file_the_shipped_one_is_loaded(self):
        said = StringIO()
        call_command("load_categories", stdout=said)
        assert said.getvalue() == "13 new\n"

    def test_a_changed_file_is_taken_over(self, file):
        load(file)
        change(file, "position = 10\n", "position = 5\n")
        assert load(file) == "1 updated, 12 unchanged\n"
        assert Category.objects.get(key="product-network-down").position == 5

    def test_an_edited_category_is_refused_with_each_difference(self, file):
        load(file)
        outbreak = Category.objects.get(key="malware-outbreak")
        outbreak.severity = 2
        outbreak.names["nl"] = "Uitbraak"
        outbreak.extra_fields[1]["required"] = True
        outbreak.save()
        change(file, "position = 10\n", "position = 5\n")
        edited = list(Category.objects.values())

        with pytest.raises(CommandError) as refusal:
            load(file)

        assert refusal.value.returncode == 1
        assert str(refusal.value).splitlines() == [
            "malware-outbreak: edited by an administrator, so nothing was loaded",
            (
                "malware-outbreak: extra_fields.hashes.required: "
                "the file says false, the database true"
            ),
            (
                'malware-outbreak: name.nl: the file says "Uitbraak van een niet-herkend virus", '
                'the database "Uitbraak"'
            ),
            "malware-outbreak: severity: the file says 1, the database 2",
        ]
        assert list(Category.objects.values()) == edited

    def test_what_is_on_offer_is_the_administrators_alone(self, file):
        load(file)
        Category.objects.filter(key="product-other").update(active=False)
        assert load(file) == "13 unchanged\n"
        assert Category.objects.on_offer().count() == 12
        assert Category.objects.get(key="product-other").active is False

    def test_an_edit_that_the_file_now_says_too_is_no_obstacle(self, file):
        load(file)
        Category.objects.filter(key="product-network-down").update(position=5)
        change(file, "position = 10\n", "position = 5\n")
        assert load(file) == "13 unchanged\n"
        change(file, "position = 5\n", "position = 6\n")
        assert load(file) == "1 updated, 12 unchanged\n"

    def test_categories_of_ones_own_stay(self):
        Category.objects.create(key="ours", kind="product", shown_under="product", severity=4)
        assert load() == "13 new\n"
        assert Category.objects.count() == 14

    def test_a_wrong_file_loads_nothing(self, file):
        change(file, "severity = 1", "severity = 5")
        with pytest.raises(CommandError) as refusal:
            load(file)
        assert str(refusal.value) == (
            "categories.toml: product-network-down.severity: "
            "expected a whole number from 1 to 4, found 5"
        )
        assert Category.objects.count() == 0

    def test_when_it_was_loaded_is_kept(self):
        categories = read_categories(FILE)
        outcomes = load_categories(categories=categories, actor=None, at=AT)
        assert outcomes == [Loaded.NEW] * 13
        assert Category.objects.filter(loaded_at=AT, loaded_by=None).count() == 13


@pytest.mark.django_db
@pytest.mark.usefixtures("nothing_shipped")
class TestEditing:
    def test_what_is_loaded_is_valid(self):
        load()
        for category in Category.objects.all():
            category.full_clean()
            assert category.fingerprint() == category.loaded_digest

    def test_an_edit_is_checked_like_a_file(self):
        load()
        category = Category.objects.get(key="product-other")
        category.severity = 7
        category.extra_fields = [{"key": "a", "kind": "text"}]
        with pytest.raises(ValidationError) as refusal:
            category.clean()
        assert refusal.value.messages == [
            "severity: expected a whole number from 1 to 4, found 7",
            "extra_fields.a.required: expected true or false, found nothing",
            "extra_fields.a.label: expected a table, found nothing",
        ]

    def test_texts_in_the_language_in_use(self):
        load()
        category = Category.objects.get(key="malware-false-alarm")
        with translation.override("fr"):
            assert str(category) == "Fausse alerte"
            assert category.description == (
                "Le produit prend-il pour infecté un fichier sain dont votre activité peut se "
                "passer ?"
            )
        with translation.override("de"):
            assert str(category) == "False alarm"

    @pytest.mark.parametrize(
        ("field", "value"), [("severity", 0), ("kind", "x"), ("shown_under", "x")]
    )
    def test_the_database_refuses_a_wrong_category(self, field, value):
        load()
        with pytest.raises(IntegrityError), transaction.atomic():
            Category.objects.filter(key="product-other").update(**{field: value})
