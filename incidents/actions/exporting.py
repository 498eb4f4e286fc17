"""Noting what is taken out of the house (SPEC 20)."""

from collections.abc import Mapping
from datetime import datetime

from django.utils.translation import gettext as _

from accounts.errors import Refused
from accounts.models import User
from incidents.models import Export, ExportFormat, Incident


def note_incident_export(
    *, incident: Incident, kind: ExportFormat, actor: User, at: datetime
) -> Export:
    """Note that somebody took one incident with them, in whatever form."""
    return Export.objects.create(
        customer_id=incident.customer_id,
        incident=incident,
        user=actor,
        format=kind,
        count=1,
        exported_at=at,
    )


def note_list_export(
    *,
    kind: ExportFormat,
    narrowed_by: Mapping[str, str],
    count: int,
    most: int,
    actor: User,
    at: datetime,
) -> Export:
    """Note that a contact took a list with them.

    `narrowed_by` says by what, without the words that were searched for. Raises `Refused` where
    the list is longer than `most`.
    """
    if actor.customer_id is None:
        raise Refused(_("Lists are exported by a customer's contacts."))
    if count > most:
        raise Refused(
            _("At most %(most)d incidents are exported at once: choose a shorter period.")
            % {"most": most}
        )
    return Export.objects.create(
        customer_id=actor.customer_id,
        user=actor,
        format=kind,
        narrowed_by=dict(narrowed_by),
        count=count,
        exported_at=at,
    )
