"""Where an address of ours leads, in words, for who has to sign in first."""

import re
from typing import Final
from urllib.parse import unquote

from django import template
from django.utils.translation import gettext as _

register = template.Library()

# What an address names itself; nothing is looked up, so that nobody learns what there is.
_NAMED: Final = re.compile(r"/(?:incidents|certificates)/([A-Za-z0-9-]{1,40})/")


@register.simple_tag
def destination(address: str) -> str:
    """Name what the address `next` leads to: a reference, the notices; "" for any other page."""
    path = unquote(str(address or "").partition("?")[0])
    if named := _NAMED.match(path):
        return named[1]
    return _("your notices") if path.startswith("/notices/") else ""
