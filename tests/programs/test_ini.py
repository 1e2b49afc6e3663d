from __future__ import annotations

from io import StringIO

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from supervisor.options import ServerOptions, UnhosedConfigParser

from pyproxy.programs import ini

values = st.text(st.sampled_from("ab=:;#%[]\\\"' \t\n\x0b\x1c\x85é\u2028"), max_size=12) | st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="\r\0")
)


@given(values, values)
@example("sh -c 'a ; b # c'", "  two\n\n  lines ; \n#x\n")
@example("", "%")
def test_supervisor_reads_back_what_was_written(first: str, second: str) -> None:
    text = ini.format([("program:x", {"command": ini.literal(first), "directory": ini.literal(second)})])
    parser = UnhosedConfigParser()
    # StringIO reads lines as a text file does: "\r" never reaches it
    parser.read_file(StringIO(text, newline=None))
    (config,) = ServerOptions().processes_from_section(parser, "program:x", "x")
    assert (config.command, config.directory) == (first, second)


def test_expansions_stay_expansions() -> None:
    parser = UnhosedConfigParser()
    parser.read_string(ini.format([("program:x", {"command": "run ; %(program_name)s 100%%"})]))
    (config,) = ServerOptions().processes_from_section(parser, "program:x", "x")
    assert config.command == "run ; x 100%"


@pytest.mark.parametrize("value", ["a\rb", "a\0b"])
def test_what_cannot_be_written_is_refused(value: str) -> None:
    with pytest.raises(ValueError, match="carriage return or NUL"):
        ini.format([("program:x", {"command": value})])
