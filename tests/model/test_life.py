"""The product and the model tell the same of any life (`tests.model.soak` compares very many)."""

from random import Random

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from tests.model.compare import difference, told
from tests.model.lives import random_life

LIVES = 8  # about a second each
ACTS = 24

# A life that differs is made small line by line, which tells more than a smaller seed.
WITHOUT_SHRINKING = (Phase.explicit, Phase.reuse, Phase.generate)


@pytest.mark.django_db
@settings(max_examples=LIVES, deadline=None, phases=WITHOUT_SHRINKING)
@given(st.integers(0, 2**32 - 1), st.booleans())
def test_a_random_life(seed, rehearsal):
    scenario = random_life(Random(seed), ACTS)
    if difference(scenario, rehearsal=rehearsal):
        pytest.fail(told(scenario, rehearsal=rehearsal), pytrace=False)
