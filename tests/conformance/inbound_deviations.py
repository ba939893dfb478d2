"""Recorded inbound cases that we handle otherwise, each with its reason. A listed case that agrees is an error too."""

from __future__ import annotations

_CONSUMED = "consumeUnmatchedEvents absent means that the event is consumed, for models of 8.5"
_NULL = "correlation is null where nothing was correlated now, as in later lines"
_TEXT = "the text is of a Java library, which is ours"
_FREED = "a path is freed when its activation fails: 404, not 500"
_CALLER = "the caller's fault is a 4xx that says so, not a 500"
_READ = "what is no JSON reaches FEEL as text, as in later lines"
_FORM = "a form with a character set is a form"
_BODILESS = "a response without a body is a response, not a 500"
_RAW = "texts are sent as written, never escaped, with nosniff"
_NEIGHBOUR = "one bad element, or two on one path, never take down others of their process"
_VALUE = "a value that is no text is signed as its JSON text, and an empty body as nothing"
_KEYS = "a key set that cannot be had is a 503 with a reason, not a 500"
_ID = "a message id that fails is invalid input, and null is no id, as in later lines"

#: Webhook requests that reach a connector, recorded from the Java runtime 8.6.10.
WEBHOOKS: dict[str, str] = {
    "activation-false-response-expression": _CONSUMED,
    "activation-header": _CONSUMED,
    "activation-ignored-response-expression": _NULL,
    "activation-legacy-name": _CONSUMED,
    "activation-literal-false": _CONSUMED,
    "activation-no-eq": _CONSUMED,
    "activation-null": _CONSUMED,
    "activation-one": _CONSUMED,
    "activation-param": _CONSUMED,
    "activation-text-true": _CONSUMED,
    "apikey-body": _TEXT,
    "apikey-empty-locator": _TEXT,
    "apikey-error2": _TEXT,
    "apikey-no-locator": _TEXT,
    "apikey-plain-locator": _FREED,
    "auth-type-basic-lc": _FREED,
    "auth-type-foo": _FREED,
    "basic-not-base64": _CALLER,
    "body-bad-type": _TEXT,
    "body-binary": _CALLER,
    "body-form-caps": "a form is a form however its type is spelled: its fields are parameters too",
    "body-form-charset": _FORM,
    "body-form-charset-query": _FORM,
    "body-gzip": _CALLER,
    "body-invalid-unused": _CALLER,
    "body-json-3mb": "output above 1.5 MB is refused before Zeebe is told, as in later lines",
    "body-json-blank": _CALLER,
    "body-json-ctrl": _CALLER,
    "body-json-invalid": _CALLER,
    "body-json-nan": _CALLER,
    "body-json-single": _CALLER,
    "body-latin1": _CALLER,
    "body-multipart": "a file is refused, and not lost in silence, as long as there are no documents",
    "body-no-type-text": _READ,
    "body-soap": _READ,
    "body-textxml": _READ,
    "fail-neighbour": _NEIGHBOUR,
    "hmac-missing": _CALLER,
    "hmac-scope-plain": _FREED,
    "hmac-scope-plain-two": _FREED,
    "hmac-scope-unknown": _FREED,
    "hmac-scope-url-body": _VALUE,
    "hmac-scope-url-body-nested": _VALUE,
    "hmac-scope-url-body-params": _VALUE,
    "jwt-bad-url": _KEYS,
    "jwt-iat-future": _CALLER,
    "jwt-jwks-404": _KEYS,
    "jwt-missing": _CALLER,
    "jwt-nbf-future": _CALLER,
    "jwt-no-kid": _CALLER,
    "jwt-roles-none": _CALLER,
    "jwt-roles-plain-expr": _FREED,
    "jwt-roles-urlsafe": "a token's payload is read in the alphabet that tokens are written in",
    "jwt-rs512-key-rs256": _CALLER,
    "msgid-catch-body": _NULL,
    "msgid-catch-missing": _ID,
    "msgid-catch-no-eq": _NULL,
    "msgid-catch-null": _ID,
    "msgid-catch-number": _NULL,
    "msgid-catch-object": _NULL,
    "msgid-catch-runtime-error": _ID,
    "msgid-messagestart-body": _NULL,
    "msgid-messagestart-const": _NULL,
    "msgid-messagestart-number": _NULL,
    "msgid-messagestart-runtime-error": _ID,
    "multi-auto": _CONSUMED,
    "multi-auto-id": _CONSUMED,
    "order-checks": _CALLER,
    "response-activated": _BODILESS,
    "response-body-null": _BODILESS,
    "response-body-string": _RAW,
    "response-html": _RAW,
    "response-no-body": _BODILESS,
    "response-no-body-200": _BODILESS,
    "response-null-body": _BODILESS,
    "response-plain": _RAW,
    "response-string": _RAW,
    "response-unicode": _RAW,
    "response-xml": _RAW,
    "verify-html": _RAW,
    "verify-plain": _FREED,
    "verify-status-only": _BODILESS,
    "verify-unknown-key": _BODILESS,
}

_ENGINE = "engine errors map to HTTP status as in later lines"
_ALIVE = "the readiness and liveness groups, and /inbound-instances, are there, as in later lines"
_REQUEUE = "a message whose expression fails is tried again with growing pauses, then dead-lettered: no hot loop"
_NULL_HEADER = "a null header is read as what it is"
_ARGUMENTS = "arguments may be FEEL, JSON or dotted names"

#: Engine, endpoint, polling and RabbitMQ cases, and webhook cases that only show with Operate beside.
OTHERS: dict[str, str] = {
    "delete-newest": _ENGINE,
    "delete-only": _ENGINE,
    "engine-aborted": _ENGINE,
    "engine-data-loss": _ENGINE,
    "engine-failed-precondition": _ENGINE,
    "engine-invalid-argument": _ENGINE,
    "engine-out-of-range": _ENGINE,
    "engine-permission-denied": _ENGINE,
    "engine-unauthenticated": _ENGINE,
    "engine-unavailable": _ENGINE,
    "engine-unknown": _ENGINE,
    "path-encoded": "an encoded slash is a 400 without Tomcat's page",
    "poll-answer-headers": "cookies are a list, as the REST connector's have been since 8.7",
    "poll-version-waiting": "instances of old versions stay polled",
    "rabbit-arguments-dotted": _ARGUMENTS,
    "rabbit-arguments-feel": _ARGUMENTS,
    "rabbit-arguments-json": _ARGUMENTS,
    "rabbit-condition-false": _CONSUMED,
    "rabbit-condition-null": _CONSUMED,
    "rabbit-engine-unavailable": "a message waits for a cluster that is away, and is not given back hundreds of times",
    "rabbit-header-table": "a text in a nested table is a text",
    "rabbit-manual-group": _CONSUMED,
    "rabbit-message-id-null": _ID,
    "rabbit-properties-flat": "the transport's own message id is sent, as in later lines",
    "rabbit-queue-deleted": "a consumer that the broker cancelled is DOWN, and heals",
    "rest-actuator": _ALIVE,
    "version-waiting": "what instances of old versions wait for stays alive",
    "rest-by-process": _ALIVE,
    "version-broken": _FREED,
    "version-fixed": _FREED,
}
