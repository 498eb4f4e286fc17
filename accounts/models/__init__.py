"""People and agreements."""

from accounts.models.certificate import Certificate, CertificateVersion, Contact, CoveredProduct
from accounts.models.customer import Customer
from accounts.models.office import CalendarRevision, DutyShift, Office, OfficeDay
from accounts.models.product import Product
from accounts.models.programme import Programme, ProgrammeSeverity
from accounts.models.user import Role, User

__all__ = [
    "CalendarRevision",
    "Certificate",
    "CertificateVersion",
    "Contact",
    "CoveredProduct",
    "Customer",
    "DutyShift",
    "Office",
    "OfficeDay",
    "Product",
    "Programme",
    "ProgrammeSeverity",
    "Role",
    "User",
]
