"""Supervisor's XML-RPC interface, which tells also what a program that is STARTING waits for."""

from __future__ import annotations

from typing import Any

from supervisor.rpcinterface import SupervisorNamespaceRPCInterface
from supervisor.states import ProcessStates


class Interface(SupervisorNamespaceRPCInterface):  # type: ignore[misc]
    """The methods whose names begin with ``supervisor.``"""

    def getProcessInfo(self, name: str) -> dict[str, Any]:
        """Get info about a process named name

        @param string name The name of the process (or 'group:name')
        @return struct result     A structure containing data about the process
        """
        info: dict[str, Any] = super().getProcessInfo(name)
        if info["state"] == ProcessStates.STARTING:
            _, process = self._getGroupAndProcess(name)
            info["description"] = process.waits_for
        return info


def make(supervisord: Any, **config: Any) -> Interface:
    """The ``supervisor.rpcinterface_factory`` of the configuration."""
    return Interface(supervisord)
