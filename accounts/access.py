"""Whose certificates a person may read: those that fetch them for a page ask here (SPEC 4)."""

from datetime import datetime

from django.db.models import Q, QuerySet

from accounts.models import Certificate, Role, User

READS_CERTIFICATES = frozenset(
    {Role.CONTACT, Role.TAM, Role.DUTY_MANAGER, Role.TEAM_HEAD, Role.ADMINISTRATOR}
)


def certificates_read_by(user: User, at: datetime) -> QuerySet[Certificate]:
    """Return the certificates that name a contact, or of which staff are in charge at an instant.

    In charge are TAM and deputy, the duty manager of the office's shift, and the team's head; an
    administrator keeps them all.
    """
    match user.role:
        case Role.CONTACT:
            theirs = Q(contacts__user=user)
        case Role.TAM:
            theirs = Q(pk__in=user.certificates_in_charge())
        case Role.DUTY_MANAGER:
            on_shift = user.shifts.filter(starts_at__lte=at, ends_at__gt=at)
            theirs = Q(office__in=on_shift.values("office"))
        case Role.TEAM_HEAD:
            theirs = Q(office=user.office_id)
        case Role.ADMINISTRATOR:
            theirs = Q()
        case _:
            return Certificate.objects.none()
    return Certificate.objects.filter(theirs)
