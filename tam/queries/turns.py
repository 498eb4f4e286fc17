"""Who is responsible for a certificate now, and how long (SPEC 10)."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from accounts.models import Certificate, User
from tam.coverage import Roster, Standing

LOOKED_AHEAD = timedelta(days=28)  # whose turn lasts longer is there for good, as people see it


@dataclass(frozen=True, slots=True)
class Responsibility:
    """`person` None: nobody is responsible now. `until` None: no end is in sight."""

    person: User | None
    standing: Standing
    until: datetime | None


def responsibility_for(certificate: Certificate, at: datetime) -> Responsibility:
    """Return who is responsible at an instant, and when that ends. Two queries.

    Needs the certificate's office, manager and deputy at hand.
    """
    end = at + LOOKED_AHEAD
    turn = Roster.read([certificate.office], at, end).turns(certificate)[0]
    return Responsibility(turn.person, turn.standing, turn.until if turn.until < end else None)
