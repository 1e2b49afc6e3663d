"""The command line: nginx's own options, and what pyproxy adds."""

from __future__ import annotations

import argparse
import os
import signal
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from pyproxy import __version__

if TYPE_CHECKING:
    from pyproxy.compile import Sources

DEFAULT_FILES = ("conf/app.toml", "conf/nginx.conf", "nginx.conf")
SIGNALS = {
    "stop": signal.SIGTERM,
    "quit": signal.SIGQUIT,
    "reload": signal.SIGHUP,
    "reopen": signal.SIGUSR1,
}
EXAMPLES = """\
  pyproxy conf/app.toml                        serve it, in the foreground
  pyproxy conf/app.toml --listen 8080          the same on another port, without root
  pyproxy -t conf/nginx.conf                   check a configuration
  pyproxy -s reload conf/app.toml              let the one that runs read it again
  pyproxy convert conf/app.toml --to nginx     the same in the other notation
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line. The exit status is 0, or 1 after an error message on standard error."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    from pyproxy.config.tree import ConfigError

    try:
        if arguments[:1] == ["convert"]:
            return _convert(arguments[1:])
        return _proxy(arguments)
    except ConfigError as error:
        print(f"pyproxy: {error}", file=sys.stderr)
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="pyproxy",
        description="A reverse proxy that runs nginx.conf and Supervisor files, or the same things as TOML.",
        epilog=f"examples:\n{EXAMPLES}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("file", nargs="?", help=f"configuration file (default: the first there is of {', '.join(DEFAULT_FILES)})")
    add("-c", dest="config", metavar="FILE", help="the same, as nginx calls it")
    add("-p", dest="prefix", metavar="PREFIX", default=".", help="where relative paths count from (default: here)")
    add("-g", dest="directives", metavar="DIRECTIVES", default="", help="global directives, before the file's own")
    add("-e", dest="error_log", metavar="FILE", help="error log, unless the configuration says (default: stderr)")
    add("-t", dest="test", action="store_true", help="check the configuration and exit")
    add("-T", dest="dump", action="store_true", help="check the configuration, print all of its files and exit")
    add("-q", dest="quiet", action="store_true", help="print errors only")
    add("-s", dest="signal", choices=SIGNALS, help="send a signal to the pyproxy that runs this configuration")
    add("-v", dest="version", action="store_true", help="print the version and exit")
    add("-V", dest="details", action="store_true", help="print the version and what it is made of, and exit")
    add("--listen", metavar="ADDRESS", action="append", default=[], help="listen here instead (may be repeated)")
    return parser


def _proxy(arguments: list[str]) -> int:
    parser = _parser()
    options = parser.parse_args(arguments)
    if options.version or options.details:
        print(f"pyproxy version: pyproxy/{__version__}", file=sys.stderr)
        if options.details:
            _details()
        return 0
    if options.file and options.config:
        parser.error("the configuration file is named twice; say it once")
    file = options.config or options.file or _default_file(options.prefix)
    from pyproxy.compile import Sources

    sources = Sources(file, options.prefix, options.directives, tuple(options.listen), options.error_log)
    if options.test or options.dump:
        return _check(sources, options.dump, options.quiet)
    if options.signal:
        return _signal(sources, options.signal)
    return _run(sources, options.quiet)


def _default_file(prefix: str) -> str:
    from pyproxy.config.tree import ConfigError

    for file in DEFAULT_FILES:
        if os.path.exists(os.path.join(prefix, file)):
            return file
    raise ConfigError(f"no configuration file is named, and there is none of {', '.join(DEFAULT_FILES)}; name one")


def _details() -> None:
    import platform
    from importlib import metadata

    print(f"built on {platform.python_implementation()} {platform.python_version()}", file=sys.stderr)
    for library in ("aiohttp", "uvloop", "nginx-crossplane", "supervisor"):
        try:
            print(f"  {library} {metadata.version(library)}", file=sys.stderr)
        except metadata.PackageNotFoundError:
            print(f"  {library} is not installed", file=sys.stderr)


def _check(sources: Sources, dump: bool, quiet: bool) -> int:
    from pyproxy.compile import load_schema
    from pyproxy.core.log import Logs
    from pyproxy.process.run import Process

    schema = load_schema()
    loaded = sources.load(schema)
    logs = Logs()
    site = sources.compile(loaded, schema, logs)
    Process(sources, schema, site, logs).check_programs()
    if not quiet:
        for warning in site.warnings:
            print(f"pyproxy: [warn] {warning}", file=sys.stderr)
        print(f"pyproxy: the configuration file {sources.path} syntax is ok", file=sys.stderr)
        print(f"pyproxy: configuration file {sources.path} test is successful", file=sys.stderr)
    if dump:
        for file, text in loaded.files.items():
            print(f"# configuration file {file}:\n{text}")
    return 0


def _signal(sources: Sources, name: str) -> int:
    from pyproxy.compile import load_schema
    from pyproxy.config.tree import ConfigError
    from pyproxy.core.log import Logs
    from pyproxy.process.pidfile import PidFile

    schema = load_schema()
    # a reload of a configuration that is wrong is refused here, where somebody reads it
    site = sources.compile(sources.load(schema), schema, Logs())
    pid = PidFile(site.pid_file).running()
    if pid is None:
        raise ConfigError(f"no pyproxy runs this configuration: {site.pid_file} names no process that lives")
    os.kill(pid, SIGNALS[name])
    return 0


def _run(sources: Sources, quiet: bool) -> int:
    from pyproxy.compile import load_schema
    from pyproxy.core.log import Logs
    from pyproxy.process.run import Process

    schema = load_schema()
    logs = Logs()
    site = sources.compile(sources.load(schema), schema, logs)
    process = Process(sources, schema, site, logs, quiet)
    process.prepare()
    process.run()
    return 0


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
