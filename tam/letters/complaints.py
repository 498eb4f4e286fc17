"""Letters on complaints and suggestions: to whom they are addressed, and who made them (SPEC 11).

Nobody who may not know of a complaint is told of it: whom it reached never includes the account
manager whom it is about.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Self

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.actions.invitations import may_sign_in
from accounts.letters import Letter, Row, send
from accounts.models import NoticeKind, User
from incidents.notifications.rows import instants
from msa.outbox.relay import Handler
from tam.models import Complaint, Escalation


@dataclass(frozen=True)
class News:
    """What happened to a complaint at one of its levels."""

    complaint: Complaint
    escalation: Escalation
    actor: User | None

    @classmethod
    def load(cls, payload: Mapping[str, Any]) -> Self:
        complaints = Complaint.objects.select_related(
            "customer", "certificate__office", "author", "logged_by", "incident"
        )
        escalations = Escalation.objects.select_related(
            "opened_by", "acknowledged_by", "answered_by"
        )
        actor = payload.get("actor")
        return cls(
            complaints.get(pk=payload["complaint"]),
            escalations.get(pk=payload["escalation"]),
            User.objects.get(pk=actor) if actor else None,
        )

    @property
    def key(self) -> str:
        return f"complaint-{self.complaint.pk}-{self.escalation.level}"

    def reached(self, levels: int | None = None) -> list[User]:
        """Return whom this level reached; whom all levels up to here did, for `levels`."""
        escalations = [self.escalation]
        if levels is not None:
            escalations = list(self.complaint.escalations.filter(level__lte=levels))
        keys = {key for each in escalations for key in each.addressees}
        return list(User.objects.filter(pk__in=keys, is_active=True).order_by("pk"))

    def customers_people(self) -> list[User]:
        """Return who made the complaint, and the contact who raised it to this level."""
        raised_by = self.escalation.opened_by
        theirs = [self.complaint.author]
        if raised_by is not None and raised_by.is_contact and raised_by not in theirs:
            theirs.append(raised_by)
        return [person for person in theirs if may_sign_in(person)]


def on_escalated(payload: Mapping[str, Any], *, at: datetime) -> None:
    """Tell whom a level reached, and the author: it is a receipt for the one who wrote."""
    news = News.load(payload)
    silence = news.escalation.cause == Escalation.Cause.SILENCE
    below = news.reached(news.escalation.level - 1) if silence else []
    taken_down_by = news.complaint.logged_by
    vendors = [person for person in [*news.reached(), *below] if silence or person != taken_down_by]
    _send(_to_addressed(news), vendors, news, "escalated", at)
    _send(_to_author(news), news.customers_people(), news, "escalated", at)


def on_acknowledged(payload: Mapping[str, Any], *, at: datetime) -> None:
    news = News.load(payload)
    actor = news.escalation.acknowledged_by
    people = [*news.customers_people(), *news.reached()]
    _send(_acknowledged(news, actor), _but(people, actor), news, "acknowledged", at)


def on_answered(payload: Mapping[str, Any], *, at: datetime) -> None:
    news = News.load(payload)
    actor = news.escalation.answered_by
    people = [*news.customers_people(), *news.reached(news.escalation.level)]
    _send(_answered(news, actor), _but(people, actor), news, "answered", at)


def on_closed(payload: Mapping[str, Any], *, at: datetime) -> None:
    news = News.load(payload)
    people = [*news.customers_people(), *news.reached(news.escalation.level)]
    _send(_closed(news), _but(people, news.actor), news, "closed", at)


LETTERS: Final[Mapping[str, Sequence[Handler]]] = {
    "complaint.escalated": [on_escalated],
    "complaint.acknowledged": [on_acknowledged],
    "complaint.answered": [on_answered],
    "complaint.closed": [on_closed],
}


def _to_addressed(news: News) -> Callable[[User], Letter]:
    def write(reader: User) -> Letter:
        level = {"level": news.escalation.level}
        if news.escalation.cause == Escalation.Cause.SILENCE:
            heading = _("Gone up to level %(level)d: %(kind)s") % {**level, "kind": _kind(news)}
            lead = _("Nobody acknowledged it in time, so it has gone up by itself.")
        else:
            heading = _("%(kind)s at level %(level)d") % {**level, "kind": _kind(news)}
            lead = _("%(name)s has written. Please acknowledge it, and answer.") % {
                "name": _name(news.complaint.author, news, reader)
            }
        return _letter(news, reader, heading, [lead, _last_words(news)], _until(news))

    return write


def _to_author(news: News) -> Callable[[User], Letter]:
    def write(reader: User) -> Letter:
        level = {"level": news.escalation.level}
        taken_down_by = news.complaint.logged_by
        if news.escalation.cause == Escalation.Cause.SILENCE:
            heading = _("Gone up to level %(level)d") % level
            lead = _("It was not acknowledged in time, and has gone up by itself.")
        elif taken_down_by is not None and news.complaint.escalations.count() == 1:
            heading = _("Taken down for you: %(kind)s") % {"kind": _kind(news)}
            lead = _("%(name)s has taken down what you told us.") % {
                "name": _name(taken_down_by, news, reader)
            }
        else:
            heading = _("It has reached us: level %(level)d") % level
            lead = _("The people below have been told and will acknowledge and answer it.")
        names = ", ".join(person.name for person in news.reached())
        reached = Row(_("It reached"), [names]) if names else None
        return _letter(news, reader, heading, [lead], reached, _until(news))

    return write


def _acknowledged(news: News, actor: User | None) -> Callable[[User], Letter]:
    def write(reader: User) -> Letter:
        name = {"name": _name(actor, news, reader)}
        heading = _("Acknowledged by %(name)s") % name
        lead = _("%(name)s has taken note and sees to it.") % name
        return _letter(news, reader, heading, [lead])

    return write


def _answered(news: News, actor: User | None) -> Callable[[User], Letter]:
    def write(reader: User) -> Letter:
        heading = _("Answered by %(name)s") % {"name": _name(actor, news, reader)}
        further = _("If this does not do, raise it one level further on its page.")
        paragraphs = [_last_words(news), *([further] if reader.is_contact else [])]
        return _letter(news, reader, heading, paragraphs)

    return write


def _closed(news: News) -> Callable[[User], Letter]:
    def write(reader: User) -> Letter:
        lead = _("%(name)s has closed it.") % {"name": _name(news.actor, news, reader)}
        return _letter(news, reader, _("Closed by the customer"), [lead])

    return write


def _letter(
    news: News, reader: User, heading: str, paragraphs: Sequence[str], *facts: Row | None
) -> Letter:
    complaint = news.complaint
    subject = [complaint.title]
    if complaint.incident is not None:
        subject.append(complaint.incident.reference)
    why = (
        _("You get this mail because you told us of this, or raised it.")
        if reader.is_contact
        else _("You get this mail because this is, or was, addressed to you.")
    )
    customer = f"{complaint.customer.name} · {complaint.certificate.number}"
    return Letter(
        reference=complaint.certificate.number,
        heading=heading,
        paragraphs=paragraphs,
        rows=[
            Row(str(complaint.get_kind_display()), subject),
            Row(_("Customer"), [customer]),
            *filter(None, facts),
        ],
        button=_("Open it"),
        path=reverse("complaint", args=[complaint.pk]),
        why=why,
    )


def _until(news: News) -> Row | None:
    until = news.escalation.acknowledge_by
    if until is None:
        return None
    return Row(_("To be acknowledged by"), instants(until, news.complaint.certificate.office))


def _last_words(news: News) -> str:
    """Return what was written last when this level was opened, or answered."""
    written = news.complaint.messages.order_by("id")
    until = news.escalation.answered_at or news.escalation.opened_at
    words = written.filter(written_at__lte=until).last()
    return words.text if words else ""


def _kind(news: News) -> str:
    return str(news.complaint.get_kind_display())


def _name(person: User | None, news: News, reader: User) -> str:
    """Return a person's name; to the other side also whose they are."""
    if person is None:
        return str(settings.VENDOR_NAME)
    if person.is_contact == reader.is_contact:
        return person.name
    organisation = news.complaint.customer.name if person.is_contact else settings.VENDOR_NAME
    return _("%(name)s of %(organisation)s") % {"name": person.name, "organisation": organisation}


def _but(people: Iterable[User], actor: User | None) -> list[User]:
    return [person for person in people if person != actor]


def _send(
    write: Callable[[User], Letter], people: Iterable[User], news: News, what: str, at: datetime
) -> None:
    thread = f"complaint-{news.complaint.pk}"
    key = f"{news.key}-{what}"
    send(write, people, key=key, thread=thread, kind=NoticeKind.ESCALATION, at=at)
