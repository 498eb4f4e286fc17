"""Who is responsible now, and who else is there to be told (SPEC 10, 11)."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

from accounts import worktime
from accounts.models import Certificate, Office, Role, User
from accounts.terms import EscalationRole, default_escalation_levels
from tam.models import Absence


class StandIn(TextChoices):
    """Why somebody other than the TAM is responsible, or nobody."""

    NO = "", _("the technical account manager is there")
    ABSENT = "absent", _("the technical account manager is absent")
    CLOSED = "closed", _("the office is closed")


@dataclass(frozen=True, slots=True)
class Responsible:
    """`person` None: nobody, which is the team head's to see to at once."""

    person: User | None
    standing_in: StandIn


def responsible_for(certificate: Certificate, at: datetime) -> Responsible:
    """Return who is responsible at an instant: TAM, deputy, or the duty manager on shift."""
    if not worktime.is_open(certificate.hours, at):
        return Responsible(next(iter(on_duty(certificate.office, at)), None), StandIn.CLOSED)
    managers = [certificate.tam, certificate.deputy] if certificate.deputy else [certificate.tam]
    there = _present(managers, at)
    if certificate.tam in there:
        return Responsible(certificate.tam, StandIn.NO)
    there += on_duty(certificate.office, at)
    return Responsible(there[0] if there else None, StandIn.ABSENT)


def on_duty(office: Office, at: datetime) -> list[User]:
    """Return the duty managers on shift on an office's line, whose shift began first before others.

    One who is absent during a shift, or is no duty manager any more, does not answer the line, and
    is left out.
    """
    shifts = (
        office.shifts.filter(starts_at__lte=at, ends_at__gt=at, person__role=Role.DUTY_MANAGER)
        .select_related("person")
        .order_by("starts_at", "id")
    )
    return _present(list(dict.fromkeys(shift.person for shift in shifts)), at)


def team_heads(office: Office) -> list[User]:
    """Return the heads of an office's team; where there is none, those of the other offices."""
    return _people(office, Role.TEAM_HEAD)


def people_at_level(certificate: Certificate, level: int) -> list[User]:
    """Return to whom an escalation to a level is addressed: by the programme's roles (SPEC 11).

    That is whom the certificate names for the role, else the office's people. A level above the
    last that the programme names goes to that last one.
    """
    levels = certificate.programme.escalation_levels or default_escalation_levels()
    role = EscalationRole(levels[min(level, len(levels)) - 1])
    if role is EscalationRole.TAM:
        return [certificate.tam]
    named: User | None = getattr(certificate, role.value)  # the field is called as the role
    if named is not None and named.is_active:
        return [named]
    return _people(certificate.office, Role(role.value))


def top_level(certificate: Certificate) -> int:
    """Return the highest level to which an incident of a certificate can be escalated."""
    return len(certificate.programme.escalation_levels or default_escalation_levels())


def _people(office: Office, role: Role) -> list[User]:
    """Return the office's people of a role, else any office's, else the administrators."""
    active = User.objects.filter(is_active=True).order_by("pk")
    of_the_role = list(active.filter(role=role))
    return (
        [person for person in of_the_role if person.office_id == office.pk]
        or of_the_role
        or list(active.filter(role=Role.ADMINISTRATOR))
    )


def _present(people: list[User], at: datetime) -> list[User]:
    absent = set(
        Absence.objects.filter(person__in=people, starts_at__lte=at, ends_at__gt=at).values_list(
            "person", flat=True
        )
    )
    return [person for person in people if person.is_active and person.pk not in absent]
