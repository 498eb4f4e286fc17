"""Every text of the product stands in every language, and the tools that see to it."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeAlias

import pytest
from django.conf import settings
from django.test import override_settings
from django.utils import translation

from msa.translations.__main__ import main
from msa.translations.check import check
from msa.translations.extract import extract
from msa.translations.layout import LANGUAGES, PROJECT, Language, TranslationsError, Tree
from msa.translations.merge import update
from msa.translations.messages import Message
from msa.translations.pseudo import PSEUDO_LANGUAGE, pseudo, pseudo_catalogue
from msa.translations.texts import faults

Run: TypeAlias = Callable[..., tuple[int, list[str]]]

FRENCH, CHINESE, DUTCH, RUSSIAN = (LANGUAGES[code] for code in ("fr", "zh-hans", "nl", "ru"))

CODE = """
from django.utils import translation
from django.utils.translation import gettext as _, ngettext_lazy as many
from django.utils.translation import npgettext, pgettext_lazy

class Order:
    # Translators: seen above the table
    title = _("Your "
              'order')
    again = _("Save")
    state = pgettext_lazy("order", "Open")
    act = lambda: translation.gettext_lazy("Open")

def count(n, _other):
    _other("Not a text")
    return many("%(n)d item", "%(n)d items", n), npgettext("cart", "{n} box", "{n} boxes", n)
"""

PAGE = """
<html>
    <p title="{% translate 'Save' %}">{{ name|default:_("Nobody") }} isn't 50% "here"</p>
  {% translate "50% off" context "price" %}
      {% include "x.html" with label=_("Close") %}
 {# Translators: under the total #}
{% blocktranslate trimmed count n=lines %}
    {{ n }} <b>line</b>
    by {{ who }}
{% plural %}
    {{ n }} <b>lines</b>
    by {{ who }}
{% endblocktranslate %}
</html>
"""


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    """A shop with one module, one page, and texts beside it that are nobody's to translate."""
    for name, text in {
        "shop/orders.py": CODE,
        "shop/plain.py": "def _(text): return text\nname = _('Not a text')\n",
        "tests/test_orders.py": "from django.utils.translation import gettext\ngettext('No')\n",
        "templates/shop/page.html": PAGE,
        "templates/.draft.html": "{% translate 'Not a text' %}",
    }.items():
        write(tmp_path / name, text)
    return Tree(tmp_path, packages=("shop",))


@pytest.fixture
def run(tree: Tree, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run the command on the shop and return its status and the lines it wrote."""

    def run(*arguments: str) -> tuple[int, list[str]]:
        status = main(list(arguments), tree)
        written = capsys.readouterr()
        return status, [*written.out.splitlines(), *written.err.splitlines()]

    return run


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def test_the_catalogues_are_complete() -> None:
    found = check(PROJECT)
    assert found == [], "\n".join(found)


def test_the_languages_are_those_of_the_settings() -> None:
    assert [code for code, _name in settings.LANGUAGES] == ["en", *LANGUAGES]
    assert [settings.BASE_DIR / "locale"] == settings.LOCALE_PATHS
    assert {translation.to_locale(language.code) for language in LANGUAGES.values()} == {
        language.folder for language in LANGUAGES.values()
    }


# Django's own words.
BLOCK_TAG = (
    "Translation blocks must not include other block tags: now (file templates/bad.html, line 1)"
)


class TestExtract:
    def test_finds_the_texts_of_code_and_pages(self, tree: Tree) -> None:
        module, page = ("shop/orders.py",), ("templates/shop/page.html",)
        assert extract(tree) == [
            Message("%(n)d item", "%(n)d items", None, module),
            Message(
                "%(n)s <b>line</b> by %(who)s",
                "%(n)s <b>lines</b> by %(who)s",
                None,
                page,
                ("under the total",),
            ),
            Message("50%% off", None, "price", page),
            Message("Close", None, None, page),
            Message("Nobody", None, None, page),
            Message("Open", None, None, module),
            Message("Open", None, "order", module),
            Message("Save", None, None, module + page),
            Message("Your order", None, None, module, ("seen above the table",)),
            Message("{n} box", "{n} boxes", "cart", module),
        ]

    @pytest.mark.parametrize(
        "argument", ['"a" + b', '"a" if b else "c"', 'f"a {b}"', '"a %s" % b', 'labels["a"]']
    )
    def test_refuses_a_text_put_together_in_the_call(self, tree: Tree, argument: str) -> None:
        source = f"from django.utils.translation import gettext\n\ngettext({argument})\n"
        write(tree.root / "shop/bad.py", source)
        with pytest.raises(TranslationsError) as refusal:
            extract(tree)
        assert str(refusal.value) == (
            "shop/bad.py:3: the text given to gettext() is put together there;"
            " write it as one literal and fill placeholders in afterwards"
        )

    def test_takes_a_text_kept_elsewhere_for_none(self, tree: Tree) -> None:
        source = "from django.utils.translation import gettext\ngettext(label)\n"
        write(tree.root / "shop/orders.py", source)
        write(tree.root / "templates/shop/page.html", "")
        assert extract(tree) == []

    def test_refuses_two_plurals_of_one_text(self, tree: Tree) -> None:
        source = "from django.utils.translation import ngettext\nngettext('Save', '{}', 2)\n"
        write(tree.root / "shop/a.py", source.format("Saves"))
        write(tree.root / "shop/b.py", source.format("Save all"))
        with pytest.raises(TranslationsError) as refusal:
            extract(tree)
        assert str(refusal.value) == (
            "'Save' has the plural 'Saves' in shop/a.py and 'Save all' in shop/b.py"
        )

    @pytest.mark.parametrize(
        ("name", "text", "reason"),
        [
            ("shop/bad.py", "x = (\n", "shop/bad.py:1: '(' was never closed"),
            ("templates/bad.html", "{% blocktranslate %}{% now %}", BLOCK_TAG),
        ],
    )
    def test_names_the_file_that_cannot_be_read(
        self, run: Run, tree: Tree, name: str, text: str, reason: str
    ) -> None:
        write(tree.root / name, text)
        assert run("extract") == (1, [reason])


HEADER = """# The texts of MSA Desk: French.
msgid ""
msgstr ""
"Project-Id-Version: MSA Desk\\n"
"Language: fr\\n"
"MIME-Version: 1.0\\n"
"Content-Type: text/plain; charset=UTF-8\\n"
"Content-Transfer-Encoding: 8bit\\n"
"Plural-Forms: nplurals=2; plural=(n > 1);\\n"
"""

OLD = """
# from an earlier project
#: shop/other.py:12
msgid "Save"
msgstr "Enregistrer"

#, fuzzy
msgid "Close"
msgstr "Clore"

msgid "%(n)d item"
msgid_plural "%(n)d articles"
msgstr[0] "%(n)d article"
msgstr[1] "%(n)d articles"

msgid "Vanished"
msgstr "Disparu"
"""

NEW = """
#: shop/orders.py
#, python-format
msgid "%(n)d item"
msgid_plural "%(n)d items"
msgstr[0] ""
msgstr[1] ""

#: templates/shop/page.html
#, fuzzy
msgid "Close"
msgstr "Clore"

# from an earlier project
#: shop/orders.py templates/shop/page.html
msgid "Save"
msgstr "Enregistrer"

#. beside the total
#: shop/orders.py
#, python-brace-format
msgctxt "cart"
msgid "{n} box"
msgstr ""
"""


def test_merging_keeps_what_stays_and_settles_at_once(tree: Tree) -> None:
    write(
        tree.root / "shop/orders.py",
        "from django.utils.translation import gettext, ngettext, pgettext\n"
        "a = gettext('Save'), ngettext('%(n)d item', '%(n)d items', 2)\n"
        "# Translators: beside the total\n"
        "b = pgettext('cart', '{n} box')\n",
    )
    write(tree.root / "templates/shop/page.html", "{% translate 'Save' %}{{ _('Close') }}")
    french = tree.catalogue(FRENCH)
    write(french, HEADER + OLD)
    assert update(tree) == [tree.catalogue(language) for language in LANGUAGES.values()]
    assert french.read_text() == HEADER + NEW
    assert update(tree) == []


class TestFaults:
    @pytest.mark.parametrize(
        ("original", "translated", "expected"),
        [
            ("%(a)s of %(b)s", "%(b)s : %(a)s", []),
            ("{a} & <b>{b}</b>", "<b>{b}</b> & {a}", []),
            ("100% done", "100 % fait", []),
            ("Save", "", ["is not translated"]),
            ("%(a)s", "%(b)s", ["lacks %(a)s", "has %(b)s too many"]),
            ("%(a)s", "%(a)d", ["lacks %(a)s", "has %(a)d too many"]),
            ("%s for %d", "%d pour %s", ["has its unnamed placeholders in another order"]),
            ("%(n)s%% off", "%% %(n)s %", ["has a bare %, which must be written %%"]),
            ("{n} boxes", "boîtes", ["lacks {n}"]),
            ('<a href="/x">Go</a>', "<a>Va</a>", ['lacks <a href="/x">', "has <a> too many"]),
            ("Save ", "Sauver", ["begins or ends with other white space"]),
            ("\nSave", " Sauver", ["begins or ends with other white space"]),
        ],
    )
    def test_of_a_text(self, original: str, translated: str, expected: list[str]) -> None:
        assert faults(original, None, [translated], FRENCH) == expected

    def test_of_plural_forms(self) -> None:
        def wrong(language: Language, *forms: str) -> list[str]:
            return faults("%(n)d day", "%(n)d days", forms, language)

        assert wrong(CHINESE, "%(n)d 天") == []
        assert wrong(RUSSIAN, "%(n)d день", "%(n)d дня", "%(n)d дней") == []
        assert wrong(DUTCH, "", "") == ["is not translated"]
        assert wrong(DUTCH, "%(n)d dag", "") == ["in plural form 1 is not translated"]
        assert wrong(RUSSIAN, "%(n)d день", "%(n)d дня") == ["has 2 plural forms, not 3"]
        assert wrong(RUSSIAN, "день", "%(n)d дня", "дней") == [
            "in plural form 0 lacks %(n)d",
            "in plural form 2 lacks %(n)d",
        ]

    def test_only_a_form_for_one_number_may_leave_the_number_out(self) -> None:
        # Dutch has a form for 1 alone; the French one stands for 0 too.
        one = ("one day", "%(n)d days")
        assert faults(*one, ["één dag", "%(n)d dagen"], DUTCH) == []
        assert faults(*one, ["un jour", "%(n)d jours"], FRENCH) == ["in plural form 0 lacks %(n)d"]


FAULTS = [
    "fr: the header's Plural-Forms are not 'nplurals=2; plural=(n > 1);'; run extract",
    'fr: "Close" is not in the catalogue; run extract',
    'fr: "Gone" is in the catalogue but not in the code; run extract',
    'fr: "Gone" is in the catalogue 2 times',
    'fr: "Save" is not translated',
    'fr: "Hi %(who)s" lacks %(who)s',
    'fr: "Hi %(who)s" has %(qui)s too many',
    'fr: "Open" (context "order") is fuzzy',
    "zh-hans: locale/zh_Hans/LC_MESSAGES/django.po is missing; run extract",
    "nl: locale/nl/LC_MESSAGES/django.po is missing; run extract",
    "ru: locale/ru/LC_MESSAGES/django.po is missing; run extract",
]


def test_check_names_each_fault(run: Run, tree: Tree) -> None:
    write(tree.root / "templates/shop/page.html", "")
    write(
        tree.root / "shop/orders.py",
        "from django.utils.translation import gettext as _, pgettext\n"
        "a = _('Save'), _('Hi %(who)s') , pgettext('order', 'Open'), _('Close')\n",
    )
    update(tree)
    for language in (CHINESE, DUTCH, RUSSIAN):
        tree.catalogue(language).unlink()
    write(
        tree.catalogue(FRENCH),
        HEADER.replace("n > 1", "n != 1") + '\nmsgid "Save"\nmsgstr ""\n'
        '\nmsgid "Hi %(who)s"\nmsgstr "Salut %(qui)s"\n'
        '\n#, fuzzy\nmsgctxt "order"\nmsgid "Open"\nmsgstr "Ouverte"\n'
        '\nmsgid "Gone"\nmsgstr "Parti"\n\nmsgid "Gone"\nmsgstr "Parti"\n',
    )
    assert run("check") == (1, FAULTS)


class TestExchange:
    def test_what_is_filled_in_is_shown(self, run: Run, tree: Tree) -> None:
        update(tree)
        questions = missing(run)
        assert questions[0] == {
            "msgid": "%(n)d item",
            "context": None,
            "plural": "%(n)d items",
            "files": ["shop/orders.py"],
            "forms": ["1, 21, 31, 41, 51, 61, …", "2, 3, 4, 22, 23, 24, …", "0, 5, 6, 7, 8, 9, …"],
        }
        assert questions[3] == {
            "msgid": "Your order",
            "context": None,
            "plural": None,
            "files": ["shop/orders.py"],
            "comment": "seen above the table",
        }
        for question in questions:
            text = question["plural"]
            question["msgstr"] = (
                [f"{form} {text}" for form in ("один", "два", "пять")]
                if text
                else f"да {question['msgid']}"
            )
        answers = tree.root / "answers.jsonl"
        write(answers, "\n".join(json.dumps(question) for question in questions))
        assert run("fill", "ru", str(answers)) == (0, [])
        assert missing(run) == []
        assert run("compile")[0] == 0
        with override_settings(LOCALE_PATHS=[tree.root / "locale"]), translation.override("ru"):
            assert translation.pgettext("order", "Open") == "да Open"
            shown = [translation.ngettext("%(n)d item", "%(n)d items", n) for n in (1, 21, 3, 11)]
            assert [text.split()[0] for text in shown] == ["один", "один", "два", "пять"]

    def test_a_translation_that_does_not_do_is_refused(self, run: Run, tree: Tree) -> None:
        update(tree)
        lines = [
            '{"msgid": "Save", "msgstr": "Сохранить"}',
            "",
            '{"msgid": "Close", "msgstr": " Закрыть"}',
            '{"msgid": "Open", "context": "shop", "msgstr": "Открыт"}',
            '{"msgid": "%(n)d item", "msgstr": "%(n)d"}',
            '{"msgid": "Open"}',
            "[]",
            '"',
        ]
        write(tree.root / "answers.jsonl", "\n".join(lines))
        assert run("fill", "ru", str(tree.root / "answers.jsonl")) == (
            1,
            [
                'line 3: "Close" begins or ends with other white space',
                'line 4: "Open" (context "shop") is not in the catalogue',
                "line 5: msgstr must be a list of strings, one per plural form",
                "line 6: msgstr must be a string",
                "line 7: is not an object with a msgid",
                "line 8: Unterminated string starting at: line 1 column 1 (char 0)",
            ],
        )
        left = ["%(n)d item", "Open", "Open", "Your order", "{n} box"]
        left += ["%(n)s <b>line</b> by %(who)s", "50%% off", "Close", "Nobody"]
        assert [question["msgid"] for question in missing(run)] == left

    def test_a_broken_translation_comes_back_with_the_reason(self, run: Run, tree: Tree) -> None:
        update(tree)
        russian = tree.catalogue(RUSSIAN)
        text = russian.read_text()
        write(russian, text.replace('msgid "Close"\nmsgstr ""', 'msgid "Close"\nmsgstr "Да "'))
        [question] = [question for question in missing(run) if question["msgid"] == "Close"]
        assert question["rejected"] == ["Да "]
        assert question["because"] == ["begins or ends with other white space"]


def missing(run: Run) -> list[dict[str, Any]]:
    status, lines = run("missing", "ru")
    assert status == 0
    return [json.loads(line) for line in lines]


class TestCompile:
    def test_writes_what_is_out_of_date_and_else_is_silent(self, run: Run, tree: Tree) -> None:
        update(tree)
        folders = ("fr", "zh_Hans", "nl", "ru")
        assert run("compile") == (0, [f"locale/{name}/LC_MESSAGES/django.mo" for name in folders])
        assert run("compile") == (0, [])
        compiled = tree.catalogue(DUTCH).with_suffix(".mo").stat().st_mtime_ns
        os.utime(tree.catalogue(DUTCH), ns=(compiled + 1, compiled + 1))
        assert run("compile") == (0, ["locale/nl/LC_MESSAGES/django.mo"])

    def test_needs_neither_babel_nor_django(self) -> None:
        script = (
            "import sys; sys.modules.update(babel=None, django=None);"
            "from msa.translations.__main__ import main; sys.exit(main(['compile']))"
        )
        command = [sys.executable, "-c", script]
        done = subprocess.run(command, cwd=PROJECT.root, check=False, capture_output=True)
        assert (done.returncode, done.stderr) == (0, b"")


class TestPseudo:
    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            ("Text", "[Ŧéẋŧ]"),
            (" %(n)s days\n", " [%(n)s đáýš]\n"),
            ('<a href="/x">Go</a>&nbsp;{a}', '[<a href="/x">Ĝó</a>&nbsp;{a}]'),
            ("50%% off, %s", "[50%% óƒƒ, %s]"),
            ("two\nlines", "[ŧŵó\nĺíñéš]"),
            (" ", " "),
        ],
    )
    def test_leaves_no_plain_letter_outside_what_is_kept(self, text: str, expected: str) -> None:
        assert pseudo(text) == expected

    def test_changes_every_letter(self) -> None:
        alphabet = "abcdefghijklmnopqrstuvwxyz"
        odd = pseudo(alphabet + alphabet.upper())
        assert odd == "[áƀçđéƒĝĥíĵķĺḿñóþɋŕšŧúṽŵẋýžÁƁÇĐÉƑĜĤÍĴĶĹḾÑÓÞɊŔŠŦÚṼŴẊÝŽ]"
        assert not any(letter.isascii() for letter in odd[1:-1])

    def test_is_a_language_django_speaks(self, tree: Tree) -> None:
        folder = tree.root / "pseudo"
        assert pseudo_catalogue(folder, tree) == folder / "en_XA" / "LC_MESSAGES" / "django.mo"
        languages = [("en", "English"), (PSEUDO_LANGUAGE, "Pseudo")]
        with (
            override_settings(LANGUAGES=languages, LOCALE_PATHS=[folder]),
            translation.override(PSEUDO_LANGUAGE),
        ):
            assert translation.gettext("Save") == "[Šáṽé]"
            assert translation.pgettext("order", "Open") == "[Óþéñ]"
            assert translation.ngettext("%(n)d item", "%(n)d items", 1) == "[%(n)d íŧéḿ]"
            assert translation.ngettext("%(n)d item", "%(n)d items", 2) == "[%(n)d íŧéḿš]"
            assert translation.gettext("This field is required.") == "[Ŧĥíš ƒíéĺđ íš ŕéɋúíŕéđ.]"
