"""What ends a run; each carries one sentence for the person at the terminal."""


class CannotRunError(Exception):
    """The stack cannot start or go on; the message is one sentence that says why and what helps."""


class StopAskedError(Exception):
    """Somebody asked the stack to stop (Ctrl-C, SIGTERM, a closed terminal); not a failure."""
