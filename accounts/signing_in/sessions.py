"""A person's sessions: where they are signed in, and how that ends."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from importlib import import_module
from typing import Any, Final

from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib.auth import HASH_SESSION_KEY
from django.contrib.sessions.models import Session
from django.db import transaction
from django.http import HttpRequest

from accounts.models import User
from accounts.signing_in.devices import Device, device_of

# How exact “last used” is: fine enough to find a stranger's, rare enough to cost nothing.
USE_NOTED_EVERY: Final = timedelta(minutes=10)
_USED = "used_at"


@dataclass(frozen=True, slots=True)
class OwnSession:
    """One place where a person is signed in; `current` is the one that asks."""

    pk: int
    device: Device
    since: datetime
    last_used: datetime
    current: bool


def begin(request: HttpRequest, *, at: datetime) -> None:
    """Note a session that has just begun, or whose key has changed with the password."""
    request.session[_USED] = at.isoformat()
    request.session.save()
    UserSession.objects.update_or_create(
        session_key=request.session.session_key,
        defaults={
            "user": request.user,
            "ip": "0.0.0.0",  # noqa: S104 (the column wants one; where people are is not kept)
            "user_agent": request.headers.get("User-Agent", "")[:200],
            "created_at": at,
            "last_seen_at": at,
        },
    )


def note_use(request: HttpRequest, *, at: datetime) -> None:
    """Note that a session is used, at most every ten minutes; it lasts longer by that, too.

    Nothing is done for sessions that did not begin by signing in, as those of tests.
    """
    noted = request.session.get(_USED)
    if noted is None or at - datetime.fromisoformat(noted) < USE_NOTED_EVERY:
        return
    request.session[_USED] = at.isoformat()
    UserSession.objects.filter(session_key=request.session.session_key).update(last_seen_at=at)


def sessions_of(person: User, *, current: str | None, at: datetime) -> list[OwnSession]:
    """Return the sessions that have not ended, the current one first, then the last used."""
    rows = UserSession.objects.filter(user=person)
    stored = Session.objects.filter(session_key__in=rows.values("session_key"), expire_date__gt=at)
    password = person.get_session_auth_hash()
    alive = [
        session.session_key
        for session in stored
        if session.get_decoded().get(HASH_SESSION_KEY) == password
    ]
    found = [
        OwnSession(
            pk=row.pk,
            device=device_of(row.user_agent),
            since=row.created_at,
            last_used=row.last_seen_at,
            current=row.session_key == current,
        )
        for row in rows.filter(session_key__in=alive).order_by("-last_seen_at", "-pk")
    ]
    return sorted(found, key=lambda session: not session.current)


@transaction.atomic
def end_session(*, person: User, pk: int) -> bool:
    """End one of a person's sessions; False when it had ended, or is somebody else's."""
    return _end(UserSession.objects.filter(user=person, pk=pk)) > 0


@transaction.atomic
def end_sessions(*, person: User, but: str | None = None) -> int:
    """End all of a person's sessions but the one with the key `but`; return how many."""
    return _end(UserSession.objects.filter(user=person).exclude(session_key=but or ""))


def _end(rows: Iterable[Any]) -> int:
    store = import_module(settings.SESSION_ENGINE).SessionStore()
    ended = 0
    for row in rows:
        store.delete(row.session_key)
        row.delete()
        ended += 1
    return ended
