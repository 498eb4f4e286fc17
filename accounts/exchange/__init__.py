"""Agreements and people as files: read row by row into our acts, and written for spreadsheets."""

from accounts.exchange.certificates import CertificateRows
from accounts.exchange.contacts import ContactRows
from accounts.exchange.customers import CustomerRows
from accounts.exchange.files import BYTES_MOST, ROWS_MOST, read_table, written
from accounts.exchange.rows import Rows

__all__ = [
    "BYTES_MOST",
    "ROWS_MOST",
    "CertificateRows",
    "ContactRows",
    "CustomerRows",
    "Rows",
    "read_table",
    "written",
]
