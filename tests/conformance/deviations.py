"""Recorded cases that we handle otherwise, each with its reason. A listed case that agrees is an error too."""

from __future__ import annotations

_PLACEHOLDER = "`${…}` in a secret's value stays text, so that a secret cannot read the process's other settings"
_OLD_NAMES = "the argument and key names of before 8.8 are understood too"
_JAVA_TEXT = "error.code holds the text of a Java exception, which is ours"
_NO_TOKEN = "a token endpoint that gives no token is an error, never `Bearer null`, as in the 8.9 runtime"
_JOB_VARIABLES = "variables of jobError are sent, as in the 8.9 runtime"

#: The REST jobs recorded from the Java runtime 8.8.7.
REST: dict[str, str] = {
    "error/no-host": _JAVA_TEXT,
    "error/text-port": _JAVA_TEXT,
    "errexpr/failed-bpmn-named-old": _OLD_NAMES,
    "errexpr/failed-bpmn-one": "bpmnError(errorCode) is understood, as in the 8.9 runtime",
    "errexpr/failed-job-vars": _JOB_VARIABLES,
    "errexpr/failed-job-named-full": _JOB_VARIABLES,
    "errexpr/failed-job-named-old": _OLD_NAMES,
    "errexpr/failed-raw-job-full": _JOB_VARIABLES,
    "errexpr/ok-ignore-vars": "ignoreError is understood, as in the 8.9 runtime",
    "input/document-bad": "documents are not fetched yet; the reference is sent as written, not as an empty object",
    "oauth/token-302": _NO_TOKEN,
    "oauth/token-list": _NO_TOKEN,
    "oauth/token-no-token": _NO_TOKEN,
    "oauth/token-null-token": _NO_TOKEN,
    "oauth/token-text": _NO_TOKEN,
    "oauth/twice": "tokens are cached, as in the 8.9 runtime",
    "secret/bare-PLACEHOLDER": _PLACEHOLDER,
    "secret/bare-PLACEHOLDER_MISSING": _PLACEHOLDER,
    "secret/header-PLACEHOLDER": _PLACEHOLDER,
    "secret/header-PLACEHOLDER_MISSING": _PLACEHOLDER,
    "secret/masked-code": "secrets are masked in error.code too",
    "secret/text-PLACEHOLDER_MISSING": _PLACEHOLDER,
}
