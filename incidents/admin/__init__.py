"""The administrators' pages: categories, incidents to look at, and what changes do to promises."""

from incidents.admin import agreements, inbound, records

__all__ = ["agreements", "inbound", "records"]
