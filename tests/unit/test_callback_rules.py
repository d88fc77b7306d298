"""Where callbacks may go: the public internet, what a setting names, and never where clouds keep credentials."""

from ipaddress import ip_address, ip_network

import pytest

from domain.callback import MAX_CALLBACK_URL_CHARACTERS, CallbackRules
from domain.errors import CallbackRefused

EVERYTHING = CallbackRules(networks=(ip_network("0.0.0.0/0"), ip_network("::/0")))


@pytest.mark.parametrize(
    "address",
    [
        *("0.0.0.1", "0.1.2.3", "10.0.0.1", "100.64.0.1", "127.0.0.1", "127.255.255.254", "169.254.169.254"),
        *("172.16.0.1", "172.31.255.255", "192.0.0.8", "192.0.2.1", "192.88.99.1", "192.168.0.1", "198.18.0.1"),
        *("198.51.100.1", "203.0.113.1", "224.0.0.1", "239.255.255.255", "240.0.0.1", "255.255.255.255"),
        *("::", "::1", "::127.0.0.1", "fe80::1", "fe80::1%eth0", "fc00::1", "fd00:ec2::254", "fec0::1", "ff02::1"),
        *("::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:169.254.169.254", "::ffff:0:127.0.0.1"),
        *("64:ff9b::7f00:1", "64:ff9b::a00:1", "64:ff9b:1::a00:1", "2002:7f00:1::", "2002:a00:1::1"),
        *("2001::1", "2001:0:7f00:1::", "2001:db8::1", "3fff::1", "100::1", "5f00::1"),
    ],
)
def test_what_is_not_the_public_internet_is_refused(address: str) -> None:
    assert not CallbackRules().allow(ip_address(address))


@pytest.mark.parametrize(
    "address",
    [
        *("1.1.1.1", "93.184.216.34", "172.15.255.255", "172.32.0.1", "100.63.0.1", "100.128.0.1", "223.255.255.254"),
        *("2606:4700::1111", "2a00:1450::1", "::ffff:1.1.1.1", "64:ff9b::101:101"),
    ],
)
def test_the_public_internet_is_allowed(address: str) -> None:
    assert CallbackRules().allow(ip_address(address))


@pytest.mark.parametrize(
    "address",
    [
        *("169.254.169.254", "::ffff:169.254.169.254", "64:ff9b::a9fe:a9fe", "fd00:ec2::254", "fe80::1", "fe80::1%1"),
        *("0.0.0.1", "255.255.255.255", "224.0.0.1", "::", "ff02::1"),
    ],
)
def test_no_setting_opens_the_address_of_credentials_or_what_is_no_single_machine(address: str) -> None:
    assert not EVERYTHING.allow(ip_address(address))


def test_a_setting_opens_its_networks_and_no_other() -> None:
    rules = CallbackRules(networks=(ip_network("192.168.7.0/24"), ip_network("fd12::/16")))
    allowed = ("192.168.7.9", "::ffff:192.168.7.9", "fd12::9", "1.1.1.1")
    assert all(rules.allow(ip_address(address)) for address in allowed)
    refused = ("192.168.8.9", "10.0.0.1", "127.0.0.1", "::1", "fd13::9")
    assert not any(rules.allow(ip_address(address)) for address in refused)


@pytest.mark.parametrize(
    "url",
    [
        *("", "example.org", "/done", "ftp://example.org", "file:///etc/passwd", "gopher://example.org", "http://"),
        *(
            "http:///done",
            "https://:443/",
            "http://example.org:0/",
            "http://example.org:99999/",
            "http://[::1",
            "http://[",
        ),
        *("http://user@example.org/", "http://user:password@example.org/", "http://@example.org/"),
        *(
            "http://example.org/#part",
            "http://example.org\\@10.0.0.1/",
            "http://exa mple.org/",
            "http://example.org/a b",
        ),
        *("http://example.org/\r\nX: y", "http://exämple.org/", "http://example.org/ä", "\thttp://example.org/"),
        *("http://-example.org/", "http://exa%6dple.org/", "http://a..b/", "http://[::1%25eth0]/"),
        *("http://127.1/", "http://2130706433/", "http://0x7f000001/", "http://0x7f.1/", "http://017700000001/"),
        *("http://10.0.0.1/", "http://[::1]:5678/", "http://[::ffff:10.0.0.1]/", "http://169.254.169.254/latest/"),
        *("http://localhost:5678/", "http://LOCALHOST/", "http://n8n.localhost/", "http://localhost./"),
        "http://example.org/" + "a" * MAX_CALLBACK_URL_CHARACTERS,
    ],
)
def test_a_url_that_can_be_seen_to_lead_nowhere_good_is_refused(url: str) -> None:
    with pytest.raises(CallbackRefused) as refused:
        CallbackRules().require(url)
    assert refused.value.pointer == "/callback_url"


@pytest.mark.parametrize(
    "url",
    [
        *(
            "http://example.org",
            "https://example.org/done?token=1&x=%20",
            "https://example.org:8443/",
            "HTTPS://EXAMPLE.ORG/",
        ),
        *("http://n8n:5678/webhook/abc", "http://n8n_main:5678/", "http://1.1.1.1/", "http://[2606:4700::1111]/"),
        *("https://xn--exmple-cua.org/", "https://example.org./", "https://example.org/a;b=c"),
    ],
)
def test_a_url_that_may_lead_somewhere_good_is_taken(url: str) -> None:
    CallbackRules().require(url)


def test_what_a_setting_opens_is_taken_also_where_it_is_named() -> None:
    rules = CallbackRules(networks=(ip_network("127.0.0.0/8"), ip_network("10.1.0.0/16")))
    for url in ("http://localhost:5678/", "http://127.0.0.1/", "http://10.1.2.3/"):
        rules.require(url)
    with pytest.raises(CallbackRefused, match="ESTEIRA_CALLBACK_PRIVATE_NETWORKS"):
        rules.require("http://10.2.0.1/")
