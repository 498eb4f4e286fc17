"""Files on their way: taken piece by piece, before the message that they go with is sent."""

import uuid

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _


def upload_path(upload: "Upload", _name: str) -> str:
    """Return where the whole file is kept, beside its pieces; nothing of it is the sender's."""
    return f"uploads/{upload.pk}/whole"


class Upload(models.Model):
    """A file of one person that is arriving, or has arrived and is not sent yet.

    Seen by whoever sends it and by nobody else; kept a day after the last piece. The address says
    nothing (a random UUID), and it is good for this person only.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="uploads")
    name = models.CharField(_("name"), max_length=200)
    place = models.CharField(
        _("place"), max_length=40, blank=True, help_text="Which form of the person's it is for."
    )
    size_bytes = models.PositiveBigIntegerField(_("size"))
    received_bytes = models.PositiveBigIntegerField(_("received"), default=0)
    sha256 = models.CharField(max_length=64, blank=True, help_text="Once it is whole.")
    file = models.FileField(upload_to=upload_path, blank=True)
    touched_at = models.DateTimeField(_("last piece"))

    class Meta:
        indexes = [models.Index(fields=["touched_at"], name="upload_by_age")]
        constraints = [
            models.CheckConstraint(
                name="upload_within_its_size", condition=Q(received_bytes__lte=F("size_bytes"))
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def is_whole(self) -> bool:
        return self.received_bytes == self.size_bytes
