"""Everybody at once at the last slots of a certificate: eight are taken, and never nine (SPEC 3).

Thirty threads try in turn by the portal with an approval, by the administrators' form, by an
import and by SQL as the application's role. Whoever gets a slot leaves it again, so that the race
goes on. `SLOT_ATTEMPTS=34` makes it a thousand attempts; the suite tries a few of each.
"""

import os
import uuid
from collections import Counter
from random import Random
from threading import Barrier, Event, Lock, Thread

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import DatabaseError, connection
from django.test import Client

from accounts.actions.certificates import name_contact, revise_certificate
from accounts.actions.contacts import approve_request
from accounts.errors import Refused
from accounts.models import Certificate, Contact, ContactRequest, Role, User
from accounts.tenancy import staff_transaction
from msa import clock
from tests.accounts.test_admin_certificates import form
from tests.conftest import MONDAY_NINE, make_cast

THREADS = 30
ATTEMPTS = int(os.environ.get("SLOT_ATTEMPTS", "2"))  # of each thread
LIMIT = 8
WAYS = ("portal", "admin", "imported", "sql")
PORTAL = "/certificates/MSA-1/contacts/"
IMPORT = "/admin/accounts/user/import/"


@pytest.mark.django_db(transaction=True)
def test_whichever_way_they_come_nine_are_never_named():
    race = Race()
    with clock.at(MONDAY_NINE):
        assert [race.attempt(way, f"alone-{way}", Random(1)) for way in WAYS] == [True] * 4
    threads = [Thread(target=race.run, args=[number]) for number in range(THREADS)]
    watcher = Thread(target=race.watch)
    watcher.start()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    race.over.set()
    watcher.join()
    assert race.broken == []
    assert Counter({way: race.outcomes[way, True] + race.outcomes[way, False] for way in WAYS}) == (
        Counter(WAYS[attempt % 4] for attempt in range(THREADS * ATTEMPTS))
    )
    assert 0 < sum(race.outcomes[way, True] for way in WAYS) < THREADS * ATTEMPTS
    assert race.most <= LIMIT
    with staff_transaction():
        slots = Contact.objects.filter(certificate=race.certificate).values_list("slot", flat=True)
        assert len(slots) <= LIMIT
        assert set(slots) <= set(range(1, LIMIT + 1))


class Race:
    """Seven of eight slots are taken; `outcomes` count by way whether somebody got the eighth."""

    def __init__(self) -> None:
        with staff_transaction():
            self.cast = make_cast()
            self.certificate = self.cast.certificate
            self.held = [self.person(f"held{number}") for number in range(LIMIT - 3)]
            for person in self.held:
                name_contact(certificate=self.certificate, user=person)
        self.barrier, self.over, self.lock = Barrier(THREADS), Event(), Lock()
        self.outcomes: Counter[tuple[str, bool]] = Counter()
        self.broken: list[str] = []
        self.most = 0

    def person(self, name: str) -> User:
        email = f"{name}@acme.example"
        return User.objects.create_user(
            email, None, name=name, role=Role.CONTACT, customer=self.cast.acme
        )

    def run(self, number: int) -> None:
        random = Random(number)
        try:
            with clock.at(MONDAY_NINE):
                self.barrier.wait()
                for attempt in range(ATTEMPTS):
                    way = WAYS[(number * ATTEMPTS + attempt) % 4]
                    named = self.attempt(way, f"p{number}x{attempt}", random)
                    with self.lock:
                        self.outcomes[way, named] += 1
        except BaseException as error:
            self.broken.append(f"{type(error).__name__}: {error}")
            raise
        finally:
            connection.close()

    def watch(self) -> None:
        """Count what others see, all the time."""
        while not self.over.wait(0.005):
            with staff_transaction():
                held = Contact.objects.filter(certificate=self.certificate).count()
            self.most = max(self.most, held)
        connection.close()

    def attempt(self, way: str, name: str, random: Random) -> bool:
        getattr(self, way)(name, random)
        return self.leave(name)

    def leave(self, name: str) -> bool:
        """Free the slot that the attempt won; False when it won none."""
        with staff_transaction():
            certificate = Certificate.objects.select_for_update(no_key=True).get(
                pk=self.certificate.pk
            )
            held = Contact.objects.filter(
                certificate=certificate, user__email=f"{name}@acme.example"
            )
            if not held:
                return False
            revise_certificate(
                certificate=certificate,
                products=list(certificate.products.all()),
                removed=held,
                actor=self.cast.ada,
                at=MONDAY_NINE,
            )
        return True

    # The four ways.

    def portal(self, name: str, random: Random) -> None:
        browser = self.browser(random.choice(self.held))
        asked = {
            "submission": str(uuid.uuid4()),
            "name": name,
            "email": f"{name}@acme.example",
            "language": "en",
        }
        browser.post(f"{PORTAL}?change=add", asked)
        with staff_transaction():
            request = ContactRequest.objects.filter(name=name).first()
        if request is None:
            return
        try:
            with staff_transaction():
                approve_request(request=request, actor=self.cast.ada, at=MONDAY_NINE)
        except Refused:
            return

    def admin(self, name: str, _random: Random) -> None:
        browser = self.browser(self.cast.ada)
        with staff_transaction():
            person = self.person(name)
            certificate = Certificate.objects.get(pk=self.certificate.pk)
            data = form(certificate)
        row = int(data["contacts-TOTAL_FORMS"]) - 1
        address = f"/admin/accounts/certificate/{certificate.pk}/change/"
        browser.post(address, {**data, f"contacts-{row}-user": person.pk})

    def imported(self, name: str, _random: Random) -> None:
        browser = self.browser(self.cast.ada)
        text = f"certificate,email,name\nMSA-1,{name}@acme.example,{name}\n"
        page = browser.post(IMPORT, {"file": SimpleUploadedFile("people.csv", text.encode())})
        if page.context and "token" in page.context:
            sent = {"token": page.context["token"], "name": page.context["name"]}
            browser.post(IMPORT, sent)

    def sql(self, name: str, random: Random) -> None:
        with staff_transaction():
            person = self.person(name)
        try:
            with staff_transaction(), connection.cursor() as cursor:
                cursor.execute(
                    "insert into accounts_contact (customer_id, certificate_id, contact_limit,"
                    " slot, user_id, call_in_code) values (%s, %s, %s, %s, %s, '123456')",
                    [
                        self.cast.acme.pk,
                        self.certificate.pk,
                        *random.choice(
                            [(LIMIT, LIMIT), (LIMIT, LIMIT + 1), (LIMIT + 1, LIMIT + 1)]
                        ),
                        person.pk,
                    ],
                )
        except DatabaseError:
            return

    def browser(self, person: User) -> Client:
        client = Client()
        client.force_login(person)
        return client
