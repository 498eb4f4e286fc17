"""What a verified mail does: files an incident, joins one, or becomes an internal note."""

from datetime import datetime
from typing import Any, Final

from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile, UploadedFile
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.errors import Conflict, Refused
from accounts.models import Certificate, User
from incidents.access import certificates_for_filing
from incidents.actions import answering, responding
from incidents.actions.filing import LOGGED_WITHIN, file_incident
from incidents.actions.relating import relate
from incidents.categories import Kind
from incidents.inbound.contents import Contents, File
from incidents.inbound.quoting import new_text
from incidents.inbound.template_lines import named_certificate, named_severity
from incidents.models import Category, Incident
from incidents.queries import filing_refusals, filings_left
from incidents.states import Channel

# For the time being: triage sets it from reception, which is no raise (SPEC 17).
SEVERITY_UNNAMED: Final = 2
TITLE_LENGTH: Final = 200


def file_by_mail(
    *,
    author: User,
    subject: str,
    contents: Contents,
    at: datetime,
    judged_at: datetime,
    follows: Incident | None = None,
) -> Incident:
    """File what a contact's mail says, as received at `at`; first it says why it came by mail.

    A mail that is judged more than a day later was held back: it counts from the end of that.
    Raises `Refused` where no certificate of the author's takes it.
    """
    certificate = _certificate(author, contents.text, judged_at)
    named = named_severity(contents.text)
    severity = named or SEVERITY_UNNAMED
    received_at = at if judged_at - at <= LOGGED_WITHIN else judged_at
    with translation.override(author.language):
        why = _why(named, follows)
        text, files = _fitting(contents, f"{why}\n\n{contents.text}")
        title = subject[:TITLE_LENGTH] or _("A mail without a subject")
    incident = file_incident(
        certificate=certificate,
        category=_category(severity),
        author=author,
        actor=author,
        title=title,
        text=text,
        at=received_at,
        logged_at=max(judged_at, received_at),
        channel=Channel.EMAIL,
        files=files,
    )
    if follows is not None and follows.pk != incident.pk:
        relate(incident=incident, other=follows, actor=author, at=received_at)
    return incident


def join_by_mail(
    *,
    incident: Incident,
    author: User,
    subject: str,
    contents: Contents,
    at: datetime,
    judged_at: datetime,
) -> Incident:
    """Add a contact's mail to an incident: the answer, an addition, a reopening or a follow-up.

    Never lost to a state (SPEC 6): too late to reopen, it files an incident that is related to the
    one it answers, which is returned.
    """
    text, files = _reply(contents, author)
    try:
        return answering.answer(
            incident=incident, actor=author, text=text, at=at, files=files, channel=Channel.EMAIL
        )
    except Conflict:
        closed = Incident.objects.get(pk=incident.pk)
        if not answering.may_reopen(closed, author, at):
            return file_by_mail(
                author=author,
                subject=subject,
                contents=Contents(new_text(contents.text), contents.files),
                at=at,
                judged_at=judged_at,
                follows=closed,
            )
        return answering.reopen(
            incident=closed, actor=author, at=at, text=text, files=files, channel=Channel.EMAIL
        )


def note_by_mail(*, incident: Incident, author: User, contents: Contents, at: datetime) -> Incident:
    """Keep a mail of staff as an internal note.

    Raises `Refused` for a mention of somebody who cannot see the incident.
    """
    text, files = _reply(contents, author)
    return responding.add_note(
        incident=incident, actor=author, text=text, at=at, files=files, channel=Channel.EMAIL
    )


def _reply(contents: Contents, author: User) -> "tuple[str, list[UploadedFile[Any]]]":
    with translation.override(author.language):
        text = new_text(contents.text) or _("A mail without words.")
        return _fitting(contents, text)


def _fitting(contents: Contents, text: str) -> "tuple[str, list[UploadedFile[Any]]]":
    """Return the files that one message takes, and the text, which names the others."""
    taken: list[File] = []
    left: list[File] = []
    room = settings.ATTACHMENT_LIMIT_TOTAL_BYTES
    for file in contents.files:
        size = len(file.content)
        fits = len(taken) < settings.ATTACHMENT_LIMIT_COUNT and size <= room
        if fits and size <= settings.ATTACHMENT_LIMIT_BYTES:
            taken.append(file)
            room -= size
        else:
            left.append(file)
    if left:
        count = ngettext(
            "%(count)d file of this mail did not fit; please send it in the portal:",
            "%(count)d files of this mail did not fit; please send them in the portal:",
            len(left),
        ) % {"count": len(left)}
        text = "\n".join([text, "", count, *(f"- {file.name}" for file in left)])
    return text, [SimpleUploadedFile(file.name or "file", file.content) for file in taken]


def _why(named: int | None, follows: Incident | None) -> str:
    if follows is not None:
        return _("By e-mail, in answer to %(reference)s, which is closed.") % {
            "reference": follows.reference
        }
    if named is None:
        return _(
            "By e-mail: the portal could not be reached. No severity was named: %(severity)d for "
            "the time being."
        ) % {"severity": SEVERITY_UNNAMED}
    return _("By e-mail: the portal could not be reached. Severity as named: %(severity)d.") % {
        "severity": named
    }


def _certificate(author: User, text: str, at: datetime) -> Certificate:
    """Return the certificate that a mail names, or else the one that runs longest and has room."""
    certificates = certificates_for_filing(author, at)
    if not certificates:
        raise Refused(_("No certificate names you as a contact."))
    named = named_certificate(text).upper()
    chosen = [each for each in certificates if each.number.upper() == named] or certificates
    refusals = filing_refusals(chosen, filings_left(chosen, at), at)
    open_ones = [each for each in chosen if each.pk not in refusals]
    if not open_ones:
        raise Refused(refusals[chosen[0].pk])
    return max(open_ones, key=_end_and_number)


def _end_and_number(certificate: Certificate) -> tuple[Any, str]:
    return certificate.valid_until, certificate.number


def _category(severity: int) -> Category:
    """Return the category on offer that gives a severity: a product's if there is one.

    Where none gives it, the next more severe one, so that nobody waits longer than was asked for.
    """
    offered = list(Category.objects.on_offer())
    fitting = [each for each in offered if each.severity <= severity] or offered
    if not fitting:
        raise Refused(_("Nothing can be filed: no category is on offer."))
    return min(fitting, key=lambda each: (abs(severity - each.severity), each.kind != Kind.PRODUCT))
