"""What staff write down on how a customer is handled (SPEC 10)."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.errors import Changed, NotAllowed
from accounts.models import Customer, Role, User
from tam.models import HandlingNote

WRITES_HANDLING_NOTES = frozenset({Role.TAM, Role.DUTY_MANAGER, Role.TEAM_HEAD})


@transaction.atomic
def write_handling_note(
    *,
    customer: Customer,
    actor: User,
    text: str,
    at: datetime,
    unchanged_since: int | None = None,
) -> HandlingNote | None:
    """Replace the note on a customer; the earlier one stays in its history.

    `unchanged_since` is the key of the note that `actor` had on the screen, 0 for none; raises
    `Changed` when somebody else has written since. The same text again changes nothing.
    """
    if actor.role not in WRITES_HANDLING_NOTES:
        raise NotAllowed(_("Notes for handling are written by those in charge of the customer."))
    Customer.objects.select_for_update().get(pk=customer.pk)
    latest = HandlingNote.objects.filter(customer=customer).select_related("changed_by").first()
    if latest is not None and latest.text == text:
        return latest
    if unchanged_since is not None and unchanged_since != (latest.pk if latest else 0):
        raise Changed(_changed(latest))
    if latest is None and not text:
        return None
    return HandlingNote.objects.create(
        customer=customer, text=text, changed_at=at, changed_by=actor
    )


def _changed(latest: HandlingNote | None) -> str:
    if latest is None:
        return _("The note has changed since you opened it.")
    return _("%(name)s has changed the note since you opened it: “%(text)s”") % {
        "name": latest.changed_by.name,
        "text": latest.text,
    }
