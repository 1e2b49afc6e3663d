"""``pyproxy status`` and its like: Supervisor's own supervisorctl, directed at the supervisord of a configuration."""

from __future__ import annotations

from supervisor.options import ClientOptions
from supervisor.supervisorctl import Controller

from pyproxy.programs.folder import Folder


def control(folder: Folder, words: list[str]) -> int:
    """Do what the words say to supervisorctl, such as ``tail -f golink``; its exit status."""
    options = ClientOptions()
    options.prompt = "pyproxy"
    options.serverurl = f"unix://{folder.socket}"
    controller = Controller(options)
    controller.onecmd(" ".join(words))
    return int(controller.exitstatus)
