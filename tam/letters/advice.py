"""Letters about advice and agreed actions, to both sides (SPEC 10)."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.urls import reverse
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from accounts.ending_letters import people_concerned, why
from accounts.letters import Letter, Row, send
from accounts.models import Certificate, NoticeKind, User
from msa.outbox.relay import Handler
from tam.models import Advice


def on_given(payload: Mapping[str, Any], *, at: datetime) -> None:
    """Tell the certificate's contacts, and who looks after it; never the one who gave it."""

    def write(reader: User) -> Letter:
        return _letter(
            advice,
            reader,
            heading=_("Advice from %(name)s") % {"name": advice.given_by.name},
            paragraphs=[_what_to_do(advice, reader)],
        )

    advice = _advice(payload)
    _tell(write, advice, payload, "given", at)


def on_action_done(payload: Mapping[str, Any], *, at: datetime) -> None:
    """Tell the same people, and who gave the advice, what came of what was agreed."""

    def write(reader: User) -> Letter:
        done = _("%(name)s has marked the agreed action as done.")
        return _letter(
            advice,
            reader,
            heading=_("An agreed action is done"),
            paragraphs=[done % {"name": advice.done_by.name if advice.done_by else ""}],
            rows=[Row(_("Outcome"), advice.outcome.splitlines())],
        )

    advice = _advice(payload)
    _tell(write, advice, payload, "done", at)


LETTERS: Mapping[str, Sequence[Handler]] = {
    "advice.given": [on_given],
    "advice.action_done": [on_action_done],
}


def _advice(payload: Mapping[str, Any]) -> Advice:
    related = Advice.objects.select_related(
        "customer",
        "certificate__customer",
        "certificate__tam",
        "certificate__deputy",
        "given_by",
        "done_by",
    )
    return related.get(pk=payload["advice"])


def _tell(write: Any, advice: Advice, payload: Mapping[str, Any], event: str, at: datetime) -> None:
    concerned = [*people_concerned(_certificate(advice)), advice.given_by]
    send(
        write,
        [person for person in concerned if person.is_active and person.pk != payload["actor"]],
        key=f"advice-{advice.pk}-{event}",
        thread=f"advice-{advice.pk}",
        kind=NoticeKind.AGREEMENT,
        at=at,
    )


def _certificate(advice: Advice) -> Certificate:
    """Return the certificate that it was given under; every one logged by an act has one."""
    certificate = advice.certificate
    if certificate is None:
        raise LookupError(f"Advice {advice.pk} was given under no certificate.")
    return certificate


def _letter(
    advice: Advice,
    reader: User,
    *,
    heading: str,
    paragraphs: Sequence[str],
    rows: Sequence[Row] = (),
) -> Letter:
    certificate = _certificate(advice)
    log = (
        reverse("advice")
        if reader.is_contact
        else reverse("customer-advice", args=[advice.customer_id])
    )
    return Letter(
        reference=certificate.number,
        heading=heading,
        paragraphs=paragraphs,
        rows=[
            Row(_("Customer"), [advice.customer.name]),
            Row(_("Advice"), [advice.title]),
            *_agreed(advice),
            *rows,
        ],
        button=_("Read it in the log of advice"),
        path=f"{log}#advice-{advice.pk}",
        why=why(certificate, reader),
    )


def _what_to_do(advice: Advice, reader: User) -> str:
    if not advice.action:
        return _("No action was agreed: it is for the customer to consider.")
    if advice.whose == Advice.Whose.CUSTOMER and reader.is_contact:
        return _("You agreed to do something. Please mark it as done in the log of advice.")
    if advice.whose == Advice.Whose.CUSTOMER:
        return _("The customer agreed to do something.")
    if reader.is_contact:
        return _("We agreed to do something, and tell you when it is done.")
    return _("We agreed to do something. The customer is told when it is marked as done.")


def _agreed(advice: Advice) -> list[Row]:
    if not advice.action:
        return []
    rows = [
        Row(_("Agreed action"), advice.action.splitlines()),
        Row(_("Whose action"), [_whose(advice)]),
    ]
    if advice.due_on is not None:
        rows.append(Row(_("Due on"), [date_format(advice.due_on, "DATE_FORMAT")]))
    return rows


def _whose(advice: Advice) -> str:
    if advice.whose == Advice.Whose.CUSTOMER:
        return advice.customer.name
    return _("Ours")
