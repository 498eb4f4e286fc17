"""Celery: how the workers run, and everything that is done periodically.

Ticks only say *look now*; what is due is a row in the database. Redis may be wiped at any moment,
ticks may come twice or be missed: the next one finds what there is.
"""

import os
from typing import Any, Final

from celery import Celery
from celery.schedules import crontab

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "msa.settings")

# Seconds. A deadline is told at the most this much after it was due; nothing due costs a
# millisecond, so that the tick could be shorter, but nobody would notice.
TICK: Final = 15.0

# Seconds. Every task works in batches of seconds; one that runs longer hangs, and is stopped well
# before Redis would hand it to a second worker.
SOFT_TIME_LIMIT: Final = 90
TIME_LIMIT: Final = 120
VISIBILITY_TIMEOUT: Final = 300

app = Celery("msa", include=["msa.tasks"])
app.config_from_object("django.conf:settings", namespace="CELERY")


def _every_tick(task: str) -> dict[str, Any]:
    """Return a line of the schedule; a tick that waited for two periods has been overtaken."""
    return {"task": f"msa.tasks.{task}", "schedule": TICK, "options": {"expires": 2 * TICK}}


app.conf.update(
    # A task is taken off the queue when it has ended; a killed worker's goes back to it.
    task_acks_late=True,
    task_reject_on_worker_lost=True,
    worker_prefetch_multiplier=1,
    # Losing the broker is no reason to cut off work that is half done: all of it is transactions.
    worker_cancel_long_running_tasks_on_connection_loss=False,
    worker_soft_shutdown_timeout=10.0,
    task_soft_time_limit=SOFT_TIME_LIMIT,
    task_time_limit=TIME_LIMIT,
    # Everything that anybody wants to know is in the database.
    task_ignore_result=True,
    task_default_queue="msa",
    task_serializer="json",
    accept_content=["json"],
    timezone="UTC",
    broker_connection_retry_on_startup=True,
    broker_transport_options={
        "visibility_timeout": VISIBILITY_TIMEOUT,
        # Seconds. A broker that hangs is noticed; workers ask it for a second at a time.
        "socket_timeout": 5.0,
        "socket_connect_timeout": 5.0,
        # With the defaults a killed worker's task is back only after 100 s.
        "unacked_restore_interval": 10,
        "unacked_restore_throttle": 1,
    },
    # The schedule is this table and lives in memory: a file could be torn by a kill.
    beat_scheduler="celery.beat:Scheduler",
    beat_schedule={
        # Notices the deadlines that have passed and does what each of them demands.
        "sweep_deadlines": _every_tick("sweep_deadlines"),
        # Lets escalations go up that nobody acknowledged in time.
        "climb_escalations": _every_tick("climb_escalations"),
        # Hands over wherever somebody else has become responsible, and reminds of what waits.
        "hand_over": _every_tick("hand_over"),
        # Pages again for what nobody has taken up.
        "repeat_pages": _every_tick("repeat_pages"),
        # Brings the messages to their handlers that no wake has brought.
        "relay_outbox": _every_tick("relay_outbox"),
        # Sends the mail that no wake has sent, and what is to be tried again.
        "send_mail": _every_tick("send_mail"),
        # Mails the day's digests, and what has waited through somebody's quiet hours.
        "mail_waiting_notices": _every_tick("mail_waiting_notices"),
        # Proves that the engine runs, and records when it did not.
        "heartbeat": _every_tick("heartbeat"),
        # Warns of certificates that end: a day begins at another hour in each office's zone.
        "warn_of_endings": {
            "task": "msa.tasks.warn_of_endings",
            "schedule": crontab(minute="10"),
            "options": {"expires": 3600.0},
        },
        # Enters what certificates owe by now: a day begins at another hour in each office's zone.
        "keep_obligations": {
            "task": "msa.tasks.keep_obligations",
            "schedule": crontab(minute="15"),
            "options": {"expires": 3600.0},
        },
        # Reminds people of what is owed to customers, and tells them of what is overdue.
        "remind_of_obligations": {
            "task": "msa.tasks.remind_of_obligations",
            "schedule": crontab(minute="20"),
            "options": {"expires": 3600.0},
        },
        # Tells the heads of teams at once where nobody is responsible.
        "alarm_uncovered": _every_tick("alarm_uncovered"),
        # Tells them of times with nobody responsible in the weeks ahead.
        "look_ahead_for_gaps": {
            "task": "msa.tasks.look_ahead_for_gaps",
            "schedule": crontab(minute="25"),
            "options": {"expires": 3600.0},
        },
        # Plans the shifts that patterns have for the days that have come into sight.
        "extend_shift_patterns": {
            "task": "msa.tasks.extend_shift_patterns",
            "schedule": crontab(hour="1", minute="5"),
            "options": {"expires": 3600.0},
        },
        # Deletes files that were uploaded and not sent within a day.
        "purge_uploads": {
            "task": "msa.tasks.purge_uploads",
            "schedule": crontab(minute="35"),
            "options": {"expires": 3600.0},
        },
        # Deletes notices of more than a year ago.
        "forget_old_notices": {
            "task": "msa.tasks.forget_old_notices",
            "schedule": crontab(hour="2", minute="45"),
            "options": {"expires": 3600.0},
        },
        # Judges the mail that came in and was not judged at once.
        "judge_mail": _every_tick("judge_mail"),
        # Fetches the mail of the mailbox, if the settings name one.
        "poll_mail": {
            "task": "msa.tasks.poll_mail",
            "schedule": crontab(),
            "options": {"expires": 60.0},
        },
        # Deletes messages and mails that nobody needs any more, when few people are at work.
        "purge_outbox": {
            "task": "msa.tasks.purge_outbox",
            "schedule": crontab(hour="2", minute="40"),
            "options": {"expires": 3600.0},
        },
    },
)
