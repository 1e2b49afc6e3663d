from __future__ import annotations

from collections.abc import Callable

import links
import pytest
from golink_visitor import Visitor


def test_add_list_go_delete(alice: Visitor) -> None:
    assert alice.add("Docs", "https://docs.python.org/3/?a=1&b=2#c", "Python, docs").status_code == 303
    page = alice.page("/links")
    assert "Added: Docs." in page
    assert 'href="https://docs.python.org/3/?a=1&b=2#c" rel="noopener noreferrer"' in page
    response = alice.get("/go/Docs")
    assert (response.status_code, response.location) == (302, "https://docs.python.org/3/?a=1&b=2#c")
    assert alice.send(f"/links/{alice.link_id('Docs')}/delete", form_at="/links").location == "/links"
    assert alice.link_names() == []
    assert alice.get("/go/Docs").status_code == 404


@pytest.mark.parametrize("spelling", ["docs", "DOCS", "\uff24\uff4f\uff43\uff53"])
def test_a_name_is_found_and_taken_in_every_spelling(alice: Visitor, spelling: str) -> None:
    alice.add("Docs", "https://one.example/")
    assert alice.get(f"/go/{spelling}").location == "https://one.example/"
    response = alice.add(spelling, "https://two.example/")
    assert response.status_code == 422
    assert "You already have a link named" in response.text
    assert alice.link_names() == ["Docs"]


def test_chinese_names(alice: Visitor) -> None:
    alice.add("文档", "https://example.org/", "代理\uff0c中文\u3001web")
    assert alice.get("/go/文档").location == "https://example.org/"
    assert alice.link_names("?tag=中文") == ["文档"]
    assert alice.link_names("?tag=web") == ["文档"]


@pytest.mark.parametrize("name", ["", ".", "..", "a/b", "a b", "-a", "a?b", "a#b", "a%b", "a\\b", "<i>", "x" * 65])
def test_bad_names(alice: Visitor, name: str) -> None:
    assert alice.add(name).status_code == 422
    assert alice.link_names() == []


@pytest.mark.parametrize(
    "address",
    [
        "",
        "example.org",
        "//example.org/",
        "/local",
        "javascript:alert(1)",
        "JavaScript:alert(1)",
        "java\nscript:alert(1)",
        "\x01javascript:alert(1)",
        "data:text/html,x",
        "file:///etc/passwd",
        "ftp://example.org/",
        "http:",
        "http://",
        "http:///path",
        "http:example.org",
        "https://user:secret@example.org/",
        "https://example.org@evil.example/",
        "https://example.org\\@evil.example/",
        "https://exa mple.org/",
        "https://example.org/\r\nSet-Cookie:a=b",
        "https://example.org:port/",
        "https://[::1/",
        "https://example.org/" + "x" * 2000,
    ],
)
def test_addresses_that_are_refused(alice: Visitor, address: str) -> None:
    response = alice.add("x", address)
    assert response.status_code == 422
    assert "http:// or https://" in response.text
    assert alice.link_names() == []


@pytest.mark.parametrize(
    "address", ["http://localhost:8000", "HTTPS://Example.ORG/a%20b", "http://[::1]:80/", "https://中文.example/路"]
)
def test_addresses_that_are_taken(alice: Visitor, address: str) -> None:
    assert alice.add("x", address).status_code == 303
    assert alice.get("/go/x").status_code == 302


@pytest.mark.parametrize("tags", [" ".join(f"t{n}" for n in range(11)), "x" * 33, "<b>"])
def test_bad_tags(alice: Visitor, tags: str) -> None:
    response = alice.add("x", tags=tags)
    assert response.status_code == 422
    assert "10 tags at most" in response.text


def test_what_was_typed_stays_in_the_form(alice: Visitor) -> None:
    text = alice.add('"><script>', "nonsense").text
    assert "<script>" not in text.replace("<script src=", "")
    assert 'value="&#34;&gt;&lt;script&gt;"' in text
    assert 'value="nonsense"' in text


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("", ["docs", "nginx", "wsgi"]),
        ("?q=DOC", ["docs", "nginx"]),  # a name, and an address
        ("?q=peps.python", ["wsgi"]),
        ("?q=python", ["docs", "wsgi"]),
        ("?q=python+wsgi", ["wsgi"]),
        ("?q=REFER", ["docs", "nginx"]),
        ("?q=%25", []),
        ("?q=_", []),
        ("?tag=reference", ["docs", "nginx"]),
        ("?tag=refer", []),
        ("?tag=reference&q=nginx", ["nginx"]),
    ],
)
def test_search(alice: Visitor, query: str, names: list[str]) -> None:
    alice.add("wsgi", "https://peps.python.org/pep-3333/", "python")
    alice.add("docs", "https://python.org/3/", "Reference")
    alice.add("nginx", "https://nginx.org/en/docs/", "reference, proxy")
    assert alice.link_names(query) == names


def test_other_members_links_are_out_of_reach(alice: Visitor, visit: Callable[[], Visitor]) -> None:
    alice.add("mine", "https://secret.example/", "hidden")
    alice.add("both", "https://alice.example/")
    link_id = alice.link_id("mine")
    bob = visit().signed_up("bob")
    assert bob.add("both", "https://bob.example/").status_code == 303
    assert bob.link_names() == ["both"]
    assert bob.link_names("?q=secret") == []
    assert bob.link_names("?tag=hidden") == []
    assert "secret.example" not in bob.get("/go/mine").text
    assert bob.get("/go/both").location == "https://bob.example/"
    assert bob.send(f"/links/{link_id}/delete", form_at="/links").status_code == 404
    assert alice.link_names() == ["both", "mine"]
    assert alice.get("/go/both").location == "https://alice.example/"


def test_anonymous_visitors_sign_in_first(alice: Visitor, visitor: Visitor) -> None:
    alice.add("docs")
    link_id = alice.link_id("docs")
    assert visitor.get("/go/docs").location == "/sign-in?next=/go/docs"
    assert visitor.get("/links?q=x").location == "/sign-in?next=/links?q%3Dx"
    assert visitor.send("/links", form_at="/sign-in", name="x").location == "/sign-in"
    assert visitor.send(f"/links/{link_id}/delete", form_at="/sign-in").location == "/sign-in"
    assert alice.link_names() == ["docs"]


def test_unknown_name_offers_to_make_it(alice: Visitor) -> None:
    response = alice.get("/go/<b>new")
    assert response.status_code == 404
    assert "<b>new" not in response.text
    assert "Create" not in response.text
    response = alice.get("/go/new")
    assert "/links?name=new" in response.text
    assert 'name="name" type="text" value="new"' in alice.page("/links?name=new")


def test_there_is_a_limit(alice: Visitor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(links, "MOST_LINKS", 1)
    assert alice.add("one").status_code == 303
    response = alice.add("two")
    assert response.status_code == 422
    assert "You have 1 links" in response.text
