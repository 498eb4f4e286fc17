"""In which language somebody is answered whom nobody knows."""

from django.conf import settings

from incidents.inbound.parsing import Mail

_CODES = {code.partition("-")[0]: code for code, _name in settings.LANGUAGES}


def language_of(mail: Mail) -> str:
    """Return the language that a mail names, if it is one of ours; English for any other."""
    for name in ("content-language", "accept-language"):
        for tag in mail.first(name)[:100].split(","):
            code = _CODES.get(tag.strip().partition(";")[0].partition("-")[0].lower())
            if code:
                return code
    return settings.LANGUAGE_CODE
