"""The administrators' pages: categories, incidents to look at, and what changes do to promises."""

from incidents.admin import agreements, records

__all__ = ["agreements", "records"]
