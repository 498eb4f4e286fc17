"""What a browser does with the page that tells what a change does."""

import re
from html import unescape

HIDDEN = re.compile(r'<input type="hidden" name="([^"]*)" value="([^"]*)">')


def typed(page):
    """Return the fields that the page carries, as its form sends them again."""
    form = page.content.decode().partition('<form method="post" class="submit-row">')[2]
    fields: dict[str, list[str]] = {}
    for name, value in HIDDEN.findall(form.partition("</form>")[0]):
        if name != "csrfmiddlewaretoken":
            fields.setdefault(unescape(name), []).append(unescape(value))
    return fields


def save(client, address, page, **options):
    return client.post(
        address, {**typed(page), "_confirmed": page.context["effect"].digest}, **options
    )


def go_back(client, address, page, **options):
    return client.post(address, {**typed(page), "_back": "1"}, **options)


def save_twice(client, address, sent, **options):
    """Save, read what it does, and save."""
    page = client.post(address, sent)
    assert page.status_code == 200
    assert page.templates[0].name == "admin/confirm_change.html"
    return save(client, address, page, **options)
