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
from accounts.models.office import (
    CalendarRecord,
    CalendarRevision,
    DutyShift,
    Office,
    OfficeDay,
    calendar_on_record,
    calendars_in_mind,
    put_on_record,
)
from accounts.models.product import Product
from accounts.models.programme import Programme, ProgrammeSeverity
from accounts.models.user import Role, User

__all__ = [
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
    "Office",
    "OfficeDay",
    "Product",
    "Programme",
    "ProgrammeSeverity",
    "Role",
    "User",
    "calendar_on_record",
    "calendars_in_mind",
    "put_on_record",
]
