"""How often somebody may try what invites guessing or flooding; counted in the cache."""

import logging

from django.http import HttpRequest
from django_ratelimit.core import get_usage
from redis.exceptions import RedisError

logger = logging.getLogger(__name__)


def seconds_to_wait(
    request: HttpRequest, *, group: str, key: str, rate: str, counted: bool = True
) -> int:
    """Count a try of `key` and return 0, or how many seconds to wait when there were too many.

    Not `counted`, it tells whether one more would be too many: where only failures count, which
    are known later.

    `rate` is as django-ratelimit writes it, "20/h". While the cache is away nothing is counted and
    nobody is held up: who has forgotten a password needs the desk then, too.
    """
    try:
        usage = get_usage(
            request, group=group, key=lambda _group, _request: key, rate=rate, increment=counted
        )
    except RedisError:
        logger.warning("The cache does not answer: %s is not limited.", group)
        return 0
    if usage is None:
        return 0
    too_many = usage["should_limit"] if counted else usage["count"] >= usage["limit"]
    return max(1, int(usage["time_left"])) if too_many else 0
