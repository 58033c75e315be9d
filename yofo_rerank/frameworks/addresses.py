"""Which internet addresses are public: everything that a registry sets apart for something else is not."""

from __future__ import annotations

import ipaddress

# IPv4: IANA's special-purpose registry, whole (also the few entries in it that are globally reachable), and multicast.
_SPECIAL_V4 = (
    "0.0.0.0/8 10.0.0.0/8 100.64.0.0/10 127.0.0.0/8 169.254.0.0/16 172.16.0.0/12 192.0.0.0/24 192.0.2.0/24 "
    "192.31.196.0/24 192.52.193.0/24 192.88.99.0/24 192.168.0.0/16 192.175.48.0/24 198.18.0.0/15 198.51.100.0/24 "
    "203.0.113.0/24 224.0.0.0/3"
)
# IPv6: global unicast is 2000::/3 and nothing else, without its special parts. Addresses with an IPv4 address inside
# (mapped, compatible, NAT64, 6to4, Teredo) all lie in what is left out.
_GLOBAL_V6 = ipaddress.IPv6Network("2000::/3")
_SPECIAL_V6 = "2001::/23 2001:db8::/32 2002::/16 2620:4f:8000::/48 3ffe::/16 3fff::/20"
_SPECIAL = tuple(ipaddress.ip_network(network) for network in f"{_SPECIAL_V4} {_SPECIAL_V6}".split())


def is_public(address: str) -> bool:
    """Whether it is global unicast, and no way around that.

    >>> [is_public(address) for address in ("1.1.1.1", "10.0.0.1", "169.254.169.254", "::1", "::ffff:1.1.1.1", "what")]
    [True, False, False, False, False, False]
    """
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return False
    if parsed.version == 6 and (parsed not in _GLOBAL_V6 or parsed.scope_id):  # a zone (%eth0) is one link alone
        return False
    return not any(parsed in network for network in _SPECIAL if network.version == parsed.version)
