"""ngx_http_rewrite_module: rewrite, if, set, break, return."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from pyproxy.config.schema import MANY, Context, Module, Spec, flag
from pyproxy.config.scope import Scope
from pyproxy.config.tree import Directive
from pyproxy.core import condition, script
from pyproxy.core.captures import group_variables
from pyproxy.core.location import Location, Phase
from pyproxy.core.logs.log import WARN
from pyproxy.core.request import Request
from pyproxy.core.site import Server
from pyproxy.core.text_answer import answer_with
from pyproxy.core.variables import Variable, once, variable_name

PLACES = Context.SERVER | Context.LOCATION | Context.SERVER_IF | Context.LOCATION_IF
STEPS = "rewrite steps"
URLS = ("http://", "https://", "$scheme")
"""How what leads elsewhere begins."""


def _return(directive: Directive, scope: Scope) -> script.Step:
    code, *text = directive.args
    if not text and code.startswith(URLS):
        code, text = "302", [code]
    # below 200 there is no answer; nginx sends one nevertheless, after which the client waits for another
    if not (code.isascii() and code.isdigit() and 200 <= int(code) <= 999):
        raise ValueError(f'invalid return code "{code}", expected 200 to 999')
    return script.Return(answer_with(int(code), scope.template("".join(text))))


_FLAGS = {"": 0, "last": 0, "break": 0, "redirect": 302, "permanent": 301}


def _rewrite(directive: Directive, scope: Scope) -> script.Rewrite:
    pattern, replacement, *flags = directive.args
    if not replacement:
        raise ValueError("empty replacement")
    how = flags[0] if flags else ""
    if how not in _FLAGS:
        raise ValueError(f'invalid parameter "{how}", expected last, break, redirect or permanent')
    status = _FLAGS[how] or (302 if replacement.startswith(URLS) else 0)
    template = scope.template(replacement.removesuffix("?"))
    return script.Rewrite(scope.regex(pattern), pattern, template, status, not replacement.endswith("?"), how)


def _break(directive: Directive, scope: Scope) -> script.Step:
    return script.Break()


def _variable(text: str, scope: Scope) -> Variable:
    return scope.variables.find(variable_name(text))


def _set(directive: Directive, scope: Scope) -> script.Step:
    name, value = directive.args
    return script.Set(_variable(name, scope), scope.template(value))


def _uninitialized(name: str) -> Variable:
    def empty(request: Request) -> bytes:
        if request.location.uninitialized_variable_warn:
            doing = " while logging request" if request.finished else ""
            request.complain(WARN, f'using uninitialized "{name}" variable{doing}')
        return b""

    return Variable(name, once(name, empty), changeable=True, weak=True)


def _set_variable(directive: Directive) -> Iterable[Variable]:
    yield _uninitialized(variable_name(directive.args[0]))


def _groups(directive: Directive) -> Iterator[Variable]:
    yield from group_variables(directive.args)


def _condition(directive: Directive, scope: Scope) -> script.If:
    # the parentheses belong to nginx's notation, and are not in the tree
    return script.If(_test(list(directive.args), scope))


def _test(words: list[str], scope: Scope) -> condition.Condition:
    shown = " ".join(words)
    if len(words) == 1 and words[0].startswith("$"):
        return condition.is_true(_variable(words[0], scope))
    if len(words) == 2 and (match := re.fullmatch("(!?)-([fdex])", words[0])):
        return condition.is_file(scope.template(words[1]), match[2], not match[1])
    if len(words) == 3 and words[0].startswith("$"):
        variable, operator, value = _variable(words[0], scope), words[1], words[2]
        if operator in ("=", "!="):
            return condition.equals(variable, scope.template(value), operator == "=")
        if operator in ("~", "~*", "!~", "!~*"):
            regex = scope.regex(value, operator.endswith("*"))
            return condition.matches(variable, regex, not operator.startswith("!"))
        raise ValueError(f'unexpected "{operator}" in condition, expected = != ~ ~* !~ !~*')
    raise ValueError(
        f'invalid condition "{shown}", expected ($name), ($name = value), ($name ~ regex) or (-f path)'
        " and the like, one only; a value with spaces needs quotes"
    )


def _steps(scope: Scope) -> tuple[script.Step, ...]:
    """The script of one level, its ``if`` blocks filled."""
    inner = {id(child.block): child for child in scope.children}
    steps: list[script.Step] = scope.own(STEPS) or []
    for step in steps:
        if isinstance(step, script.If):
            child = inner[id(step)]
            step.location, step.steps = child.location, _steps(child)
    return tuple(steps)


def _compile_server(scope: Scope, server: Server) -> None:
    if steps := _steps(scope):
        server.add_handler(Phase.SERVER_REWRITE, script.Script(steps, True, scope.get("rewrite_log")))


def _compile_location(scope: Scope, location: Location) -> None:
    location.uninitialized_variable_warn = scope.get("uninitialized_variable_warn")
    if scope.context is Context.LOCATION and (steps := _steps(scope)):
        location.add_handler(Phase.REWRITE, script.Script(steps, False, scope.get("rewrite_log")))


_ANYWHERE = Context.HTTP | PLACES

MODULE = Module(
    name="rewrite",
    directives=(
        Spec(
            "rewrite",
            PLACES,
            _rewrite,
            (2, 3),
            into=STEPS,
            declares=_groups,
            summary="Change a path that matches a regular expression; last, break, redirect or permanent.",
        ),
        Spec(
            "return",
            PLACES,
            _return,
            (1, 2),
            into=STEPS,
            summary="Answer with a status, text or URL.",
        ),
        Spec("break", PLACES, _break, (0, 0), into=STEPS, summary="Skip the rest of these directives."),
        Spec(
            "set",
            PLACES,
            _set,
            (2, 2),
            into=STEPS,
            declares=_set_variable,
            summary="Give a variable a value.",
        ),
        *(
            Spec(
                "if",
                outer,
                _condition,
                (1, MANY),
                into=STEPS,
                block=inner,
                declares=_groups,
                summary="Directives for requests for which a condition is true.",
            )
            for outer, inner in (
                (Context.SERVER, Context.SERVER_IF),
                (Context.LOCATION, Context.LOCATION_IF),
            )
        ),
        flag("rewrite_log", _ANYWHERE, False, "Write to the error log, as notices, what rewrite does."),
        flag("uninitialized_variable_warn", _ANYWHERE, True, "Warn of variables that are used before they are set."),
    ),
    server=_compile_server,
    location=_compile_location,
)
