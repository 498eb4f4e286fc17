"""The journal: what happened, append-only and chained (SPEC 19.2)."""

import hashlib
import hmac
import json
from typing import Any

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from incidents.models.conversation import Message
from incidents.models.incident import Incident


class JournalEntry(models.Model):
    """One event of an incident. The application role may insert and read it, nothing else.

    `at` is when it counts, `recorded_at` when it was written. `hash` covers every other column and
    the previous entry's hash; see `digest`.
    """

    customer = models.ForeignKey(
        "accounts.Customer", models.PROTECT, related_name="+", verbose_name=_("customer")
    )
    incident = models.ForeignKey(
        Incident, models.PROTECT, related_name="journal", verbose_name=_("incident")
    )
    number = models.PositiveIntegerField(_("number"))
    at = models.DateTimeField(_("at"))
    recorded_at = models.DateTimeField(_("recorded at"))
    kind = models.CharField(_("kind"), max_length=40)
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        related_name="+",
        verbose_name=_("who did it"),
    )
    message = models.ForeignKey(Message, models.PROTECT, null=True, related_name="+")
    text_hash = models.CharField(_("hash of the text"), max_length=64, blank=True)
    data = models.JSONField(_("data"), default=dict)
    previous_hash = models.CharField(_("hash of the entry before"), max_length=64, blank=True)
    hash = models.CharField(_("hash"), max_length=64)

    class Meta:
        verbose_name = _("journal entry")
        verbose_name_plural = _("journal entries")
        ordering = ["incident_id", "number"]
        constraints = [
            models.UniqueConstraint(fields=["incident", "number"], name="journal_entry_once")
        ]
        indexes = [models.Index(fields=["actor", "incident"], name="journal_by_actor")]

    def __str__(self) -> str:
        return f"{self.incident} · {self.number} {self.kind}"

    def digest(self) -> str:
        """Return the SHA-256 of the entry's canonical JSON, hex."""
        content: dict[str, Any] = {
            "incident": self.incident_id,
            "customer": self.customer_id,
            "number": self.number,
            "at": self.at.isoformat(),
            "recorded_at": self.recorded_at.isoformat(),
            "kind": self.kind,
            "actor": self.actor_id,
            "message": self.message_id,
            "text_hash": self.text_hash,
            "data": self.data,
            "previous_hash": self.previous_hash,
        }
        canonical = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        return hashlib.sha256(canonical.encode()).hexdigest()


def text_digest(message: Message) -> str:
    """Return the keyed hash of a message's text and of its files' hashes, hex HMAC-SHA-256."""
    content = json.dumps([message.text, *message.file_hashes], ensure_ascii=False)
    return hmac.new(bytes(message.digest_key), content.encode(), hashlib.sha256).hexdigest()
