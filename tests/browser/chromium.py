"""Chromium as Debian ships it, driven by Playwright and kept from the network."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, sync_playwright

HOW_TO_GET_IT = "there is no chromium here (on Debian: apt-get install chromium)"

_ARGUMENTS = [
    "--no-sandbox",  # a container's root has no other way
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-domain-reliability",
    "--disable-sync",
    "--no-pings",
    "--force-color-profile=srgb",  # pictures look the same everywhere
    "--hide-scrollbars",
    "--lang=en-GB",  # how it writes dates in their fields
]


def find_chromium() -> str | None:
    return shutil.which("chromium")


@contextmanager
def chromium() -> Iterator[Browser]:
    """Start Chromium for the block."""
    path = find_chromium()
    if path is None:
        raise AssertionError(HOW_TO_GET_IT)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=_ARGUMENTS)
        try:
            yield browser
        finally:
            browser.close()
