"""One act on many incidents, each through its ordinary action, and one undo (SPEC 10)."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.errors import Conflict, NotAllowed, NotFound, Refused
from accounts.models import Team, User
from incidents.access import verbs_of
from incidents.actions.case import Case
from incidents.actions.following import follow, unfollow
from incidents.actions.handing import take_from
from incidents.models import Incident
from tam.actions.assignment import assign, assignee, give_to_team
from tam.models import BulkAct, BulkItem
from tam.queries.queue_bulk import MOST_AT_ONCE, VERBS, What, plan

UNDO_WITHIN: Final = timedelta(minutes=10)


@transaction.atomic
def perform(
    *, actor: User, what: What, references: Iterable[str], submission: UUID, at: datetime
) -> BulkAct:
    """Do it to each incident to which it can be done; the others are kept with why not.

    Sent again with the same `submission`, it returns what was done the first time.
    """
    chosen = list(dict.fromkeys(references))
    if len(chosen) > MOST_AT_ONCE:
        raise Refused(_("At most %(n)d incidents at once.") % {"n": MOST_AT_ONCE})
    act, is_new = BulkAct.objects.get_or_create(
        submission=submission,
        defaults={"actor": actor, "kind": what.kind, "done_at": at, "arguments": what.arguments},
    )
    if act.actor_id != actor.pk:
        raise NotFound(_("There is no such act."))
    if is_new:
        items = [
            _item(act, planned.incident, what, planned.refusal, at)
            for planned in plan(actor, what, chosen, at)
        ]
        BulkItem.objects.bulk_create(items)
    return act


@transaction.atomic
def undo(*, act: BulkAct, actor: User, at: datetime) -> BulkAct:
    """Put every incident back where it was, but those on which somebody has acted since.

    Those on which the person may no longer act stay as well. `BulkItem.before` says under `kept`
    why. Once only, within `UNDO_WITHIN`.
    """
    act = BulkAct.objects.select_for_update(no_key=True).get(pk=act.pk)
    if act.actor_id != actor.pk:
        raise NotAllowed(_("Only who did it can undo it."))
    if act.undone_at is not None:
        raise Conflict(_("This was undone already."))
    if at > act.done_at + UNDO_WITHIN:
        raise Conflict(_("This can no longer be undone: more than 10 minutes have passed."))
    what = What.of(act)
    for item in act.items.filter(refusal="").select_related("incident").order_by("incident_id"):
        try:
            with transaction.atomic():
                _refuse_if_not_allowed(item, what, actor, at)
                _put_back(item, what, actor, at)
        except Refused as refusal:
            item.before["kept"] = str(refusal)
            item.save(update_fields=["before"])
    act.undone_at = at
    act.save(update_fields=["undone_at"])
    return act


def _item(act: BulkAct, incident: Incident, what: What, refusal: str, at: datetime) -> BulkItem:
    before: dict[str, Any] = {}
    if not refusal:
        try:
            with transaction.atomic():
                before = _do(incident, what, act.actor, at)
        except Refused as refused:
            refusal = str(refused)
    return BulkItem(
        customer_id=incident.customer_id,
        act=act,
        incident=incident,
        before=before,
        refusal=refusal,
    )


def _do(incident: Incident, what: What, actor: User, at: datetime) -> dict[str, Any]:
    """Act on one incident; return how it was before, and the journal's length after."""
    match what.kind:
        case BulkAct.Kind.FOLLOW:
            follow(incident=incident, actor=actor)
            return {}
        case BulkAct.Kind.UNFOLLOW:
            unfollow(incident=incident, actor=actor)
            return {}
        case BulkAct.Kind.ASSIGN:
            locked = Incident.objects.select_for_update(no_key=True).get(pk=incident.pk)
            holder = assignee(locked)
            done = assign(incident=incident, actor=actor, to=what.to, at=at)
            return {"to": holder.pk if holder else None, "length": done.journal_length}
    if what.team is None:
        raise Refused(_("This team takes no incidents."))
    done = give_to_team(incident=incident, actor=actor, team=what.team, at=at)
    return {"length": done.journal_length}


def _refuse_if_not_allowed(item: BulkItem, what: What, actor: User, at: datetime) -> None:
    seen = Incident.objects.visible_to(actor, at).select_related("certificate")
    incident = seen.filter(pk=item.incident_id).first()
    if incident is None:
        raise NotFound(_("You no longer see this incident."))
    if VERBS[what.kind] not in verbs_of(actor, incident, at):
        raise NotAllowed(_("You may not do this here."))


def _put_back(item: BulkItem, what: What, actor: User, at: datetime) -> None:
    incident = item.incident
    match what.kind:
        case BulkAct.Kind.FOLLOW:
            unfollow(incident=incident, actor=actor)
        case BulkAct.Kind.UNFOLLOW:
            follow(incident=incident, actor=actor)
        case BulkAct.Kind.ASSIGN:
            _refuse_if_acted_on(item)
            to = item.before["to"]
            person = User.objects.get(pk=to) if to else None
            assign(incident=incident, actor=actor, to=person, at=at)
        case BulkAct.Kind.HAND_TO_TEAM:
            _refuse_if_acted_on(item)
            _take_from_team(incident, what.team, actor, at)


def _refuse_if_acted_on(item: BulkItem) -> None:
    """Lock the incident, and refuse when a person, not the clock, has written to its journal."""
    incident = Incident.objects.select_for_update(no_key=True).get(pk=item.incident_id)
    since = incident.journal.filter(number__gt=item.before["length"], actor__isnull=False)
    names = since.order_by("number").values_list("actor__name", flat=True)
    if acted := list(dict.fromkeys(names)):
        raise Conflict(_("%(names)s acted on it since.") % {"names": ", ".join(map(str, acted))})


def _take_from_team(incident: Incident, team: Team | None, actor: User, at: datetime) -> None:
    case = Case.open(incident, at=at)
    if not case.incident.is_open:
        raise Conflict(_("This incident is closed."))
    if team is not None and case.incident.handlings.filter(team=team, until=None).exists():
        take_from(case.incident, at, team=team)
        case.record("handed_back", actor=actor, data={"teams": [team.pk]})
    case.finish()
