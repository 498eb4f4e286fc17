"""The incident and its life (SPEC 6)."""

from datetime import datetime
from typing import Any, ClassVar, Final

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django_fsm import FSMField, FSMModelMixin, transition

from accounts.models import Certificate, Office, Programme, Role, User
from incidents.models import rows
from incidents.states import FACTS, Channel, Closure, Side, State, StateFacts

VENDOR_STATES = tuple(state for state in State if FACTS[state].side is Side.VENDOR)
CUSTOMER_STATES = tuple(state for state in State if FACTS[state].side is Side.CUSTOMER)
OPEN_STATES = VENDOR_STATES + CUSTOMER_STATES


class QueueTier(models.IntegerChoices):
    """Where an incident stands in the queue before anything else is compared (SPEC 10)."""

    BREACHED = 0, _("Overdue")
    RUNNING = 1, _("Clock running")
    OUR_MOVE = 2, _("Our move")
    CUSTOMERS_MOVE = 3, _("Customer's move")
    CLOSED = 4, _("Closed")


_CERTIFICATE: Final = "select * from accounts_certificate where id = %s"
_OFFICE: Final = (
    "select * from accounts_office"
    " where id = (select office_id from accounts_certificate where id = %s)"
)
_PROGRAMME: Final = (
    "select * from accounts_programme"
    " where id = (select programme_id from accounts_certificate where id = %s)"
)


class IncidentQuerySet(models.QuerySet["Incident"]):
    def visible_to(self, user: User, at: datetime) -> "IncidentQuerySet":
        """Return the incidents that a person may know of at an instant (SPEC 4)."""
        if user.role == Role.ADMINISTRATOR:
            return self
        if user.role == Role.CONTACT:
            return self.filter(customer=user.customer_id)
        handed = Q(pk__in=Handling.held_by(user).values("incident"))
        if user.role == Role.TAM:
            return self.filter(Q(certificate__in=user.certificates_in_charge()) | handed)
        if user.role == Role.DUTY_MANAGER:
            on_shift = user.shifts.filter(starts_at__lte=at, ends_at__gt=at).values("office")
            handled = Q(pk__in=user.handlings.values("incident"))
            theirs = Certificate.objects.filter(office__in=on_shift).values("pk")
            return self.filter(Q(certificate__in=theirs) | handled)
        if user.role == Role.TEAM_HEAD:
            theirs = Certificate.objects.filter(office=user.office_id).values("pk")
            return self.filter(Q(certificate__in=theirs) | handed)
        return self.filter(handed)


class Incident(FSMModelMixin, models.Model):
    """Whatever a customer asks of the vendor; told apart by its category's kind."""

    reference = models.CharField(_("reference"), max_length=20, unique=True)
    customer = models.ForeignKey(
        "accounts.Customer", models.PROTECT, related_name="incidents", verbose_name=_("customer")
    )
    certificate = models.ForeignKey(
        "accounts.Certificate",
        models.PROTECT,
        related_name="incidents",
        verbose_name=_("certificate"),
    )
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        related_name="authored_incidents",
        verbose_name=_("filed by"),
        help_text=_("The contact who asks, also when staff filed for them."),
    )
    category = models.ForeignKey(
        "incidents.Category", models.PROTECT, related_name="+", verbose_name=_("category")
    )
    product = models.ForeignKey(
        "accounts.Product",
        models.PROTECT,
        null=True,
        related_name="+",
        verbose_name=_("product"),
    )
    product_version = models.CharField(_("version"), max_length=40, blank=True)
    title = models.CharField(_("title"), max_length=200)
    language = models.CharField(_("language"), max_length=10, choices=settings.LANGUAGES)
    channel = models.CharField(_("channel"), max_length=10, choices=Channel)
    severity = models.PositiveSmallIntegerField(_("severity"))
    targets = models.JSONField(_("targets"), help_text=_("As the programme stood at filing."))

    state = FSMField(
        _("state"), max_length=20, choices=State, default=State.RECEIVED, protected=True
    )
    closure = models.CharField(_("closure"), max_length=20, choices=Closure, blank=True)
    received_at = models.DateTimeField(_("received at"))
    closed_at = models.DateTimeField(_("closed at"), null=True)
    customer_side_until = models.DateTimeField(
        _("closes without a reply at"),
        null=True,
        help_text=_("When the month on the customer's side ends."),
    )
    responded_at = models.DateTimeField(_("first qualified response"), null=True)
    customer_wrote_at = models.DateTimeField(_("customer last wrote at"))
    changed_at = models.DateTimeField(_("last event"))

    # Columns that follow from the rest, so that the queue is read off one index.
    queue_tier = models.PositiveSmallIntegerField(choices=QueueTier, default=QueueTier.RUNNING)
    queue_severity = models.PositiveSmallIntegerField(default=0)
    queue_at = models.DateTimeField()

    # The journal's chain: how many entries, and the hash of the last.
    journal_length = models.PositiveIntegerField(default=0)
    journal_head = models.CharField(max_length=64, blank=True)

    objects: ClassVar[models.Manager["Incident"]] = IncidentQuerySet.as_manager()

    class Meta:
        verbose_name = _("incident")
        verbose_name_plural = _("incidents")
        ordering = ["-received_at"]
        constraints = [
            models.CheckConstraint(
                name="incident_severity_known", condition=Q(severity__gte=1, severity__lte=4)
            ),
            models.CheckConstraint(
                name="incident_closed_has_reason",
                condition=Q(state=State.CLOSED, closed_at__isnull=False) & ~Q(closure="")
                | ~Q(state=State.CLOSED) & Q(closure="", closed_at__isnull=True),
            ),
            models.CheckConstraint(
                name="incident_month_on_customers_side",
                condition=Q(state__in=CUSTOMER_STATES) | Q(customer_side_until__isnull=True),
            ),
        ]
        indexes = [
            models.Index(
                fields=["queue_tier", "queue_severity", "queue_at", "id"], name="incident_queue"
            ),
            models.Index(
                fields=["certificate", "queue_tier", "queue_severity", "queue_at", "id"],
                name="incident_queue_certificate",
            ),
            models.Index("customer", F("changed_at").desc(), name="incident_by_customer"),
        ]

    def __str__(self) -> str:
        return self.reference

    def get_absolute_url(self) -> str:
        return reverse("incident", args=[self.reference])

    def agreement(self) -> Certificate:
        """Return the certificate; one not fetched yet comes with its office and programme."""
        certificate: Any = Incident._meta.get_field("certificate")
        if not certificate.is_cached(self):
            (fetched,), (office,), (programme,) = rows.read_together(
                [(Certificate, _CERTIFICATE), (Office, _OFFICE), (Programme, _PROGRAMME)],
                [self.certificate_id],
            )
            fetched.office, fetched.programme = office, programme
            self.certificate = fetched
        return self.certificate

    @property
    def facts(self) -> StateFacts:
        return FACTS[State(self.state)]

    @property
    def side(self) -> Side | None:
        return self.facts.side

    @property
    def is_open(self) -> bool:
        return bool(self.state != State.CLOSED)

    # Transitions: legality and their own columns, nothing else. Only actions call them.

    @transition(state, VENDOR_STATES, State.IN_PROGRESS)
    def respond(self) -> None:
        """A qualified response is given."""

    @transition(state, VENDOR_STATES, State.AWAITING_CUSTOMER)
    def ask(self, *, until: datetime | None) -> None:
        self.customer_side_until = until

    @transition(state, CUSTOMER_STATES, State.IN_PROGRESS)
    def answer(self) -> None:
        self.customer_side_until = None

    @transition(state, (*VENDOR_STATES, State.AWAITING_CUSTOMER), State.SOLUTION_OFFERED)
    def offer_solution(self, *, until: datetime | None) -> None:
        self.customer_side_until = until

    @transition(state, State.SOLUTION_OFFERED, State.CLOSED)
    def accept(self, *, at: datetime) -> None:
        self._close(Closure.SOLVED, at)

    @transition(state, State.SOLUTION_OFFERED, State.IN_PROGRESS)
    def decline(self) -> None:
        self.customer_side_until = None

    @transition(state, CUSTOMER_STATES, State.IN_PROGRESS)
    def take_back(self) -> None:
        self.customer_side_until = None

    @transition(state, CUSTOMER_STATES, State.CLOSED)
    def expire(self, *, at: datetime) -> None:
        self._close(Closure.NO_REPLY, at)

    @transition(state, OPEN_STATES, State.CLOSED)
    def withdraw(self, *, at: datetime) -> None:
        self._close(Closure.WITHDRAWN, at)

    @transition(state, VENDOR_STATES, State.CLOSED)
    def exclude(self, *, at: datetime) -> None:
        self._close(Closure.OUT_OF_SCOPE, at)

    @transition(state, VENDOR_STATES, State.CLOSED)
    def close_as_duplicate(self, *, at: datetime) -> None:
        self._close(Closure.DUPLICATE, at)

    @transition(state, State.CLOSED, State.IN_PROGRESS)
    def reopen(self) -> None:
        self._open()

    @transition(state, State.CLOSED, State.RECEIVED)
    def reopen_unanswered(self) -> None:
        self._open()

    @transition(state, State.CLOSED, State.IN_PROGRESS)
    def undo_expiry(self) -> None:
        """A message that arrived in time was read after the month's end (SPEC 8)."""
        self._open()

    def _close(self, closure: Closure, at: datetime) -> None:
        self.closure = closure
        self.closed_at = at
        self.customer_side_until = None

    def _open(self) -> None:
        self.closure = ""
        self.closed_at = None


class SideInterval(models.Model):
    """A stretch during which one side had the next move; exact to the second (SPEC 6)."""

    customer = models.ForeignKey("accounts.Customer", models.PROTECT, related_name="+")
    incident = models.ForeignKey(Incident, models.PROTECT, related_name="sides")
    side = models.CharField(max_length=10, choices=Side)
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["incident_id", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["incident"], name="side_open_once", condition=Q(ended_at__isnull=True)
            ),
            models.CheckConstraint(
                name="side_runs_forward",
                condition=Q(ended_at__isnull=True) | Q(ended_at__gte=F("started_at")),
            ),
        ]


class Follower(models.Model):
    """Someone who is told of an incident besides its author."""

    customer = models.ForeignKey("accounts.Customer", models.PROTECT, related_name="+")
    incident = models.ForeignKey(Incident, models.PROTECT, related_name="followers")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["incident", "user"], name="follower_once")]


class Handling(models.Model):
    """A staff member, or a team, who sees an incident because it is, or was, theirs (SPEC 4).

    `by` is who handed it over; None where a rule did.
    """

    class Reason(models.TextChoices):
        ASSIGNED = "assigned", _("Assigned")
        ESCALATED = "escalated", _("Escalated")
        ON_SHIFT = "on_shift", _("Handled on a shift")

    customer = models.ForeignKey("accounts.Customer", models.PROTECT, related_name="+")
    incident = models.ForeignKey(Incident, models.PROTECT, related_name="handlings")
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="handlings"
    )
    team = models.ForeignKey("accounts.Team", models.PROTECT, null=True, related_name="handlings")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    reason = models.CharField(max_length=10, choices=Reason)
    since = models.DateTimeField()
    until = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="handling_by_somebody",
                condition=Q(user=None, team__isnull=False) | Q(user__isnull=False, team=None),
            ),
            models.UniqueConstraint(
                fields=["incident", "team"],
                name="handling_once_by_team",
                condition=Q(until__isnull=True),
            ),
            models.UniqueConstraint(
                fields=["incident", "user", "reason"],
                name="handling_once",
                condition=Q(until__isnull=True),
            ),
        ]
        indexes = [
            models.Index(fields=["user", "incident"], name="handling_by_user"),
            models.Index(fields=["team", "incident"], name="handling_by_team"),
        ]

    @classmethod
    def held_by(cls, user: User) -> models.QuerySet["Handling"]:
        """Return what is on a person's desk now: theirs, or their teams'."""
        theirs = Q(user=user) | Q(team__in=user.teams.values("pk"))
        return cls.objects.filter(theirs, until__isnull=True)


class ReferenceCounter(models.Model):
    """The last number given out in a year; a row, so that references have no gaps."""

    year = models.PositiveSmallIntegerField(primary_key=True)
    last = models.PositiveIntegerField()


def state_diagram() -> str:
    """Return the states and transitions as a Mermaid diagram, from the code itself."""
    field: Any = Incident._meta.get_field("state")  # noqa: SLF001 (Django's documented API)
    arrows = sorted(
        {
            (str(arrow.source), str(arrow.target), arrow.name)
            for arrow in field.get_all_transitions(Incident)
        }
    )
    lines = [f"    {source} --> {target}: {name}" for source, target, name in arrows]
    return "\n".join(["stateDiagram-v2", "    [*] --> received: file", *lines])


class Submission(models.Model):
    """A form that was taken once; sent again, it leads to what it did the first time."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    key = models.UUIDField()
    result_url = models.CharField(max_length=300, blank=True)
    taken_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "key"], name="submission_once")]
