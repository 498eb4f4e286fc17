"""Mutated mails: no crash, none lost, each under two seconds of computing and 256 MB.

`python -m tests.incidents.inbound.soak --mails 10000` runs this with more of them.
"""

import hashlib
import os
import subprocess
import sys
from time import process_time

import pytest

from incidents.models import InboundMail
from tests.conftest import MONDAY_NINE, see_everything
from tests.incidents.inbound.corpus import CORPUS, HOSTILE
from tests.incidents.inbound.mutations import mutated

MAILS = int(os.environ.get("SOAK_MAILS", "200"))


@pytest.mark.django_db
def test_no_mutated_mail_is_lost_or_slow(cast, receive, caplog):
    digests = set()
    slowest = 0.0
    outcomes: dict[str, int] = {}
    for raw in [*CORPUS.values(), *mutated(MAILS, seed=20260302)]:
        began = process_time()
        kept = receive(raw, at=MONDAY_NINE)
        slowest = max(slowest, process_time() - began)
        see_everything()
        digests.add(hashlib.sha256(raw).hexdigest())
        assert kept.outcome != "waiting"
        outcomes[kept.outcome] = outcomes.get(kept.outcome, 0) + 1
        with kept.file.open("rb") as file:
            assert file.read() == raw
    assert set(InboundMail.objects.values_list("digest", flat=True)) == digests
    assert [record for record in caplog.records if record.levelname == "ERROR"] == []
    assert slowest < 2
    sys.stdout.write(f"{MAILS} mails, slowest {slowest:.2f} s, {outcomes}\n")


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("name", "outcome"),
    [
        ("zip", "answered"),
        ("line", "filed"),
        ("headers", "quarantined"),
        ("boundaries", "quarantined"),
        ("html", "filed"),
    ],
)
def test_a_hostile_mail_is_kept(cast, receive, name, outcome):
    raw = HOSTILE[name]()
    began = process_time()
    kept = receive(raw)
    assert process_time() - began < 2
    assert kept.outcome == outcome
    assert kept.size_bytes == len(raw)


def test_reading_stays_within_time_and_memory():
    ran = subprocess.run(
        [sys.executable, "-m", "tests.incidents.inbound.soak", "--measure", "--mails", str(MAILS)],
        capture_output=True,
        text=True,
        check=True,
        timeout=900,
    )
    name, seconds, megabytes = ran.stdout.strip().splitlines()[-1].split("|")
    assert float(seconds) < 2, name
    assert int(megabytes) < 256
