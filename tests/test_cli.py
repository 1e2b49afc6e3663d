"""The command line, as far as it ends by itself; what serves is in tests/process/."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from pyproxy import __version__
from pyproxy.cli import main

GOOD = "events {}\nhttp { include sites/*.conf; }\n"
SITE = "server {\n    listen 8080;\n    location / { return 200 ok; }\n}\n"

Capture = pytest.CaptureFixture[str]
Write = Callable[..., str]


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def write(here: Path) -> Write:
    """Writes a configuration file and says its name."""

    def write(text: str, name: str = "nginx.conf") -> str:
        (here / name).parent.mkdir(parents=True, exist_ok=True)
        (here / name).write_text(text)
        return name

    return write


def run(*arguments: str, **options: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, **options)  # type: ignore[call-overload,no-any-return]


# Versions


def test_version(capsys: Capture) -> None:
    assert main(["-v"]) == 0
    assert capsys.readouterr() == ("", f"pyproxy version: pyproxy/{__version__}\n")


def test_details(capsys: Capture) -> None:
    assert main(["-V"]) == 0
    out, err = capsys.readouterr()
    assert out == ""
    first, nginx, python, *libraries, arguments = err.splitlines()
    assert first == f"pyproxy version: pyproxy/{__version__}"
    assert nginx == "follows nginx version: nginx/1.31.3"
    assert python.startswith("built on ")
    assert [line.split()[0] for line in libraries] == ["aiohttp", "uvloop", "nginx-crossplane", "supervisor"]
    # what nginx's own test suite reads: what is there is not denied, what is not is
    assert arguments.startswith("configure arguments: --with")
    assert "--without-http_fastcgi_module" in arguments
    assert "proxy_module" not in arguments


@pytest.mark.parametrize("option", ["-v", "-V", "-h"])
def test_what_only_prints_imports_nothing_heavy(option: str) -> None:
    done = run("-X", "importtime", "-m", "pyproxy", option)
    assert done.returncode == 0
    imported = set(re.findall(r"import time: .*\| +(\S+)$", done.stderr, re.MULTILINE))
    assert "pyproxy.cli" in imported
    assert imported.isdisjoint(
        {"asyncio", "aiohttp", "uvloop", "crossplane", "supervisor", "pyproxy.compile", "dataclasses"}
    )


@pytest.mark.parametrize("option", ["-h", "--help", "-?"])
def test_help(capsys: Capture, option: str) -> None:
    with pytest.raises(SystemExit) as caught:
        main([option])
    assert caught.value.code == 0
    out = capsys.readouterr().out
    for option in ("-c FILE", "-p PREFIX", "-g DIRECTIVES", "-e FILE", "-t ", "-T ", "-q ", "-s {", "--listen ADDRESS"):
        assert option in out


@pytest.mark.parametrize("arguments", [["-x"], ["-s", "start"], ["-c"], ["a", "b"], ["--lis", "80"], ["convert", "a"]])
def test_wrong_usage(capsys: Capture, arguments: list[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(arguments)
    assert caught.value.code == 2
    assert capsys.readouterr().err.startswith("usage: pyproxy")


# Which file


@pytest.mark.parametrize(
    "arguments", [["-t", "site/my.conf"], ["-tc", "site/my.conf"], ["-t", "-p", "site", "-c", "my.conf"]]
)
def test_the_file_can_be_named_in_many_ways(write: Write, capsys: Capture, arguments: list[str]) -> None:
    write(GOOD, "site/my.conf")
    assert main(arguments) == 0
    assert capsys.readouterr().err == (
        "pyproxy: the configuration file site/my.conf syntax is ok\n"
        "pyproxy: configuration file site/my.conf test is successful\n"
    )


@pytest.mark.parametrize("name", ["conf/app.toml", "conf/nginx.conf", "nginx.conf"])
def test_the_default_file(write: Write, capsys: Capture, name: str) -> None:
    write("[[server]]\n" if name.endswith("toml") else GOOD, name)
    assert main(["-t"]) == 0
    assert f"configuration file {name} test is successful" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            [],
            "no configuration file is named, and there is none of conf/app.toml, conf/nginx.conf, nginx.conf; name one",
        ),
        (["no.conf"], "cannot read `no.conf`: No such file or directory"),
        (["stauts"], "there is no file `stauts` and no such command, did you mean `status`?"),
        (["."], "cannot read `.`: Is a directory"),
        (["-p", "nowhere", "-c", "no.conf"], "cannot read `nowhere/no.conf`: No such file or directory"),
        (["-c", "a.conf", "b.conf"], "the configuration file is named twice, a.conf and b.conf; name one"),
    ],
)
def test_no_such_file(capsys: Capture, arguments: list[str], message: str) -> None:
    assert main(arguments) == 1
    assert capsys.readouterr() == ("", f"pyproxy: {message}\n")


# -t, -T, -q, -g


def test_check_starts_and_binds_nothing(write: Write, here: Path, capsys: Capture) -> None:
    write(SITE.replace("8080", "1.2.3.4:80"), "sites/a.conf")
    assert main(["-t", write(GOOD)]) == 0
    assert "test is successful" in capsys.readouterr().err
    assert sorted(os.listdir(here)) == ["nginx.conf", "sites"]


def test_quiet_check(write: Write, capsys: Capture) -> None:
    assert main(["-tq", write(GOOD)]) == 0
    assert capsys.readouterr() == ("", "")


def test_dump_prints_every_file_once(write: Write, capsys: Capture) -> None:
    write(SITE, "sites/a.conf")
    assert main(["-T", write(GOOD)]) == 0
    out, err = capsys.readouterr()
    assert out == f"# configuration file nginx.conf:\n{GOOD}\n# configuration file sites/a.conf:\n{SITE}\n"
    assert "test is successful" in err


def test_dump_into_a_pipe_that_closes(write: Write) -> None:
    write("# long\n" * 20000, "sites/a.conf")
    write(GOOD)
    command = f"{sys.executable} -m pyproxy -qT nginx.conf | head -1"
    done = subprocess.run(command, shell=True, capture_output=True, text=True, check=True)
    assert done.stdout == "# configuration file nginx.conf:\n"
    assert done.stderr == ""


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "location / { proxy_pas http://a; }",
            "unknown directive `proxy_pas`, did you mean `proxy_pass`? in nginx.conf:4",
        ),
        ("listen 99999;", '`listen`: invalid port in "99999", expected 1 to 65535 in nginx.conf:4'),
        ("listen 80", 'unexpected "}", `listen` of line 4 is not ended by ";" in nginx.conf:5'),
        ("include missing.conf;", "cannot read `missing.conf`: No such file or directory in nginx.conf:4"),
        (
            "error_log nowhere/e.log;",
            '`error_log`: open() "nowhere/e.log" failed: No such file or directory in nginx.conf:4',
        ),
    ],
)
@pytest.mark.parametrize("options", [["-t"], ["-tq"], []])
def test_mistakes_name_file_and_line(
    write: Write, here: Path, capsys: Capture, options: list[str], text: str, message: str
) -> None:
    write(f"events {{}}\nhttp {{\n    server {{\n{text}\n}}\n}}\n")
    assert main([*options, "nginx.conf"]) == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("pyproxy: ")
    assert message in err
    assert sorted(os.listdir(here)) == ["nginx.conf"]


def test_all_mistakes_are_told_by_file_and_line(write: Write, capsys: Capture) -> None:
    write("gzip maybe;\nkeepalive_timeout x;\n", "a.conf")
    write(
        "events {}\nhttp {\nserver {\nlisten 8080 ssl;\nlocation /a { root b; alias c; }\n}\n"
        "include a.conf;\nmap $nobody $y { a b; }\nserver { return 200 $y; }\nnonsense on;\n}\n"
    )
    for options in ([], ["-t"], ["-tq"], ["-T"]):
        assert main([*options, "nginx.conf"]) == 1
        out, err = capsys.readouterr()
        assert out == ""
        lines = err.splitlines()
        if options:
            assert lines.pop() == "pyproxy: configuration file nginx.conf test failed"
        assert [line.rpartition(" in ")[2] for line in lines] == [
            "a.conf:1",
            "a.conf:2",
            "nginx.conf:4",
            "nginx.conf:5",
            "nginx.conf:8",
            "nginx.conf:10",
        ]
        assert all(line.startswith("pyproxy: ") for line in lines)


def test_all_mistakes_of_locations_are_told(write: Write, capsys: Capture) -> None:
    write(
        "events {}\nhttp { server {\nlisten 8080;\nlimit_req zone=no;\nlocation /a {\nlimit_req zone=nor; }\n"
        "location /a { }\nlocation ~ ( { }\n} }\n"
    )
    assert main(["nginx.conf"]) == 1
    err = capsys.readouterr().err
    assert [line.rpartition(":")[2] for line in err.splitlines()] == ["4", "6", "7", "8"]


def test_a_file_that_cannot_be_read_hides_no_other(write: Write, capsys: Capture) -> None:
    write("server {\n", "sites/a.conf")
    write("server { listen }\n", "sites/b.conf")
    write(GOOD)
    assert main(["nginx.conf"]) == 1
    assert [line.rpartition(" in ")[2] for line in capsys.readouterr().err.splitlines()] == [
        "sites/a.conf:1",
        "sites/b.conf:1",
    ]


@pytest.mark.parametrize(
    ("directives", "message"),
    [
        ("worker_processes none;", '`worker_processes`: invalid value "none"'),
        ("pid a", "command line:1"),
        ("nonsense on;", "unknown directive `nonsense`"),
        ("pid b;", "`pid` is a duplicate"),
    ],
)
def test_global_directives_are_checked(write: Write, capsys: Capture, directives: str, message: str) -> None:
    write(f"pid a;\n{GOOD}")
    assert main(["-t", "-g", directives, "nginx.conf"]) == 1
    assert message in capsys.readouterr().err


def test_global_directives_with_toml(write: Write, capsys: Capture) -> None:
    assert main(["-t", "-g", "pid a; worker_processes 2;", write("[[server]]\nlisten = 8080\n", "app.toml")]) == 0


def test_wrong_listen_option(write: Write, capsys: Capture) -> None:
    assert main(["-t", write(GOOD), "--listen", "host:port"]) == 1
    assert capsys.readouterr().err == (
        'pyproxy: `--listen`: invalid port in "host:port", expected 1 to 65535 in command line:1\n'
        "pyproxy: configuration file nginx.conf test failed\n"
    )


def test_programs_are_checked(write: Write, capsys: Capture) -> None:
    write("[program:app]\ncommand=no-such-command\n", "app.conf")
    assert main(["-t", write(f"include app.conf;\n{GOOD}")]) == 1
    assert capsys.readouterr().err.startswith("pyproxy: program `app`: command `no-such-command` not found")


def test_warnings_are_shown_unless_it_is_quiet(write: Write, capsys: Capture) -> None:
    write("[supervisord]\nloglevel=info\n", "app.conf")
    write(f"include app.conf;\n{GOOD}")
    assert main(["-t", "nginx.conf"]) == 0
    assert "pyproxy: [warn] [supervisord] in app.conf is ignored" in capsys.readouterr().err
    assert main(["-tq", "nginx.conf"]) == 0
    assert capsys.readouterr().err == ""


# -s


@pytest.mark.parametrize("name", ["stop", "quit", "reload", "reopen"])
def test_nobody_to_send_a_signal_to(write: Write, here: Path, capsys: Capture, name: str) -> None:
    assert main(["-s", name, write(GOOD)]) == 1
    path = here / "logs" / "pyproxy.pid"
    assert capsys.readouterr().err == (
        f"pyproxy: no pyproxy runs this configuration: {path} names no process that runs\n"
    )
    assert not path.parent.exists()


# convert


def test_convert_there_and_back(write: Write, capsys: Capture) -> None:
    write(SITE, "sites/a.conf")
    assert main(["convert", write(GOOD), "--to", "toml"]) == 0
    toml = capsys.readouterr().out
    assert "listen = 8080" in toml
    assert main(["convert", write(toml, "app.toml"), "--to", "nginx"]) == 0
    nginx = capsys.readouterr().out
    assert "listen 8080;" in nginx
    assert main(["convert", write(nginx, "again.conf"), "--to", "toml"]) == 0
    assert capsys.readouterr().out == toml


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["no.conf", "--to", "toml"], "cannot read `no.conf`"),
        (["bad.conf", "--to", "toml"], "bad.conf:1"),
    ],
)
def test_convert_mistakes(write: Write, capsys: Capture, arguments: list[str], message: str) -> None:
    write("http {", "bad.conf")
    assert main(["convert", *arguments]) == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert message in err


# The ways to start it


@pytest.mark.parametrize("start", [["-m", "pyproxy"], ["-c", "from pyproxy.cli import main; raise SystemExit(main())"]])
def test_the_exit_status_is_that_of_main(start: list[str]) -> None:
    done = run(*start, "no.conf")
    assert done.returncode == 1
    assert done.stderr == "pyproxy: cannot read `no.conf`: No such file or directory\n"
