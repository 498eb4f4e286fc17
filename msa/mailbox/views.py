"""The mailbox of the embedded stack; there is none where real mail is sent."""

import hashlib
import re
from base64 import b64encode
from typing import Final

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from msa.mailbox.folder import Folder, body

PAGE_SIZE: Final = 50  # as everywhere: what a person scrolls through

# The HTML part is shown as a mail program would: nothing is loaded, nothing runs, and it stands in
# an origin of its own. Its style blocks are named by their hashes.
HTML_PART_POLICY: Final = (
    "sandbox allow-popups allow-popups-to-escape-sandbox; default-src 'none'; "
    "style-src {styles}; img-src data:; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'"
)
STYLE_BLOCK: Final = re.compile(r"<style>(.*?)</style>", re.DOTALL)


@login_not_required
@require_safe
def mails(request: HttpRequest) -> HttpResponse:
    folder = _folder()
    to = request.GET.get("to", "").strip()
    page = Paginator(folder.keys(to=to), PAGE_SIZE).get_page(request.GET.get("page"))
    rows = [(key, folder.head(key)) for key in page.object_list]
    return render(request, "mailbox/list.html", {"page": page, "rows": rows, "to": to})


@login_not_required
@require_safe
def mail(request: HttpRequest, key: str) -> HttpResponse:
    folder = _folder()
    try:
        found, head = folder.mail(key), folder.head(key)
    except KeyError as error:
        raise Http404("No such mail") from error
    context = {
        "key": key,
        "mail": found,
        "head": head,
        "text": body(found, "plain"),
        "has_html": bool(body(found, "html")),
    }
    return render(request, "mailbox/mail.html", context)


@login_not_required
@require_safe
def html_part(request: HttpRequest, key: str) -> HttpResponse:  # noqa: ARG001 - Django passes it
    try:
        html = body(_folder().mail(key), "html").replace("\r\n", "\n")  # as browsers read it
    except KeyError as error:
        raise Http404("No such mail") from error
    if not html:
        raise Http404("No HTML part")
    policy = HTML_PART_POLICY.format(styles=_styles(html))
    return HttpResponse(html, headers={"Content-Security-Policy": policy})


def _styles(html: str) -> str:
    """Return the sources of a `style-src` that allows the page's own style blocks."""
    digests = [hashlib.sha256(block.encode()).digest() for block in STYLE_BLOCK.findall(html)]
    return " ".join(f"'sha256-{b64encode(digest).decode()}'" for digest in digests) or "'none'"


def _folder() -> Folder:
    if not settings.MAILBOX_DIR:
        raise Http404("No mailbox here")
    return Folder(settings.MAILBOX_DIR)
