"""Models as element templates write them: the inputs after Zeebe has evaluated them, what goes out, what comes back.

The names of the inputs are those of the templates, helper inputs that no connector reads among them; values are ours.
`{site}` is the scripted server's address.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

from zelery.connectors.graphql.outbound import graphql
from zelery.connectors.http.outbound import rest
from zelery.sdk import OutboundConnector

JSON_TYPE = {"Content-Type": "application/json"}
GRANT = {"access_token": "granted", "expires_in": 3600}


@dataclasses.dataclass(frozen=True, kw_only=True)
class Sent:
    """A request as it must arrive; of its headers only these."""

    method: str
    target: str
    headers: Mapping[str, str] = dataclasses.field(default_factory=dict)
    body: Any = None
    """A value is compared as JSON, a text as it is, None is no body."""
    absent: tuple[str, ...] = ()
    """Headers that must not be there, in lower case."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Case:
    """One use of one template."""

    template: str
    variables: Mapping[str, Any]
    sent: tuple[Sent, ...]
    result: str = "={got: response.body}"
    answers: tuple[Any, ...] = ({"ok": True},)
    got: Any = dataclasses.field(default_factory=lambda: {"ok": True})
    connector: OutboundConnector = rest


def oauth(**fields: str) -> dict[str, str]:
    return {
        "type": "oauth-client-credentials-flow",
        "oauthTokenEndpoint": "{site}/oauth/token",
        "clientId": "me",
        "clientSecret": "{{secrets.PASSWORD}}",
        **fields,
    }


BEARER = {"type": "bearer", "token": "{{secrets.TOKEN}}"}
BEARER_HEADER = {"Authorization": "Bearer t0k3n"}
GRANTED = {"Authorization": "Bearer granted"}
BASIC_ME = {"Authorization": "Basic bWU6cGE6c3M="}  # me:pa:ss
FORM = {"Content-Type": "application/x-www-form-urlencoded"}

CASES = {
    "REST, basic, JSON": Case(
        template="io.camunda.connectors.HttpJson.v2",
        variables={
            "authentication": {"type": "basic", "username": "me", "password": "{{secrets.PASSWORD}}"},
            "method": "PUT",
            "url": "{site}/orders/7",
            "headers": {"X-Request": "r 1"},
            "queryParameters": {"dry": True},
            "connectionTimeoutInSeconds": "20",
            "readTimeoutInSeconds": "20",
            "writeTimeoutInSeconds": "0",
            "ignoreNullValues": True,
            "skipEncoding": "false",
            "body": {"state": "paid", "note": None},
        },
        sent=(
            Sent(
                method="PUT",
                target="/orders/7?dry=true",
                headers={**BASIC_ME, **JSON_TYPE, "X-Request": "r 1"},
                body={"state": "paid"},
            ),
        ),
    ),
    "REST, API key in the query": Case(
        template="io.camunda.connectors.HttpJson.v2",
        variables={
            "authentication": {
                "type": "apiKey",
                "apiKeyLocation": "query",
                "name": "key",
                "value": "{{secrets.TOKEN}}",
            },
            "method": "GET",
            "url": "{site}/list",
        },
        sent=(Sent(method="GET", target="/list?key=t0k3n", absent=("authorization", "content-type")),),
    ),
    "GraphQL, a query with variables": Case(
        template="io.camunda.connectors.GraphQL.v1",
        connector=graphql,
        variables={
            "authentication": BEARER,
            "graphql": {
                "method": "post",
                "url": "{site}/graphql",
                "query": r"query($id: ID!) {\n user(id: $id) { name } }",
                "variables": {"id": "u1"},
                "connectionTimeoutInSeconds": "20",
            },
        },
        sent=(
            Sent(
                method="POST",
                target="/graphql",
                headers={**BEARER_HEADER, **JSON_TYPE},
                body={"query": "query($id: ID!) { user(id: $id) { name } }", "variables": {"id": "u1"}},
            ),
        ),
        answers=({"data": {"user": {"name": "Ada"}}},),
        result="={got: response.body.data.user.name}",
        got="Ada",
    ),
    "GitHub, an issue": Case(
        template="io.camunda.connectors.GitHub.v1",
        variables={
            "operationGroup": "issues",
            "operationType": "createIssue",
            "authentication": {**BEARER, "authType": "pat", "pat": "{{secrets.TOKEN}}"},
            "method": "post",
            "owner": "o",
            "repo": "r",
            "issueTitle": "It breaks",
            "headers": {"Content-Type": "application/vnd.github+json", "X-GitHub-Api-Version": "2022-11-28"},
            "body": {"title": "It breaks", "body": None, "assignees": ["ada"], "labels": None, "milestone": None},
            "connectionTimeoutInSeconds": "20",
            "baseUrl": "{site}",
            "url": "{site}/repos/o/r/issues",
        },
        sent=(
            Sent(
                method="POST",
                target="/repos/o/r/issues",
                headers={
                    **BEARER_HEADER,
                    "Content-Type": "application/vnd.github+json",
                    "X-GitHub-Api-Version": "2022-11-28",
                },
                body={"title": "It breaks", "body": None, "assignees": ["ada"], "labels": None, "milestone": None},
            ),
        ),
        answers=({"number": 12, "html_url": "https://example.org/12"},),
        result="={got: response.body.number}",
        got=12,
    ),
    "GitHub, a search": Case(
        template="io.camunda.connectors.GitHub.v1",
        variables={
            "authentication": {**BEARER, "authType": "pat"},
            "method": "get",
            "queryParameters": {"q": "repo:o/r is:open größer+"},
            "headers": {"Content-Type": "application/vnd.github+json", "X-GitHub-Api-Version": "2022-11-28"},
            "url": "{site}/search/issues",
        },
        sent=(
            Sent(
                method="GET",
                target="/search/issues?q=repo%3Ao%2Fr%20is%3Aopen%20gr%C3%B6%C3%9Fer%2B",
                headers=BEARER_HEADER,
            ),
        ),
    ),
    "GitLab, a comment": Case(
        template="io.camunda.connectors.GitLab.v1",
        variables={
            "authentication": {"type": "noAuth"},
            "baseUrl": "{site}",
            "gitlabAccessToken": "{{secrets.TOKEN}}",
            "headers": {"PRIVATE-TOKEN": "{{secrets.TOKEN}}", **JSON_TYPE},
            "method": "post",
            "projectId": "42",
            "queryParameters": {"body": "Fine & done?", "confidential": False, "created_at": None},
            "url": "{site}/api/v4/projects/42/issues/7/notes",
            "connectionTimeoutInSeconds": "20",
        },
        sent=(
            Sent(
                method="POST",
                # A null leaves its bare name, as in the Java runtime.
                target="/api/v4/projects/42/issues/7/notes?body=Fine%20%26%20done%3F&confidential=false&created_at",
                headers={"PRIVATE-TOKEN": "t0k3n", **JSON_TYPE, "Content-Length": "0"},
                absent=("authorization",),
            ),
        ),
    ),
    "Asana, projects of a workspace": Case(
        template="io.camunda.connectors.Asana.v1",
        variables={
            "authentication": BEARER,
            "asanaBaseUrl": "{site}",
            "operationGroup": "projects",
            "method": "get",
            "url": "{site}/api/1.0/projects",
            "queryParameters": {"workspace": "991", "team": None},
            "connectionTimeoutInSeconds": "20",
        },
        sent=(Sent(method="GET", target="/api/1.0/projects?workspace=991&team", headers=BEARER_HEADER),),
    ),
    "Asana, a task": Case(
        template="io.camunda.connectors.Asana.v1",
        variables={
            "authentication": BEARER,
            "method": "post",
            "url": "{site}/api/1.0/tasks/",
            "body": {"data": {"projects": ["1"], "name": "Call", "parent": None, "notes": "at noon"}},
        },
        sent=(
            Sent(
                method="POST",
                target="/api/1.0/tasks/",
                headers={**BEARER_HEADER, **JSON_TYPE},
                body={"data": {"projects": ["1"], "name": "Call", "parent": None, "notes": "at noon"}},
            ),
        ),
        answers=({"data": {"gid": "55"}},),
        result="={got: response.body.data.gid}",
        got="55",
    ),
    "EasyPost, an address, its key as a user without a password": Case(
        template="io.camunda.connectors.EasyPost.v1",
        variables={
            "authentication": {
                "type": "basic",
                "username": "{{secrets.TOKEN}}",
                "password": "SPEC_PASSWORD_EMPTY_PATTERN",
            },
            "operationType": "createAddress",
            "baseUrl": "{site}",
            "method": "post",
            "url": "{site}/v2/addresses",
            "body": {"address": {"street1": "417 Montgomery St", "city": "SF", "zip": "94104"}},
            "connectionTimeoutInSeconds": "20",
        },
        sent=(
            Sent(
                method="POST",
                target="/v2/addresses",
                headers={"Authorization": "Basic dDBrM246", **JSON_TYPE},  # t0k3n:
                body={"address": {"street1": "417 Montgomery St", "city": "SF", "zip": "94104"}},
            ),
        ),
    ),
    "Google Maps, an address to validate, its key in the URL": Case(
        template="io.camunda.connectors.GoogleMapsPlatform.v1",
        variables={
            "operationType": "validateAddress",
            "method": "post",
            "apiKeyValue": "{{secrets.TOKEN}}",
            "url": "{site}/v1:validateAddress?key={{secrets.TOKEN}}",
            "body": {"address": {"regionCode": "DE", "locality": "Berlin", "addressLines": ["Allee 1"]}},
        },
        sent=(
            Sent(
                method="POST",
                target="/v1:validateAddress?key=t0k3n",
                headers=JSON_TYPE,
                body={"address": {"regionCode": "DE", "locality": "Berlin", "addressLines": ["Allee 1"]}},
                absent=("authorization",),
            ),
        ),
    ),
    "Google Maps, a distance": Case(
        template="io.camunda.connectors.GoogleMapsPlatform.v1",
        variables={
            "operationType": "calculateDistance",
            "method": "get",
            "url": "{site}/maps/api/directions/json",
            "queryParameters": {
                "destination": "place_id:B",
                "origin": "place_id:A",
                "units": "metric",
                "key": "{{secrets.TOKEN}}",
            },
        },
        sent=(
            Sent(
                method="GET",
                target="/maps/api/directions/json?destination=place_id%3AB&origin=place_id%3AA&units=metric&key=t0k3n",
            ),
        ),
        answers=({"routes": [{"legs": [{"distance": {"value": 1200}}]}]},),
        result="={got: response.body.routes[1].legs[1].distance.value}",
        got=1200,
    ),
    "OpenAI, a chat": Case(
        template="io.camunda.connectors.OpenAI.v1",
        variables={
            "authentication": BEARER,
            "internal_organization": "org",
            "headers": {**JSON_TYPE, "OpenAI-Organization": "org"},
            "operation": "chat",
            "method": "post",
            "url": "{site}/v1/chat/completions",
            "internal_model": "gpt-4o",
            "body": {
                "model": "gpt-4o",
                "messages": [{"role": "user", "content": 'Say "hi"\nand 👋'}],
                "n": 1,
                "temperature": 0.7,
            },
            "connectionTimeoutInSeconds": "30",
        },
        sent=(
            Sent(
                method="POST",
                target="/v1/chat/completions",
                headers={**BEARER_HEADER, **JSON_TYPE, "OpenAI-Organization": "org"},
                body={
                    "model": "gpt-4o",
                    "messages": [{"role": "user", "content": 'Say "hi"\nand 👋'}],
                    "n": 1,
                    "temperature": 0.7,
                },
            ),
        ),
        answers=({"choices": [{"message": {"role": "assistant", "content": "hi 👋"}}]},),
        result="={got: response.body.choices[1].message.content}",
        got="hi 👋",
    ),
    "Salesforce, a query, with a token first": Case(
        template="io.camunda.connectors.Salesforce.v1",
        variables={
            "baseUrl": "{site}",
            "apiVersion": "v58.0",
            "authentication": oauth(clientAuthentication="credentialsBody"),
            "salesforceInteractionType": "soqlQuery",
            "method": "get",
            "url": "{site}/services/data/v58.0/query",
            "queryParameters": {"q": "SELECT Id FROM Account WHERE Name = 'A&B'"},
        },
        sent=(
            Sent(
                method="POST",
                target="/oauth/token",
                headers=FORM,
                body="audience&grant_type=client_credentials&client_secret=pa%3Ass&client_id=me",
                absent=("authorization",),
            ),
            Sent(
                method="GET",
                target="/services/data/v58.0/query?q=SELECT%20Id%20FROM%20Account%20WHERE%20Name%20%3D%20%27A%26B%27",
                headers=GRANTED,
            ),
        ),
        answers=(GRANT, {"totalSize": 0, "records": []}),
        got={"totalSize": 0, "records": []},
    ),
    "Salesforce, a record without authentication": Case(
        template="io.camunda.connectors.Salesforce.v1",
        variables={
            "salesforceInteractionType": "sObject",
            "method": "patch",
            "url": "{site}/services/data/v58.0/sobjects/Account/1",
            "body": {"Name": "New"},
        },
        sent=(
            Sent(
                method="PATCH",
                target="/services/data/v58.0/sobjects/Account/1",
                headers=JSON_TYPE,
                body={"Name": "New"},
                absent=("authorization",),
            ),
        ),
        answers=(None,),
        got=None,
    ),
    "Twilio, an SMS as a form": Case(
        template="io.camunda.connectors.Twilio.v1",
        variables={
            "operationType": "sendSms",
            "accountSid": "AC1",
            "authentication": {"type": "basic", "username": "me", "password": "{{secrets.PASSWORD}}"},
            "method": "post",
            "headers": FORM,
            "body": {"Body": "Hello & bye", "From": "+1555", "To": "+49 30"},
            "url": "{site}/2010-04-01/Accounts/AC1/Messages.json",
            "connectionTimeoutInSeconds": "20",
        },
        sent=(
            Sent(
                method="POST",
                target="/2010-04-01/Accounts/AC1/Messages.json",
                headers={**BASIC_ME, **FORM},
                body="Body=Hello+%26+bye&From=%2B1555&To=%2B49+30",
            ),
        ),
        answers=({"sid": "SM1", "status": "queued"},),
        result="={got: response.body.sid}",
        got="SM1",
    ),
    "Twilio, a list with odd parameter names": Case(
        template="io.camunda.connectors.Twilio.v1",
        variables={
            "authentication": {"type": "basic", "username": "me", "password": "{{secrets.PASSWORD}}"},
            "method": "get",
            "queryParameters": {"DateSent>": "2026-01-01", "DateSent<": "2026-02-01", "PageSize": "5"},
            "url": "{site}/2010-04-01/Accounts/AC1/Messages.json",
        },
        sent=(
            Sent(
                method="GET",
                target="/2010-04-01/Accounts/AC1/Messages.json?DateSent%3E=2026-01-01&DateSent%3C=2026-02-01&PageSize=5",
                headers=BASIC_ME,
            ),
        ),
    ),
    "UiPath, a queue item, its client in a header": Case(
        template="io.camunda.connectors.UIPath.v1",
        variables={
            "operationType": "addQueueItem",
            "authentication": oauth(clientAuthentication="basicAuthHeader", scopes="OR.Queues"),
            "method": "post",
            "headers": {"X-UIPATH-OrganizationUnitId": 77, **JSON_TYPE},
            "body": {"itemData": {"Name": "q", "Priority": "Normal", "DeferDate": None, "SpecificContent": {"a": 1}}},
            "url": "{site}/org/tenant/orchestrator_/odata/Queues/UiPathODataSvc.AddQueueItem",
            "connectionTimeoutInSeconds": "20",
        },
        sent=(
            Sent(
                method="POST",
                target="/oauth/token",
                headers={**BASIC_ME, **FORM},
                body="audience&grant_type=client_credentials&scope=OR.Queues",
            ),
            Sent(
                method="POST",
                target="/org/tenant/orchestrator_/odata/Queues/UiPathODataSvc.AddQueueItem",
                headers={**GRANTED, **JSON_TYPE, "X-UIPATH-OrganizationUnitId": "77"},
                body={"itemData": {"Name": "q", "Priority": "Normal", "DeferDate": None, "SpecificContent": {"a": 1}}},
            ),
        ),
        answers=(GRANT, {"Id": 5}),
        result="={got: response.body.Id}",
        got=5,
    ),
    "UiPath, an item by its id": Case(
        template="io.camunda.connectors.UIPath.v1",
        variables={
            "operationType": "getItemById",
            "authentication": BEARER,
            "method": "get",
            "headers": {"X-UIPATH-OrganizationUnitId": "77", **JSON_TYPE},
            "queryParameters": {"$Filter": "Id eq 5"},
            "url": "{site}/org/tenant/orchestrator_/odata/QueueItems()",
        },
        sent=(
            Sent(
                method="GET",
                target="/org/tenant/orchestrator_/odata/QueueItems()?%24Filter=Id%20eq%205",
                headers=BEARER_HEADER,
            ),
        ),
    ),
    "WhatsApp, a text, without timeouts": Case(
        template="io.camunda.connectors.WhatsApp.v1",
        variables={
            "authentication": BEARER,
            "senderPhoneId": "100",
            "recipientPhoneNumber": "4930",
            "messageType": "plainText",
            "method": "post",
            "url": "{site}/v17.0/100/messages",
            "body": {
                "messaging_product": "whatsapp",
                "recipient_type": "individual",
                "to": "4930",
                "type": "text",
                "text": {"preview_url": False, "body": "Grüße"},
            },
        },
        sent=(
            Sent(
                method="POST",
                target="/v17.0/100/messages",
                headers={**BEARER_HEADER, **JSON_TYPE},
                body={
                    "messaging_product": "whatsapp",
                    "recipient_type": "individual",
                    "to": "4930",
                    "type": "text",
                    "text": {"preview_url": False, "body": "Grüße"},
                },
            ),
        ),
    ),
    "Blue Prism, a list as the body": Case(
        template="io.camunda.connectors.BluePrism.v1",
        variables={
            "operationType": "createItemInQueue",
            "authentication": oauth(clientAuthentication="basicAuthHeader", scopes="bp-api"),
            "method": "post",
            "headers": JSON_TYPE,
            "body": [{"data": {"rows": [{"valueType": "Text", "value": "x"}]}, "deferredDate": None, "priority": 1}],
            "connectionTimeoutInSeconds": "20",
            "url": "{site}/api/v7/workqueues/q/items/batch",
        },
        sent=(
            Sent(
                method="POST",
                target="/oauth/token",
                headers={**BASIC_ME, **FORM},
                body="audience&grant_type=client_credentials&scope=bp-api",
            ),
            Sent(
                method="POST",
                target="/api/v7/workqueues/q/items/batch",
                headers={**GRANTED, **JSON_TYPE},
                body=[{"data": {"rows": [{"valueType": "Text", "value": "x"}]}, "deferredDate": None, "priority": 1}],
            ),
        ),
        answers=(GRANT, {"ids": ["i1"]}),
        result="={got: response.body.ids}",
        got=["i1"],
    ),
    "Blue Prism, an item without authentication": Case(
        template="io.camunda.connectors.BluePrism.v1",
        variables={"method": "get", "headers": JSON_TYPE, "url": "{site}/api/v7/workqueues/q/items/i1"},
        sent=(
            Sent(
                method="GET",
                target="/api/v7/workqueues/q/items/i1",
                headers=JSON_TYPE,
                absent=("authorization", "content-length"),
            ),
        ),
    ),
    "Operate, a search with an audience": Case(
        template="io.camunda.connectors.CamundaOperate.v1",
        variables={
            "headers": JSON_TYPE,
            "authentication": oauth(
                clientAuthentication="credentialsBody",
                audience="operate.camunda.io",
                internal_deployment_type="saas",
                internal_region="bru-2",
                internal_cluster="c",
            ),
            "input": {"internal_endpoint": "/v1/process-instances", "internal_operation": "/search"},
            "method": "post",
            "url": "{site}/c/v1/process-instances/search",
            "body": {"filter": {"state": "ACTIVE"}, "sort": None, "size": 20, "searchAfter": None},
            "connectionTimeoutInSeconds": "20",
        },
        sent=(
            Sent(
                method="POST",
                target="/oauth/token",
                headers=FORM,
                body=("audience=operate.camunda.io&grant_type=client_credentials&client_secret=pa%3Ass&client_id=me"),
            ),
            Sent(
                method="POST",
                target="/c/v1/process-instances/search",
                headers={**GRANTED, **JSON_TYPE},
                body={"filter": {"state": "ACTIVE"}, "sort": None, "size": 20, "searchAfter": None},
            ),
        ),
        answers=(GRANT, {"items": [], "total": 0}),
        result="={got: response.body.total}",
        got=0,
    ),
    "Microsoft 365, a mail, answered by nothing": Case(
        template="io.camunda.connectors.MSFT.O365.Mail.v1",
        variables={
            "baseUrl": "{site}/v1.0",
            "operationId": "users.user.sendMail",
            "operationPath": "/users/ada@x.org/sendMail",
            "authentication": oauth(
                clientAuthentication="credentialsBody", scopes="https://graph.microsoft.com/.default"
            ),
            "headers": {},
            "queryParameters": {},
            "method": "POST",
            "body": {
                "message": {
                    "subject": "Hi",
                    "body": {"contentType": "text", "content": "line\nline"},
                    "toRecipients": [{"emailAddress": {"address": "bob@x.org"}}],
                }
            },
            "url": "{site}/v1.0/users/ada@x.org/sendMail",
        },
        sent=(
            Sent(
                method="POST",
                target="/oauth/token",
                headers=FORM,
                body=(
                    "audience&grant_type=client_credentials&scope=https%3A%2F%2Fgraph.microsoft.com%2F.default"
                    "&client_secret=pa%3Ass&client_id=me"
                ),
            ),
            Sent(
                method="POST",
                target="/v1.0/users/ada@x.org/sendMail",
                headers={**GRANTED, **JSON_TYPE},
                body={
                    "message": {
                        "subject": "Hi",
                        "body": {"contentType": "text", "content": "line\nline"},
                        "toRecipients": [{"emailAddress": {"address": "bob@x.org"}}],
                    }
                },
            ),
        ),
        answers=(GRANT, None),
        result="={got: response.status}",
        got=202,
    ),
    "Microsoft 365, messages by OData parameters": Case(
        template="io.camunda.connectors.MSFT.O365.Mail.v1",
        variables={
            "authentication": BEARER,
            "headers": {},
            "queryParameters": {"$top": 5, "$filter": "isRead eq false"},
            "method": "GET",
            "url": "{site}/v1.0/users/ada@x.org/messages",
        },
        sent=(
            Sent(
                method="GET",
                target="/v1.0/users/ada@x.org/messages?%24top=5&%24filter=isRead%20eq%20false",
                headers=BEARER_HEADER,
            ),
        ),
    ),
}
