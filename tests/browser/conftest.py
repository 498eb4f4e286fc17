"""One desk and one Chromium for the tests of this folder."""

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from playwright.sync_api import Browser

from tests.browser.chromium import chromium, find_chromium
from tests.browser.desk import Desk, running_desk
from tests.browser.visitor import Visitor

Visit = Callable[..., Visitor]


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave the browser tests out where there is no Chromium, except in CI: there they fail."""
    if find_chromium() or os.environ.get("CI"):
        return
    left_out = [item for item in items if item.get_closest_marker("browser")]
    items[:] = [item for item in items if item not in left_out]
    config.hook.pytest_deselected(items=left_out)


# For the folder and not for the session: while Playwright runs, Django refuses to query.
@pytest.fixture(scope="package")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    with running_desk(tmp_path_factory.mktemp("desk")) as running:
        running.run("-m", "tests.browser.people")
        yield running


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    with chromium() as started:
        yield started


@pytest.fixture
def visit(browser: Browser, desk: Desk) -> Iterator[Visit]:
    """Return a way to open windows on the desk; each must have been quiet when the test ends."""
    with ExitStack() as windows:
        visitors: list[Visitor] = []

        def open_window(**options: Any) -> Visitor:
            visitor = windows.enter_context(Visitor.opened(browser, desk.url, **options))
            visitors.append(visitor)
            return visitor

        yield open_window
        for visitor in visitors:
            assert visitor.complaints == []
