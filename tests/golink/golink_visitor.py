"""A person with a browser: sends forms as the pages offer them, with the token that stands in them."""

from __future__ import annotations

import html
import re

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

PASSWORD = "correct horse"


class Visitor:
    def __init__(self, client: FlaskClient) -> None:
        self.client = client

    def get(self, path: str, **headers: str) -> TestResponse:
        return self.client.get(path, headers={name.replace("_", "-"): value for name, value in headers.items()})

    def page(self, path: str) -> str:
        """The text of a page that must be there, with HTML's escapes undone."""
        response = self.get(path)
        assert response.status_code == 200, f"{path}: {response.status}"
        return html.unescape(response.text)

    def token(self, path: str) -> str:
        found = re.search(r'name="csrf_token" value="([^"]+)"', self.page(path))
        assert found, f"{path} has no form with a token"
        return found[1]

    def send(self, path: str, form_at: str | None = None, **fields: str) -> TestResponse:
        """Post the form that `form_at` (the page at `path` itself, if not given) offers."""
        return self.client.post(path, data={"csrf_token": self.token(form_at or path), **fields})

    def signed_up(self, name: str) -> Visitor:
        assert self.send("/sign-up", name=name, password=PASSWORD).status_code == 303
        return self

    def add(self, name: str, address: str = "https://example.org/", tags: str = "") -> TestResponse:
        return self.send("/links", name=name, address=address, tags=tags)

    def link_names(self, query: str = "") -> list[str]:
        return re.findall(r'<span class="go-prefix">/go/</span>([^<]+)', self.page("/links" + query))

    def link_id(self, name: str) -> int:
        found = re.search(rf"/go/</span>{re.escape(name)}<.*?/links/(\d+)/delete", self.page("/links"), re.DOTALL)
        assert found, f"no link {name}"
        return int(found[1])
