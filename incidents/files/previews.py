"""Previews: an image redrawn by a program apart, or none."""

import logging
import subprocess
import sys
from pathlib import Path
from typing import IO, Any, Final

logger = logging.getLogger(__name__)

MEDIA_TYPE: Final = "image/webp"

# Bytes of an image that is drawn; what is larger is no screenshot and no photograph.
SOURCE_BYTES: Final = 25 * 1024 * 1024
# Bytes of a preview: 800 by 800 of pure noise takes half of it.
PREVIEW_BYTES: Final = 2 * 1024 * 1024
# Seconds, on the clock: the program limits its own computing to less.
PATIENCE: Final = 20.0

_PROGRAM: Final = Path(__file__).with_name("drawing.py")


def preview_of(file: IO[bytes] | Any) -> bytes | None:
    """Return a small WebP of an open image, or None where none can be drawn.

    The image is never decoded in this process.
    """
    file.seek(0)
    content = file.read(SOURCE_BYTES + 1)
    if len(content) > SOURCE_BYTES:
        return None
    command = [sys.executable, "-I", str(_PROGRAM)]
    try:
        run = subprocess.run(  # noqa: S603 (a fixed command; the image comes by its input)
            command, input=content, capture_output=True, timeout=PATIENCE, check=True
        )
    except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as error:
        logger.info("No preview could be drawn: %s", error)
        return None
    return run.stdout if 0 < len(run.stdout) <= PREVIEW_BYTES else None
