"""Filing an incident that follows a closed one (SPEC 6)."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.errors import Conflict
from accounts.models import Certificate, User
from incidents.actions.filing import file_incident
from incidents.actions.relating import relate
from incidents.models import Incident


@transaction.atomic
def file_follow_up(
    *,
    incident: Incident,
    certificate: Certificate,
    actor: User,
    title: str,
    text: str,
    at: datetime,
    product_version: str = "",
) -> Incident:
    """File a new incident with the product and category of a closed one, and tie the two.

    Raises `Conflict` while the first is open, where the message belongs; besides that as
    `file_incident` and `relate` do. Both journals tell of it.
    """
    if incident.is_open:
        raise Conflict(_("This incident is open: please write your message there."))
    filed = file_incident(
        certificate=certificate,
        category=incident.category,
        author=actor,
        actor=actor,
        title=title,
        text=text,
        at=at,
        product=incident.product,
        product_version=product_version,
    )
    relate(incident=incident, other=filed, actor=actor, at=at)
    return filed
