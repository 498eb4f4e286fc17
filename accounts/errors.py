"""What the rules refuse, as exceptions with a message for people.

The edges map them once: `NotFound` to 404, `NotAllowed` to 403, `Conflict` to 409, and any other
`Refused` to an error on the form. `field` names the form field that the message belongs to.
"""

from django.utils.functional import Promise as LazyText


class Refused(Exception):
    """An act that the rules do not allow; it changed nothing."""

    def __init__(self, message: str | LazyText, *, field: str = "") -> None:
        super().__init__(message)
        self.field = field


class NotFound(Refused):
    """The person may not know of it, or there is none: nobody can tell which."""


class NotAllowed(Refused):
    """The person can see it, but not do this."""


class Conflict(Refused):
    """Somebody, or the clock, was faster."""


class Changed(Conflict):
    """What the person saw is no longer so; sent again, knowing it, the act goes through."""
