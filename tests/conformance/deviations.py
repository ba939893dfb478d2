"""Recorded cases that we handle otherwise, each with its reason. A listed case that agrees is an error too."""

from __future__ import annotations

_PLACEHOLDER = "`${…}` in a secret's value stays text, so that a secret cannot read the process's other settings"
_OLD_NAMES = "the argument and key names of before 8.8 are understood too"
_JOB_VARIABLES = "variables of jobError are sent, as the 8.9 runtime does"

#: The REST jobs recorded from the Java runtime 8.8.7.
REST: dict[str, str] = {
    "errexpr/failed-bpmn-named-old": _OLD_NAMES,
    "errexpr/failed-job-vars": _JOB_VARIABLES,
    "errexpr/failed-job-named-full": _JOB_VARIABLES,
    "errexpr/failed-job-named-old": _OLD_NAMES,
    "errexpr/failed-raw-job-full": _JOB_VARIABLES,
    "errexpr/ok-ignore-vars": "ignoreError is understood, as the 8.9 runtime does",
    "input/document-bad": "documents are not fetched yet; the reference is sent as written, not as an empty object",
    "response/too-large": "output beyond 1.5 MB is refused, as later patches of 8.8 do",
    "secret/bare-PLACEHOLDER": _PLACEHOLDER,
    "secret/bare-PLACEHOLDER_MISSING": _PLACEHOLDER,
    "secret/header-PLACEHOLDER": _PLACEHOLDER,
    "secret/header-PLACEHOLDER_MISSING": _PLACEHOLDER,
    "secret/masked-code": "secrets are masked in error.code too",
    "secret/text-PLACEHOLDER_MISSING": _PLACEHOLDER,
}
