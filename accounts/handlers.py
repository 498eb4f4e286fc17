"""What follows from changes of agreements, after they are committed."""

from collections.abc import Mapping, Sequence

from msa.outbox.relay import Handler

REACTIONS: Mapping[str, Sequence[Handler]] = {}
