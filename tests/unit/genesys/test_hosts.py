"""Genesys Cloud's hosts: the published regions, or a valid host in their place."""

import pytest

from actionrelay.genesys.contract import GenesysApi
from actionrelay.genesys.hosts import REGIONS, GenesysHosts, find_hosts
from tests.template.cloudformation import ROOT, Template


@pytest.mark.parametrize("region", sorted(REGIONS))
def test_a_published_region_has_hosts_for_each_contract(region: str) -> None:
    assert find_hosts(GenesysApi.INTEGRATIONS, region) == GenesysHosts(
        f"https://api.{region}", f"https://login.{region}"
    )
    assert find_hosts(GenesysApi.DATA_ACTIONS, region) == GenesysHosts(f"https://api.{region}", f"https://api.{region}")


def test_given_the_published_list_when_counted_then_it_is_whole() -> None:
    assert len(REGIONS) == 18


def test_given_overrides_when_found_then_each_replaces_its_half() -> None:
    find = find_hosts
    api, login = "http://127.0.0.1:1", "https://login.example.com:8443/base"
    assert find(GenesysApi.DATA_ACTIONS, "mypurecloud.de", api + "/") == GenesysHosts(api, api)
    assert find(GenesysApi.INTEGRATIONS, "mypurecloud.de", api) == GenesysHosts(api, "https://login.mypurecloud.de")
    assert find(GenesysApi.DATA_ACTIONS, "mypurecloud.de", api, login) == GenesysHosts(api, login)


@pytest.mark.parametrize("region", ["", "example.com", "MYPURECLOUD.COM", "mypurecloud.com.evil.example"])
def test_an_unpublished_region_is_refused(region: str) -> None:
    with pytest.raises(ValueError, match="not a published Genesys Cloud region"):
        find_hosts(GenesysApi.DATA_ACTIONS, region)


PLAIN = "must be a host and a path in plain characters"
NO_HOST = "must be an http or https URL of a host"
NO_HOSTS = {
    "ftp://host": NO_HOST,
    "host": NO_HOST,
    "https://": NO_HOST,
    "//host": NO_HOST,
    "javascript:alert(1)": NO_HOST,
    "file:///etc/passwd": NO_HOST,
    "https://user@host": "without credentials",
    "https://u:p@host": "without credentials",
    "https://@host": "without credentials",
    "https://good.example\\@evil.example": "without credentials",
    "https://host/?a=1": "must end with its host, port or path",
    "https://host?": "must end with its host, port or path",
    "https://host/#a": "must end with its host, port or path",
    "https://host#": "must end with its host, port or path",
    "https://host:0": "must end with its host, port or path",
    "https://host:65536": "[Pp]ort",
    "https://host:one": "[Pp]ort",
    "https://good.example\\.evil.example": PLAIN,
    "https://ho st": PLAIN,
    "https://h\u00f6st": PLAIN,
    "https://-host": PLAIN,
    "https://host/a b": PLAIN,
    "https://host//a": PLAIN,
    " https://host": PLAIN,
    "https://ho\nst": PLAIN,
    "https://host/\ta": PLAIN,
}


@pytest.mark.parametrize("url", NO_HOSTS)
def test_an_override_that_is_no_host_is_refused(url: str) -> None:
    for overrides in ({"api_url": url}, {"login_url": url}):
        with pytest.raises(ValueError, match=NO_HOSTS[url]) as refused:
            find_hosts(GenesysApi.DATA_ACTIONS, "mypurecloud.com", **overrides)
        assert url == "host" or url not in str(refused.value), "it may hold a password"


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:1",
        "https://[::1]:8443",
        "https://host",
        "https://host.example.com:8443/a/b",
        "http://localhost/",
    ],
)
def test_an_override_that_is_a_host_is_taken(url: str) -> None:
    assert find_hosts(GenesysApi.INTEGRATIONS, "mypurecloud.com", url).api == url.rstrip("/")


def test_the_template_takes_the_same_regions() -> None:
    template = Template((ROOT / "template.yaml").read_text(encoding="utf-8"))
    assert set(template.document["Parameters"]["GenesysRegion"]["AllowedValues"]) == REGIONS
