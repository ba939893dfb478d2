from __future__ import annotations

import asyncio
import logging
from typing import Any

import pytest

from tests.servers.aws import ACCESS_KEY, REGION, SECRET_KEY, AwsServer
from zelery.errors import ConnectorError, InputError
from zelery.sdk import Settings
from zelery.sdk.aws import ACCOUNTS_MAX, SNS, SQS, Account, AwsInput, account, attributes, open_aws, written

CLIENT_ERROR = "software.amazon.awssdk.core.exception.SdkClientException"
KEYS = {"type": "credentials", "accessKey": ACCESS_KEY, "secretKey": SECRET_KEY}


def given(authentication: Any = KEYS, **configuration: Any) -> AwsInput:
    return AwsInput.model_validate({"authentication": authentication, "configuration": configuration})


def at(server: AwsServer, **fields: Any) -> Account:
    return Account(**{"region": REGION, "endpoint": server.url, "keys": (ACCESS_KEY, SECRET_KEY), **fields})


async def complaint(who: Account, operation: str = "list_queues", **parameters: Any) -> ConnectorError:
    async with open_aws(Settings.read({})) as aws:
        with pytest.raises(ConnectorError) as raised:
            await aws.call(SQS, who, operation, **parameters)
    assert raised.value.code is None
    assert raised.value.__cause__ is None
    assert SECRET_KEY not in str(raised.value)
    return raised.value


@pytest.mark.usefixtures("no_aws_of_this_machine")
class TestWhatCannotBeAsked:
    @pytest.mark.parametrize("region", [None, "", "  "])
    def test_a_region_that_nothing_says_is_named(self, region: str | None) -> None:
        with pytest.raises(InputError) as raised:
            account(given(region=region), region)
        assert raised.value.message.endswith("- configuration.region: must not be empty")
        assert raised.value.error_type == "jakarta.validation.ValidationException"

    async def test_an_endpoint_that_is_no_url_is_named(self) -> None:
        error = await complaint(Account(region=REGION, endpoint="localhost", keys=("a", "b")))
        assert isinstance(error, InputError)
        assert error.message == (
            "configuration.endpoint: 'localhost' is no URL; write one like https://sqs.example.org"
        )

    async def test_a_region_that_is_no_name_is_named(self) -> None:
        error = await complaint(Account(region="eu central", endpoint=None, keys=("a", "b")))
        assert isinstance(error, InputError)
        assert "'eu central'" in error.message

    async def test_a_value_of_another_type_than_aws_takes_is_the_model_s_fault(self) -> None:
        error = await complaint(Account(region=REGION, endpoint=None, keys=("a", "b")), "get_queue_url", QueueName=1)
        assert isinstance(error, InputError)
        assert "Invalid type for parameter QueueName" in error.message

    async def test_without_credentials_it_says_how_to_give_them(self) -> None:
        error = await complaint(Account(region=REGION, endpoint="http://127.0.0.1:1", keys=None))
        assert error.message == (
            "Amazon SQS at http://127.0.0.1:1 cannot be asked: the default credentials chain finds none here; "
            "set AWS_ACCESS_KEY_ID and so on, or a role"
        )
        assert error.error_type == CLIENT_ERROR

    async def test_where_models_are_strangers_nobody_asks_as_this_machine(self) -> None:
        settings = Settings.read({"CAMUNDA_CONNECTOR_RUNTIME_SAAS": "true"})
        async with open_aws(settings) as aws:
            with pytest.raises(InputError, match="default credentials chain is not allowed here"):
                await aws.call(SQS, Account(region=REGION, endpoint=None, keys=None), "list_queues")

    async def test_a_profile_that_is_not_there_is_told_by_name(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("AWS_PROFILE", "no-such")
        error = await complaint(Account(region=REGION, endpoint=None, keys=None))
        assert "no-such" in error.message
        assert error.error_type == CLIENT_ERROR


@pytest.mark.integration
class TestAsking:
    async def test_an_aws_that_is_down_is_told_by_its_address(self, aws_server: AwsServer) -> None:
        error = await complaint(at(aws_server, endpoint="http://127.0.0.1:1"))
        assert error.message == (
            "Amazon SQS at http://127.0.0.1:1 cannot be asked: Could not connect to the endpoint URL: "
            '"http://127.0.0.1:1/" (EndpointConnectionError)'
        )
        assert error.error_type == CLIENT_ERROR

    async def test_what_aws_refuses_has_java_s_class_and_aws_s_code(self, aws_server: AwsServer) -> None:
        error = await complaint(at(aws_server), "get_queue_url", QueueName="no-such")
        assert error.error_type == "software.amazon.awssdk.services.sqs.model.QueueDoesNotExistException"
        assert "(Service: Sqs, Status Code: 400, Error Code: AWS.SimpleQueueService.NonExistentQueue, Requ" in str(
            error
        )
        assert not isinstance(error, InputError)

    async def test_a_refusal_that_has_no_class_of_its_own_has_the_service_s(self, aws_server: AwsServer) -> None:
        with aws_server.checking_rights():
            error = await complaint(at(aws_server, keys=("AKIANOBODY", "wrong")))
        assert error.error_type == "software.amazon.awssdk.services.sqs.model.SqsException"
        assert "Status Code: 403" in error.message

    async def test_an_answer_of_something_else_is_no_answer(self, aws_server: AwsServer) -> None:
        async with open_aws(Settings.read({})) as aws:
            with pytest.raises(ConnectorError) as raised:
                await aws.call(SNS, at(aws_server, endpoint=f"{aws_server.url}/moto-api"), "list_topics")
        assert "Amazon SNS at" in raised.value.message
        assert raised.value.error_type == CLIENT_ERROR

    @pytest.mark.parametrize("chain", [False, True])
    async def test_the_keys_are_the_model_s_or_the_environment_s(
        self, aws_server: AwsServer, chain: bool, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        iam = aws_server.client("iam")
        iam.create_user(UserName="worker")
        key = iam.create_access_key(UserName="worker")["AccessKey"]
        policy = '{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "sqs:*", "Resource": "*"}}'
        iam.put_user_policy(UserName="worker", PolicyName="all", PolicyDocument=policy)
        keys = key["AccessKeyId"], key["SecretAccessKey"]
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", keys[0] if chain else "AKIANOBODY")
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", keys[1] if chain else "wrong")
        with aws_server.checking_rights():
            async with open_aws(Settings.read({})) as aws:
                answer = await aws.call(SQS, at(aws_server, keys=None if chain else keys), "list_queues")
        assert answer["ResponseMetadata"]["HTTPStatusCode"] == 200

    async def test_jobs_share_an_account_s_connections_and_old_accounts_go(self, aws_server: AwsServer) -> None:
        async with open_aws(Settings.read({})) as aws:
            who = at(aws_server)
            await asyncio.gather(*(aws.call(SQS, who, "list_queues") for _ in range(20)))
            for number in range(ACCOUNTS_MAX + 3):
                await aws.call(SQS, at(aws_server, keys=(f"AKIA{number}", "key")), "list_queues")
            await aws.call(SQS, who, "list_queues")
            assert aws.accounts == ACCOUNTS_MAX

    async def test_no_log_shows_a_key_or_a_message(
        self, aws_server: AwsServer, caplog: pytest.LogCaptureFixture
    ) -> None:
        url = aws_server.client("sqs").create_queue(QueueName="orders")["QueueUrl"]
        caplog.set_level(logging.DEBUG)
        async with open_aws(Settings.read({})) as aws:
            await aws.call(SQS, at(aws_server), "send_message", QueueUrl=url, MessageBody="t0p")
        assert "urllib3" in {record.name.split(".")[0] for record in caplog.records}  # it did log
        assert "t0p" not in caplog.text
        assert SECRET_KEY not in caplog.text


class TestInput:
    def test_keys_without_a_type_are_credentials(self) -> None:
        found = account(given({"accessKey": "a", "secretKey": "b"}, region=REGION))
        assert found == Account(region=REGION, endpoint=None, keys=("a", "b"))

    def test_the_default_chain_has_no_keys(self) -> None:
        assert account(given({"type": "defaultCredentialsChain"}, region=REGION)).keys is None

    def test_the_configuration_comes_before_what_is_beside_it(self) -> None:
        found = account(given(region="us-east-1", endpoint="http://a"), REGION, "http://b")
        assert (found.region, found.endpoint) == ("us-east-1", "http://a")
        found = account(given(), REGION, "http://b")
        assert (found.region, found.endpoint) == (REGION, "http://b")

    def test_no_repr_shows_a_key(self) -> None:
        assert SECRET_KEY not in repr(given(region=REGION)) + repr(account(given(region=REGION)))

    def test_no_attributes_are_none(self) -> None:
        assert attributes(None) == {}

    @pytest.mark.parametrize(
        ("value", "text"),
        [
            ("as it \\n is", "as it \\n is"),
            ({"ä": None, "n": 1.5}, '{"ä":null,"n":1.5}'),
            ([1, "a"], '[1,"a"]'),
            (7, "7"),
        ],
    )
    def test_a_text_is_written_as_it_is_and_anything_else_as_json(self, value: Any, text: str) -> None:
        assert written(value) == text
