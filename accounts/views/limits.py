"""How often somebody may try what invites guessing or flooding; counted in the cache."""

import logging

from django.http import HttpRequest
from django_ratelimit.core import get_usage
from redis.exceptions import RedisError

logger = logging.getLogger(__name__)


def seconds_to_wait(request: HttpRequest, *, group: str, key: str, rate: str) -> int:
    """Count a try of `key` and return 0, or how many seconds to wait when there were too many.

    `rate` is as django-ratelimit writes it, "20/h". While the cache is away nothing is counted and
    nobody is held up: who has forgotten a password needs the desk then, too.
    """
    try:
        usage = get_usage(
            request, group=group, key=lambda _group, _request: key, rate=rate, increment=True
        )
    except RedisError:
        logger.warning("The cache does not answer: %s is not limited.", group)
        return 0
    return max(1, int(usage["time_left"])) if usage and usage["should_limit"] else 0
