"""Slack's Web API, by `slack-sdk`: the one module that imports it."""

from __future__ import annotations

import dataclasses
import json
import logging
import ssl
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import quote

import aiohttp
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from zelery.sdk import ConnectorError, InputError, RetryError, Settings
from zelery.sdk.http.routes import Routes, tls_context
from zelery.sdk.watch import Answered, Exchanged, watcher

BASE_URL = "https://slack.com/api/"
#: Seconds for one call; models cannot set it.
CALL_S = 30
#: What Slack asks to wait when it does not say how long, seconds.
PAUSE_S = 30.0

_RATE_LIMITED = 429
#: At DEBUG it would log what it sends.
_silent = logging.getLogger("slack_sdk.silent")
_silent.setLevel(logging.CRITICAL)


class RefusedError(ConnectorError):
    """Slack answered that it did not do it; the message is Slack's own word, like `channel_not_found`."""

    java_type = "java.lang.RuntimeException"


@dataclasses.dataclass(frozen=True, kw_only=True)
class Slack:
    """The connections that the jobs of a worker process share; each job comes with its own token."""

    session: aiohttp.ClientSession
    base_url: str
    tls: ssl.SSLContext
    proxy: str | None = dataclasses.field(repr=False)
    """Its URL, with its login."""
    told: Callable[[Exchanged], None] | None
    """Who looks on, if somebody does."""

    async def call(self, token: str, method: str, *, read: bool = False, **arguments: Any) -> dict[str, Any]:
        """The answer to a call of a method; arguments that are None are left out, `read` sends them in the URL.

        Raises RefusedError when Slack says no, RetryError when it says later, InputError for text that no message can
        carry, and ConnectorError when there is no answer, or one that cannot be read.
        """
        client = AsyncWebClient(
            token, base_url=self.base_url, session=self.session, ssl=self.tls, logger=_silent, retry_handlers=[]
        )
        client.proxy = self.proxy  # Without one of ours it would take one from the environment.
        given = {name: value for name, value in arguments.items() if value is not None}
        try:
            if read:
                answer = await client.api_call(method, http_verb="GET", params=given)
            else:
                answer = await client.api_call(method, json=given)
        except SlackApiError as error:
            self._tell(client, method, given, _answered(error.response), read=read)
            raise _refusal(error.response) from None
        except UnicodeEncodeError:
            raise InputError("A text for Slack holds half of a character (a lone surrogate)") from None
        except TimeoutError:
            self._tell(client, method, given, f"no answer within {CALL_S} s", read=read)
            raise ConnectorError(
                f"Slack did not answer within {CALL_S} s", error_type="java.net.SocketTimeoutException"
            ) from None
        except aiohttp.ClientError as error:
            why = _why(error)
            self._tell(client, method, given, f"no answer: {why}", read=read)
            raise ConnectorError(f"Slack cannot be reached: {why}", error_type="java.io.IOException") from None
        except (AttributeError, ValueError):  # What slack-sdk makes of an answer that is JSON, and no object.
            self._tell(client, method, given, "the answer is no JSON object", read=read)
            raise _unreadable("what is no JSON object") from None
        self._tell(client, method, given, _answered(answer), read=read)
        return dict(answer.data) if isinstance(answer.data, Mapping) else {}

    def _tell(
        self, client: AsyncWebClient, method: str, given: Mapping[str, Any], answer: Answered | str, *, read: bool
    ) -> None:
        if self.told is None:
            return
        self.told(
            Exchanged(
                method="GET" if read else "POST",
                url=self.base_url + method,
                headers=[("Authorization", f"Bearer {client.token}")],
                body=json.dumps(given, ensure_ascii=False).encode(errors="replace"),
                answer=answer,
            )
        )


@asynccontextmanager
async def open_slack(settings: Settings, base_url: str = BASE_URL) -> AsyncIterator[Slack]:
    """Connections to Slack, with the proxy and the certificates of the HTTP connectors.

    Raises SettingError for settings of those that cannot be used.
    """
    tls = tls_context(settings)
    async with aiohttp.ClientSession(
        # A worker serves many models: what Slack tells one of them to remember is nobody else's.
        cookie_jar=aiohttp.DummyCookieJar(),
        timeout=aiohttp.ClientTimeout(total=CALL_S),
    ) as session:
        yield Slack(
            session=session,
            base_url=base_url,
            tls=tls,
            proxy=_proxy(settings),
            told=watcher.get(),
        )


def _proxy(settings: Settings) -> str | None:
    proxy = Routes.read(settings).origin("slack.com", 443, tls=True).proxy
    if proxy is None:
        return None
    password = settings.https_proxy_password
    login = [
        quote(settings.https_proxy_user or "", safe=""),
        quote(password.get_secret_value() if password else "", safe=""),
    ]
    return f"{settings.https_proxy_scheme}://{':'.join(login) + '@' if login[0] else ''}{proxy.host}:{proxy.port}"


def _why(error: aiohttp.ClientError) -> str:
    if isinstance(error, aiohttp.ClientConnectorError):
        return f"no connection to {error.host}:{error.port}: {error.os_error.strerror or error.os_error}"
    return str(error) or type(error).__name__


def _refusal(response: Any) -> ConnectorError:
    """What becomes of a job whose call had this answer."""
    status = _status(response)
    if status == _RATE_LIMITED:
        wait_s = _seconds(response.headers.get("Retry-After"))
        return RetryError(f"Slack limits the rate of calls: try again in {wait_s:g} s", backoff_s=wait_s)
    data = getattr(response, "data", None)
    if isinstance(data, Mapping) and data.get("error"):
        return RefusedError(str(data["error"]))
    return _unreadable(f"status {status} and no reason")


def _unreadable(what: str) -> ConnectorError:
    return ConnectorError(f"Slack answered with {what}", error_type="com.slack.api.methods.SlackApiException")


def _status(response: Any) -> int:
    """`slack-sdk` gives its own response, or aiohttp's when the answer could not be read."""
    return int(getattr(response, "status_code", None) or response.status)


def _seconds(text: str | None) -> float:
    return float(text) if text and text.isascii() and text.isdigit() else PAUSE_S


def _answered(response: Any) -> Answered:
    data = getattr(response, "data", None)
    return Answered(
        status=_status(response),
        headers=list(response.headers.items()),
        body=b"" if data is None else json.dumps(data, ensure_ascii=False).encode(errors="replace"),
    )
