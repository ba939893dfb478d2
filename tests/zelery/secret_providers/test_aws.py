from __future__ import annotations

import json
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import boto3
import pytest
from botocore.stub import Stubber
from mypy_boto3_secretsmanager import SecretsManagerClient

from tests.servers.aws import ACCESS_KEY, SECRET_KEY, AwsServer
from tests.servers.aws import REGION as AWS_REGION
from zelery.errors import InputError, SettingError
from zelery.secret_providers.aws import SecretsManager, aws
from zelery.secret_providers.threads import Threads
from zelery.secrets import Place, SecretError, Secrets, open_secrets
from zelery.settings import Settings

PLACE = Place(tenant_id="acme", process_id="order")
REGION = {"AWS_REGION": AWS_REGION}


@pytest.fixture(autouse=True)
def nothing_of_this_machine(no_aws_of_this_machine: None) -> None:
    """For those without a server too."""


@pytest.fixture
def store(aws_server: AwsServer, monkeypatch: pytest.MonkeyPatch) -> SecretsManagerClient:
    """Its Secrets Manager, empty, as an administrator sees it."""
    monkeypatch.setenv("AWS_ENDPOINT_URL_SECRETS_MANAGER", aws_server.url)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", ACCESS_KEY)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET_KEY)
    client: SecretsManagerClient = aws_server.client("secretsmanager")
    return client


@asynccontextmanager
async def secrets(**environment: str) -> AsyncIterator[Secrets]:
    async with aws(Settings.read({**REGION, **environment})) as provider:
        yield Secrets([provider], cache_s=0)


async def complaint(**environment: str) -> str:
    async with secrets(**environment) as opened:
        with pytest.raises(SecretError) as raised:
            await opened.find("TOKEN", PLACE)
    assert not isinstance(raised.value, InputError)
    assert raised.value.__cause__ is None
    assert "t0p" not in str(raised.value)
    return str(raised.value)


@pytest.mark.integration
class TestReading:
    async def test_each_secret_has_its_own_name_behind_the_prefix(self, store: SecretsManagerClient) -> None:
        store.create_secret(Name="zelery/TOKEN", SecretString="t0p")
        store.create_secret(Name="zelery/BYTES", SecretBinary="Zoë".encode())
        async with secrets() as opened:
            assert [await opened.find(name, PLACE) for name in ("TOKEN", "BYTES")] == ["t0p", "Zoë"]

    async def test_the_keys_of_one_json_secret_may_be_the_secrets(self, store: SecretsManagerClient) -> None:
        store.create_secret(Name="prod/zelery", SecretString=json.dumps({"TOKEN": "t0p", "PORT": 5432}))
        async with secrets(ZELERY_AWS_SECRET="prod/zelery") as opened:
            assert [await opened.find(name, PLACE) for name in ("TOKEN", "PORT")] == ["t0p", "5432"]

    @pytest.mark.parametrize("secret", ["zelery/{name}", "zelery"])
    async def test_names_hold_the_tenant_and_the_process(self, store: SecretsManagerClient, secret: str) -> None:
        aware = {
            f"CAMUNDA_CONNECTOR_SECRETPROVIDER_ENVIRONMENT_{switch}": "true"
            for switch in ("TENANTAWARE", "PROCESSDEFINITIONAWARE")
        }
        store.create_secret(Name="zelery/acme_order_TOKEN", SecretString="t0p")
        store.create_secret(Name="zelery", SecretString='{"acme_order_TOKEN": "t0p"}')
        async with secrets(**aware, ZELERY_AWS_SECRET=secret) as opened:
            assert await opened.find("TOKEN", PLACE) == "t0p"

    @pytest.mark.parametrize(
        ("name", "secret"),
        [
            ("NO_SUCH", "zelery/{name}"),
            ("NO_SUCH", "zelery"),  # no such key
            ("NULL", "zelery"),
            ("TOKEN", "no/such"),
            ("../other", "zelery/{name}"),
            ("a b", "zelery/{name}"),
            ("x" * 600, "zelery/{name}"),
        ],
    )
    async def test_what_aws_does_not_have_is_missing(self, store: SecretsManagerClient, name: str, secret: str) -> None:
        store.create_secret(Name="zelery", SecretString='{"TOKEN": "t0p", "NULL": null}')
        async with secrets(ZELERY_AWS_SECRET=secret) as opened:
            with pytest.raises(InputError, match="is not available"):
                await opened.find(name, PLACE)

    async def test_an_arn_is_no_name_even_without_a_prefix(self, store: SecretsManagerClient) -> None:
        arn = store.create_secret(Name="zelery/TOKEN", SecretString="t0p")["ARN"]
        async with secrets(ZELERY_AWS_SECRET="{name}") as opened:
            assert await opened.find("zelery/TOKEN", PLACE) == "t0p"
            with pytest.raises(InputError):
                await opened.find(arn, PLACE)

    async def test_a_rotated_secret_is_picked_up_when_its_time_is_over(self, store: SecretsManagerClient) -> None:
        now = [0.0]
        store.create_secret(Name="zelery/TOKEN", SecretString="old")
        found = []
        async with aws(Settings.read(REGION)) as provider:
            kept = Secrets([provider], cache_s=30, clock=lambda: now[0])
            for now[0] in (0.0, 29.0, 30.0):
                found.append(await kept.find("TOKEN", PLACE))
                store.put_secret_value(SecretId="zelery/TOKEN", SecretString="new")
        assert found == ["old", "old", "new"]

    async def test_it_is_opened_by_its_name(self, store: SecretsManagerClient) -> None:
        store.create_secret(Name="zelery/TOKEN", SecretString="t0p")
        settings = Settings.read({**REGION, "ZELERY_SECRET_PROVIDERS": "environment,aws"})
        async with open_secrets(settings, {"SECRET_A": "variable"}) as opened:
            assert [await opened.find(name, PLACE) for name in ("A", "TOKEN")] == ["variable", "t0p"]

    async def test_no_log_shows_a_secret(self, store: SecretsManagerClient, caplog: pytest.LogCaptureFixture) -> None:
        store.create_secret(Name="zelery/TOKEN", SecretString="t0p")
        caplog.set_level(logging.DEBUG)
        async with secrets() as opened:
            await opened.find("TOKEN", PLACE)
        assert "urllib3" in {record.name.split(".")[0] for record in caplog.records}  # it did log
        assert "t0p" not in caplog.text
        assert "s3cret-key" not in caplog.text


@pytest.mark.integration
class TestFailing:
    async def test_an_aws_that_is_down_is_told_by_its_address(
        self, store: SecretsManagerClient, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("AWS_ENDPOINT_URL_SECRETS_MANAGER", "http://127.0.0.1:1")
        assert await complaint() == (
            "AWS Secrets Manager at http://127.0.0.1:1 cannot be asked (EndpointConnectionError) for 'zelery/TOKEN': "
            "check AWS_REGION, AWS_ENDPOINT_URL_SECRETS_MANAGER, and the way to it"
        )

    async def test_without_credentials_it_says_how_to_give_them(
        self, store: SecretsManagerClient, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.delenv("AWS_ACCESS_KEY_ID")
        monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
        assert "cannot be asked without credentials for 'zelery/TOKEN': set AWS_ACCESS_KEY_ID" in await complaint()

    async def test_a_secret_that_is_being_deleted_is_not_just_missing(self, store: SecretsManagerClient) -> None:
        store.create_secret(Name="zelery/TOKEN", SecretString="t0p")
        store.delete_secret(SecretId="zelery/TOKEN")
        assert "answers InvalidRequestException for 'zelery/TOKEN': it is scheduled for deletion" in await complaint()

    @pytest.mark.parametrize("value", ["t0p", '["t0p"]', '"t0p"', "{"])
    async def test_a_secret_of_many_that_is_no_json_object_is_not_shown(
        self, store: SecretsManagerClient, value: str
    ) -> None:
        store.create_secret(Name="zelery", SecretString=value)
        assert "has no JSON object in 'zelery'" in await complaint(ZELERY_AWS_SECRET="zelery")

    async def test_bytes_that_are_no_text_are_not_shown(self, store: SecretsManagerClient) -> None:
        store.create_secret(Name="zelery/TOKEN", SecretBinary=b"t0p\xff")
        assert "has bytes that are not text in 'zelery/TOKEN': store it as text" in await complaint()

    async def test_a_refusal_without_a_code_is_an_error_and_no_missing_secret(
        self, store: SecretsManagerClient, aws_server: AwsServer, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        store.create_secret(Name="zelery/TOKEN", SecretString="t0p")
        iam = aws_server.client("iam")
        iam.create_user(UserName="worker")
        key = iam.create_access_key(UserName="worker")["AccessKey"]
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", key["AccessKeyId"])
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", key["SecretAccessKey"])
        with aws_server.checking_rights():
            said = await complaint()
        assert said == (
            f"AWS Secrets Manager at {aws_server.url} answers 403 for 'zelery/TOKEN': "
            "see that nothing in between refuses it: a proxy, the policy of a VPC endpoint"
        )


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("AccessDeniedException", "allow secretsmanager:GetSecretValue on it, and kms:Decrypt on its key"),
        ("DecryptionFailure", "allow kms:Decrypt on its key"),
        ("UnrecognizedClientException", "check AWS's credentials"),
        ("InvalidSignatureException", "check AWS's credentials, and the clock of this machine"),
        ("ExpiredTokenException", "renew AWS's credentials"),
        ("SomethingNewException", "AWS's CloudTrail says why"),
    ],
)
async def test_an_error_of_aws_is_told_by_its_code_with_the_remedy(code: str, said: str) -> None:
    client = boto3.Session("AKIATEST", "s3cret-key", region_name=REGION["AWS_REGION"]).client("secretsmanager")
    stubbed = Stubber(client)
    stubbed.add_client_error("get_secret_value", code, "User: arn:aws:iam::1:user/worker may not see t0p")
    with stubbed, Threads.open("AWS at h", 10) as threads, pytest.raises(SecretError) as raised:
        await SecretsManager(Settings.read(REGION), client, threads).find("TOKEN", PLACE)
    assert str(raised.value).startswith(f"AWS at h answers {code} for 'zelery/TOKEN': {said}")
    assert "t0p" not in str(raised.value)
    client.close()


class TestSettings:
    async def test_without_a_region_it_does_not_open(self) -> None:
        with pytest.raises(SettingError, match="AWS_REGION is not set; the secret provider aws needs it"):
            async with open_secrets(Settings.read({"ZELERY_SECRET_PROVIDERS": "aws"}), {}):
                pass

    async def test_a_profile_that_is_not_there_is_told_by_name(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("AWS_PROFILE", "no-such")
        with pytest.raises(SettingError, match=r"provider aws cannot be opened: .*no-such"):
            async with aws(Settings.read(REGION)):
                pass
