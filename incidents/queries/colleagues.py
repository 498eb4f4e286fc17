"""Who of the vendor's staff sees an incident: `visible_to`, asked the other way round (SPEC 4)."""

from datetime import datetime

from django.db.models import Q, QuerySet

from accounts.models import Role, User
from incidents.models import Incident


def colleagues_on(incident: Incident, at: datetime) -> QuerySet[User]:
    """Return the members of staff who may know of an incident at an instant, by name."""
    certificate = incident.certificate
    held = incident.handlings.filter(until__isnull=True)
    holds = Q(pk__in=held.filter(user__isnull=False).values("user"))
    shares = Q(teams__in=held.filter(team__isnull=False).values("team"))
    in_charge = Q(role=Role.TAM, pk__in=[certificate.tam_id, certificate.deputy_id or 0])
    on_shift = Q(
        role=Role.DUTY_MANAGER,
        shifts__office=certificate.office_id,
        shifts__starts_at__lte=at,
        shifts__ends_at__gt=at,
    )
    ever = incident.handlings.filter(user__isnull=False)
    handled = Q(role=Role.DUTY_MANAGER, pk__in=ever.values("user"))
    heads = Q(role=Role.TEAM_HEAD, office=certificate.office_id)
    everything = Q(role=Role.ADMINISTRATOR)
    handed = ~Q(role=Role.DUTY_MANAGER) & (holds | shares)
    seeing = handed | in_charge | on_shift | handled | heads | everything
    staff = User.objects.exclude(role=Role.CONTACT).filter(is_active=True)
    return staff.filter(seeing).distinct().order_by("name", "pk")
