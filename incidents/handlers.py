"""What incidents do when something is published (msa/wiring.py says which)."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from accounts.models import Certificate
from incidents.actions.attachments import draw_preview
from incidents.actions.calendars import revise_clocks
from incidents.models import Attachment


def on_calendar_revised(payload: Mapping[str, Any], *, at: datetime) -> None:
    revise_clocks(certificates=Certificate.objects.filter(office=payload["office"]), at=at)


def on_hours_revised(payload: Mapping[str, Any], *, at: datetime) -> None:
    revise_clocks(certificates=Certificate.objects.filter(pk=payload["certificate"]), at=at)


def on_image_attached(payload: Mapping[str, Any], *, at: datetime) -> None:  # noqa: ARG001 (one shape)
    for attachment in Attachment.objects.filter(pk=payload["attachment"]):
        draw_preview(attachment=attachment)
