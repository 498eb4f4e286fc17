"""The pages of offices, certificates and programmes, told what a change does to incidents."""

from collections.abc import Sequence
from datetime import datetime

from django.contrib import admin

from accounts.admin import certificates, offices, programmes
from accounts.admin.preview import PreviewedAdmin
from accounts.models import Certificate, Office, Programme
from incidents.effects import Effect, effect_of_change

admin.site.unregister((Certificate, Office, Programme))


class TellingAdmin(PreviewedAdmin):
    """Reckons what a change does to the clocks that run, and to what is filed from now on."""

    def effect_of_change(
        self, *, before: Sequence[Certificate], after: Sequence[Certificate], at: datetime
    ) -> Effect | None:
        return effect_of_change(before=before, after=after, at=at)


@admin.register(Office)
class OfficeAdmin(TellingAdmin, offices.OfficeAdmin):
    pass


@admin.register(Certificate)
class CertificateAdmin(TellingAdmin, certificates.CertificateAdmin):
    pass


@admin.register(Programme)
class ProgrammeAdmin(TellingAdmin, programmes.ProgrammeAdmin):
    pass
