"""How somebody finds the category of what they file: two plain questions, or the whole list.

The questions only narrow the list, by what the categories themselves say; they are not filed.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Final

from django.utils.functional import Promise as LazyText
from django.utils.translation import gettext_lazy as _

from incidents.categories import Kind
from incidents.models import Category

ABOUT, SUFFERS = "about", "suffers"  # the questions' names in the form
WHOLE_LIST: Final = "all"
ANY_SEVERITY: Final = "any"

KIND_ICONS = MappingProxyType(
    {Kind.PRODUCT: "package", Kind.MALWARE: "bug", Kind.SERVICE_REQUEST: "life-buoy"}
)

_ABOUT: Mapping[str, tuple[LazyText, LazyText]] = MappingProxyType(
    {
        Kind.PRODUCT: (_("The product"), _("It fails, or does not work as it should.")),
        Kind.MALWARE: (_("Malware"), _("An infection, an outbreak or a false alarm.")),
        Kind.SERVICE_REQUEST: (_("A question or a request"), _("Nothing is broken.")),
    }
)
_SUFFERS: Mapping[int, tuple[LazyText, LazyText]] = MappingProxyType(
    {
        1: (
            _("Our business"),
            _("Work has stopped or hardly goes on, or data or security is at risk."),
        ),
        2: (_("Something important"), _("It works badly, but our core business goes on.")),
        3: (_("A part of it"), _("Most things work as usual.")),
        4: (_("Next to nothing"), _("It can wait.")),
    }
)


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer to a question; `kinds` are those for which there is something behind it."""

    value: str
    label: str | LazyText
    help: str | LazyText
    icon: str = ""
    kinds: str = ""
    checked: bool = False


@dataclass(frozen=True, slots=True)
class CategoryOption:
    value: str
    label: str
    help: str
    severity: int


@dataclass(slots=True)
class CategoryGroup:
    """Categories under one heading, as `forms/category_cards.html` draws them."""

    kind: str
    label: str | LazyText
    icon: str
    options: list[CategoryOption] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Finder:
    """The questions with what was answered, and the categories that they choose from."""

    about: list[Answer]
    suffers: list[Answer]
    groups: list[CategoryGroup]


def finder(
    categories: Iterable[Category],
    chosen: Mapping[str, Any],
    category: Category | None,
    *,
    whole_list: bool,
) -> Finder:
    """Return the questions; `whole_list`: unless answered otherwise, all categories are shown.

    A category that is chosen answers both of them.
    """
    offered = list(categories)
    about, suffers = chosen.get(ABOUT, ""), chosen.get(SUFFERS, "")
    if not about and category and not whole_list:
        about, suffers = str(category.shown_under), str(category.severity)
    if not about and whole_list:
        about = WHOLE_LIST
    return Finder(_about(offered, about), _suffers(offered, suffers), _groups(offered))


def _about(offered: list[Category], chosen: str) -> list[Answer]:
    present = {category.shown_under for category in offered}
    answers = [
        Answer(kind.value, *_ABOUT[kind], KIND_ICONS[kind], checked=chosen == kind)
        for kind in Kind
        if kind in present
    ]
    whole = Answer(
        WHOLE_LIST,
        _("Show the whole list"),
        _("I know what I am looking for."),
        "list",
        checked=chosen == WHOLE_LIST,
    )
    return [*answers, whole]


def _suffers(offered: list[Category], chosen: str) -> list[Answer]:
    answers = []
    for severity, texts in _SUFFERS.items():
        kinds = {one.shown_under for one in offered if one.severity == severity}
        if kinds:
            value = str(severity)
            listed = " ".join(sorted(kinds))
            answers.append(Answer(value, *texts, kinds=listed, checked=chosen == value))
    everywhere = " ".join(sorted({one.shown_under for one in offered}))
    unsure = Answer(
        ANY_SEVERITY,
        _("I cannot tell"),
        _("Then choose from all of them."),
        kinds=everywhere,
        checked=chosen == ANY_SEVERITY,
    )
    return [*answers, unsure]


def _groups(offered: list[Category]) -> list[CategoryGroup]:
    groups = {kind.value: CategoryGroup(kind.value, kind.label, KIND_ICONS[kind]) for kind in Kind}
    for category in offered:
        option = CategoryOption(
            category.key, category.name, category.description, category.severity
        )
        groups[category.shown_under].options.append(option)
    return [group for group in groups.values() if group.options]
