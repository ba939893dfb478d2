"""Whether a server on loopback answers over HTTP. It is asked past any proxy that the environment may name."""

from __future__ import annotations

import http
import http.client

from zelery.local import ports

#: How long an answer may take.
_ANSWER_S = 5


def answers(port: int, path: str, method: str = "GET") -> bool:
    """Whether it says that all is well; False too for one that is not there, or that does not speak HTTP yet.

    Args:
        port: Where it listens.
        path: What is asked for.
        method: How.
    """
    connection = http.client.HTTPConnection(ports.HOST, port, timeout=_ANSWER_S)
    try:
        connection.request(method, path)
        return http.HTTPStatus.OK <= connection.getresponse().status < http.HTTPStatus.MULTIPLE_CHOICES
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
