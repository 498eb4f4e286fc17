"""What a translation must keep of its original: placeholders, tags and surrounding space."""

import re
from collections import Counter
from collections.abc import Sequence
from typing import Final

from msa.translations.layout import Language

# No flag " ": "50 % done" is prose far more often than it is a number padded with a space.
DIRECTIVE: Final = re.compile(
    r"%(?:\([^)]*\))?[-#0+]*(?:\d+|\*)?(?:\.(?:\d+|\*))?[diouxXeEfFgGcrsa%]"
)
FIELD: Final = re.compile(r"\{[^{}]*\}")
_TAG: Final = re.compile(r"</?[A-Za-z][^<>]*>")
_ENTITY: Final = re.compile(r"&#?\w+;")

# What nobody may translate.
PROTECTED: Final = re.compile("|".join(kind.pattern for kind in (DIRECTIVE, FIELD, _TAG, _ENTITY)))


def faults(
    msgid: str, plural: str | None, translations: Sequence[str], language: Language
) -> list[str]:
    """Return what is wrong with the translations of a text, one per plural form if it has one.

    A form that stands for a single number may leave the number out as the singular does.
    """
    if plural is None:
        return _faults(msgid, translations[0]) if translations else ["is not translated"]
    if not any(translations):
        return ["is not translated"]
    if len(translations) != language.form_count:
        return [f"has {len(translations)} plural forms, not {language.form_count}"]
    found = []
    for form, (numbers, text) in enumerate(zip(language.numbers, translations, strict=True)):
        wrong = _faults(plural, text)
        if wrong and len(numbers) == 1 and not _faults(msgid, text):
            wrong = []
        found += [f"in plural form {form} {fault}" for fault in wrong]
    return found


def _faults(original: str, translation: str) -> list[str]:
    if not translation:
        return ["is not translated"]
    found = []
    expected, actual = _kept(original), _kept(translation)
    if missing := expected - actual:
        found.append(f"lacks {', '.join(missing.elements())}")
    if surplus := actual - expected:
        found.append(f"has {', '.join(surplus.elements())} too many")
    if not found and _unnamed(original) != _unnamed(translation):
        found.append("has its unnamed placeholders in another order")
    if DIRECTIVE.search(original) and "%" in DIRECTIVE.sub("", translation):
        found.append("has a bare %, which must be written %%")
    if _margins(original) != _margins(translation):
        found.append("begins or ends with other white space")
    return found


def _kept(text: str) -> Counter[str]:
    return Counter(found for kind in (DIRECTIVE, FIELD, _TAG) for found in kind.findall(text))


def _unnamed(text: str) -> list[str]:
    return [found for found in DIRECTIVE.findall(text) if not found.startswith("%(")]


def _margins(text: str) -> tuple[str, str]:
    return text[: len(text) - len(text.lstrip())], text[len(text.rstrip()) :]
