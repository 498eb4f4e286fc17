"""What may be asked for about the contacts of a certificate, and what may be approved (SPEC 3)."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from django.db.models import Q, QuerySet
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from accounts.actions.certificates import limit_reached
from accounts.errors import Refused
from accounts.models import Certificate, Contact, ContactRequest, Role, User

Kind = ContactRequest.Kind
NAMING: Final = frozenset({Kind.ADD, Kind.REPLACE})  # changes that bring somebody new
LEAVING: Final = frozenset({Kind.REMOVE, Kind.REPLACE})  # changes by which somebody goes
DETAILS: Final = ("name", "email", "phone", "mobile", "language")


def check_askable(*, request: ContactRequest, certificate: Certificate, at: datetime) -> None:
    """Raise `Refused` when a contact cannot ask for a change at an instant.

    The reasons tell of nobody but the certificate's own people.
    """
    check_standing(certificate, at)
    held = list(certificate.contacts.select_related("user").order_by("slot"))
    _check_person(request, held)
    match request.kind:
        case Kind.REMOVE:
            _check_somebody_stays(held)
        case Kind.CORRECT:
            _check_correction(request, held)
        case _:
            _check_newcomer(request, certificate, held)


def check_possible(*, request: ContactRequest, certificate: Certificate, at: datetime) -> None:
    """Raise `Refused` when a change that was asked for could not be made at an instant.

    The reasons are for administrators alone: they tell whose an address is.
    """
    if not certificate.contacts.filter(user=request.requested_by).exists():
        raise Refused(
            _(
                "%(name)s, who asked, is no longer a contact of this certificate. Please decline "
                "the request; another contact can ask anew."
            )
            % {"name": request.requested_by.name}
        )
    check_askable(request=request, certificate=certificate, at=at)
    _check_holder_of_address(request, certificate)


def check_standing(certificate: Certificate, at: datetime) -> None:
    """Raise `Refused` when a certificate has ended or is revoked: its contacts stay then."""
    if certificate.revoked_at is not None:
        raise Refused(
            _("Certificate %(number)s is revoked; its contacts stay as they are.")
            % {"number": certificate.number}
        )
    if certificate.local_date(at) > certificate.valid_until:
        raise Refused(
            _("Certificate %(number)s ended on %(date)s; its contacts stay as they are.")
            % {
                "number": certificate.number,
                "date": date_format(certificate.valid_until, "DATE_FORMAT"),
            }
        )


def check_beside_others(*, request: ContactRequest, certificate: Certificate) -> None:
    """Refuse what could not be approved along with the requests that wait."""
    waiting = list(
        certificate.contact_requests.filter(state=ContactRequest.State.WAITING).select_related(
            "person"
        )
    )
    for other in waiting:
        _check_beside(request, other)
    if request.kind == Kind.ADD:
        _check_free_slots(certificate, [one for one in waiting if one.kind == Kind.ADD])
    if request.kind == Kind.REMOVE:
        leaving = [one for one in waiting if one.kind == Kind.REMOVE]
        _check_somebody_stays_after(leaving, request, certificate)


def changed_details(request: ContactRequest) -> list[str]:
    """Return which of a contact's details a correction changes."""
    return [field for field in DETAILS if getattr(request.person, field) != getattr(request, field)]


def requests_seen_by(reader: User, certificate: Certificate) -> QuerySet[ContactRequest]:
    """Return a certificate's requests but those that `is_hidden_from` hides from the reader."""
    about_reader = Q(kind__in=LEAVING, person=reader) & ~Q(requested_by=reader)
    return certificate.contact_requests.exclude(about_reader)


def is_hidden_from(request: ContactRequest, reader: User) -> bool:
    """Whether others want the reader to leave: they see no such request, nor withdraw it."""
    return (
        request.kind in LEAVING
        and request.person_id == reader.pk
        and request.requested_by_id != reader.pk
    )


def _check_person(request: ContactRequest, held: Sequence[Contact]) -> None:
    if request.kind == Kind.ADD:
        return
    if request.person is None:
        raise Refused(_("Say whom the change concerns."), field="person")
    if request.person not in [one.user for one in held]:
        raise Refused(
            _("%(name)s is not a contact of this certificate.") % {"name": request.person.name},
            field="person",
        )


def _check_somebody_stays(held: Sequence[Contact]) -> None:
    if len(held) == 1:
        raise Refused(
            _(
                "%(name)s is the only contact of this certificate: without one, nobody could ask. "
                "Replace them instead."
            )
            % {"name": held[0].user.name},
            field="person",
        )


def _check_correction(request: ContactRequest, held: Sequence[Contact]) -> None:
    _check_free_beside([one.user for one in held if one.user_id != request.person_id], request)
    changed = changed_details(request)
    if not changed:
        raise Refused(_("These are the details on record; nothing would change."))
    if "email" in changed and request.person != request.requested_by:
        _check_named_on_all(request.requested_by, request.person)


def _check_named_on_all(asker: User, person: User | None) -> None:
    """Refuse a new address of a person who has certificates that the asker has not.

    Whoever reads the new mailbox reads all of them.
    """
    own = asker.contact_slots.values("certificate")
    if Contact.objects.filter(user=person).exclude(certificate__in=own).exists():
        raise Refused(
            _(
                "Only somebody named on all of their certificates, or they themselves, can ask for "
                "a new address."
            ),
            field="email",
        )


def _check_newcomer(
    request: ContactRequest, certificate: Certificate, held: Sequence[Contact]
) -> None:
    _check_free_beside([one.user for one in held], request)
    stay = [one.user for one in held if one.user_id != request.person_id]
    if len(stay) >= certificate.contact_limit:
        raise limit_reached(certificate.contact_limit, stay, field="")


def _check_free_beside(people: Sequence[User], request: ContactRequest) -> None:
    """Refuse an address that one of the certificate's people has."""
    for person in people:
        if person.email == request.email:
            raise Refused(
                _("%(name)s is a contact already.") % {"name": person.name}, field="email"
            )


def _check_holder_of_address(request: ContactRequest, certificate: Certificate) -> None:
    """Refuse an address whose holder, wherever they are, stands in the way."""
    holder = User.objects.filter(email=request.email).first() if request.email else None
    if holder is None or holder == request.person:
        return
    words = {"email": request.email, "name": holder.name}
    if request.kind == Kind.CORRECT:
        raise Refused(_("The address %(email)s belongs to %(name)s.") % words, field="email")
    if not _can_be_named(holder, certificate):
        raise Refused(
            _("The address %(email)s belongs to %(name)s, who cannot be named on this certificate.")
            % words,
            field="email",
        )


def _can_be_named(user: User, certificate: Certificate) -> bool:
    return (
        user.is_active and user.role == Role.CONTACT and user.customer_id == certificate.customer_id
    )


def _check_beside(request: ContactRequest, other: ContactRequest) -> None:
    same_person = request.person is not None and other.person_id == request.person_id
    same_newcomer = request.kind in NAMING and other.kind in NAMING and other.email == request.email
    if (same_person or same_newcomer) and is_hidden_from(other, request.requested_by):
        raise _not_now()
    if request.person is not None and same_person:
        raise Refused(
            _("A change concerning %(name)s is waiting already. Withdraw it to ask anew.")
            % {"name": request.person.name},
            field="person",
        )
    if same_newcomer:
        raise Refused(
            _("That %(name)s be named is asked for already, and is waiting.")
            % {"name": other.name},
            field="email",
        )


def _check_free_slots(certificate: Certificate, waiting: Sequence[ContactRequest]) -> None:
    if certificate.contacts.count() + len(waiting) >= certificate.contact_limit:
        raise Refused(
            _(
                "This certificate names at most %(limit)d contacts; the slots that are free are "
                "asked for already, for %(names)s."
            )
            % {
                "limit": certificate.contact_limit,
                "names": ", ".join(one.name for one in waiting),
            }
        )


def _check_somebody_stays_after(
    leaving: Sequence[ContactRequest], request: ContactRequest, certificate: Certificate
) -> None:
    gone = {one.person_id for one in leaving}
    staying = list(certificate.contacts.exclude(user__in=gone).select_related("user"))
    if len(staying) == 1 and any(is_hidden_from(one, request.requested_by) for one in leaving):
        raise _not_now()
    _check_somebody_stays(staying)


def _not_now() -> Refused:
    """Return the refusal that keeps from a person what others ask for about them."""
    return Refused(
        _("This cannot be asked for at present. Please ask your technical account manager.")
    )
