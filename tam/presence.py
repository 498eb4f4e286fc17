"""Who has an incident open now, and who is replying to it (SPEC 20): in the cache, nowhere else.

A person is there as long as their page says so every few seconds. Who else is there is best effort:
while the cache is away, nobody is.
"""

import logging
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from django.core.cache import cache
from redis.exceptions import RedisError

# Seconds for which a page's word counts: two of its beats may be lost on the way.
THERE_FOR: Final = 25
# Seconds for which it is known who to look for: each beat puts a person back who is missing.
LISTED_FOR: Final = 3600
# Windows looked for on one incident: more than a team has open.
WINDOWS_MOST: Final = 50

_log: Final = logging.getLogger(__name__)


class Doing(StrEnum):
    READING = "reading"
    REPLYING = "replying"


@dataclass(frozen=True, slots=True)
class Present:
    """Somebody who has the incident open."""

    key: int
    name: str
    doing: Doing

    @property
    def is_replying(self) -> bool:
        return self.doing is Doing.REPLYING


def beat(*, incident: int, person: int, name: str, doing: Doing, window: str = "") -> list[Present]:
    """Note what a person does on an incident, and return who else is there, who replies first.

    Somebody with several windows replies when they do in one; `window` tells them apart.
    """
    place = f"{person}-{window}"
    try:
        cache.set(_key(incident, place), [name, doing.value], THERE_FOR)
        return _others(incident, person, place)
    except RedisError:
        _log.warning("Nobody knows who else is on an incident: the cache is away.")
        return []


def _others(incident: int, person: int, place: str) -> list[Present]:
    listed: list[str] = cache.get(_key(incident), [])
    if place not in listed:
        listed = [place, *listed][:WINDOWS_MOST]
        cache.set(_key(incident), listed, LISTED_FOR)
    places = {_key(incident, each): int(each.partition("-")[0]) for each in listed}
    there: dict[int, Present] = {}
    for key, (name, doing) in cache.get_many(places).items():
        other = places[key]
        if other != person and (other not in there or doing == Doing.REPLYING):
            there[other] = Present(other, name, Doing(doing))
    return sorted(there.values(), key=lambda each: (not each.is_replying, each.name, each.key))


def _key(incident: int, place: str = "all") -> str:
    return f"presence-{incident}-{place}"
