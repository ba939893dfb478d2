from __future__ import annotations

import pytest

from zelery.connectors.aws_sqs.queue import endpoint


@pytest.mark.parametrize(
    ("url", "server"),
    [
        ("https://sqs.eu-central-1.amazonaws.com/1/orders", None),
        ("https://sqs.cn-north-1.amazonaws.com.cn/1/orders", None),
        ("http://localhost:4566/000000000000/orders", "http://localhost:4566"),
        ("https://sqs.example.org/queue/orders", "https://sqs.example.org"),
        ("https://amazonaws.com.example.org/1/orders", "https://amazonaws.com.example.org"),
        # SQS says what is wrong with these
        ("orders", None),
        ("", None),
        ("ftp://localhost/orders", None),
        ("http://[::1/orders", None),
    ],
)
def test_a_queue_that_is_not_aws_s_names_its_server(url: str, server: str | None) -> None:
    assert endpoint(url) == server
