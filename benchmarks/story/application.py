"""The application of the story: 20 ms of work that nothing else can be done in, as a query to a database is.

For Flask's own server and for gunicorn: benchmarks.story.application:app
"""

from __future__ import annotations

import time

from flask import Flask, request

WORK = 0.02
"""Seconds."""
LARGE = 2 << 20
"""Bytes of the answer that slow clients read."""
CHUNK = 65536

app = Flask(__name__)


@app.get("/work")
def work() -> str:
    """gevent lets others go on meanwhile, a thread and a process wait."""
    time.sleep(WORK)
    return "done\n"


@app.post("/upload")
def upload() -> str:
    size = 0
    while chunk := request.stream.read(CHUNK):
        size += len(chunk)
    return f"{size}\n"


@app.get("/large")
def large() -> bytes:
    return bytes(LARGE)
