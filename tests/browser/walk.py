"""Every page that a person can get to by links, each kind of page once."""

from collections import deque
from collections.abc import Iterable
from pathlib import PurePosixPath
from urllib.parse import urlsplit

from django.urls import Resolver404, resolve

from tests.browser.visitor import Visitor

_FILES = frozenset({"attachment"})  # beside the addresses that end like a file's name

_LINKS = """
    links => links
        .filter(link => link.origin === location.origin && !link.hasAttribute('download'))
        .map(link => link.pathname + link.search)
"""


def walk(visitor: Visitor, starts: Iterable[str], seen: set[str]) -> list[str]:
    """Visit the starts and one page of each kind that is not in `seen`, and return their paths.

    Each is looked at, in both themes and on a small screen. `seen` grows.
    """
    starts = list(starts)
    waiting, walked = deque(starts), []
    while waiting:
        path = waiting.popleft()
        kind = kind_of(path)
        if kind is None or (kind in seen and path not in starts) or path in walked:
            continue
        seen.add(kind)
        visitor.visit(path)
        assert visitor.page.title() != "", path
        visitor.assert_well_made()
        visitor.assert_fits()
        walked.append(path)
        waiting.extend(visitor.page.eval_on_selector_all("a[href]", _LINKS))
    return walked


def kind_of(path: str) -> str | None:
    """Return the name of a page's address; None for a file and the admin's pages."""
    address = urlsplit(path).path
    try:
        name = resolve(address).view_name
    except Resolver404:
        return None
    if name.startswith("admin:") or name in _FILES or PurePosixPath(address).suffix:
        return None
    return name
