"""Incidents that belong to another one, and those that look as if they did."""

import re
from datetime import datetime, timedelta

from django.db.models import F, Q

from accounts.models import User
from incidents.models import Incident, QueueTier
from incidents.states import Closure

LOOKED_BACK = timedelta(days=365)  # a solution older than a year is one of another version
SUGGESTED = 5  # as many as are read before one searches
COMPARED = 200  # of a customer, the latest first: what a page may look through
WORD_LENGTH = 4  # letters; shorter words tell nothing
SAME_CASE_WORTH = 2  # words in common, that the same product and category count as


def related_to(incident: Incident, viewer: User, at: datetime) -> list[Incident]:
    """Return the incidents related to one, as far as a person sees them, the latest first."""
    related = Q(relations__other=incident) | Q(relations_of_others__incident=incident)
    seen = Incident.objects.visible_to(viewer, at).filter(related)
    return list(seen.select_related("product").defer("targets").order_by("-received_at", "-id"))


def look_alikes(incident: Incident, viewer: User, at: datetime) -> list[Incident]:
    """Return incidents of the customer that may belong to one: alike in product, category, words.

    Open, or solved within a year; not those related already. One query, of `COMPARED` rows.
    """
    is_open = Q(queue_tier__lt=QueueTier.CLOSED)
    solved = Q(closure=Closure.SOLVED, closed_at__gte=at - LOOKED_BACK)
    candidates = (
        Incident.objects.visible_to(viewer, at)
        .filter(is_open | solved, customer=incident.customer_id)
        .exclude(pk=incident.pk)
        .exclude(relations__other=incident)
        .exclude(relations_of_others__incident=incident)
        .select_related("product")
        .defer("targets")
        .order_by(F("changed_at").desc(), "-id")[:COMPARED]
    )
    likeness = {candidate: _likeness(incident, candidate) for candidate in candidates}
    alike = [candidate for candidate, worth in likeness.items() if worth]
    return sorted(alike, key=lambda candidate: -likeness[candidate])[:SUGGESTED]


def _likeness(incident: Incident, other: Incident) -> int:
    in_common = len(_words(incident.title) & _words(other.title))
    same_product = incident.product_id is not None and incident.product_id == other.product_id
    if same_product and incident.category_id == other.category_id:
        return in_common + SAME_CASE_WORTH
    return in_common


def _words(title: str) -> set[str]:
    """Return the words that tell something; of writing without blanks, each pair of signs."""
    words = set(re.findall(rf"[^\W\d_]{{{WORD_LENGTH},}}", title.casefold()))
    ideographs = re.findall(r"[\u4e00-\u9fff]{2,}", title)
    pairs = {run[at : at + 2] for run in ideographs for at in range(len(run) - 1)}
    return {word for word in words if not re.search(r"[\u4e00-\u9fff]", word)} | pairs
