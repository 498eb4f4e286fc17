"""The pictures of the README, taken from the demo: `make pictures`."""

import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from playwright.sync_api import ViewportSize

from msa.embedded.layout import PROJECT
from tests.browser.chromium import chromium
from tests.browser.desk import running_desk
from tests.browser.visitor import Visitor

FOLDER = PROJECT / "docs" / "pictures"

SCREEN: ViewportSize = {"width": 1280, "height": 832}
TELEPHONE: ViewportSize = {"width": 390, "height": 844}

INES = "ines.duval@northlight.example"  # technical account manager, in French
MEI = "mei.lin@northlight.example"  # technical account manager, in Chinese
JAMES = "james.whitcombe@valmorin.example"  # contact, in English
ADA = "ada.novak@northlight.example"  # administrator

# An incident with both sides in it, and a note.
INCIDENT = "Undetected worm spreading between depot servers"
CERTIFICATE = "MSA-FR-10147"


def main() -> None:
    FOLDER.mkdir(exist_ok=True)
    with (
        tempfile.TemporaryDirectory() as folder,
        running_desk(Path(folder) / "var") as desk,
        chromium() as browser,
    ):
        for picture in @dataclass(frozen=True)
class Picture:
    """A picture's name, and how a new window is led to what it shows."""

    name: str
    arrange: Callable[[Visitor], None]
    theme: str = "light"
    size: ViewportSize = field(default_factory=lambda: SCREEN)


PICTURES = (
    Picture("queue", _queue),
    Picture("queue-dark", _queue, theme="dark"),
    Picture("queue-mobile", _queue, size=TELEPHONE),
    Picture("queue-chinese", _chinese),
    Picture("queue-russian", _russian),
    Picture("incident", _incident),
    Picture("filing", _filing),
    Picture("home", _home),
    Picture("certificate", _certificate),
)


if __name__ == "__main__":
    main()
