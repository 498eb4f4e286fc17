"""Images are drawn anew, small, upright and bare; what cannot be drawn has no preview."""

import struct
import zlib
from io import BytesIO

import pytest
from PIL import Image

from incidents.files import drawing, previews
from incidents.files.previews import preview_of

RED, BLUE = (200, 0, 0), (0, 0, 200)


def image(format_="PNG", size=(40, 20), mode="RGB", **options):
    written = BytesIO()
    drawn = Image.new(mode, size, RED)
    drawn.paste(BLUE, (0, 0, size[0] // 2, size[1]))
    drawn.save(written, format_, **options)
    return written.getvalue()


def opened(content):
    return Image.open(BytesIO(content))


@pytest.mark.parametrize("format_", ["PNG", "JPEG", "WEBP", "GIF"])
def test_the_four_formats_are_drawn_as_webp(format_):
    shown = opened(preview_of(BytesIO(image(format_))))
    assert (shown.format, shown.size) == ("WEBP", (40, 20))


def test_a_large_one_becomes_small_and_a_small_one_stays():
    assert opened(drawing.drawn(image("JPEG", (4000, 1000)))).size == (800, 200)
    assert opened(drawing.drawn(image("PNG", (3, 2)))).size == (3, 2)


def test_only_the_first_frame_of_a_film_is_drawn():
    frames = [Image.new("RGB", (10, 10), colour) for colour in (RED, BLUE)]
    written = BytesIO()
    frames[0].save(written, "GIF", save_all=True, append_images=frames[1:])
    shown = opened(drawing.drawn(written.getvalue()))
    assert getattr(shown, "n_frames", 1) == 1
    assert shown.convert("RGB").getpixel((5, 5))[0] > 150


@pytest.mark.parametrize("format_", ["JPEG", "PNG", "WEBP"])
def test_it_stands_upright_and_tells_nothing_of_the_camera(format_):
    exif = Image.Exif()
    exif[0x0112] = 6  # taken with the camera turned
    exif[0x010E] = "CANARY-PLACE"
    shown = drawing.drawn(image(format_, (40, 20), exif=exif))
    drawn = opened(shown)
    assert drawn.size == (20, 40)
    assert drawn.convert("RGB").getpixel((10, 5))[2] > 150  # the left half is on top
    assert dict(drawn.getexif()) == {}
    assert (b"CANARY" in shown, b"EXIF" in shown, b"ICCP" in shown) == (False, False, False)


def test_what_is_transparent_stays_so():
    written = BytesIO()
    Image.new("RGBA", (4, 4), (0, 0, 0, 0)).save(written, "PNG")
    assert opened(drawing.drawn(written.getvalue())).mode == "RGBA"


def bomb(width, height):
    """A PNG that says it is huge, in a few bytes."""

    def chunk(kind, data):
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    rows = chunk(b"IDAT", zlib.compress(b"\0" * 1000))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + rows + chunk(b"IEND", b"")


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"GIF89a/*<script>alert(1)</script>*/",
        b"\x89PNG\r\n\x1a\nnothing more",
        image("PNG")[:60],
        b'<svg xmlns="http://www.w3.org/2000/svg"/>',
        image("BMP"),
        image("TIFF"),
        bomb(100_000, 100_000),
        bomb(10_000, 10_000),
    ],
    ids=["empty", "script", "no image", "cut off", "svg", "bmp", "tiff", "bomb", "large bomb"],
)
def test_what_cannot_be_drawn_has_no_preview_and_is_no_error(content):
    assert preview_of(BytesIO(content)) is None


def test_a_drawing_that_takes_too_long_is_given_up(monkeypatch):
    monkeypatch.setattr(previews, "PATIENCE", 0.001)
    assert preview_of(BytesIO(image())) is None


def test_what_is_too_large_is_not_even_read(monkeypatch):
    monkeypatch.setattr(previews, "SOURCE_BYTES", 10)
    assert preview_of(BytesIO(image())) is None
