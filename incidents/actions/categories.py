"""Bringing categories from their file into the database (SPEC 5)."""

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import transaction

from accounts.actions.programmes import Loaded
from accounts.datafile import digest, edited_lines
from accounts.models import User
from incidents.categories import CategoryError, CategoryTerms
from incidents.models import Category


@transaction.atomic
def load_categories(
    *, categories: Sequence[CategoryTerms], actor: User | None, at: datetime
) -> list[Loaded]:
    """Load all categories or, with a `CategoryError` that names every obstacle, none of them.

    Categories that the file does not name stay as they are.
    """
    outcomes: list[Loaded] = []
    lines: list[str] = []
    for terms in sorted(categories, key=lambda terms: terms.key):
        try:
            outcomes.append(load_category(terms=terms, actor=actor, at=at))
        except CategoryError as error:
            lines += error.lines
    if lines:
        raise CategoryError(lines)
    return outcomes


@transaction.atomic
def load_category(*, terms: CategoryTerms, actor: User | None, at: datetime) -> Loaded:
    """Make the database say what the file says of one category.

    Locks the category. Refuses with a `CategoryError`, one line for each difference, where its
    terms are no longer those last loaded. Whether it is on offer is the administrators' alone.
    `actor` None: the command line.
    """
    values = json.loads(json.dumps(_category_values(terms)))
    wanted = Category(**values).as_data()
    stamp = {"loaded_digest": digest(wanted), "loaded_at": at, "loaded_by": actor}

    category, created = Category.objects.select_for_update().get_or_create(
        key=terms.key, defaults=values | stamp
    )
    present = category.as_data()
    if created:
        return Loaded.NEW
    if digest(present) == digest(wanted):
        if category.loaded_digest != stamp["loaded_digest"]:
            _write(category, stamp)
        return Loaded.UNCHANGED
    if category.loaded_digest != digest(present):
        raise CategoryError(edited_lines(terms.key, wanted, present))
    _write(category, values | stamp)
    return Loaded.UPDATED


def _category_values(terms: CategoryTerms) -> dict[str, Any]:
    return {
        "key": terms.key,
        "kind": terms.kind,
        "shown_under": terms.shown_under,
        "severity": terms.severity,
        "position": terms.position,
        "allows_signature_request": terms.allows_signature_request,
        "extra_fields": terms.extra_fields,
        "names": terms.names,
        "descriptions": terms.descriptions,
    }


def _write(category: Category, values: dict[str, Any]) -> None:
    for name, value in values.items():
        setattr(category, name, value)
    category.save(update_fields=list(values))
