"""What staff are told by name in a timeline: people, teams, and other incidents.

The journal holds their keys only, since it is never erased.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from markdown_it.common.utils import escapeHtml

from accounts.models import Team, User
from incidents.actions.mentions import whole
from incidents.models import Incident, JournalEntry

_TAG: Final = re.compile(r"(<[^>]*>)")


@dataclass(frozen=True, slots=True)
class Names:
    """Names by key, as far as the entries name any."""

    people: Mapping[int, str]
    teams: Mapping[int, str]
    incidents: Mapping[int, str]

    def mentioned(self, entry: JournalEntry) -> list[str]:
        """Return whom a note calls."""
        return [self.people[key] for key in entry.data.get("mentions", ()) if key in self.people]


def names_in(entries: Iterable[JournalEntry]) -> Names:
    """Look up what the entries name: one query for each kind of thing that is named at all."""
    people: set[int] = set()
    teams: set[int] = set()
    others: set[int] = set()
    for entry in entries:
        data = entry.data
        people.update(data.get("mentions", ()))
        if entry.kind == "assigned" and data["to"]:
            people.add(data["to"])
        elif entry.kind == "handed_to_team":
            teams.add(data["team"])
        elif entry.kind in {"related", "unrelated"}:
            others.add(data["other"])
    return Names(
        dict(User.objects.filter(pk__in=people).values_list("pk", "name")) if people else {},
        dict(Team.objects.filter(pk__in=teams).values_list("pk", "name")) if teams else {},
        dict(Incident.objects.filter(pk__in=others).values_list("pk", "reference"))
        if others
        else {},
    )


def named_fact(entry: JournalEntry, names: Names) -> tuple[str, str] | None:
    """Return the icon and the words of an entry that names somebody or something."""
    data = entry.data
    match entry.kind:
        case "assigned" if data["to"] is None:
            return "user-minus", _("took this incident off the desk it lay on")
        case "assigned" if data["to"] == entry.actor_id:
            return "user-check", _("took this incident")
        case "assigned":
            name = names.people.get(data["to"], "?")
            return "user-plus", _("assigned this incident to %(name)s") % {"name": name}
        case "handed_to_team":
            team = names.teams.get(data["team"], "?")
            return "users", _("handed this incident to %(team)s") % {"team": team}
        case "handed_back":
            return "undo-2", _("handed this incident back")
        case "related":
            other = names.incidents.get(data["other"], "?")
            return "link", _("related this incident to %(other)s") % {"other": other}
        case "unrelated":
            other = names.incidents.get(data["other"], "?")
            return "unlink", _("does not relate this incident to %(other)s any more") % {
                "other": other
            }
    return None


def highlighted(html: SafeString, names: Iterable[str]) -> SafeString:
    """Mark the names that stand after an @ in safe HTML; what stands in a tag is left alone."""
    wanted = sorted({f"@{escapeHtml(name)}" for name in names}, key=len, reverse=True)
    if not wanted:
        return html
    pattern = re.compile(rf"({'|'.join(map(whole, wanted))})", re.IGNORECASE)
    parts = [
        part if part.startswith("<") else pattern.sub(r'<b class="mention">\1</b>', part)
        for part in _TAG.split(html)
    ]
    return SafeString("".join(parts))
