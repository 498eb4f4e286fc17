"""Colleagues named in an internal note: `@Dana Weiss` (SPEC 18)."""

import re
from collections.abc import Iterable
from datetime import datetime
from typing import Final

from django.utils.translation import gettext as _

from accounts.errors import Refused
from accounts.models import Role, User
from incidents.models import Incident
from incidents.queries.colleagues import colleagues_on

# Colleagues called by one note: whoever needs more writes to a team.
MENTIONS_MOST: Final = 20
# Characters before an @ that make it part of something else, such as an address.
_JOINED: Final = r"(?<![\w.+-])"


def mentioned_in(text: str, incident: Incident, *, actor: User, at: datetime) -> list[User]:
    """Return the colleagues whom a note names after an @, without its author.

    The longest name that fits counts; a name that nobody bears is only text. Of several who bear
    the same name, those who can see the incident are meant. Raises `Refused` for one who cannot,
    and for too many.
    """
    if "@" not in text:
        return []
    staff = User.objects.filter(is_active=True).exclude(role=Role.CONTACT)
    bearers: dict[str, list[User]] = {}
    for person in staff.order_by("pk"):
        bearers.setdefault(person.name.casefold(), []).append(person)
    named = _names_in(text, bearers)
    if not named:
        return []
    seeing = set(colleagues_on(incident, at).values_list("pk", flat=True))
    called: list[User] = []
    for name in named:
        there = [person for person in bearers[name] if person.pk in seeing]
        if not there:
            raise Refused(
                _("%(name)s cannot see this incident. Assign it to them first, then mention them.")
                % {"name": bearers[name][0].name},
                field="text",
            )
        called += [person for person in there if person != actor]
    if len(called) > MENTIONS_MOST:
        raise Refused(
            _("One note mentions at most %(count)d colleagues.") % {"count": MENTIONS_MOST},
            field="text",
        )
    return called


def _names_in(text: str, names: Iterable[str]) -> list[str]:
    """Return the names, folded, that stand after an @, each once, in the order of the text."""
    ordered = sorted((re.escape(name) for name in names if name), key=len, reverse=True)
    if not ordered:
        return []
    pattern = rf"{_JOINED}@({'|'.join(ordered)})(?!\w)"
    return list(dict.fromkeys(re.findall(pattern, text.casefold())))
