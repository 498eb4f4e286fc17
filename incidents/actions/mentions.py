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
_JOINED: Final = r"(?<![A-Za-z0-9_.+-])"
# Han, kana and Hangul, as a range of a pattern: words of these stand without spaces between them.
_UNSPACED: Final = (
    r"\u1100-\u11ff\u3005-\u30ff\u3400-\u9fff\uac00-\ud7af\uf900-\ufaff\uff66-\uff9f"
    r"\U00020000-\U0003ffff"
)
_ENDS_UNSPACED: Final = re.compile(rf"[{_UNSPACED}]\Z")
# A character that goes on with a word: after a name, it is another word.
_GOES_ON: Final = rf"(?![^\W{_UNSPACED}])"


def mentioned_in(text: str, incident: Incident, *, actor: User, at: datetime) -> list[User]:
    """Return the colleagues whom a note names after an @, without its author.

    The longest name that fits counts; a name that nobody bears is only text. Where words are
    written without spaces, a name needs none either. Of several who bear the same name, those who
    can see the incident are meant. Raises `Refused` for one who cannot, and for too many.
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


def whole(name: str) -> str:
    """Return the pattern of a name that no longer word begins with."""
    return re.escape(name) + ("" if _ENDS_UNSPACED.search(name) else _GOES_ON)


def _names_in(text: str, names: Iterable[str]) -> list[str]:
    """Return the names, folded, that stand after an @, each once, in the order of the text."""
    ordered = sorted(filter(None, names), key=len, reverse=True)
    if not ordered:
        return []
    pattern = rf"{_JOINED}@({'|'.join(map(whole, ordered))})"
    return list(dict.fromkeys(re.findall(pattern, text.casefold())))
