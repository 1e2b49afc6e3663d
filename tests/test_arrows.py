"""Imports point one way, and in no circle: the picture of the house in docs/architecture.md, kept true."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

# From the bottom to the top; a room may import from its own line and from those above it here.
FLOORS = (
    ("pyproxy",),
    ("pyproxy.config.tree", "pyproxy.config.values"),
    ("pyproxy.zones",),
    ("pyproxy.core",),
    ("pyproxy.config", "pyproxy.http1"),
    ("pyproxy.upstream", "pyproxy.programs"),
    ("pyproxy.modules",),
    ("pyproxy.compile", "pyproxy.version"),
    ("pyproxy.process", "pyproxy.directives"),
    ("pyproxy.cli",),
    ("pyproxy.__main__",),
)
LEVELS = {room: level for level, rooms in enumerate(FLOORS) for room in rooms}


def room_of(module: str) -> str:
    """The longest name in FLOORS that the module belongs to."""
    while module not in LEVELS:
        module = module.rpartition(".")[0]
    return module


def found_modules() -> dict[str, Path]:
    found = {}
    for path in sorted((ROOT / "pyproxy").rglob("*.py")):
        parts = path.relative_to(ROOT).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


MODULES = found_modules()


def is_for_types(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"


def imports(node: ast.AST) -> Iterator[str]:
    """Every module of ours that running this code imports, in functions too."""
    for child in ast.iter_child_nodes(node):
        if is_for_types(child):
            continue
        if isinstance(child, ast.Import):
            yield from (alias.name for alias in child.names if alias.name in MODULES)
        elif isinstance(child, ast.ImportFrom) and child.module in MODULES:
            for alias in child.names:
                inner = f"{child.module}.{alias.name}"
                yield inner if inner in MODULES else child.module
        else:
            yield from imports(child)


IMPORTS = {module: sorted(set(imports(ast.parse(path.read_text())))) for module, path in MODULES.items()}


def test_the_files_are_found() -> None:
    assert "pyproxy.core.phases" in IMPORTS["pyproxy.http1.request_reader"]


@pytest.mark.parametrize("module", MODULES)
def test_arrows_point_one_way(module: str) -> None:
    level = LEVELS[room_of(module)]
    upwards = [name for name in IMPORTS[module] if LEVELS[room_of(name)] > level]
    assert not upwards, f"{module} is below {upwards}"


@pytest.mark.parametrize("module", MODULES)
def test_rooms_of_one_floor_do_not_know_each_other(module: str) -> None:
    room = room_of(module)
    beside = [name for name in IMPORTS[module] if room_of(name) != room and LEVELS[room_of(name)] == LEVELS[room]]
    assert not beside


def test_modules_do_not_import_each_other() -> None:
    assert not {
        module: others
        for module, names in IMPORTS.items()
        if module.startswith("pyproxy.modules.")
        and (others := [name for name in names if name.startswith("pyproxy.modules.")])
    }


def test_there_is_no_circle() -> None:
    done: set[str] = set()

    def walk(module: str, chain: tuple[str, ...]) -> None:
        assert module not in chain, f"a circle: {' -> '.join((*chain[chain.index(module) :], module))}"
        if module not in done:
            for name in IMPORTS[module]:
                walk(name, (*chain, module))
            done.add(module)

    for module in MODULES:
        walk(module, ())
