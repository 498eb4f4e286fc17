"""What a caller is told of when their incident is worked on (SPEC 17)."""

from datetime import datetime

from accounts import worktime
from accounts.terms import PhoneLine
from accounts.worktime import NeverOpensAgain
from incidents.models import Incident


def worked_on_from(incident: Incident, at: datetime) -> datetime | None:
    """Return when an incident is worked on whose severity has no phone line at an instant.

    That is the next opening. None where the line is answered then, or no opening is known.
    """
    line = incident.targets["phone_line"].get(str(incident.severity))
    hours = incident.certificate.hours
    if line == PhoneLine.ALWAYS or worktime.is_open(hours, at):
        return None
    try:
        return worktime.next_opening(hours, at)
    except NeverOpensAgain:
        return None
