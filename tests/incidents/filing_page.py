"""Looking at the filing page and sending it, as a browser does."""

import html
import re
from datetime import date, datetime
from uuid import uuid4

from django.test import Client

from accounts.actions import certificates
from accounts.models import Certificate, Product, Programme
from msa import clock
from tests.conftest import MONDAY_NINE

PAGE = "/incidents/new/"
PROMISE = "/incidents/new/promise/"


def words(response) -> str:
    text = re.sub(r"<[^>]*>", " ", response.content.decode())
    return " ".join(html.unescape(text).split())


def form_of(cast, category: str = "product-malfunction", **changes: object) -> dict[str, object]:
    """Return what a browser sends for a complete form whose promise was shown."""
    certificate = changes.get("certificate", cast.certificate.pk)
    return {
        "key": str(uuid4()),
        "promised": f"{certificate}:{category}:portal",
        "certificate": certificate,
        "category": category,
        "product": cast.product.pk,
        "product_version": "12.4",
        "title": "Scans stop half-way",
        "text": "Since this morning, on every machine.",
        **changes,
    }


def send(client: Client, fields: dict[str, object], at: datetime = MONDAY_NINE):
    with clock.at(at):
        return client.post(PAGE, fields)


def look(client: Client, at: datetime = MONDAY_NINE, **query: str | int):
    with clock.at(at):
        return client.get(PAGE, query)


def promise(client: Client, at: datetime, **query: str | int) -> str:
    with clock.at(at):
        answer = client.get(PROMISE, query)
    return words(answer).partition(" Product ")[0]


def errors(response) -> dict[str, list[str]]:
    return {name: list(found) for name, found in response.context["form"].errors.items()}


def another_certificate(cast, number: str = "MSA-3", **terms: object) -> Certificate:
    certificate = certificates.issue_certificate(
        certificate=Certificate(
            **{
                "number": number,
                "customer": cast.acme,
                "programme": Programme.objects.get(key="msa-enterprise-fr-2022"),
                "office": cast.office,
                "valid_from": date(2026, 1, 1),
                "valid_until": date(2026, 12, 31),
                "tam": cast.tom,
            }
            | terms
        ),
        products=[Product.objects.get_or_create(name="Northlight Mail Gateway")[0]],
        actor=None,
        at=MONDAY_NINE,
    )
    if certificate.customer == cast.acme:
        certificates.name_contact(certificate=certificate, user=cast.alice)
    return certificate


def for_alice(cast, **changes: object) -> dict[str, object]:
    """Return what staff send who file for Alice, unless `changes` say otherwise."""
    channel = changes.get("channel", "phone")
    fields = form_of(cast) | {"channel": channel, "contact": cast.alice.pk} | changes
    shown_for = f"{fields['certificate']}:{fields['category']}:{channel}"
    return fields | {"promised": f"{shown_for}{fields.get('received_at', '')}"}
