"""Clocks from before calendars were kept: they are taken to have been reckoned by today's."""

from typing import Any

from django.db import migrations

from accounts.worktime import Calendar


def keep_calendars(apps: Any, _editor: Any) -> None:
    clock_model = apps.get_model("incidents", "Clock")
    record_model = apps.get_model("accounts", "CalendarRecord")
    clocks = clock_model.objects.filter(calendar="").select_related("incident__certificate__office")
    kept = set()
    for clock in clocks.iterator(chunk_size=500):
        certificate = clock.incident.certificate
        data = certificate.office.calendar
        if certificate.week is not None:
            data = {**data, "week": certificate.week}
        calendar = Calendar.from_data(data)
        if calendar.digest not in kept:
            record_model.objects.get_or_create(
                digest=calendar.digest, defaults={"data": calendar.to_data()}
            )
            kept.add(calendar.digest)
        clock.calendar = calendar.digest
        clock.save(update_fields=["calendar"])


def name_clocks(apps: Any, _editor: Any) -> None:
    deadlines = apps.get_model("incidents", "Deadline").objects
    deadlines.filter(kind__in=(10, 30), clock_kind="").update(clock_kind="response")


class Migration(migrations.Migration):
    dependencies = [("incidents", "0004_clock_kinds")]

    operations = [
        migrations.RunPython(keep_calendars, migrations.RunPython.noop),
        migrations.RunPython(name_clocks, migrations.RunPython.noop),
    ]
