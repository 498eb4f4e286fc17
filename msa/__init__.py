"""The project: settings, wiring, and the leaf modules everything else stands on.

`celery_app` is loaded when asked for, so that `msa.clock` stays importable without Celery.
"""

from typing import TYPE_CHECKING, Any

__all__ = ["celery_app"]

if TYPE_CHECKING:
    from msa.celery import app as celery_app
else:

    def __getattr__(name: str) -> Any:
        if name != "celery_app":
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        from msa.celery import app

        return app
