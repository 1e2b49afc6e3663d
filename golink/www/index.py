"""`index:app`, the name under which gunicorn and `python -m flask --app index run` find GoLink."""

from __future__ import annotations

from application import create_app
from database import default_path

app = create_app(default_path())
