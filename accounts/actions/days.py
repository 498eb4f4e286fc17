"""The days between which agreements lie."""

from datetime import date

from django.utils.translation import gettext as _

from accounts.errors import Refused
from accounts.models.certificate import FIRST_DAY, LAST_DAY


def check_day(day: date, *, field: str) -> None:
    """Refuse a first or last day that no agreement has."""
    if not FIRST_DAY <= day <= LAST_DAY:
        raise Refused(_("An agreement lies between the years 2000 and 2199."), field=field)
