"""The project: settings, wiring, and the leaf modules everything else stands on.

`celery_app` is loaded when asked for, so that `msa.clock` stays importable without Celery.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from celery import Celery

    celery_app: Celery

__all__ = ["celery_app"]


def __getattr__(name: str) -> "Celery":
    if name != "celery_app":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from msa.celery import app

    return app
