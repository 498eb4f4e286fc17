"""Who is told of what happens to an agreement (SPEC 3, 18); each handler names its topic."""

from collections.abc import Mapping, Sequence

from msa.outbox.relay import Handler

LETTERS: Mapping[str, Sequence[Handler]] = {}
