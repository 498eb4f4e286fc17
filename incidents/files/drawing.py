"""Draws an image anew, small: a program of its own that reads an image and writes a WebP.

It runs apart (`incidents.files.previews` starts it), with its memory and time limited, and imports
nothing of the product: what a hostile image does to a decoder ends with it.
"""

import resource
import sys
from io import BytesIO
from typing import Final

from PIL import Image, ImageOps

# Pixels of an image: a camera's 50 millions. Four bytes each and a copy stay below MEMORY_BYTES.
PIXELS: Final = 50_000_000
EDGE_PIXELS: Final = 800  # of the preview's longer edge
MEMORY_BYTES: Final = 1024 * 1024 * 1024
CPU_SECONDS: Final = 10

FORMATS: Final = ("PNG", "JPEG", "WEBP", "GIF")


def main() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    sys.stdout.buffer.write(drawn(sys.stdin.buffer.read()))


def drawn(content: bytes) -> bytes:
    """Return the first frame, upright and without anything but its pixels, as a WebP.

    Raises what Pillow raises, and `ValueError` for more pixels than anybody photographs.
    """
    Image.MAX_IMAGE_PIXELS = PIXELS
    with Image.open(BytesIO(content), formats=FORMATS) as image:
        if image.width * image.height > PIXELS:
            raise ValueError("more pixels than a preview is drawn of")
        image.draft("RGB", (2 * EDGE_PIXELS, 2 * EDGE_PIXELS))  # a JPEG is read no larger
        pixels = image.convert("RGBA" if image.has_transparency_data else "RGB")
        pixels.thumbnail((EDGE_PIXELS, EDGE_PIXELS))
        upright = ImageOps.exif_transpose(pixels)
    bare = Image.new(upright.mode, upright.size)
    bare.paste(upright)
    written = BytesIO()
    bare.save(written, "WEBP", quality=80)
    return written.getvalue()


if __name__ == "__main__":
    main()
