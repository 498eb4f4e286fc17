"""How long the queue takes with a hundred thousand incidents, thirty thousand of them open.

    make bench

The page, a poll that finds nothing new, one that does, a search, and an act on fifty incidents, as
the head of the office's team sees and does them, and the page of a duty manager: the incidents of
200 customers, on an embedded PostgreSQL of its own.
"""

import gzip
import re
import statistics
import sys
from collections.abc import Callable
from time import perf_counter
from typing import Any
from uuid import uuid4

from bench.desk import prepared_desk

INCIDENTS = 100_000
TIMES = 15
AT_ONCE = 50


def main() -> None:
    with prepared_desk(demo=True) as run:
        run("-m", "bench.queue", "inside")


def measure() -> None:
    """Measure within the environment of a desk that has the demo's people."""
    import django

    django.setup()
    from django.conf import settings
    from django.db import connection, transaction
    from django.test import Client

    from accounts.models import Certificate, Role, User
    from accounts.tenancy import set_scope
    from bench.crowd import fill
    from msa import clock
    from msa.management.commands.migrate import become_application, become_owner

    settings.ALLOWED_HOSTS = ["testserver"]
    with transaction.atomic():
        set_scope(staff=True)
        fill(Certificate.objects.earliest("pk"), incidents=INCIDENTS, at=clock.now())
        duty = User.objects.filter(role=Role.DUTY_MANAGER).earliest("pk")
        head = User.objects.filter(role=Role.TEAM_HEAD).earliest("pk")
    become_owner(connection)
    with connection.cursor() as cursor:
        cursor.execute("vacuum analyze")
    become_application(connection)
    client = Client()
    client.force_login(head)

    page = client.get("/queue/").content
    print(
        f"page: {len(page) / 1024:.0f} KB, compressed {len(gzip.compress(page, 6)) / 1024:.1f} KB"
    )
    references = re.findall(rb'data-reference="([^"]+)"', page)
    tell("page", lambda: client.get("/queue/"))
    on_duty = Client()
    on_duty.force_login(duty)
    tell("page, of a duty manager", lambda: on_duty.get("/queue/"))
    version = re.search(rb'data-version="([^"]+)"', client.get("/queue/").content)
    assert version is not None
    said = version[1].decode()
    tell("poll, nothing new", lambda: client.get(f"/queue/rows/?v={said}"), expected=204)
    tell("poll, something new", lambda: client.get("/queue/rows/?v=0-0-0-0-x"))
    tell("search, common words", lambda: client.get("/queue/rows/?typed=1&q=console+customer+17"))
    tell("search, a contact", lambda: client.get("/queue/rows/?typed=1&q=contact+of+crowd-17"))
    tell("search, a rare word", lambda: client.get("/queue/rows/?typed=1&q=abcdef"))
    tell("search, the closed ones", lambda: client.get("/queue/rows/?typed=1&tab=closed&q=abcdef"))
    many = [reference.decode() for reference in references[:AT_ONCE]]

    def assign(turn: int) -> Any:
        what = "assign:me" if turn % 2 else "assign:"
        data = {"incident": many, "act": what, "submission": str(uuid4())}
        return client.post("/queue/bulk/acts/", data)

    turns = iter(range(1, TIMES + 1))
    tell(f"assigning {len(many)}", lambda: assign(next(turns)), expected=302, times=TIMES)


def tell(what: str, ask: Callable[[], Any], *, expected: int = 200, times: int = TIMES) -> None:
    taken = []
    for _ in range(times):
        began = perf_counter()
        response = ask()
        taken.append(perf_counter() - began)
        assert response.status_code == expected, (what, response.status_code)
    print(f"{what}: {statistics.median(taken) * 1000:.1f} ms, at worst {max(taken) * 1000:.1f} ms")


if __name__ == "__main__":
    if sys.argv[1:] == ["inside"]:
        measure()
    else:
        main()
