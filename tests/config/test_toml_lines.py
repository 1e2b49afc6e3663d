from __future__ import annotations

from pyproxy.config.toml_lines import key_lines

TEXT = '''\
a.b = 1 # "x
"c]\\"" = """
[not]
a table""""
[t]  # ]
'd' = [ # [
  {e = 1}, 2024-01-01 10:00:00,

  [[3], "]"],
]
f = \'''
g = 1\'''
[[t.u]]
h = 1
[[t.u]]
h = { i = { j = [
  1] } }
[t.u.v]
w = 1
[z . y]
'''


def test_every_path_has_its_line() -> None:
    lines = key_lines(TEXT)
    assert lines == {
        ("a",): 1,
        ("a", "b"): 1,
        ('c]"',): 2,
        ("t",): 5,
        ("t", "d"): 6,
        ("t", "d", 0): 7,
        ("t", "d", 0, "e"): 7,
        ("t", "d", 1): 7,
        ("t", "d", 2): 9,
        ("t", "d", 2, 0): 9,
        ("t", "d", 2, 0, 0): 9,
        ("t", "d", 2, 1): 9,
        ("t", "f"): 11,
        ("t", "u"): 13,
        ("t", "u", 0): 13,
        ("t", "u", 0, "h"): 14,
        ("t", "u", 1): 15,
        ("t", "u", 1, "h"): 16,
        ("t", "u", 1, "h", "i"): 16,
        ("t", "u", 1, "h", "i", "j"): 16,
        ("t", "u", 1, "h", "i", "j", 0): 17,
        ("t", "u", 1, "v"): 18,
        ("t", "u", 1, "v", "w"): 19,
        ("z",): 20,
        ("z", "y"): 20,
    }


def test_windows_line_ends() -> None:
    assert key_lines("a = 1\r\n\r\n[b]\r\nc = '''\r\n'''\r\nd = 1\r\n") == {
        ("a",): 1,
        ("b",): 3,
        ("b", "c"): 4,
        ("b", "d"): 6,
    }
