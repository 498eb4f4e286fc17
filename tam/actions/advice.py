"""The log of advice and agreed actions, kept for both sides (SPEC 10)."""

from datetime import date, datetime

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.actions import obligations
from accounts.errors import Conflict, NotAllowed, Refused
from accounts.models import Certificate, Obligation, User
from accounts.models.obligation import WORDS_LENGTH
from accounts.obligation_rules import REMIND_ACTION_DAYS, end_of_day, start_of_day
from msa.outbox.actions import publish
from tam.models import Advice


@transaction.atomic
def give_advice(
    *,
    certificate: Certificate,
    actor: User,
    title: str,
    text: str,
    action: str = "",
    whose: Advice.Whose | None = None,
    due_on: date | None = None,
    at: datetime,
) -> Advice:
    """Log advice to a certificate's customer, and what was agreed to be done, by whom, by when.

    An action of ours that has a day is owed to the customer by the end of that day.
    """
    action = action.strip()
    _check_action(action, whose, due_on, certificate.local_date(at))
    advice = Advice.objects.create(
        customer_id=certificate.customer_id,
        certificate=certificate,
        given_by=actor,
        given_at=at,
        title=title,
        text=text,
        action=action,
        whose=whose or "",
        due_on=due_on,
    )
    if due_on is not None and whose == Advice.Whose.VENDOR:
        _owe(advice, certificate, due_on, at)
    _publish("advice.given", advice, actor, at)
    return advice


@transaction.atomic
def finish_action(*, advice: Advice, actor: User, outcome: str, at: datetime) -> Advice:
    """Record that an agreed action was done, and what came of it.

    A customer's people finish their own actions only. What was owed is delivered by it.
    """
    locked = Advice.objects.select_for_update(of=("self",), no_key=True).get(pk=advice.pk)
    outcome = outcome.strip()
    if not locked.action:
        raise Refused(_("No action was agreed here."))
    if actor.is_contact and locked.whose != Advice.Whose.CUSTOMER:
        raise NotAllowed(_("That action is ours: we tell you when it is done."))
    if locked.done_at is not None:
        raise Conflict(_("It was done already."))
    if not outcome:
        raise Refused(_("Say what came of it."), field="outcome")
    locked.done_at, locked.done_by, locked.outcome = at, actor, outcome
    locked.save(update_fields=["done_at", "done_by", "outcome"])
    owed = Obligation.objects.filter(customer=locked.customer_id, key=obligation_key(locked))
    for obligation in owed.filter(delivered_at=None, waived_at=None):
        obligations.deliver(obligation=obligation, actor=actor, at=at, proof=outcome[:WORDS_LENGTH])
    _publish("advice.action_done", locked, actor, at)
    return locked


def obligation_key(advice: Advice) -> str:
    """Return under which key an agreed action of ours is owed."""
    return f"advice-{advice.pk}"


def _check_action(
    action: str, whose: Advice.Whose | None, due_on: date | None, today: date
) -> None:
    if action and whose is None:
        raise Refused(_("Say whose action it is."), field="whose")
    if not action and (whose is not None or due_on is not None):
        raise Refused(_("Say what was agreed to be done."), field="action")
    if due_on is not None and due_on < today:
        raise Refused(_("That day is past."), field="due_on")


def _owe(advice: Advice, certificate: Certificate, due_on: date, at: datetime) -> None:
    zone = certificate.office.timezone
    due_at = end_of_day(due_on, zone)
    obligations.owe(
        customer=certificate.customer,
        certificate=certificate,
        kind=Obligation.Kind.ADVICE,
        key=obligation_key(advice),
        title=advice.title,
        owed_since=at,
        due_at=due_at,
        # Agreed for sooner than that, nobody needs to be reminded of what they just agreed.
        remind_at=remind_at if (remind_at := _remind_at(due_on, zone)) > at else None,
        at=at,
    )


def _remind_at(due_on: date, zone: str) -> datetime:
    return start_of_day(date.fromordinal(due_on.toordinal() - REMIND_ACTION_DAYS), zone)


def _publish(topic: str, advice: Advice, actor: User, at: datetime) -> None:
    payload = {"advice": advice.pk, "actor": actor.pk}
    publish(topic, payload, at=at, stream=f"customer-{advice.customer_id}")
