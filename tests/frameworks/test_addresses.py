"""Public addresses, against IANA's special-purpose registries and every way to write an IPv4 address in IPv6."""

import ipaddress
import random

import pytest

from yofo_rerank.frameworks.addresses import is_public

# iana.org/assignments/iana-ipv4-special-registry, iana-ipv6-special-registry and the multicast registries
SPECIAL = [
    "0.0.0.0/8",
    "0.0.0.0/32",
    "10.0.0.0/8",
    "100.64.0.0/10",
    "127.0.0.0/8",
    "169.254.0.0/16",
    "172.16.0.0/12",
    "192.0.0.0/24",
    "192.0.0.0/29",
    "192.0.0.8/32",
    "192.0.0.9/32",
    "192.0.0.10/32",
    "192.0.0.170/32",
    "192.0.0.171/32",
    "192.0.2.0/24",
    "192.31.196.0/24",
    "192.52.193.0/24",
    "192.88.99.0/24",
    "192.168.0.0/16",
    "192.175.48.0/24",
    "198.18.0.0/15",
    "198.51.100.0/24",
    "203.0.113.0/24",
    "224.0.0.0/4",
    "240.0.0.0/4",
    "255.255.255.255/32",
    "::1/128",
    "::/128",
    "::ffff:0:0/96",
    "64:ff9b::/96",
    "64:ff9b:1::/48",
    "100::/64",
    "100:0:0:1::/64",
    "2001::/23",
    "2001::/32",
    "2001:1::1/128",
    "2001:1::2/128",
    "2001:1::3/128",
    "2001:2::/48",
    "2001:3::/32",
    "2001:4:112::/48",
    "2001:10::/28",
    "2001:20::/28",
    "2001:30::/28",
    "2001:db8::/32",
    "2002::/16",
    "2620:4f:8000::/48",
    "3fff::/20",
    "5f00::/16",
    "fc00::/7",
    "fe80::/10",
    "fec0::/10",
    "ff00::/8",
]
PUBLIC = [
    "1.1.1.1",
    "8.8.8.8",
    "93.184.215.14",
    "172.15.255.255",
    "172.32.0.0",
    "2606:4700:4700::1111",
    "2a00:1450:4001:82b::200e",
]
PRIVATE_V4 = ["10.0.0.1", "127.0.0.1", "169.254.169.254", "192.168.1.1", "172.16.0.1", "100.64.0.1"]


def some_of(network, rng):
    """First, last, and some between."""
    first, size = int(network.network_address), network.num_addresses
    kind = type(network.network_address)
    places = {0, size - 1, size // 2, *(rng.randrange(size) for _ in range(20))}
    return [str(kind(first + place)) for place in places]


@pytest.mark.parametrize("network", SPECIAL)
def test_nothing_special_is_public(network):
    for address in some_of(ipaddress.ip_network(network), random.Random(network)):
        assert not is_public(address), address


@pytest.mark.parametrize("address", PUBLIC)
def test_global_unicast_is_public(address):
    assert is_public(address)


@pytest.mark.parametrize("inner", [*PRIVATE_V4, "1.1.1.1"])
def test_no_ipv4_address_hides_in_ipv6(inner):
    number = int(ipaddress.IPv4Address(inner))
    high, low = f"{number >> 16:x}", f"{number & 0xFFFF:x}"
    teredo = f"2001:0:4136:e378:8000:63bf:{~number >> 16 & 0xFFFF:x}:{~number & 0xFFFF:x}"
    hidden = [f"::{inner}", f"::ffff:{inner}", f"::ffff:0:{inner}", f"64:ff9b::{inner}", f"64:ff9b:1::{inner}"]
    hidden += [f"2002:{high}:{low}::1", teredo, f"fe80::5efe:{inner}", f"::{high}:{low}"]
    for address in hidden:
        assert not is_public(address), address


def test_everything_outside_global_unicast_is_refused():
    rng = random.Random(1)
    for _ in range(5000):
        number = rng.getrandbits(128)
        assert number >> 125 == 1 or not is_public(str(ipaddress.IPv6Address(number)))


@pytest.mark.parametrize("address", ["", "fe80::1%eth0", "2606:4700::1%eth0", "1.1.1", "0x7f.1", "host", "1.1.1.1 "])
def test_what_is_no_address_is_not_public(address):
    assert not is_public(address)
