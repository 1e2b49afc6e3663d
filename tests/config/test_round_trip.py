"""Whatever the tree says, each notation writes it so that it reads back as the same tree."""

from __future__ import annotations

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pyproxy.config import nginx, toml, toml_writer
from pyproxy.config.toml import Shapes
from pyproxy.config.tree import Directive, Source

NASTY = " \t\r\n;{}\"'\\$#()abtrn,=[]~é\u00a0\u3000\x0b\x0c\x1c\x85.^/"
WORDS = st.one_of(
    st.sampled_from(
        ["on", "true", "80", "007", "$host", "~", r"^\/s\/.*$", "${a}", "x${a}y", "then", "a b", "#pyproxy x"]
    ),
    st.text(st.sampled_from(NASTY), max_size=6),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=6),
)
NAMES = st.sampled_from(["listen", "set", "return", "then", "add_header", "log_format", "server", "sendfile"])
BLOCKS = st.sampled_from(["server", "location", "if", "http", "types", "map", "events", "program", "odd", "then"])
OPTION = st.tuples(WORDS)
ARGS = st.lists(WORDS, max_size=3).map(tuple)


def simple(
    names: st.SearchStrategy[str], args: st.SearchStrategy[tuple[str, ...]] = ARGS
) -> st.SearchStrategy[Directive]:
    return st.builds(Directive, names, args, st.none(), st.just(Source("test", 0)))


def content(shapes: Shapes, parent: str | None, depth: int) -> st.SearchStrategy[list[Directive]]:
    if parent in ("program", "group"):
        return st.lists(simple(NAMES | WORDS, OPTION), max_size=4)

    def block(name: str) -> st.SearchStrategy[Directive]:
        shape = shapes.block(name, parent)
        children = (
            st.lists(simple(WORDS), max_size=5) if shape in ("free", "free-args") else content(shapes, name, depth - 1)
        )
        args = st.just(()) if shape in ("plain", "free") else ARGS
        return st.builds(Directive, st.just(name), args, children.map(tuple), st.just(Source("test", 0)))

    leaf = simple(NAMES | WORDS)
    return st.lists(leaf | BLOCKS.flatmap(block) if depth else leaf, max_size=6)


@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_any_tree_in_both_notations(data: st.DataObject, shapes: Shapes) -> None:
    drawn = data.draw(content(shapes, None, 3))
    tree = toml.gather_http([top for top in drawn if not nginx.is_formality(top)], shapes)
    as_nginx = nginx.format(tree)
    assert nginx.parse(as_nginx, "f") == tree, as_nginx
    as_toml = toml_writer.format(tree, shapes)
    assert toml.gather_http(toml.parse(as_toml, "f", shapes), shapes) == tree, as_toml
