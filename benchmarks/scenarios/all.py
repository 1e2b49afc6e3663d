"""The scenarios, in the order of the table of marks."""

from __future__ import annotations

from .browser import Browser
from .connections import Connections
from .golink import GoLink
from .idle import Idle
from .large import Large, LargeFile
from .new_connections import NewConnections
from .scenario import Scenario
from .small import Small
from .start import Start
from .static import Static
from .websocket import WebSocket

SCENARIOS: dict[str, Scenario] = {
    scenario.name: scenario
    for scenario in (
        Small(),
        Connections(),
        Browser(),
        Static(),
        LargeFile(),
        Large(),
        WebSocket(),
        GoLink(),
        NewConnections(),
        Idle(),
        Start(),
    )
}
