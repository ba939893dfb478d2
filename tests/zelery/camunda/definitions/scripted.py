"""A cluster's HTTP side without a network: a sender that answers as Operate and the REST API were recorded to do."""

from __future__ import annotations

import dataclasses
import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

from zelery.camunda.definitions.transport import Request, Response
from zelery.errors import SourceUnavailableError

URL = "http://operate"
JSON = (("Content-Type", "application/json"),)


def answer(body: Any, status: int = 200) -> Response:
    """A JSON answer."""
    return Response(status=status, headers=JSON, body=json.dumps(body).encode())


def item(key: int, process: str = "", version: int = 1, tenant: str = "<default>") -> dict[str, Any]:
    """A process definition as Operate shows it."""
    process = process or f"p{key}"
    return {"key": key, "name": process, "version": version, "bpmnProcessId": process, "tenantId": tenant}


@dataclasses.dataclass
class Operate:
    """Operate's definitions, and its sessions where it has a password."""

    definitions: list[dict[str, Any]] = dataclasses.field(default_factory=list)
    """In any order."""
    password: str | None = None
    trouble: Callable[[Request], Response | None] = lambda _: None
    """Answers in place of the server, when it has something to say; it may raise."""
    asked: list[Request] = dataclasses.field(default_factory=list)
    sessions: set[str] = dataclasses.field(default_factory=set)
    logins: int = 0
    others: dict[str, Callable[[Mapping[str, Any]], Any]] = dataclasses.field(default_factory=dict)
    """Other searches by path: from a body to an answer's."""

    @property
    def counted(self) -> Counter[str]:
        """How often each path was asked."""
        return Counter(urlsplit(each.url).path for each in self.asked)

    async def __call__(self, request: Request) -> Response:
        self.asked.append(request)
        path = urlsplit(request.url).path
        if (instead := self.trouble(request)) is not None:
            return instead
        if path == "/api/login":
            return self._login(request.form or {})
        if self.password is not None and request.headers.get("Cookie") not in self.sessions:
            return answer({"message": ""}, 401)
        if path == "/v1/process-definitions/search":
            return answer(self._search(request.json))
        if path in self.others:
            return answer(self.others[path](request.json))
        return answer({"status": 404, "message": f"{path} not found."}, 404)

    def _login(self, form: Mapping[str, str]) -> Response:
        self.logins += 1
        if form.get("password") != self.password:
            return answer({"message": ""}, 401)
        cookie = f"OPERATE-SESSION={self.logins}"
        self.sessions = {cookie}
        return Response(status=204, headers=(("Set-Cookie", f"{cookie}; Path=/; HttpOnly; SameSite=Lax"),))

    def _search(self, body: Mapping[str, Any]) -> Any:
        """With OpenSearch behind it: texts to go on from, as many as there are sorts and one more."""
        found = sorted(self.definitions, key=lambda each: each["key"], reverse=True)
        after = body.get("searchAfter")
        assert after is None or len(after) == 2
        rest = [each for each in found if after is None or each["key"] < int(after[0])]
        page = rest[: body["size"]]
        assert 1 <= body["size"] <= 1000
        return {"items": page, "sortValues": [str(page[-1]["key"])] * 2 if page else [], "total": len(found)}


def away(_: Request) -> Response | None:
    """A server that is down."""
    raise SourceUnavailableError("http://operate cannot be reached: refused")


def always(response: Response) -> Callable[[Request], Response | None]:
    """The same answer to everything but a login."""
    return lambda request: None if request.url.endswith("/api/login") else response


def paged(items: Sequence[Mapping[str, Any]]) -> Callable[[Mapping[str, Any]], Any]:
    """A search of Operate's over these, by key."""

    def search(body: Mapping[str, Any]) -> Any:
        after = body.get("searchAfter")
        page = [each for each in items if after is None or each["key"] > int(after[0])][: body["size"]]
        return {"items": page, "sortValues": [str(page[-1]["key"])] if page else [], "total": len(items)}

    return search
