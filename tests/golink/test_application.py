from __future__ import annotations

import json
import re
import struct
from pathlib import Path

import application
import pytest
from golink_visitor import Visitor

STATIC = Path(application.__file__).parent / "static"


def test_health(visitor: Visitor) -> None:
    response = visitor.get("/health")
    assert (response.text, response.mimetype) == ("ok\n", "text/plain")


def test_home(visitor: Visitor, alice: Visitor) -> None:
    assert "Get started" in visitor.page("/")
    assert alice.get("/").location == "/links"


@pytest.mark.parametrize("path", ["/", "/sign-in", "/nothing", "/demo/headers", "/health"])
def test_security_headers(visitor: Visitor, path: str) -> None:
    headers = visitor.get(path).headers
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Cache-Control"] == "no-store"
    assert "default-src 'none'" in headers["Content-Security-Policy"]
    assert "unsafe" not in headers["Content-Security-Policy"]


def test_pages_need_nothing_that_the_policy_forbids() -> None:
    for template in (STATIC.parent / "templates").glob("*.html"):
        text = template.read_text()
        assert " style=" not in text
        assert " onclick=" not in text
        assert "<script>" not in text


@pytest.mark.parametrize(("method", "path", "code"), [("GET", "/nothing", 404), ("POST", "/health", 405)])
def test_errors_are_pages(alice: Visitor, method: str, path: str, code: int) -> None:
    token = alice.token("/links")
    response = alice.client.open(path, method=method, data={"csrf_token": token} if method == "POST" else None)
    assert response.status_code == code
    assert f"Error {code}" in response.text
    assert ("Allow" in response.headers) == (code == 405)


def test_a_form_that_is_too_large(alice: Visitor) -> None:
    assert alice.token("/links")
    response = alice.client.post("/sign-in", data={"csrf_token": "x" * 2_000_000})
    assert response.status_code == 413


def test_a_fault_is_explained_without_details(database_path: Path) -> None:
    app = application.create_app(database_path)

    @app.get("/fault")
    def fault() -> str:
        raise ValueError("the secret reason")

    response = app.test_client().get("/fault", headers={"Accept-Language": "zh"})
    assert response.status_code == 500
    assert "secret" not in response.text
    assert "我们这边出了问题" in response.text


def test_no_redirect_names_the_host(alice: Visitor) -> None:
    # The proxy may pass on the Host without its port, so an absolute redirect would lead nowhere.
    for path in ("/demo", "/", "/language/en", "/demo//headers"):
        response = alice.client.get(path, base_url="http://golink.example")
        assert response.headers.get("Location", "/").startswith("/"), path
    assert alice.get("/demo").status_code == 200


@pytest.mark.parametrize("name", ["favicon.ico", "robots.txt"])
def test_files_at_the_root(visitor: Visitor, name: str) -> None:
    with visitor.get(f"/{name}") as response:
        assert response.data == (STATIC / name).read_bytes()


def test_static_files_of_many_types_and_sizes() -> None:
    sizes = {path.name: path.stat().st_size for path in STATIC.iterdir()}
    assert {".css", ".js", ".svg", ".png", ".ico", ".woff2", ".txt", ".json"} <= {Path(name).suffix for name in sizes}
    assert sizes["icon-48.png"] < 2_000
    assert sizes["icon-512.png"] > 10_000
    assert sizes["hero.png"] > 200_000
    for path in STATIC.glob("*.png"):
        assert path.read_bytes()[:8] == b"\x89PNG\r\n\x1a\n"
    for entry in json.loads((STATIC / "manifest.json").read_text())["icons"]:
        data = (STATIC / entry["src"]).read_bytes()
        if entry["type"] == "image/png":
            assert entry["sizes"] == "{}x{}".format(*struct.unpack(">II", data[16:24]))


def test_every_file_that_a_page_names_exists(visitor: Visitor, alice: Visitor) -> None:
    icons = (STATIC / "icons.svg").read_text()
    for page in (visitor.page("/"), alice.page("/links"), alice.page("/demo/")):
        for address in {part.split('"')[0] for part in page.split('="/static/')[1:]}:
            name, _, fragment = address.partition("#")
            assert (STATIC / name).is_file(), address
            assert not fragment or f'id="{fragment}"' in icons, address


def test_icons_that_templates_name_exist() -> None:
    icons = set(re.findall(r'id="(\w+)"', (STATIC / "icons.svg").read_text()))
    templates = "".join(path.read_text() for path in (STATIC.parent / "templates").glob("*.html"))
    assert set(re.findall(r"icon\('(\w+)'\)", templates)) <= icons
