"""From which address a request comes: for limits on guessing.

`X-Forwarded-For` is what anybody can write, so it counts only behind the proxy that ends TLS, and
then only its last entry: the one that this proxy has added.
"""

from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

from django.conf import settings
from django.http import HttpRequest

IPV6_NETWORK_BITS = 64  # one household or office has that many addresses at its disposal


def client_network(request: HttpRequest) -> str:
    """Return the client's address, of IPv6 its network; "" where it has none (a Unix socket)."""
    address = _parsed(_forwarded_for(request)) or _parsed(request.META.get("REMOTE_ADDR", ""))
    if isinstance(address, IPv6Address):
        if address.ipv4_mapped:
            return str(address.ipv4_mapped)
        return str(ip_network((address, IPV6_NETWORK_BITS), strict=False))
    return str(address or "")


def _forwarded_for(request: HttpRequest) -> str:
    if getattr(settings, "SECURE_PROXY_SSL_HEADER", None) is None:
        return ""
    return str(request.META.get("HTTP_X_FORWARDED_FOR", "")).rpartition(",")[2].strip()


def _parsed(text: str) -> IPv4Address | IPv6Address | None:
    try:
        return ip_address(text)
    except ValueError:
        return None
