from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from golink_visitor import PASSWORD, Visitor


def cookie(visitor: Visitor) -> str:
    stored = visitor.client.get_cookie("session")
    return stored.value if stored else ""


def test_sign_up_signs_in_and_greets(visitor: Visitor) -> None:
    response = visitor.send("/sign-up", name="Ada", password=PASSWORD)
    assert (response.status_code, response.location) == (303, "/links")
    assert "Welcome, Ada!" in visitor.page("/links")


@pytest.mark.parametrize("name", ["", "-x", ".", "a b", "a/b", "<b>", "x" * 33, "a\x00b"])
def test_bad_user_names(visitor: Visitor, name: str) -> None:
    response = visitor.send("/sign-up", name=name, password=PASSWORD)
    assert response.status_code == 422
    assert "Use letters, digits" in response.text


@pytest.mark.parametrize("password", ["", "1234567", "x" * 257])
def test_bad_passwords(visitor: Visitor, password: str) -> None:
    response = visitor.send("/sign-up", name="ada", password=password)
    assert response.status_code == 422
    assert "8 to 256 characters" in response.text


@pytest.mark.parametrize("name", ["alice", "ALICE", "\uff41lice"])
def test_a_name_is_taken_in_every_spelling(alice: Visitor, visitor: Visitor, name: str) -> None:
    response = visitor.send("/sign-up", name=name, password=PASSWORD)
    assert response.status_code == 422
    assert "This name is taken" in response.text


def test_sign_in_in_chinese(visit: Callable[[], Visitor]) -> None:
    visit().signed_up("小明")
    again = visit()
    assert again.send("/sign-in", name="小明", password=PASSWORD).location == "/links"
    assert "小明" in again.page("/links")


def test_sign_in_renews_the_session(alice: Visitor, visitor: Visitor) -> None:
    before_token = visitor.token("/sign-in")
    planted = cookie(visitor)
    assert visitor.send("/sign-in", name="alice", password=PASSWORD).status_code == 303
    assert cookie(visitor) != planted
    assert visitor.token("/links") != before_token
    # Whoever planted the anonymous session is not signed in by it.
    visitor.client.set_cookie("session", planted)
    assert visitor.get("/links").location.startswith("/sign-in")


def test_signing_in_again_ends_the_session_before(alice: Visitor) -> None:
    old = cookie(alice)
    assert alice.send("/sign-in", name="alice", password=PASSWORD).status_code == 303
    alice.client.set_cookie("session", old)
    assert alice.get("/links").status_code == 303


def test_sign_out_ends_the_session_on_the_server_too(alice: Visitor) -> None:
    copied = cookie(alice)
    assert alice.send("/sign-out", form_at="/links").location == "/"
    assert "You are signed out" in alice.page("/")
    assert alice.get("/links").location == "/sign-in?next=/links"
    alice.client.set_cookie("session", copied)
    assert alice.get("/links").status_code == 303


def test_sign_in_expires(alice: Visitor, database_path: Path) -> None:
    with closing(sqlite3.connect(database_path)) as db, db:
        db.execute("UPDATE sign_ins SET expires = 1")
    assert alice.get("/links").status_code == 303


def test_session_cookie_attributes(alice: Visitor) -> None:
    def attributes(scheme: str) -> set[str]:
        response = alice.client.post(
            "/sign-in",
            base_url=f"{scheme}://localhost",
            data={"csrf_token": alice.token("/links"), "name": "alice", "password": PASSWORD},
        )
        (header,) = [value for value in response.headers.getlist("Set-Cookie") if value.startswith("session=")]
        return set(header.split("; ")[1:])

    assert {"HttpOnly", "SameSite=Lax", "Path=/"} <= attributes("http")
    assert "Secure" not in attributes("http")
    alice.client.set_cookie("session", cookie(alice), secure=True)
    assert "Secure" in attributes("https")


def test_tampered_cookie_signs_nobody_in(alice: Visitor) -> None:
    value = cookie(alice)
    alice.client.set_cookie("session", ("A" if value[0] != "A" else "B") + value[1:])
    assert alice.get("/links").status_code == 303


def test_users_are_names_only_and_for_members_only(alice: Visitor, visit: Callable[[], Visitor]) -> None:
    visit().signed_up("bob").add("secret-link", "https://secret.example/")
    page = alice.page("/users")
    assert "alice" in page
    assert "bob" in page
    assert "secret" not in page
    assert visit().get("/users").location == "/sign-in?next=/users"


@pytest.mark.parametrize("path", ["/sign-in", "/sign-up"])
@pytest.mark.parametrize(
    ("target", "arrives"),
    [
        ("/go/docs?x=1", "/go/docs?x=1"),
        ("", "/links"),
        ("https://evil.example/", "/links"),
        ("//evil.example", "/links"),
        ("/\\evil.example", "/links"),
        ("\\\\evil.example", "/links"),
        ("/\t/evil.example", "/links"),
        ("/\n/evil.example", "/links"),
        (" //evil.example", "/links"),
        ("javascript:alert(1)", "/links"),
        ("links", "/links"),
    ],
)
def test_next_leads_nowhere_else(visitor: Visitor, path: str, target: str, arrives: str) -> None:
    if path == "/sign-in":
        visitor.signed_up("alice")
    assert visitor.send(path, name="alice", password=PASSWORD, next=target).location == arrives


def test_next_comes_through_the_form(visitor: Visitor) -> None:
    assert visitor.get("/go/docs").location == "/sign-in?next=/go/docs"
    assert 'name="next" value="/go/docs"' in visitor.page("/sign-in?next=/go/docs")
