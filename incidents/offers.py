"""What can be asked for under an agreement, and what is said of each (SPEC 11, 14 to 17)."""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from django.utils.functional import Promise as LazyText
from django.utils.translation import gettext_lazy as lazy


class Offer(StrEnum):
    """What can be asked for; in the order in which people read it."""

    FILING = "filing"
    PHONE_LINE = "phone_line"
    TAM = "tam"
    TAM_CHANNEL = "tam_channel"
    ESCALATION = "escalation"
    STATUS_REPORTS = "status_reports"
    SIGNATURE_REQUESTS = "signature_requests"
    PUBLIC_PATCHES = "public_patches"
    PRIVATE_PATCHES = "private_patches"
    REGULAR_REPORTS = "regular_reports"
    REPORTS_ON_DEMAND = "reports_on_demand"
    TAILORED_REPORTS = "tailored_reports"
    QUARTERLY_REPORTS = "quarterly_reports"
    HEALTH_CHECK = "health_check"


LABELS: Final[Mapping[Offer, LazyText]] = MappingProxyType(
    {
        Offer.FILING: lazy("Incidents"),
        Offer.PHONE_LINE: lazy("Priority line"),
        Offer.TAM: lazy("Technical account manager"),
        Offer.TAM_CHANNEL: lazy("Requests through the technical account manager"),
        Offer.ESCALATION: lazy("Escalation"),
        Offer.STATUS_REPORTS: lazy("Status reports"),
        Offer.SIGNATURE_REQUESTS: lazy("Signature requests"),
        Offer.PUBLIC_PATCHES: lazy("Public patches"),
        Offer.PRIVATE_PATCHES: lazy("Private patches"),
        Offer.REGULAR_REPORTS: lazy("Regular reports of open incidents"),
        Offer.REPORTS_ON_DEMAND: lazy("Reports of open incidents on demand"),
        Offer.TAILORED_REPORTS: lazy("Reports made to measure"),
        Offer.QUARTERLY_REPORTS: lazy("Quarterly reports"),
        Offer.HEALTH_CHECK: lazy("Yearly health check"),
    }
)

MEANS: Final[Mapping[Offer, LazyText]] = MappingProxyType(
    {
        Offer.TAM: lazy("One person of ours knows your installation and sees to your incidents."),
        Offer.TAM_CHANNEL: lazy(
            "You may also hand a request to your technical account manager, by phone, by e-mail or "
            "in person; it counts like a call."
        ),
        Offer.PUBLIC_PATCHES: lazy(
            "You may ask for a correction that we then deliver to all customers."
        ),
        Offer.REGULAR_REPORTS: lazy("A list of your open incidents, sent regularly."),
        Offer.REPORTS_ON_DEMAND: lazy("A list of your open incidents at once, whenever you ask."),
        Offer.TAILORED_REPORTS: lazy(
            "You choose recipients, language, columns and filters of the reports."
        ),
        Offer.QUARTERLY_REPORTS: lazy(
            "Every three months: figures, compliance with our promises, and what your technical "
            "account manager makes of them."
        ),
        Offer.HEALTH_CHECK: lazy(
            "Once in a contract year we look at your settings for a working day, remotely, and "
            "recommend what to change."
        ),
    }
)

# Why there is none, and the way that is open instead.
WITHOUT: Final[Mapping[Offer, tuple[LazyText, LazyText]]] = MappingProxyType(
    {
        Offer.FILING: (
            lazy("This programme includes no incidents."),
            lazy("Ask your technical account manager for a programme that does."),
        ),
        Offer.PHONE_LINE: (
            lazy("This programme has no priority line."),
            lazy("File in the portal: it is always open."),
        ),
        Offer.TAM: (
            lazy("This programme names nobody who looks after you in particular."),
            lazy("Whoever of our office is at work sees to your incidents."),
        ),
        Offer.TAM_CHANNEL: (
            lazy("In this programme requests do not go through the technical account manager."),
            lazy("File in the portal, so that the time to answer starts at once."),
        ),
        Offer.ESCALATION: (
            lazy("This programme has no levels of escalation."),
            lazy("Write in the incident what is wrong with our answer."),
        ),
        Offer.STATUS_REPORTS: (
            lazy("This programme promises no reports while an incident is open."),
            lazy("The page of the incident always shows how it stands."),
        ),
        Offer.SIGNATURE_REQUESTS: (
            lazy("This programme includes no updates of signatures on request."),
            lazy("File what was missed or wrongly found as a malware incident."),
        ),
        Offer.PUBLIC_PATCHES: (
            lazy("This programme includes no patches on request."),
            lazy("Corrections reach you with our ordinary updates."),
        ),
        Offer.PRIVATE_PATCHES: (
            lazy("This programme includes no patches made for you alone."),
            lazy("Corrections reach you with the patches for all customers."),
        ),
        Offer.REGULAR_REPORTS: (
            lazy("This programme includes no regular reports of open incidents."),
            lazy("The home page lists your open incidents at any time."),
        ),
        Offer.REPORTS_ON_DEMAND: (
            lazy("This programme includes no reports on demand."),
            lazy("The home page lists your open incidents at any time."),
        ),
        Offer.TAILORED_REPORTS: (
            lazy("In this programme the form of reports is ours."),
            lazy("Ask your technical account manager for what you miss in them."),
        ),
        Offer.QUARTERLY_REPORTS: (
            lazy("This programme includes no quarterly reports."),
            lazy("Each incident shows by itself how its promises were kept."),
        ),
        Offer.HEALTH_CHECK: (
            lazy("This programme includes no health check."),
            lazy("Ask your technical account manager for a programme that does."),
        ),
    }
)
