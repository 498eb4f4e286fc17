"""What a change of an agreement does to the register of what is owed, after it is committed."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from accounts.actions.obligations import keep_register
from accounts.models import Certificate
from msa.outbox.relay import Handler


def on_standing_changed(payload: Mapping[str, Any], *, at: datetime) -> None:
    """Bring the certificate's register up to date, and that of the one which it renews."""
    certificate = Certificate.objects.select_related("renews").get(pk=payload["certificate"])
    if certificate.renews is not None:
        keep_register(certificate=certificate.renews, at=at)
    keep_register(certificate=certificate, at=at)


REACTIONS: Mapping[str, Sequence[Handler]] = {
    "certificate.renewed": [on_standing_changed],
    "certificate.revoked": [on_standing_changed],
    "certificate.reinstated": [on_standing_changed],
}
