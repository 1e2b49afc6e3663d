"""What one wants to see pass through a proxy: headers, uploads, event streams, slow answers, WebSockets.

Nothing here reads the session or the database, so none of it needs a CSRF token. Errors are JSON in English: these
addresses are for programs; the page that explains them is for people.
"""

from __future__ import annotations

import hashlib
import json
import sys
import time
from collections.abc import Iterator
from typing import IO, Any, cast

from flask import Blueprint, Flask, Response, abort, jsonify, make_response, render_template, request
from flask.typing import ResponseReturnValue
from werkzeug.formparser import FormDataParser

import csrf
import websocket_echo

CHUNK = 64 * 1024
MOST_SECONDS = 30.0
MOST_EVENTS, LONGEST_INTERVAL = 1000, 10.0

blueprint = Blueprint("demo", __name__, url_prefix="/demo")


# Not strict: Flask's own redirect from /demo would name the host, and a Host without its port leads nowhere.
@blueprint.get("/", strict_slashes=False)
def page() -> ResponseReturnValue:
    return render_template("demo.html", most_seconds=MOST_SECONDS, most_events=MOST_EVENTS, interval=LONGEST_INTERVAL)


def _without_session(cookies: str) -> str:
    # The browser keeps the session from scripts (HttpOnly); an echo must not hand it to them.
    return "; ".join(
        "session=(hidden)" if cookie.partition("=")[0].strip() == "session" else cookie.strip()
        for cookie in cookies.split(";")
    )


@blueprint.route("/headers", methods=["GET", "POST", "PUT", "PATCH", "DELETE"])
@csrf.exempt
def headers() -> ResponseReturnValue:
    """The request as this program saw it: behind a proxy, `remote_addr` is the proxy and X-Real-IP the client."""
    seen = dict(request.headers)
    if "Cookie" in seen:
        seen["Cookie"] = _without_session(seen["Cookie"])
    return jsonify(
        method=request.method,
        path=request.environ.get("RAW_URI", request.full_path.rstrip("?")),
        protocol=request.environ.get("SERVER_PROTOCOL"),
        scheme=request.scheme,
        host=request.host,
        remote_addr=request.remote_addr,
        headers=seen,
    )


class _Digest:
    """A file that keeps only the size and the hash of what is written to it."""

    def __init__(self) -> None:
        self.size = 0
        self.hash = hashlib.sha256()

    def write(self, data: bytes) -> int:
        self.size += len(data)
        self.hash.update(data)
        return len(data)

    def seek(self, *_: int) -> int:
        return 0

    def close(self) -> None:
        pass


@blueprint.route("/upload", methods=["POST", "PUT"])
@csrf.exempt
def upload() -> ResponseReturnValue:
    """Size and SHA-256 of the body, or of the file in it if it is a browser's form. Memory stays flat at any size."""
    request.max_content_length = sys.maxsize  # None would mean MAX_CONTENT_LENGTH
    digest = _Digest()
    if request.mimetype == "multipart/form-data":
        parser = FormDataParser(stream_factory=lambda *_, **__: cast("IO[bytes]", digest))
        _, _, files = parser.parse(request.stream, request.mimetype, request.content_length, request.mimetype_params)
        if len(files) != 1:
            abort(_refuse("the form must have one file"))
    else:
        while chunk := request.stream.read(CHUNK):
            digest.write(chunk)
    return jsonify(size=digest.size, sha256=digest.hash.hexdigest())


@blueprint.get("/slow")
def slow() -> ResponseReturnValue:
    seconds = _number("seconds", 3.0, least=0, most=MOST_SECONDS)
    time.sleep(seconds)
    return jsonify(seconds=seconds)


@blueprint.get("/events")
def events() -> ResponseReturnValue:
    """Server-sent events: `count` of them, one every `interval` seconds, and `event: end` with the last."""
    count = int(_number("count", 10, least=1, most=MOST_EVENTS))
    interval = _number("interval", 1.0, least=0, most=LONGEST_INTERVAL)

    def stream() -> Iterator[str]:
        for number in range(1, count + 1):
            if number > 1:
                time.sleep(interval)
            name = "end" if number == count else "tick"
            data = json.dumps({"number": number, "count": count, "time": time.time()})
            yield f"id: {number}\nevent: {name}\ndata: {data}\n\n"

    response = Response(stream(), mimetype="text/event-stream")
    # nginx collects an answer in its proxy buffers unless it is told not to.
    response.headers["X-Accel-Buffering"] = "no"
    return response


# Two rules: to Werkzeug, a request to upgrade matches only a rule that says so, and others only one that does not.
@blueprint.get("/websocket", endpoint="websocket_upgrade", websocket=True)
@blueprint.get("/websocket")
def websocket() -> ResponseReturnValue:
    # Any origin may connect: an echo tells a stranger's page nothing that it did not know.
    problem = websocket_echo.refusal(request.headers)
    if problem:
        return _refuse(problem, 426, {"Upgrade": "websocket", "Sec-WebSocket-Version": "13"})
    socket = request.environ.get("gunicorn.socket") or request.environ.get("werkzeug.socket")
    if socket is None:
        return _refuse("this WSGI server does not hand over its socket: use gunicorn", 501)
    websocket_echo.serve(socket, request.headers["Sec-WebSocket-Key"])
    # For the access log only: the socket is shut down, so the server fails to send this and quietly lets go.
    return Response(status=101)


def _number(name: str, default: float, *, least: float, most: float) -> float:
    try:
        number = float(request.args.get(name, default))
    except ValueError:
        number = float("nan")
    if not least <= number <= most:
        abort(_refuse(f"{name} must be a number from {least:g} to {most:g}"))
    return number


def _refuse(error: str, status: int = 400, headers: dict[str, Any] | None = None) -> Response:
    return make_response(jsonify(error=error), status, headers or {})


def install(app: Flask) -> None:
    app.register_blueprint(blueprint)
