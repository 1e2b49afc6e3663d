from __future__ import annotations

import tomllib

import pytest

from pyproxy.config.toml_mistakes import explain, separate_arguments

QUOTES = "a name with other characters than letters, digits, - and _ needs quotes: "
BRACKETS = 'a line such as [[server]] or [server.location."/"] ends with as many `]` as it has `[`'
REPEATED = "this name was there before; several are an array: [[...], [...]] or [[name]]"


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("[server.location./]", 1, QUOTES + '"/"'),
        ("a = 1\n[[server.location.~ /x]]", 2, QUOTES + '"~ /x"'),
        ("[server.location.~ \\.php$]", 1, QUOTES + "'~ \\.php$'"),
        ("set.$a = 1", 1, QUOTES + '"$a"'),
        ("a = {\nb = 1 }", 1, "a name is missing; what stands in { } must be on one line"),
        ("[server\nlisten = 80", 1, BRACKETS),
        ("[[server]", 1, BRACKETS),
        ("[a b]", 1, BRACKETS),
        ("a = b", 1, 'text needs quotes: name = "text"'),
        ("x = 1\na =", 2, 'text needs quotes: name = "text"'),
        ("a = on", 1, "on and off are written true and false"),
        ("a = True", 1, "on and off are written true and false"),
        ("a = 8;", 1, "a line ends without `;`"),
        ('a = "x"; # y', 1, "a line ends without `;`"),
        ("a = 8k", 1, 'what is no number needs quotes: name = "8k"'),
        ("a = 127.0.0.1:80", 1, 'what is no number needs quotes: name = "8k"'),
        ("a = 80, 81", 1, 'several values are an array: name = ["a", "b"]'),
        ('a = "x" "y"', 1, "a line ends after its value; text is in one pair of quotes"),
        ("a = 'it's'", 1, "a line ends after its value; text is in one pair of quotes"),
        ("server {\n}", 1, "this is nginx's notation, let the file's name end in .conf"),
        ("listen 80;", 1, "this is nginx's notation, let the file's name end in .conf"),
        ("listen 80", 1, "a line is name = value"),
        ('a = "x\nb = 1', 1, "the closing quote is missing"),
        ("a = 'x\nb = 1", 1, "the closing quote is missing"),
        ('a = "\\.php$"', 1, "a text with a backslash needs single quotes: '~ \\.php$'"),
        ("a = [1 2]", 1, "in an array commas stand between values, and `]` at the end"),
        ("a = [1", 1, "in an array commas stand between values, and `]` at the end"),
        ("a = {b = 1", 1, "`}` is missing"),
        ("a = 1\na = 2", 2, REPEATED),
        ("[a]\n[b]\n[a]", 3, REPEATED),
        ("a = [1]\n[[a]]", 2, REPEATED),
        ("= 3", 1, "Invalid statement"),
    ],
)
def test_what_to_write(text: str, line: int, words: str) -> None:
    with pytest.raises(tomllib.TOMLDecodeError) as caught:
        tomllib.loads(text)
    assert explain(caught.value, text) == (line, words)


@pytest.mark.parametrize(
    ("args", "most", "hint"),
    [
        (["Host $host"], 2, '; in TOML each argument is a text of its own: ["Host", "$host"]'),
        (["/my files"], 1, ""),
        (["a", "b c"], 3, ""),
        (["10.0.0.1", "::1"], 1, '; in TOML a directive that repeats is [["10.0.0.1"], ["::1"]]'),
        ([], 2, ""),
    ],
)
def test_arguments_in_one_text(args: list[str], most: int, hint: str) -> None:
    assert separate_arguments(args, most) == hint
