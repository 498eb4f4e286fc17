"""The stores, the database with its wall, and one cast for every test."""

import copy
import fcntl
import gc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime

import pytest
from django.conf import settings
from django.db import connection
from django.test import Client
from django.test.utils import setup_databases, teardown_databases

from accounts.actions import certificates, offices
from accounts.actions.programmes import load_programmes
from accounts.models import Certificate, Customer, Office, Product, Programme, Role, User
from accounts.programmes import CATEGORIES_FILE, read_programmes
from incidents.actions.categories import load_categories
from incidents.actions.filing import file_incident
from incidents.categories import read_categories
from incidents.models import Category, Incident
from incidents.states import Channel
from msa.embedded.errors import CannotRunError
from msa.embedded.stores import Stores
from msa.management.commands.migrate import become_application, become_owner
from tests.snapshot import Snapshot
from tests.stores import discard

PASSWORD = "correct horse battery"
PROGRAMME = "msa-enterprise-fr-2022"
MONDAY_NINE = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)  # 09:00 in Paris, a working day
ROLE = settings.DATABASE_ROLE
PARIS_WEEK = {day: [["09:00", "18:00"]] for day in ("mon", "tue", "wed", "thu", "fri")}

_running: list[Stores] = []


def pytest_configure(config: pytest.Config) -> None:
    gc.set_threshold(50_000, 20, 50)  # to look through all of Django so often costs 8 %
    if hasattr(config, "workerinput"):
        return
    stores: Stores = settings.STORES
    stores.layout.create()
    try:
        stores.start()
    except CannotRunError as error:
        pytest.exit(str(error), returncode=1)
    _running.append(stores)


def pytest_unconfigure() -> None:
    while _running:
        discard(_running.pop())


@pytest.fixture(scope="session")
def django_db_setup(
    request: pytest.FixtureRequest,
    django_test_environment: None,
    django_db_blocker,
    django_db_modify_db_settings: None,
) -> Iterator[None]:
    """Make the database as its owner; run the tests as the application's role.

    The first worker makes it by the migrations and keeps a copy, from which the others have theirs.
    """
    with django_db_blocker.unblock():
        with template_database() as (template, keep):
            if template:
                connection.settings_dict["TEST"]["TEMPLATE"] = template
            become_owner(connection)
            created = setup_databases(verbosity=0, interactive=False)
            become_owner(connection)
            with connection.cursor() as cursor:  # for the flush after transactional tests
                cursor.execute(f"grant truncate on all tables in schema public to {ROLE}")
            if not template:
                connection.creation.clone_test_db("template", verbosity=0)
                keep(f"{connection.settings_dict['NAME']}_template")
        become_application(connection)
        load_shipped_data()
    yield
    with django_db_blocker.unblock():
        become_owner(connection)
        if not template:
            with template_database() as (_, keep):
                connection.creation.destroy_test_db(verbosity=0, suffix="template")
                keep("")
        teardown_databases(created, verbosity=0)


@contextmanager
def template_database() -> Iterator[tuple[str, Callable[[str], None]]]:
    """For one worker at a time: the template's name, "" without one, and a way to change it."""
    with (settings.TEST_STORES / "template").open("a+") as file:
        fcntl.flock(file, fcntl.LOCK_EX)

        def keep(name: str) -> None:
            file.truncate(0)
            file.write(name)
            file.flush()

        file.seek(0)
        yield file.read(), keep


def load_shipped_data() -> None:
    """Load the programmes and categories that ship with the product, if they are not there."""
    folder = settings.BASE_DIR / "programmes"
    if not Programme.objects.exists():
        load_programmes(editions=read_programmes(folder), actor=None, at=MONDAY_NINE)
        categories = read_categories(folder / CATEGORIES_FILE)
        load_categories(categories=categories, actor=None, at=MONDAY_NINE)


def see_everything() -> None:
    """Let the test's own statements see all customers, as staff's do."""
    with connection.cursor() as cursor:
        for local in ("false", "true"):
            cursor.execute(
                f"select set_config('app.staff', 'on', {local}),"
                f" set_config('app.customers', '', {local})"
            )


@pytest.fixture(autouse=True)
def staff_scope(request: pytest.FixtureRequest) -> None:
    """In tests with a database: the programmes are there, and the test sees every customer."""
    marker = request.node.get_closest_marker("django_db")
    if marker is None:
        return
    request.getfixturevalue("transactional_db" if marker.kwargs.get("transaction") else "db")
    see_everything()
    load_shipped_data()


@dataclass
class Cast:
    """Everyone, with the agreement between them; the office is Paris, Monday to Friday 9 to 18."""

    office: Office
    acme: Customer
    globex: Customer
    certificate: Certificate
    globex_certificate: Certificate
    product: Product
    alice: User
    bob: User
    olga: User  # of Globex: the outsider
    tom: User  # the TAM of both
    tess: User  # Tom's deputy at Acme
    dana: User  # duty manager, on the line of Paris all of 2026
    erik: User  # engineer
    hanna: User  # head of the team in Paris
    bruno: User  # business manager
    ada: User  # administrator

    def file(
        self,
        category: str = "product-malfunction",
        at: datetime = MONDAY_NINE,
        *,
        by: User | None = None,
        channel: Channel = Channel.PORTAL,
        title: str = "Scans stop half-way",
    ) -> Incident:
        author = by or self.alice
        certificate = self.globex_certificate if author == self.olga else self.certificate
        return file_incident(
            certificate=certificate,
            category=Category.objects.get(key=category),
            author=author,
            actor=author,
            title=title,
            text="It happens every morning.",
            at=at,
            channel=channel,
            product=self.product,
            product_version="12.4",
        )


# Made once in each process for each loading of the programmes, by the key of one of them.
_casts: dict[int, Snapshot[Cast]] = {}


@pytest.fixture
def cast(staff_scope: None) -> Cast:
    """Everyone, with rows of their own: what a test changes is gone with it."""
    (programme,) = Programme.objects.filter(key=PROGRAMME).values_list("pk", flat=True)
    if programme not in _casts:
        _casts[programme] = Snapshot.of(make_cast)
        return copy.deepcopy(_casts[programme].made)
    return _casts[programme].put_back()


def make_cast(programme: str = PROGRAMME) -> Cast:
    office = Office.objects.create(
        name="Paris",
        timezone="Europe/Paris",
        country="FR",
        week=PARIS_WEEK,
        phone="+33 1 99 00 41 00",
        msa_phone="+33 1 99 00 41 10",
    )
    offices.revise_calendar(office=office, actor=None, at=datetime(2026, 1, 1, tzinfo=UTC))
    acme = Customer.objects.create(name="Acme", country="FR")
    globex = Customer.objects.create(name="Globex", country="FR")
    product = Product.objects.create(name="Northlight Endpoint")
    people = {
        name: User.objects.create_user(
            f"{name}@{domain}.example",
            PASSWORD,
            name=name.title(),
            role=role,
            timezone="Europe/Paris",
            **where,
        )
        for name, domain, role, where in (
            ("alice", "acme", Role.CONTACT, {"customer": acme}),
            ("bob", "acme", Role.CONTACT, {"customer": acme}),
            ("olga", "globex", Role.CONTACT, {"customer": globex}),
            ("tom", "northlight", Role.TAM, {"office": office}),
            ("tess", "northlight", Role.TAM, {"office": office}),
            ("dana", "northlight", Role.DUTY_MANAGER, {"office": office}),
            ("erik", "northlight", Role.ENGINEER, {"office": office}),
            ("hanna", "northlight", Role.TEAM_HEAD, {"office": office}),
            ("bruno", "northlight", Role.BUSINESS_MANAGER, {"office": office}),
            ("ada", "northlight", Role.ADMINISTRATOR, {}),
        )
    }
    offices.plan_shift(
        office=office,
        person=people["dana"],
        starts_at=datetime(2026, 1, 1, tzinfo=UTC),
        ends_at=datetime(2027, 1, 1, tzinfo=UTC),
    )
    agreements = [
        _agreement(number, customer, office, product, programme, people["tom"], deputy, contacts)
        for number, customer, deputy, contacts in (
            ("MSA-1", acme, people["tess"], [people["alice"], people["bob"]]),
            ("MSA-2", globex, None, [people["olga"]]),
        )
    ]
    certificate, globex_certificate = agreements
    return Cast(
        office=office,
        acme=acme,
        globex=globex,
        certificate=certificate,
        globex_certificate=globex_certificate,
        product=product,
        **people,
    )


def _agreement(
    number: str,
    customer: Customer,
    office: Office,
    product: Product,
    programme: str,
    tam: User,
    deputy: User | None,
    contacts: list[User],
) -> Certificate:
    return certificates.issue_certificate(
        certificate=Certificate(
            number=number,
            customer=customer,
            programme=Programme.objects.get(key=programme),
            office=office,
            valid_from=date(2026, 1, 1),
            valid_until=date(2026, 12, 31),
            tam=tam,
            deputy=deputy,
        ),
        products=[product],
        contacts=contacts,
        actor=None,
        at=datetime(2026, 1, 1, tzinfo=UTC),
    )


class StaffSightClient(Client):
    """A client after whose requests the test sees every customer again."""

    def request(self, **request):
        response = super().request(**request)
        see_everything()
        return response


@pytest.fixture
def client() -> Client:
    return StaffSightClient()


@pytest.fixture
def signed_in():
    """Return a client on which a person is signed in."""

    def sign_in(person: User) -> Client:
        client = StaffSightClient()
        client.force_login(person)
        return client

    return sign_in


@pytest.fixture
def nothing_shipped(staff_scope: None) -> None:
    """Start without the programmes and categories that every other test finds."""
    Category.objects.all().delete()
    Programme.objects.all().delete()
