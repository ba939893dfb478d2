"""Which cluster, over what, as whom: what the variables of three generations come to, and what is refused."""

from __future__ import annotations

import pytest

from zelery.errors import SettingError
from zelery.settings import Settings, shown

SECRET = "s3cr3t-of-the-client"
CLIENT = {"ZEEBE_CLIENT_ID": "c", "ZEEBE_CLIENT_SECRET": SECRET}
OAUTH = {**CLIENT, "ZEEBE_AUTHORIZATION_SERVER_URL": "http://idp/token"}
LOGIN = {"CAMUNDA_CLIENT_AUTH_USERNAME": "demo", "CAMUNDA_CLIENT_AUTH_PASSWORD": SECRET}


@pytest.mark.parametrize(
    ("environment", "named"),
    [
        # a client without its secret, in the spelling of the clients and of Spring
        ({"ZEEBE_CLIENT_ID": "c", "ZEEBE_AUTHORIZATION_SERVER_URL": "http://idp/token"}, "ZEEBE_CLIENT_SECRET"),
        (
            {"CAMUNDA_CLIENT_AUTH_CLIENT_ID": "c", "CAMUNDA_OAUTH_URL": "http://i/t"},
            "CAMUNDA_CLIENT_AUTH_CLIENT_SECRET",
        ),
        # an empty secret is none
        ({**OAUTH, "ZEEBE_CLIENT_SECRET": ""}, "ZEEBE_CLIENT_SECRET"),
        # a secret without its client
        ({"ZEEBE_CLIENT_SECRET": SECRET, "CAMUNDA_OAUTH_URL": "http://i/t"}, "ZEEBE_CLIENT_ID"),
        # a client with nowhere to get tokens from
        (CLIENT, "ZEEBE_AUTHORIZATION_SERVER_URL"),
        # an endpoint that is no address
        ({**CLIENT, "ZEEBE_AUTHORIZATION_SERVER_URL": "idp/token"}, "ZEEBE_AUTHORIZATION_SERVER_URL='idp/token'"),
        # SaaS without a client, without a cluster, without TLS
        ({"CAMUNDA_CLUSTER_ID": "abc"}, "ZEEBE_CLIENT_ID"),
        ({**CLIENT, "CAMUNDA_CLIENT_MODE": "saas"}, "CAMUNDA_CLUSTER_ID"),
        ({**CLIENT, "CAMUNDA_CLUSTER_ID": "abc", "ZEEBE_INSECURE_CONNECTION": "true"}, "ZEEBE_INSECURE_CONNECTION"),
        # a cluster id that would change the address
        ({**CLIENT, "CAMUNDA_CLUSTER_ID": "abc.evil.example/"}, "CAMUNDA_CLUSTER_ID='abc.evil.example/'"),
        # half a login, or a method without any
        ({**LOGIN, "CAMUNDA_CLIENT_AUTH_PASSWORD": ""}, "CAMUNDA_CLIENT_AUTH_PASSWORD"),
        ({"CAMUNDA_CLIENT_AUTH_METHOD": "basic"}, "CAMUNDA_CLIENT_AUTH_USERNAME"),
        ({"CAMUNDA_CLIENT_AUTH_METHOD": "oidc"}, "ZEEBE_CLIENT_ID"),
        ({"CAMUNDA_CLIENT_AUTH_METHOD": "kerberos"}, "CAMUNDA_CLIENT_AUTH_METHOD='kerberos'"),
        # a colon would end the name
        ({**LOGIN, "CAMUNDA_CLIENT_AUTH_USERNAME": "de:mo"}, "CAMUNDA_CLIENT_AUTH_USERNAME='de:mo'"),
        # a client and a login
        ({**OAUTH, **LOGIN}, "CAMUNDA_CLIENT_AUTH_METHOD"),
        # a key of no certificate
        ({"ZELERY_ZEEBE_KEY_FILE": "/k"}, "ZELERY_ZEEBE_CERTIFICATE_FILE"),
        # credentials on a network, and nobody said that they may be read there
        ({**OAUTH, "ZEEBE_ADDRESS": "zeebe:26500"}, "ZEEBE_ADDRESS=zeebe:26500"),
    ],
)
def test_a_wrong_combination_is_refused_and_names_the_variable(environment: dict[str, str], named: str) -> None:
    with pytest.raises(SettingError) as refused:
        Settings.read(environment)
    assert named in str(refused.value)
    assert SECRET not in str(refused.value)


@pytest.mark.parametrize(
    ("environment", "address", "plaintext", "method"),
    [
        # nothing set: a Zeebe on this machine
        ({}, "127.0.0.1:26500", True, "none"),
        # the scheme says it
        ({"ZEEBE_ADDRESS": "https://zeebe:443"}, "zeebe:443", False, "none"),
        ({"CAMUNDA_CLIENT_GRPC_ADDRESS": "grpcs://zeebe:443"}, "zeebe:443", False, "none"),
        ({"CAMUNDA_CLIENT_GRPCADDRESS": "http://zeebe:26500", **OAUTH}, "zeebe:26500", True, "oidc"),
        # what is said outright counts more
        ({"ZEEBE_ADDRESS": "https://zeebe:443", "ZEEBE_INSECURE_CONNECTION": "true"}, "zeebe:443", True, "none"),
        # certificates are for TLS; yet a private authority may be for the token endpoint only
        ({"ZEEBE_CA_CERTIFICATE_PATH": "/ca.pem"}, "127.0.0.1:26500", False, "none"),
        ({"ZEEBE_CA_CERTIFICATE_PATH": "/c", "ZEEBE_INSECURE_CONNECTION": "1"}, "127.0.0.1:26500", True, "none"),
        # on this machine nobody else reads
        ({**OAUTH, "ZEEBE_ADDRESS": "localhost:26500"}, "localhost:26500", True, "oidc"),
        ({**OAUTH, "ZEEBE_ADDRESS": "[::1]:26500"}, "[::1]:26500", True, "oidc"),
        # SaaS, in three spellings
        ({**CLIENT, "CAMUNDA_CLUSTER_ID": "abc"}, "abc.bru-2.zeebe.camunda.io:443", False, "oidc"),
        (
            {
                "zeebe.client.cloud.cluster-id": "abc",
                "zeebe.client.cloud.region": "ont-1",
                "zeebe.client.cloud.client-id": "c",
                "zeebe.client.cloud.client-secret": SECRET,
            },
            "abc.ont-1.zeebe.camunda.io:443",
            False,
            "oidc",
        ),
        (
            {
                "CAMUNDA_CLIENT_MODE": "SaaS",
                "CAMUNDA_CLIENT_CLOUD_CLUSTERID": "abc",
                "CAMUNDA_CLIENT_AUTH_CLIENTID": "c",
                "CAMUNDA_CLIENT_AUTH_CLIENTSECRET": SECRET,
            },
            "abc.bru-2.zeebe.camunda.io:443",
            False,
            "oidc",
        ),
        # a proxy before SaaS
        ({**CLIENT, "CAMUNDA_CLUSTER_ID": "a", "ZEEBE_ADDRESS": "https://proxy:443"}, "proxy:443", False, "oidc"),
        # empty variables, as compose files pass what is not set
        ({"ZEEBE_CLIENT_ID": "", "ZEEBE_CLIENT_SECRET": "", "CAMUNDA_CLUSTER_ID": ""}, "127.0.0.1:26500", True, "none"),
        # a login; in `simple` mode it is Operate's
        (LOGIN, "127.0.0.1:26500", True, "basic"),
        ({**LOGIN, "CAMUNDA_CLIENT_MODE": "simple"}, "127.0.0.1:26500", True, "none"),
        # both are set, and one is said
        ({**OAUTH, **LOGIN, "CAMUNDA_CLIENT_AUTH_METHOD": "basic"}, "127.0.0.1:26500", True, "basic"),
        ({**OAUTH, "CAMUNDA_AUTH_STRATEGY": "OAUTH"}, "127.0.0.1:26500", True, "oidc"),
        ({**OAUTH, "CAMUNDA_CLIENT_AUTH_METHOD": "none"}, "127.0.0.1:26500", True, "none"),
    ],
)
def test_address_transport_and_method_follow_from_what_is_set(
    environment: dict[str, str], address: str, plaintext: bool, method: str
) -> None:
    settings = Settings.read(environment)
    assert (settings.zeebe_address, settings.zeebe_plaintext, settings.method) == (address, plaintext, method)


def test_secrets_of_the_cluster_are_never_shown() -> None:
    environment = {**OAUTH, **LOGIN, "CAMUNDA_CLIENT_AUTH_METHOD": "oidc"}
    settings = Settings.read(environment)
    assert SECRET not in repr(settings) + repr(list(shown(settings, environment)))


def test_tenants_are_a_comma_list() -> None:
    assert Settings.read({"TENANT_IDS": "a, b"}).tenant_ids == ("a", "b")
