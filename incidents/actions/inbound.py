"""Mail that comes in: kept first, judged then, each in a transaction of its own (SPEC 17)."""

import hashlib
import logging
from datetime import datetime, timedelta
from typing import Final

from django.core.exceptions import ValidationError
from django.core.files.base import ContentFile
from django.core.validators import validate_email
from django.db import transaction
from django.utils.translation import gettext as _

from accounts.actions.bounces import forget_bounces, record_bounce
from accounts.errors import Conflict, NotAllowed, Refused
from accounts.models import Role, User
from accounts.tenancy import set_scope, staff_transaction
from incidents.actions.mailed import file_by_mail, join_by_mail, note_by_mail
from incidents.inbound.contents import contents_of
from incidents.inbound.judging import Judgement, judge
from incidents.inbound.languages import language_of
from incidents.inbound.parsing import MAIL_BYTES_MOST, Mail, Unreadable, cleaned, parse_file
from incidents.inbound.senders import message_ids
from incidents.models import AutomaticAnswer, InboundMail, Incident
from msa.outbox.actions import publish
from msa.outbox.models import Email

logger = logging.getLogger(__name__)

# What is kept of a mail that is larger than any: enough to see who wrote it about what.
HEAD_BYTES: Final = 64 * 1024
# After each failure the mail waits longer; after the last an administrator looks at it.
PAUSES: Final = (
    timedelta(0),
    timedelta(minutes=1),
    timedelta(minutes=10),
    timedelta(hours=1),
    timedelta(hours=6),
)
# Mails judged in a run, which stays below a task's time limit at a second each.
RUN_LIMIT: Final = 50
ANSWER_AGAIN_AFTER: Final = timedelta(days=1)  # SPEC 17
# Automatic answers in an hour, to whomever: a flood of forged senders shall not make us one.
ANSWERS_AN_HOUR_MOST: Final = 100

Outcome = InboundMail.Outcome
_RELEASABLE: Final = (Outcome.QUARANTINED, Outcome.AUTOMATIC, Outcome.ANSWERED)
_JUDGED: Final = (
    "outcome",
    "reason",
    "person",
    "reference",
    "from_address",
    "to_address",
    "subject",
    "message_id",
)


class TooLarge(Refused):
    """The mail is larger than `MAIL_BYTES_MOST`; its beginning is in quarantine."""


def keep(*, raw: bytes, at: datetime, recipient: str = "") -> InboundMail:
    """Store a mail as it came; one that came before, byte by byte, is the one that is there.

    `recipient` is whom the mail server had it for. Raises `TooLarge` once the head of a mail that
    is too large is kept.
    """
    if len(raw) <= MAIL_BYTES_MOST:
        return _store(raw, at, recipient, Outcome.WAITING, "")
    reason = f"is larger than {MAIL_BYTES_MOST // 1024**2} MB; only its beginning is kept"
    _store(raw[:HEAD_BYTES], at, recipient, Outcome.QUARANTINED, reason)
    raise TooLarge(_("The mail is too large."))


def judge_waiting(*, at: datetime) -> int:
    """Judge the mails that wait and are due for it; return how many. One failure stops no other."""
    waiting = InboundMail.objects.filter(outcome=Outcome.WAITING).order_by("attempts", "pk")
    rows = waiting.values_list("pk", "attempts", "received_at")[: RUN_LIMIT * len(PAUSES)]
    due = [pk for pk, attempts, received_at in rows if _due_at(attempts, received_at) <= at]
    for pk in due[:RUN_LIMIT]:
        take(pk=pk, at=at)
    return len(due[:RUN_LIMIT])


def take(*, pk: int, at: datetime) -> None:
    """Judge one mail and do what follows, in one transaction; what fails stays waiting."""
    if not _claim(pk):
        return
    try:
        with staff_transaction():
            kept = _locked(pk, Outcome.WAITING)
            if kept is not None:
                _judge(kept, at=at)
    except Exception:  # whatever it is, the mail is kept and tried again
        logger.exception("Mail %s could not be judged.", pk)


@transaction.atomic
def release(*, pk: int, actor: User, at: datetime) -> InboundMail:
    """Take a mail that was held back for what the person it names says; an administrator vouches.

    Raises `NotAllowed` for anybody else, `Conflict` when it is not held back any more, and
    `Refused` when it is from nobody who may write, or cannot be read.
    """
    if actor.role != Role.ADMINISTRATOR:
        raise NotAllowed(_("Only administrators release mail."))
    kept = _locked(pk, *_RELEASABLE)
    if kept is None:
        raise Conflict(_("This mail is not held back."))
    kept.released_at = at
    try:
        judgement = _judge(kept, at=at, vouched=True)
    except Unreadable as error:
        raise Refused(_("This mail cannot be read.")) from error
    if judgement.outcome == Outcome.QUARANTINED:
        raise Refused(_("This mail cannot be released: %(reason)s.") % {"reason": judgement.reason})
    kept.save(update_fields=["released_at"])
    return kept


def _store(
    raw: bytes, at: datetime, recipient: str, outcome: InboundMail.Outcome, reason: str
) -> InboundMail:
    digest = hashlib.sha256(raw).hexdigest()
    there = InboundMail.objects.filter(digest=digest).first()
    if there is not None:
        return there
    mail = InboundMail(
        digest=digest,
        received_at=at,
        size_bytes=len(raw),
        to_address=cleaned(recipient)[:320],
        outcome=outcome,
        reason=reason,
    )
    mail.file.save(digest, ContentFile(raw), save=False)
    kept, new = InboundMail.objects.get_or_create(
        digest=digest,
        defaults={
            name: getattr(mail, name)
            for name in ("received_at", "size_bytes", "to_address", "outcome", "reason", "file")
        },
    )
    if not new and kept.file.name != mail.file.name:
        mail.file.delete(save=False)
    return kept


def _due_at(attempts: int, received_at: datetime) -> datetime:
    return received_at + PAUSES[min(attempts, len(PAUSES) - 1)]


@transaction.atomic
def _claim(pk: int) -> bool:
    """Count an attempt before it is made, so that a mail that kills its judge is put aside."""
    kept = _locked(pk, Outcome.WAITING)
    if kept is None:
        return False
    if kept.attempts >= len(PAUSES):
        kept.outcome, kept.reason = Outcome.QUARANTINED, "could not be judged"
    kept.attempts += 1
    kept.save(update_fields=["attempts", "outcome", "reason"])
    return kept.outcome == Outcome.WAITING


def _locked(pk: int, *outcomes: InboundMail.Outcome) -> InboundMail | None:
    mails = InboundMail.objects.select_for_update(no_key=True).filter(pk=pk)
    return mails.filter(outcome__in=outcomes).first()


def _judge(kept: InboundMail, *, at: datetime, vouched: bool = False) -> Judgement:
    """Judge a locked mail and do what follows; one that is out of all bounds is put aside."""
    try:
        with kept.file.open("rb") as file:
            mail = parse_file(file)
        judgement = judge(kept, mail, at=at, vouched=vouched)
        _hold_others_of(judgement)
        if judgement.outcome in {Outcome.FILED, Outcome.JOINED, Outcome.NOTED}:
            # What came in between has been taken by now: the second of two twins sees the first.
            judgement = judge(kept, mail, at=at, vouched=vouched)
    except Unreadable as error:
        if vouched:
            raise
        judgement = Judgement(Outcome.QUARANTINED, str(error))
        _note(kept, judgement)
        return judgement
    judgement = _acted_on(kept, mail, judgement, at)
    _note_headers(kept, mail)
    _note(kept, judgement)
    return judgement


def _hold_others_of(judgement: Judgement) -> None:
    """Let one mail of a person be taken at a time."""
    if judgement.person is not None:
        User.objects.select_for_update(no_key=True).get(pk=judgement.person.pk)


def _acted_on(kept: InboundMail, mail: Mail, judgement: Judgement, at: datetime) -> Judgement:
    """Do what a judgement says; return it, or what became of it when the rules refused."""
    try:
        with transaction.atomic():
            kept.reference = _taken(kept, mail, judgement, at)
    except Unreadable as error:
        judgement = Judgement(
            Outcome.QUARANTINED, str(error), judgement.sender, judgement.person, answered=True
        )
    except Refused as refusal:
        reason = f"refused: {refusal}"
        judgement = Judgement(
            Outcome.QUARANTINED, reason, judgement.sender, judgement.person, answered=True
        )
    set_scope(staff=True)
    if judgement.bounce is not None and judgement.bounce.permanent:
        _record_bounce(judgement.bounce.message_id, judgement.bounce.reason, at)
    if (judgement.answered or judgement.asked) and _may_answer(judgement.sender, at):
        _announce(kept, mail, judgement, at)
    return judgement


def _taken(kept: InboundMail, mail: Mail, judgement: Judgement, at: datetime) -> str:
    """Take a mail of a person as what they say; return the incident's reference, "" for none."""
    person = judgement.person
    if person is None or judgement.outcome not in {Outcome.FILED, Outcome.JOINED, Outcome.NOTED}:
        return ""
    contents = contents_of(mail)
    if person.customer_id is not None:
        set_scope(customers=[person.customer_id])
        forget_bounces(address=person.email)
    incident: Incident
    if judgement.incident is None:
        incident = file_by_mail(
            author=person,
            subject=mail.text("subject"),
            contents=contents,
            at=kept.received_at,
            judged_at=at,
        )
    elif judgement.outcome == Outcome.NOTED:
        incident = note_by_mail(
            incident=judgement.incident, author=person, contents=contents, at=kept.received_at
        )
    else:
        incident = join_by_mail(
            incident=judgement.incident,
            author=person,
            subject=mail.text("subject"),
            contents=contents,
            at=kept.received_at,
            judged_at=at,
        )
    return incident.reference


def _record_bounce(message_id: str, reason: str, at: datetime) -> None:
    """Record that an address does not take mail; only a mail of ours that came back proves it."""
    mail = Email.objects.filter(message_id=message_id).first() if message_id else None
    if mail is not None:
        record_bounce(address=mail.to_address, reason=reason, at=at)


def _may_answer(address: str, at: datetime) -> bool:
    """Whether an address may be answered by itself now; if so, it is noted as answered.

    Addresses that differ in what stands after a + are one. Two mails at once: one waits.
    """
    local, _sign, domain = address.lower().rpartition("@")
    row, new = AutomaticAnswer.objects.get_or_create(
        address=f"{local.partition('+')[0]}@{domain}"[:320], defaults={"answered_at": at}
    )
    if not new:
        row = AutomaticAnswer.objects.select_for_update().get(pk=row.pk)
        if at < row.answered_at + ANSWER_AGAIN_AFTER:
            return False
    lately = AutomaticAnswer.objects.filter(answered_at__gt=at - timedelta(hours=1))
    if lately.exclude(pk=row.pk).count() >= ANSWERS_AN_HOUR_MOST:
        return False
    row.answered_at = at
    row.save(update_fields=["answered_at"])
    return True


def _announce(kept: InboundMail, mail: Mail, judgement: Judgement, at: datetime) -> None:
    if judgement.asked and judgement.person is not None:
        payload = {"mail": kept.pk, "user": judgement.person.pk}
        publish("mail.unverified", payload, at=at)
        return
    try:
        validate_email(judgement.sender)
    except ValidationError:
        logger.info("Mail %s is from an address that no mail can be sent to.", kept.pk)
        return
    known = judgement.person.language if judgement.person else ""
    own = message_ids(mail.all("message-id"))
    publish(
        "mail.to_answer",
        {
            "mail": kept.pk,
            "address": judgement.sender,
            "language": known or language_of(mail),
            "message_id": own[0] if len(own) == 1 else "",
            "subject": mail.text("subject"),
        },
        at=at,
    )


def _note_headers(kept: InboundMail, mail: Mail) -> None:
    own = message_ids(mail.all("message-id"))
    kept.message_id = own[0] if len(own) == 1 else ""
    kept.subject = mail.text("subject")[:250]
    kept.to_address = kept.to_address or mail.text("to")[:320]


def _note(kept: InboundMail, judgement: Judgement) -> None:
    kept.outcome = judgement.outcome
    kept.reason = cleaned(judgement.reason)[:200]
    kept.person = judgement.person
    kept.from_address = judgement.sender[:320] or kept.from_address
    kept.save(update_fields=_JUDGED)
