"""What protocol connectors share: HTTP requests as models write them, sent and answered as in the Java runtime.

A connector whose protocol is HTTP takes `Method`, `Url`, `AnyAuthentication` and `Timeouts` into its input, makes a
`Call` of it and hands it to the `HttpClient` of its worker process.
"""

from zelery.sdk.http.authentication import AnyAuthentication, Authentication, NoAuthentication
from zelery.sdk.http.client import Answer, HttpClient
from zelery.sdk.http.request import Call, Method, Timeouts, Url, call_of, timeouts

__all__ = [
    "Answer",
    "AnyAuthentication",
    "Authentication",
    "Call",
    "HttpClient",
    "Method",
    "NoAuthentication",
    "Timeouts",
    "Url",
    "call_of",
    "timeouts",
]
