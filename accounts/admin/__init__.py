"""The administrators' pages for agreements, people and offices (SPEC 2, 3, 4, 9).

Everything is saved through `accounts.actions`, so that versions and revisions are issued.
"""

from django.contrib import admin
from django.contrib.auth.models import Group

from accounts.admin import (
    certificates,
    contact_requests,
    mail_trouble,
    obligations,
    offices,
    people,
    programmes,
    signing_in,
    teams,
)

__all__ = [
    "certificates",
    "contact_requests",
    "mail_trouble",
    "obligations",
    "offices",
    "people",
    "programmes",
    "signing_in",
    "teams",
]

admin.site.unregister(Group)  # a person has one role (SPEC 4); groups would promise more
