"""Waiting that a signal can end: every pause of the stack goes through `Interrupts.pause`."""

import signal
import time
from collections.abc import Callable
from types import FrameType, TracebackType
from typing import Self

from msa.embedded.errors import StopAskedError

# Short enough that Ctrl-C and a child that ended are seen at once, long enough to cost nothing.
SLICE_SECONDS = 0.05

_Handler = Callable[[int, FrameType | None], object] | int | None

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Interrupts:
    """While entered, signals that ask for an end set a flag, which every pause looks at.

    Raising in the midst of things could forget a child between its start and its entry in a list.
    """

    def __init__(self) -> None:
        self._asked: signal.Signals | None = None
        self._before: dict[signal.Signals, _Handler] = {}

    def __enter__(self) -> Self:
        for number in _SIGNALS:
            if number is signal.SIGHUP and signal.getsignal(number) is signal.SIG_IGN:
                continue  # started with nohup, to outlive its terminal
            self._before[number] = signal.signal(number, self._note)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def pause(self, seconds: float = SLICE_SECONDS) -> None:
        """Sleep; StopAskedError as soon as somebody has asked for an end."""
        until = time.monotonic() + seconds
        while self._asked is None and (left := until - time.monotonic()) > 0:
            time.sleep(min(left, SLICE_SECONDS))
        if self._asked is not None:
            raise StopAskedError

    def forget(self) -> signal.Signals | None:
        """Return the signal that asked, and go on as if it had not."""
        asked, self._asked = self._asked, None
        return asked

    def _note(self, number: int, _frame: FrameType | None) -> None:
        self._asked = signal.Signals(number)
