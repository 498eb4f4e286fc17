"""What changed between two versions of a certificate, in words: values in, values out (SPEC 3)."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.text import capfirst
from django.utils.translation import gettext as _

from accounts.printing import words

Printed = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Change:
    """One value before and after; an empty text: there was none."""

    what: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Part:
    """The changes of one part of the certificate; at least one."""

    title: str
    changes: Sequence[Change]


def changes(before: Printed, after: Printed) -> list[Part]:
    """Return what a later version prints otherwise than an earlier one, in the active language.

    What either of them does not print, since it is older than that, is left out.
    """
    parts = (
        Part(_("Agreement"), list(_agreement(before, after))),
        Part(_("Contacts"), list(_contacts(before["contacts"], after["contacts"]))),
        Part(_("Products"), list(_products(before["products"], after["products"]))),
        Part(_("What we promise"), list(_promises(before, after))),
    )
    return [part for part in parts if part.changes]


def _agreement(before: Printed, after: Printed) -> Iterator[Change]:
    for what, key in (
        (_("Number"), "number"),
        (_("Customer"), "customer"),
        (_("Office"), "office"),
        (_("Time zone"), "timezone"),
        (_("Technical account manager"), "tam"),
        (_("Deputy"), "deputy"),
    ):
        if key in before and key in after and before[key] != after[key]:
            yield Change(what, before[key] or "", after[key] or "")
    for what, key in ((_("First day"), "valid_from"), (_("Last day"), "valid_until")):
        if before[key] != after[key]:
            yield Change(what, words.date_text(before[key]), words.date_text(after[key]))
    if before["week"] != after["week"]:
        hours = words.hours_text(before), words.hours_text(after)
        yield Change(_("Hours"), capfirst(hours[0]), capfirst(hours[1]))
    if before["programme"] != after["programme"]:
        yield Change(_("Programme"), *_programmes(before, after))


def _programmes(before: Printed, after: Printed) -> tuple[str, str]:
    """Return two programmes' names, or their keys where the names are the same."""
    names = words.programme_text(before), words.programme_text(after)
    return names if names[0] != names[1] else (before["programme"], after["programme"])


def _products(before: Sequence[str], after: Sequence[str]) -> Iterator[Change]:
    for product in before:
        if product not in after:
            yield Change(_("Product removed"), product, "")
    for product in after:
        if product not in before:
            yield Change(_("Product added"), "", product)


def _contacts(before: Sequence[Printed], after: Sequence[Printed]) -> Iterator[Change]:
    earlier, later = list(before), list(after)
    for known_by in ("email", "name"):  # whose address changed is known by the name
        for person in list(earlier):
            same = next((one for one in later if one[known_by] == person[known_by]), None)
            if same is None:
                continue
            earlier.remove(person)
            later.remove(same)
            if same != person:
                yield _contact_change(_("Contact corrected"), person, same)
    for person in earlier:
        yield _contact_change(_("Contact removed"), person, None)
    for person in later:
        yield _contact_change(_("Contact added"), None, person)


def _contact_change(what: str, before: Printed | None, after: Printed | None) -> Change:
    return Change(
        what,
        words.contact_text(before) if before else "",
        words.contact_text(after) if after else "",
    )


def _promises(before: Printed, after: Printed) -> Iterator[Change]:
    if "promises" not in before or "promises" not in after:
        return
    earlier = words.promise_facts(before["promises"])
    later = words.promise_facts(after["promises"])
    for key in {**earlier, **later}:
        was, becomes = earlier.get(key), later.get(key)
        texts = was.text if was else "", becomes.text if becomes else ""
        label = becomes or was
        if label is not None and texts[0] != texts[1]:
            yield Change(label.label, capfirst(texts[0]), capfirst(texts[1]))
