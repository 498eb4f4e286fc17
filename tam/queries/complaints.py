"""Who may know of which complaint, and what they may do to it: the one place (SPEC 4, 11)."""

from datetime import datetime

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils.translation import gettext as _

from accounts.access import certificates_read_by
from accounts.errors import NotFound
from accounts.models import Certificate, Role, User
from tam.models import Complaint, Escalation

# Who takes a complaint down that a contact makes by phone.
LOGS_COMPLAINTS = frozenset({Role.TAM, Role.DUTY_MANAGER, Role.TEAM_HEAD})
# Those beside the account manager are not told of a complaint about them.
READS_COMPLAINTS_ABOUT_TAM = frozenset({Role.TEAM_HEAD, Role.ADMINISTRATOR})


def visible_to(user: User, at: datetime) -> QuerySet[Complaint]:
    """Return the complaints that a person may know of at an instant.

    Contacts know of their own and of those on certificates that name them. Staff know of those that
    reached them, of those they took down, and of those on certificates in their charge; of what is
    complained about an account manager, neither that person knows nor who stands in for them.
    """
    if user.is_contact:
        named = Q(certificate__in=certificates_read_by(user, at).values("pk"))
        return Complaint.objects.filter(Q(author=user) | named, customer=user.customer_id)
    reached = Escalation.objects.filter(complaint=OuterRef("pk"), addressees__contains=[user.pk])
    in_charge = Q(certificate__in=certificates_read_by(user, at).values("pk"))
    if user.role not in READS_COMPLAINTS_ABOUT_TAM:
        in_charge &= Q(about=None)
    known = Q(Exists(reached)) | Q(logged_by=user) | in_charge
    return Complaint.objects.filter(known).exclude(about=user)


def get_complaint(user: User, pk: int, at: datetime) -> Complaint:
    """Return a complaint; raises `NotFound` for one that the person may not know of."""
    related = ("customer", "certificate__office", "certificate__tam", "certificate__programme")
    seen = visible_to(user, at).select_related(*related, "incident", "author", "logged_by")
    complaint = seen.filter(pk=pk).first()
    if complaint is None:
        raise NotFound(_("There is no such complaint."))
    return complaint


def is_named(user: User, complaint: Complaint) -> bool:
    """Whether a contact acts on a complaint: its certificate names them still."""
    return user.is_contact and user.contact_slots.filter(certificate=complaint.certificate).exists()


def certificates_to_complain_of(user: User, at: datetime) -> QuerySet[Certificate]:
    """Return the certificates on which a contact complains, or staff take a complaint down."""
    if not user.is_contact and user.role not in LOGS_COMPLAINTS:
        return Certificate.objects.none()
    return certificates_read_by(user, at).distinct().order_by("number")
