"""The command line: nginx's own options, and what pyproxy adds."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pyproxy.compile import Sources
    from pyproxy.config.tree import ConfigError

DEFAULT_FILES = ("conf/app.toml", "conf/nginx.conf", "nginx.conf")
EXAMPLES = """\
  pyproxy conf/app.toml                        serve it, in the foreground
  pyproxy conf/app.toml --listen 8080          the same on another port, without root
  pyproxy -t conf/nginx.conf                   check a configuration
  pyproxy -s reload conf/app.toml              let the one that runs read it again
  pyproxy status                               its programs; start, stop, restart, tail [-f] as in supervisorctl
  pyproxy convert conf/app.toml --to nginx     the same in the other notation
"""
CONTROL = ("status", "start", "stop", "restart", "tail", "clear", "signal", "pid", "shutdown")
"""What is supervisorctl's, for the programs of a configuration."""
UNKNOWN = 4
"""supervisorctl's exit status where the status of a program cannot be told."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line. The exit status is 0, 1 after an error, 2 after wrong usage, as argparse has it."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    options = command = None
    if arguments[:1] != ["convert"] and (command := _control_command(arguments)) is None:
        options = _parser().parse_args(arguments)
        if options.version or options.details:
            from pyproxy.version import details, version

            print(details() if options.details else version(), file=sys.stderr)
            return 0
    from pyproxy.config.tree import ConfigError

    try:
        if options is not None:
            status = _proxy(options)
        else:
            status = _convert(arguments[1:]) if command is None else _control(command, arguments)
        sys.stdout.flush()
    except ConfigError as error:
        _complain(error)
        return UNKNOWN if command == "status" else 1
    except BrokenPipeError:
        # whoever read our output has seen enough; Python must not try again at its exit
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except KeyboardInterrupt:
        return 130
    return status


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="pyproxy",
        description="A reverse proxy that runs nginx.conf and Supervisor files, or the same things as TOML.",
        epilog=f"examples:\n{EXAMPLES}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    add = parser.add_argument
    add("-?", action="help", help=argparse.SUPPRESS)
    add("file", nargs="?", help=f"configuration file (default: the first there is of {', '.join(DEFAULT_FILES)})")
    add("-c", dest="config", metavar="FILE", help="the same, as nginx calls it")
    add("-p", dest="prefix", metavar="PREFIX", default=".", help="where relative paths count from (default: here)")
    add("-g", dest="directives", metavar="DIRECTIVES", default="", help="global directives, before the file's own")
    add("-e", dest="error_log", metavar="FILE", help="error log, unless the configuration says (default: stderr)")
    add("-t", dest="test", action="store_true", help="check the configuration and exit")
    add("-T", dest="dump", action="store_true", help="check the configuration, print all of its files and exit")
    add("-q", dest="quiet", action="store_true", help="print errors only")
    add(
        "-s",
        dest="signal",
        choices=("stop", "quit", "reload", "reopen"),
        help="send a signal to the pyproxy that runs this configuration",
    )
    add("-v", dest="version", action="store_true", help="print the version and exit")
    add("-V", dest="details", action="store_true", help="print the version and what it is made of, and exit")
    add("--detach-programs", action="store_true", help="let the programs outlive pyproxy; the next one takes them over")
    add("--watch", action="store_true", help="reload by itself whenever a file of the configuration changes")
    add("--listen", metavar="ADDRESS", action="append", default=[], help="listen here instead (may be repeated)")
    return parser


def _proxy(options: argparse.Namespace) -> int:
    from pyproxy.compile import Sources
    from pyproxy.config.tree import ConfigError

    if options.file and options.config:
        raise ConfigError(f"the configuration file is named twice, {options.config} and {options.file}; name one")
    file = options.config or options.file or _default_file(options.prefix)
    sources = Sources(file, options.prefix, options.directives, tuple(options.listen), options.error_log)
    if not os.path.exists(sources.path) and (command := _nearest_command(file)):
        raise ConfigError(f"there is no file `{file}` and no such command, did you mean `{command}`?")
    if options.test or options.dump:
        return _check(sources, options.dump, options.quiet)
    if options.signal:
        from pyproxy.process.command import send

        send(sources, options.signal)
        return 0
    return _run(sources, options.quiet, options.detach_programs, options.watch)


def _nearest_command(word: str) -> str | None:
    import difflib

    return next(iter(difflib.get_close_matches(word, ("convert", *CONTROL), 1, 0.7)), None)


def _complain(error: ConfigError) -> None:
    for each in error.each:
        print(f"pyproxy: {each}", file=sys.stderr)


def _default_file(prefix: str) -> str:
    from pyproxy.config.tree import ConfigError

    for file in DEFAULT_FILES:
        if os.path.exists(os.path.join(prefix, file)):
            return file
    raise ConfigError(f"no configuration file is named, and there is none of {', '.join(DEFAULT_FILES)}; name one")


def _check(sources: Sources, dump: bool, quiet: bool) -> int:
    from pyproxy.compile import load_schema
    from pyproxy.config.tree import ConfigError
    from pyproxy.core.logs.log import Logs
    from pyproxy.process.programs import plan_of

    schema = load_schema()
    try:
        loaded = sources.load(schema)
        site = sources.compile(loaded, schema, Logs())
        if site.programs:
            plan_of(site)
    except ConfigError as error:
        _complain(error)
        print(f"pyproxy: configuration file {sources.path} test failed", file=sys.stderr)
        return 1
    if not quiet:
        for warning in site.warnings:
            print(f"pyproxy: [warn] {warning}", file=sys.stderr)
        print(f"pyproxy: the configuration file {sources.path} syntax is ok", file=sys.stderr)
        print(f"pyproxy: configuration file {sources.path} test is successful", file=sys.stderr)
    if dump:
        for file, text in loaded.files.items():
            print(f"# configuration file {file}:\n{text}")
    return 0


def _run(sources: Sources, quiet: bool, detach_programs: bool, watch: bool) -> int:
    from pyproxy.compile import load_schema
    from pyproxy.core.logs.log import Logs
    from pyproxy.process.run import Process

    schema = load_schema()
    logs = Logs()
    site = sources.compile(sources.load(schema), schema, logs)
    process = Process(sources, schema, site, logs, quiet, detach_programs, watch)
    process.prepare()
    process.run()
    return 0


def _control_command(arguments: list[str]) -> str | None:
    """The first word, if it is one of CONTROL; ``-c FILE`` and ``-p PREFIX`` may come before it."""
    place = 0
    while place < len(arguments) and arguments[place] in ("-c", "-p"):
        place += 2
    word = arguments[place] if place < len(arguments) else None
    return word if word in CONTROL else None


def _control(command: str, arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(
        prog=f"pyproxy {command}",
        usage=f"%(prog)s [-c FILE] [-p PREFIX] [arguments of `supervisorctl {command}`]",
        description="Programs are NAME, GROUP:NAME, GROUP:* or all. Exit statuses and messages are supervisorctl's.",
        allow_abbrev=False,
    )
    parser.add_argument("-c", dest="config", metavar="FILE", help="the configuration (default: as without a command)")
    parser.add_argument("-p", dest="prefix", metavar="PREFIX", default=".", help="where relative paths count from")
    options, words = parser.parse_known_args(arguments)
    from pyproxy.compile import Sources
    from pyproxy.process.command import control

    return control(Sources(options.config or _default_file(options.prefix), options.prefix), words)


def _convert(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(
        prog="pyproxy convert", description="Print a configuration in the other notation, its includes in place."
    )
    parser.add_argument("file")
    parser.add_argument("--to", choices=("toml", "nginx"), required=True)
    options = parser.parse_args(arguments)
    from pyproxy.compile import load_schema
    from pyproxy.config.convert import convert
    from pyproxy.config.load import load

    schema = load_schema()
    print(convert(load(options.file, schema), options.to, schema), end="")
    return 0
