from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask
from golink_visitor import PASSWORD, Visitor


def forms(alice: Visitor) -> dict[str, dict[str, str]]:
    """Every address that takes a form and changes something, with fields that it would accept."""
    alice.add("docs")
    account = {"name": "alice", "password": PASSWORD}
    return {
        "/sign-up": {"name": "mallory", "password": PASSWORD},
        "/sign-in": account,
        "/sign-out": {},
        "/links": {"name": "evil", "address": "https://evil.example/"},
        f"/links/{alice.link_id('docs')}/delete": {},
    }


@pytest.mark.parametrize("token", [None, "", "wrong", "\u00e9"])
def test_forms_without_the_right_token_change_nothing(alice: Visitor, token: str | None) -> None:
    for path, fields in forms(alice).items():
        data = fields if token is None else {"csrf_token": token, **fields}
        response = alice.client.post(path, data=data)
        assert response.status_code == 400, path
        assert "did not come from this site" in response.text, path
    assert alice.link_names() == ["docs"]
    assert "mallory" not in alice.page("/users")


def test_another_visitors_token_is_wrong(alice: Visitor, visit: Callable[[], Visitor]) -> None:
    foreign = visit().token("/sign-in")
    for path, fields in forms(alice).items():
        assert alice.client.post(path, data={"csrf_token": foreign, **fields}).status_code == 400, path


def test_a_token_in_the_address_does_not_count(alice: Visitor) -> None:
    token = alice.token("/links")
    assert alice.client.post(f"/sign-out?csrf_token={token}").status_code == 400


def test_a_session_without_token_accepts_no_empty_one(visitor: Visitor) -> None:
    fields = {"csrf_token": "", "name": "ada", "password": PASSWORD}
    assert visitor.client.post("/sign-up", data=fields).status_code == 400


def test_only_the_demo_is_exempt(app: Flask) -> None:
    changing = {"POST", "PUT", "PATCH", "DELETE"}
    exempt = {
        str(rule)
        for rule in app.url_map.iter_rules()
        if changing & (rule.methods or set()) and getattr(app.view_functions[rule.endpoint], "csrf_exempt", False)
    }
    assert exempt == {"/demo/headers", "/demo/upload"}


def test_what_changes_something_cannot_be_got(alice: Visitor) -> None:
    alice.add("docs")
    for path in ("/sign-out", f"/links/{alice.link_id('docs')}/delete"):
        assert alice.get(path).status_code == 405
    assert alice.link_names() == ["docs"]
