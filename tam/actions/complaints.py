"""Complaints about the quality of support, and suggestions (SPEC 11)."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.errors import Changed, Conflict, NotAllowed, Refused
from accounts.models import Certificate, User
from incidents.models import Incident
from msa.outbox.actions import publish
from tam.actions.climbing import ABOUT_TAM_LEVEL, lock_complaint, open_complaint_level
from tam.models import Complaint, ComplaintMessage, Escalation
from tam.queries.complaints import LOGS_COMPLAINTS, is_named
from tam.queries.escalations import may_take_up
from tam.responsible import top_level


@transaction.atomic
def complain(
    *,
    certificate: Certificate,
    kind: str,
    title: str,
    text: str,
    author: User,
    actor: User,
    at: datetime,
    incident: Incident | None = None,
    about_tam: bool = False,
) -> Complaint:
    """Make a complaint or a suggestion, which reaches level 1 at once; about the TAM, level 2.

    `author` is a contact whom the certificate names; `actor` the same, or the member of staff who
    takes it down for them.
    """
    _check(certificate, author, actor, incident, about_tam=about_tam)
    complaint = Complaint.objects.create(
        customer_id=certificate.customer_id,
        certificate=certificate,
        incident=incident,
        author=author,
        logged_by=None if actor == author else actor,
        kind=kind,
        about=certificate.tam if about_tam else None,
        title=title,
        opened_at=at,
    )
    _write(complaint, author, text, at)
    first = ABOUT_TAM_LEVEL if about_tam else 1
    open_complaint_level(complaint, first, Escalation.Cause.CONTACT, at=at, actor=author)
    return complaint


@transaction.atomic
def raise_complaint(
    *,
    complaint: Complaint,
    actor: User,
    text: str,
    at: datetime,
    from_level: int | None = None,
) -> Complaint:
    """Raise a complaint one level further, while it is not closed.

    `from_level` is the level that the person saw; raises `Changed` when it is another by now.
    """
    locked = _open(complaint, actor, at)
    reached = _highest(locked).level
    if from_level is not None and reached != from_level:
        raise Changed(
            _("This has reached level %(level)d meanwhile. Send again to go above it.")
            % {"level": reached}
        )
    if reached >= max(top_level(locked.certificate), ABOUT_TAM_LEVEL if locked.about_tam else 1):
        raise Conflict(_("This is at the highest level already."))
    locked.raise_further()
    locked.save(update_fields=["state"])
    _write(locked, actor, text, at)
    open_complaint_level(locked, reached + 1, Escalation.Cause.CONTACT, at=at, actor=actor)
    return locked


@transaction.atomic
def acknowledge_complaint(*, escalation: Escalation, actor: User, at: datetime) -> Complaint:
    """Take note of a complaint at its highest level, for which nobody has answered yet."""
    locked, highest = _taken_up(escalation, actor, at)
    if highest.acknowledged_at is not None:
        raise Conflict(_("This is acknowledged already."))
    _take_note(highest, actor, at)
    _tell("complaint.acknowledged", locked, highest, at)
    return locked


@transaction.atomic
def answer_complaint(*, escalation: Escalation, actor: User, text: str, at: datetime) -> Complaint:
    """Answer a complaint at its highest level; answering acknowledges too."""
    locked, highest = _taken_up(escalation, actor, at)
    if highest.acknowledged_at is None:
        _take_note(highest, actor, at)
    highest.answered_at, highest.answered_by = at, actor
    highest.save(update_fields=["answered_at", "answered_by"])
    locked.answer(at=at)
    locked.save(update_fields=["state", "answered_at"])
    _write(locked, actor, text, at)
    _tell("complaint.answered", locked, highest, at)
    return locked


@transaction.atomic
def close_complaint(*, complaint: Complaint, actor: User, at: datetime) -> Complaint:
    """Close a complaint, which the customer does, answered or not."""
    locked = _open(complaint, actor, at)
    locked.close(at=at)
    locked.save(update_fields=["state", "closed_at"])
    locked.escalations.update(climbs_at=None)
    _tell("complaint.closed", locked, _highest(locked), at, actor=actor)
    return locked


def _check(
    certificate: Certificate,
    author: User,
    actor: User,
    incident: Incident | None,
    *,
    about_tam: bool,
) -> None:
    if not author.is_contact or not author.contact_slots.filter(certificate=certificate).exists():
        raise Refused(
            _("%(name)s is no contact of this certificate.") % {"name": author.name},
            field="author",
        )
    if actor != author and actor.role not in LOGS_COMPLAINTS:
        raise NotAllowed(_("You take down no complaints of others."))
    if about_tam and actor == certificate.tam:
        raise Refused(
            _("A complaint about yourself is taken down by somebody else: the head of your team."),
            field="about_tam",
        )
    if incident is not None and incident.certificate_id != certificate.pk:
        raise Refused(_("This incident belongs to another certificate."), field="incident")


def _open(complaint: Complaint, actor: User, at: datetime) -> Complaint:
    """Return it locked, for the customer's own acts."""
    if not is_named(actor, complaint):
        raise NotAllowed(_("This is for the contacts whom the certificate names."))
    locked = lock_complaint(complaint, at)
    _refuse_closed(locked)
    return locked


def _taken_up(escalation: Escalation, actor: User, at: datetime) -> tuple[Complaint, Escalation]:
    """Return a complaint, locked, and its highest level, if that is the one to be taken up."""
    if escalation.complaint is None:
        raise TypeError("An escalation of an incident is no complaint.")
    locked = lock_complaint(escalation.complaint, at)
    highest = _highest(locked)
    _refuse_closed(locked)
    if highest.pk != escalation.pk:
        raise Changed(
            _("This has gone up to level %(level)d meanwhile.") % {"level": highest.level}
        )
    if not may_take_up(actor, highest, at):
        raise NotAllowed(_("This complaint is addressed to somebody else."))
    if highest.answered_at is not None:
        raise Conflict(_("This is answered already."))
    return locked, highest


def _refuse_closed(complaint: Complaint) -> None:
    if complaint.state == Complaint.State.CLOSED:
        raise Conflict(_("This is closed already."))


def _highest(complaint: Complaint) -> Escalation:
    return complaint.escalations.latest("level")


def _take_note(escalation: Escalation, actor: User, at: datetime) -> None:
    escalation.acknowledged_at, escalation.acknowledged_by = at, actor
    escalation.climbs_at = None
    escalation.save(update_fields=["acknowledged_at", "acknowledged_by", "climbs_at"])


def _write(complaint: Complaint, author: User, text: str, at: datetime) -> None:
    ComplaintMessage.objects.create(
        customer_id=complaint.customer_id,
        complaint=complaint,
        author=author,
        written_at=at,
        text=text,
    )


def _tell(
    topic: str,
    complaint: Complaint,
    escalation: Escalation,
    at: datetime,
    *,
    actor: User | None = None,
) -> None:
    payload = {
        "complaint": complaint.pk,
        "escalation": escalation.pk,
        "actor": actor.pk if actor else None,
    }
    publish(topic, payload, at=at, stream=f"complaint-{complaint.pk}")
