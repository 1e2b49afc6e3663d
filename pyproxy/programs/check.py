"""Checks programs before anything is started, with Supervisor's own reading of every option."""

from __future__ import annotations

import difflib
import functools
import os
import re
import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

from supervisor.datatypes import Automatic
from supervisor.options import UnhosedConfigParser, make_namespec

from pyproxy.config.tree import ConfigError
from pyproxy.programs import ini
from pyproxy.programs.configuration import options as resolved_options
from pyproxy.programs.program import Program
from pyproxy.programs.supervisord.options import Options


@dataclass(frozen=True, slots=True)
class Process:
    """What Supervisor read for one process of a program."""

    name: str
    """Supervisor's name for it: ``group:process``, or one name where both are the same."""
    autostart: bool
    stopwaitsecs: int
    """Seconds between the stop signal and SIGKILL."""
    exitcodes: tuple[int, ...]
    """The exit codes that are expected."""
    logfiles: tuple[Path, ...]
    """The log files it will write, where the names are known beforehand."""


class _Parser(UnhosedConfigParser):  # type: ignore[misc]
    """Supervisor's parser, which remembers what Supervisor asked for."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[str] = []

    def saneget(self, section: str, option: str, *args: Any, **kwargs: Any) -> Any:
        self.asked.append(option)
        return super().saneget(section, option, *args, **kwargs)


@functools.cache
def option_names() -> frozenset[str]:
    """All options of a program: those that Supervisor asks for, and ours."""
    _, parser = _read("x", "x", {"command": "x"}, "")
    return frozenset(parser.asked)


def check(program: Program, group: str, prefix: Path, logs: Path, path: str) -> list[Process]:
    """The processes of a program, or ConfigError where it could not be started.

    `group`: the group that it is in. `prefix`: the folder that relative paths count from. `logs`: the folder of log
    files that are not named. `path`: the PATH that supervisord will have.
    """

    def refuse(message: str, option: str = "") -> NoReturn:
        raise ConfigError(f"program `{program.name}`: {message}", program.where(option))

    if not re.fullmatch(r"[^\s:/\[\]]+", program.name):
        refuse("its name must have no space, colon, slash or bracket, and not be empty")
    for option in program.options:
        if option not in option_names():
            close = difflib.get_close_matches(option, option_names(), 1)
            refuse(f"unknown option `{option}`" + (f", did you mean `{close[0]}`?" if close else ""), option)
    if "command" not in program.options:
        refuse("`command` is missing")
    options = resolved_options(program, prefix)
    try:
        configs, _ = _read(program.name, group, options, path)
    except ValueError as error:
        option = _guilty(program.name, group, options, path, str(error))
        value = f"`{option}` cannot be `{program.options[option]}`: " if option else ""
        why = "expected a whole number" if "invalid literal for int()" in str(error) else str(error)
        refuse(value + why, option)
    for config in configs:
        if config.uid is not None and os.getuid() not in (0, config.uid):
            refuse(f"only root can run it as the user `{program.options['user']}`", "user")
        if config.directory is not None and (problem := _cannot_enter(Path(config.directory))):
            refuse(f"`directory` {config.directory} {problem}", "directory")
        if problem := _cannot_run(config.command, config.environment.get("PATH", path)):
            refuse(problem, "command")
    processes = [_process(program, group, config, logs) for config in configs]
    if any(logs in file.parents for process in processes for file in process.logfiles) and not _can_create(logs):
        refuse(f"its log cannot be written in {logs}; name a `stdout_logfile` (and `stderr_logfile`) elsewhere")
    return processes


def _read(name: str, group: str, options: dict[str, str], path: str) -> tuple[list[Any], _Parser]:
    """Supervisor's ProcessConfig objects for one program, or ValueError with Supervisor's message."""
    section = f"program:{name}"
    server = Options()
    server.poller.close()
    server.here = "/"
    server.environ_expansions["ENV_PATH"] = path
    parser = _Parser()
    parser.expansions = server.environ_expansions
    parser.read_string(ini.format([(section, options)]))
    try:
        return server.processes_from_section(parser, section, group), parser
    except ValueError as error:
        message = str(error).partition(f" in section {section!r}")[0]
        # Supervisor goes on to list what could be expanded: the whole environment, secrets included
        raise ValueError(message.partition(" Available names:")[0]) from None


def _guilty(name: str, group: str, options: dict[str, str], path: str, message: str) -> str:
    """The option that is refused with this message even when it stands alone, or ""."""
    for option, value in options.items():
        try:
            _read(name, group, {"command": "x", option: value}, path)
        except ValueError as error:
            if str(error) == message:
                return option
    return ""


def _process(program: Program, group: str, config: Any, logs: Path) -> Process:
    logfiles = []
    for option, suffix in (("stdout_logfile", ".log"), ("stderr_logfile", "-stderr.log")):
        file = getattr(config, option)
        if isinstance(file, str):
            logfiles.append(Path(file))
        elif file is Automatic and option not in program.options:
            logfiles.append(logs / f"{config.name}{suffix}")
    return Process(
        name=make_namespec(group, config.name),
        autostart=config.autostart,
        stopwaitsecs=config.stopwaitsecs,
        exitcodes=tuple(config.exitcodes),
        logfiles=tuple(logfiles),
    )


def _cannot_enter(directory: Path) -> str:
    if not directory.exists():
        return "does not exist"
    if not directory.is_dir():
        return "is not a folder"
    return "" if os.access(directory, os.X_OK) else "cannot be entered with the rights of this user"


def _cannot_run(command: str, path: str) -> str:
    """Why Supervisor could not run this command, or ""; it takes the first file of that name in the path."""
    try:
        words = shlex.split(command)
    except ValueError as error:
        return f"`command` cannot be split into words ({str(error).lower()}): {command}"
    if not words:
        return "`command` is empty"
    found = (Path(folder, words[0]) for folder in path.split(os.pathsep))  # an absolute path stays itself
    file = next((file for file in found if file.exists()), None)
    if file is None:
        where = "there is no such file" if "/" in words[0] else "it is not in PATH; install it, or write its full path"
        return f"command `{words[0]}` not found: {where}"
    if file.is_dir() or not os.access(file, os.X_OK):
        return f"command `{file}` is not an executable file"
    return ""


def _can_create(folder: Path) -> bool:
    nearest = next(place for place in (folder, *folder.parents) if place.exists())
    return nearest.is_dir() and os.access(nearest, os.W_OK | os.X_OK)
