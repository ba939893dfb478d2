"""The port behind which process definitions come from, and its values."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any, Protocol


@dataclasses.dataclass(frozen=True, kw_only=True)
class Definition:
    """A version of a process, as the cluster has it."""

    key: int
    """Names this version, everywhere and for ever; of two versions the later one has the higher key."""
    process_id: str
    """The BPMN process id."""
    version: int
    tenant_id: str
    name: str | None = None
    """What the model calls the process."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class ElementInstance:
    """A token that waits at an element."""

    key: int
    process_instance_key: int
    element_id: str


@dataclasses.dataclass(frozen=True, kw_only=True)
class Snapshot:
    """What is deployed. While nothing changes, a source hands out the very same one."""

    definitions: Sequence[Definition]
    """The newest version of each process at least, and any older ones that the source shows; highest key first."""
    doubt: str | None = None
    """Why what is missing may be there all the same: nothing may be deactivated for it. Absent, it is gone."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Variables:
    """Variables of a process instance. A JSON null is the text "null", as models know it of the Java runtime."""

    values: Mapping[str, Any]
    cut: frozenset[str] = frozenset()
    """Names of variables that the source shows in part only. They are not among the values."""


class DefinitionSource(Protocol):
    """Belongs to the event loop that opened it; its methods may be called at once by many.

    Each raises SourceUnavailableError when the same call may succeed later, SourceRefusedError when somebody must do
    something first (its text says what), and nothing of the libraries below.
    """

    async def deployed(self) -> Snapshot:
        """What is deployed now. Called every few seconds: it asks for what is new, and for everything now and then."""

    async def xml(self, key: int) -> bytes:
        """The BPMN of a definition; it never changes. Raises SourceNotFoundError when the source has none."""

    async def waiting(self, candidates: Sequence[int]) -> Mapping[int, bool] | None:
        """Whether something still waits in each of these older definitions, the most urgent first.

        A key that is left out is not known yet, and is answered in a later call: leave it as it is. None: this source
        can never tell. Called after `deployed`, with keys that are not the newest of their process.
        """

    async def waiting_elements(self, definition_key: int, element_id: str) -> Sequence[ElementInstance]:
        """The tokens that wait at an element now (for a boundary event: ask for what it is attached to)."""

    async def variables(self, process_instance_key: int, scope_keys: Sequence[int]) -> Variables:
        """The variables of these scopes, the outermost first: an inner one hides an outer one of its name.

        The scope of a process instance's own variables is the instance's key; that of a token's is the token's.
        """

    async def check(self) -> None:
        """Return when the source answers and takes us."""
