"""The facts about each state, in one place (SPEC 6)."""

from dataclasses import dataclass
from types import MappingProxyType

from django.db.models import TextChoices
from django.utils.functional import Promise as LazyText
from django.utils.translation import gettext_lazy as _


class State(TextChoices):
    RECEIVED = "received", _("Received")
    IN_PROGRESS = "in_progress", _("In progress")
    AWAITING_CUSTOMER = "awaiting_customer", _("Question asked")
    SOLUTION_OFFERED = "solution_offered", _("Solution offered")
    CLOSED = "closed", _("Closed")


class Side(TextChoices):
    """Who has the next move."""

    VENDOR = "vendor", _("Our move")
    CUSTOMER = "customer", _("Customer's move")


class Closure(TextChoices):
    """Why an incident is closed."""

    SOLVED = "solved", _("Solved")
    NO_REPLY = "no_reply", _("Closed without a reply")
    WITHDRAWN = "withdrawn", _("Withdrawn")
    OUT_OF_SCOPE = "out_of_scope", _("Out of scope")
    DUPLICATE = "duplicate", _("Duplicate")


class Channel(TextChoices):
    PORTAL = "portal", _("Portal")
    PHONE = "phone", _("Phone")
    EMAIL = "email", _("E-mail")
    API = "api", _("API")


# Severities are plain numbers, 1 the most severe.
SEVERITY_LABELS = MappingProxyType({1: _("Critical"), 2: _("High"), 3: _("Medium"), 4: _("Low")})


@dataclass(frozen=True, slots=True)
class StateFacts:
    state: State
    side: Side | None
    tone: str
    icon: str
    portal_label: str | LazyText

    @property
    def label(self) -> str:
        return str(self.state.label)


FACTS = MappingProxyType(
    {
        facts.state: facts
        for facts in (
            StateFacts(State.RECEIVED, Side.VENDOR, "new", "inbox", _("Received")),
            StateFacts(State.IN_PROGRESS, Side.VENDOR, "work", "wrench", _("In progress")),
            StateFacts(
                State.AWAITING_CUSTOMER,
                Side.CUSTOMER,
                "customer",
                "message-circle-question-mark",
                _("We asked you"),
            ),
            StateFacts(
                State.SOLUTION_OFFERED,
                Side.CUSTOMER,
                "offer",
                "lightbulb",
                _("Solution offered"),
            ),
            StateFacts(State.CLOSED, None, "done", "circle-check", _("Closed")),
        )
    }
)
