"""Secrets at rest: those of second factors and of single sign-on, encrypted in the database.

The key is derived from SECRET_KEY; former ones in SECRET_KEY_FALLBACKS still open what they closed.
"""

import base64
import hashlib

from cryptography.fernet import Fernet, MultiFernet
from django.conf import settings


def close(text: str) -> str:
    return _box().encrypt(text.encode()).decode()


def open_(closed: str) -> str:
    """Return what was closed; `cryptography.fernet.InvalidToken` with another SECRET_KEY."""
    return _box().decrypt(closed.encode()).decode()


def _box() -> MultiFernet:
    keys = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    return MultiFernet([Fernet(_derived(str(key))) for key in keys])


def _derived(key: str) -> bytes:
    digest = hashlib.sha256(b"accounts.signing_in.secrets:" + key.encode()).digest()
    return base64.urlsafe_b64encode(digest)
