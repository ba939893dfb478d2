"""What runs the demo's models, as the roles find it and as people are told of it."""

from __future__ import annotations

import dataclasses

from zelery.local import camunda


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Engine:
    """A Zeebe that runs, by itself or with Operate."""

    gateway: str
    """Zeebe's gateway, host:port."""
    operate: str | None
    """The URL of Operate, where it has one."""

    @property
    def environment(self) -> dict[str, str]:
        """The variables that name it."""
        found = {"ZEEBE_ADDRESS": self.gateway}
        if self.operate:
            found |= {
                "CAMUNDA_OPERATE_CLIENT_URL": self.operate,
                "CAMUNDA_OPERATE_CLIENT_USERNAME": camunda.USERNAME,
                "CAMUNDA_OPERATE_CLIENT_PASSWORD": camunda.PASSWORD,
            }
        return found

    @property
    def links(self) -> dict[str, str]:
        """Where it is seen."""
        found = {"Zeebe": f"{self.gateway} (gRPC)"}
        if self.operate:
            found["Operate"] = f"{self.operate} (login {camunda.USERNAME}, password {camunda.PASSWORD})"
        return found
