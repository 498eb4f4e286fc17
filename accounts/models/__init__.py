"""People and agreements."""

from accounts.models.certificate import (
    Certificate,
    CertificateVersion,
    Contact,
    CoveredProduct,
    EndingWarning,
)
from accounts.models.contact_request import ContactRequest
from accounts.models.customer import Customer
from accounts.models.notice import (
    MailTrouble,
    Notice,
    NoticeKind,
    NoticePreference,
    NoticeWay,
    QuietHours,
)
from accounts.models.obligation import Obligation
from accounts.models.office import (
    CalendarRecord,
    CalendarRevision,
    DutyShift,
    FormerAcknowledgement,
    Office,
    OfficeDay,
    ShiftPattern,
    calendar_on_record,
    calendars_in_mind,
    put_on_record,
)
from accounts.models.product import Product
from accounts.models.programme import Programme, ProgrammeSeverity
from accounts.models.signing_in import BoundIdentity, SecondFactor, SingleSignOn
from accounts.models.team import Team
from accounts.models.user import Role, User

__all__ = [
    "BoundIdentity",
    "CalendarRecord",
    "CalendarRevision",
    "Certificate",
    "CertificateVersion",
    "Contact",
    "ContactRequest",
    "CoveredProduct",
    "Customer",
    "DutyShift",
    "EndingWarning",
    "FormerAcknowledgement",
    "MailTrouble",
    "Notice",
    "NoticeKind",
    "NoticePreference",
    "NoticeWay",
    "Obligation",
    "Office",
    "OfficeDay",
    "Product",
    "Programme",
    "ProgrammeSeverity",
    "QuietHours",
    "Role",
    "SecondFactor",
    "ShiftPattern",
    "SingleSignOn",
    "Team",
    "User",
    "calendar_on_record",
    "calendars_in_mind",
    "put_on_record",
]
