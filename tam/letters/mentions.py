"""Telling a colleague that a note mentions them (SPEC 18)."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from django.utils.translation import gettext_lazy as _

from incidents.notifications import rows
from incidents.notifications.events import Event
from incidents.notifications.mails import Letter, Recipient, send
from incidents.queries.colleagues import colleagues_on
from msa.outbox.relay import Handler

_LETTER: Final = Letter(
    _("%(name)s mentions you"),
    _("%(name)s has written an internal note that mentions you. No customer sees it."),
    (rows.customer, rows.severity, rows.answer_due),
)
_WHY: Final = _("You get this mail because the note mentions you.")


def notify(payload: Mapping[str, Any], *, at: datetime) -> None:
    """Tell whom a note mentions, as far as they can still see the incident; never its author."""
    event = Event.load(payload)
    called = event.entry.data.get("mentions", [])
    if not called:
        return
    actor_id = event.entry.actor_id or 0
    seeing = colleagues_on(event.incident, at).filter(pk__in=called).exclude(pk=actor_id)
    send(_LETTER, event, [Recipient(person, _WHY) for person in seeing], at=at)


LETTERS: Final[Mapping[str, Sequence[Handler]]] = {"incident.noted": [notify]}
