"""What the workers do: each task asks for the time once and calls one action."""

import logging
from functools import cache, partial
from typing import Final

from kombu import Connection
from kombu.exceptions import KombuError
from kombu.pools import producers

from accounts.actions import endings, notices, obligations
from accounts.tenancy import set_scope
from incidents.actions import deadlines, inbound, polling, uploads
from msa import clock
from msa.celery import TICK, app
from msa.outbox import actions, mail, relay
from msa.outbox import heartbeat as pulse
from msa.outbox import wake as waking
from msa.wiring import HANDLERS
from tam.actions import climbing, handovers, paging
from tam.actions.roster import alarms as coverage_alarms
from tam.actions.roster import patterns as shift_patterns

logger = logging.getLogger(__name__)


# Whoever wakes a worker has a person waiting, and what it would have started is found by the next
# tick: one try of a second, where the workers' own connection would wait for the broker's return.
_WAKE_OPTIONS: Final = {
    "max_retries": 0,
    "socket_timeout": 1.0,
    "socket_connect_timeout": 1.0,
    "retry_on_timeout": False,
}
_WAKE_WAIT_SECONDS: Final = 1.0


def wake(lane: waking.Lane) -> None:
    """Ask a worker to look now (`settings.OUTBOX_WAKE`). With Redis down this is one warning."""
    task = {"relay": relay_outbox, "mail": send_mail}[lane]
    try:
        with producers[_broker()].acquire(block=True, timeout=_WAKE_WAIT_SECONDS) as producer:
            task.apply_async(producer=producer, expires=2 * TICK, retry=False)
    except KombuError as error:
        logger.warning("No worker could be woken for %s: %s", lane, error)


@cache
def _broker() -> Connection:
    """Return what names the pool of connections for wakes; it does not connect itself."""
    return app.connection_for_write(transport_options=_WAKE_OPTIONS)


@app.task
def sweep_deadlines() -> None:
    deadlines.sweep(at=clock.now())


@app.task
def relay_outbox() -> None:
    prepare = partial(set_scope, staff=True)
    if relay.deliver_due(HANDLERS, at=clock.now(), prepare=prepare) == relay.RUN_LIMIT:
        wake("relay")


@app.task
def send_mail() -> None:
    if mail.send_due(at=clock.now()) == mail.RUN_LIMIT:
        wake("mail")


@app.task
def heartbeat() -> None:
    pulse.beat(at=clock.now())


@app.task
def warn_of_endings() -> None:
    endings.warn_of_endings(at=clock.now())


@app.task
def climb_escalations() -> None:
    climbing.climb_due(at=clock.now())


@app.task
def purge_outbox() -> None:
    actions.purge(at=clock.now())


@app.task
def keep_obligations() -> None:
    obligations.keep_registers(at=clock.now())


@app.task
def remind_of_obligations() -> None:
    obligations.remind(at=clock.now())


@app.task
def hand_over() -> None:
    at = clock.now()
    handovers.remind(at=at)
    handovers.watch(at=at)


@app.task
def repeat_pages() -> None:
    paging.repeat(at=clock.now())


@app.task
def alarm_uncovered() -> None:
    coverage_alarms.tell_of_gaps_now(at=clock.now())


@app.task
def look_ahead_for_gaps() -> None:
    coverage_alarms.tell_of_gaps_ahead(at=clock.now())


@app.task
def extend_shift_patterns() -> None:
    shift_patterns.extend_patterns(at=clock.now())


@app.task
def purge_uploads() -> None:
    uploads.purge_uploads(at=clock.now())


@app.task
def mail_waiting_notices() -> None:
    notices.mail_waiting(at=clock.now())


@app.task
def forget_old_notices() -> None:
    notices.forget_old(at=clock.now())


@app.task
def judge_mail() -> None:
    inbound.judge_waiting(at=clock.now())


@app.task
def poll_mail() -> None:
    polling.poll(at=clock.now())
