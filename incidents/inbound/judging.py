"""What is to become of a mail (SPEC 6, 17). Reads only; `incidents.actions.inbound` acts."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from accounts.errors import NotAllowed, NotFound
from accounts.models import User
from incidents.access import Verb, get_incident
from incidents.inbound.authentication import Verdict as DomainVerdict
from incidents.inbound.automatic import has_looped, why_automatic
from incidents.inbound.bounces import Bounce, read_bounce
from incidents.inbound.parsing import Mail
from incidents.inbound.senders import Sender, is_ours, message_ids, read_sender
from incidents.models import InboundMail, Incident
from msa.outbox.models import Email

# A server that is not sure whether a mail arrived sends it again within days.
REPEATED_WITHIN: Final = timedelta(days=7)
# Mails of one person that file in 24 hours: more than anybody writes, fewer than a loop does.
FILED_MOST: Final = 20
# Message-IDs of References that are looked up, newest first: the thread's last mails.
REFERENCES_READ: Final = 10

_REFERENCE: Final = re.compile(r"\bINC-\d{4}-\d{1,9}\b", re.IGNORECASE)
Outcome = InboundMail.Outcome


@dataclass(frozen=True, slots=True)
class Judgement:
    """What becomes of a mail, and why; `reason` is for administrators, in English.

    `answered` tells the sender how to proceed, and `asked` the person whether the mail is theirs,
    each within the limit of one a day.
    """

    outcome: Outcome
    reason: str = ""
    sender: str = ""
    person: User | None = None
    incident: Incident | None = None
    bounce: Bounce | None = None
    answered: bool = False
    asked: bool = False


def judge(kept: InboundMail, mail: Mail, *, at: datetime, vouched: bool = False) -> Judgement:
    """Say what becomes of a mail that was received at `at`.

    `vouched`: an administrator has read it and says that it is from whom it names.
    """
    sender = read_sender(mail, kept.to_address)
    if vouched:
        return _of_person(kept, mail, sender, at)
    return _of_no_person(mail, sender) or _of_sender(kept, mail, sender, at)


def _of_no_person(mail: Mail, sender: Sender) -> Judgement | None:
    """Judge what no person wrote, or what nobody can tell who wrote; None for all else."""
    if has_looped(mail):
        return Judgement(Outcome.QUARANTINED, "goes in circles", sender.address)
    bounce = read_bounce(mail)
    if bounce is not None:
        return Judgement(Outcome.BOUNCE, bounce.reason, sender.address, bounce=bounce)
    if is_ours(mail, sender.address):
        return Judgement(Outcome.QUARANTINED, "is from ourselves", sender.address)
    if sign := why_automatic(mail, sender.address):
        return Judgement(Outcome.AUTOMATIC, sign, sender.address, sender.person)
    if not sender.address:
        return Judgement(Outcome.QUARANTINED, "is not from exactly one address")
    return None


def _of_sender(kept: InboundMail, mail: Mail, sender: Sender, at: datetime) -> Judgement:
    if sender.person is None and sender.domain is DomainVerdict.FAIL:
        # An answer would go to whomever the address was taken from.
        return Judgement(Outcome.QUARANTINED, "forged: DMARC fails", sender.address)
    if sender.person is None:
        reason = "is from nobody registered"
        return Judgement(Outcome.ANSWERED, reason, sender.address, answered=True)
    if not sender.is_verified:
        return Judgement(
            Outcome.QUARANTINED,
            "nothing shows that it is from this person",
            sender.address,
            sender.person,
            asked=True,
        )
    return _of_person(kept, mail, sender, at)


def _of_person(kept: InboundMail, mail: Mail, sender: Sender, at: datetime) -> Judgement:
    person, address = sender.person, sender.address
    if person is None:
        return Judgement(Outcome.QUARANTINED, "is from nobody registered", address)
    if _came_before(kept, mail, person):
        return Judgement(Outcome.REPEATED, "", address, person)
    verb = Verb.ANSWER if person.is_contact else Verb.NOTE
    for reference in _references(mail, sender):
        try:
            incident = get_incident(person, reference, verb, at)
        except NotFound:
            continue
        except NotAllowed:
            reason = f"may not write on {reference}"
            return Judgement(Outcome.QUARANTINED, reason, address, person, answered=True)
        outcome = Outcome.JOINED if person.is_contact else Outcome.NOTED
        return Judgement(outcome, "", address, person, incident)
    if not person.is_contact:
        reason = "is from staff and names no incident of theirs"
        return Judgement(Outcome.ANSWERED, reason, address, person, answered=True)
    if _filed_lately(person, at) >= FILED_MOST:
        reason = f"has filed {FILED_MOST} incidents by mail within 24 hours"
        return Judgement(Outcome.QUARANTINED, reason, address, person, answered=True)
    return Judgement(Outcome.FILED, "by e-mail: the portal cannot be reached", address, person)


def _came_before(kept: InboundMail, mail: Mail, person: User) -> bool:
    """Whether this person's mail was taken before, by another way or with other marks of it."""
    own = message_ids(mail.all("message-id"))
    return (
        len(own) == 1
        and InboundMail.objects.filter(
            message_id=own[0],
            person=person,
            outcome__in=(Outcome.FILED, Outcome.JOINED, Outcome.NOTED),
            received_at__gte=kept.received_at - REPEATED_WITHIN,
            subject=mail.text("subject")[:250],
        )
        .exclude(pk=kept.pk)
        .exists()
    )


def _filed_lately(person: User, at: datetime) -> int:
    lately = InboundMail.objects.filter(person=person, outcome=Outcome.FILED)
    return lately.filter(received_at__gt=at - timedelta(days=1)).count()


def _references(mail: Mail, sender: Sender) -> Iterator[str]:
    """Yield the references that a mail may answer: the signed one, the thread's, the subject's."""
    if sender.signed is not None:
        yield sender.signed.reference
    answered = message_ids([*mail.all("in-reply-to"), *mail.all("references")])
    if answered:
        ours = Email.objects.filter(message_id__in=answered[-REFERENCES_READ:])
        for subject in ours.order_by("-pk").values_list("subject", flat=True)[:REFERENCES_READ]:
            yield from _REFERENCE.findall(subject)[:1]
    yield from (found.upper() for found in _REFERENCE.findall(mail.text("subject"))[:3])
