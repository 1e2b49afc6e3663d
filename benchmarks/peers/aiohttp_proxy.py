"""A plain reverse proxy as one writes it with aiohttp in an afternoon: its server, its client, streamed both ways.

As a program: python -m benchmarks.peers.aiohttp_proxy PORT UPSTREAM ACCESS_LOG
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Sequence

from .peer import Peer, Site

HOP_BY_HOP = {
    "connection",
    "keep-alive",
    "proxy-authenticate",
    "proxy-authorization",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
}


class AiohttpProxy(Peer):
    name = "aiohttp"
    install = "pip install aiohttp"
    version_option = "--version"

    def program(self) -> Sequence[str]:
        return [sys.executable, "-m", "benchmarks.peers.aiohttp_proxy"]

    def command(self, site: Site) -> Sequence[str]:
        return [*self.program(), str(site.port), site.upstream, str(site.folder / "access.log")]


def main(port: int, upstream: str, access_log: str) -> None:
    """Serve until SIGTERM."""
    import aiohttp
    import uvloop
    from aiohttp import web

    async def forward(request: web.Request) -> web.StreamResponse:
        fields = [(name, value) for name, value in request.headers.items() if name.lower() not in HOP_BY_HOP]
        fields.append(("X-Forwarded-For", request.remote or ""))
        body = request.content if request.body_exists else None
        session = request.app[key]
        target = f"http://{upstream}{request.raw_path}"
        async with session.request(request.method, target, headers=fields, data=body, allow_redirects=False) as answer:
            kept = [(name, value) for name, value in answer.headers.items() if name.lower() not in HOP_BY_HOP]
            response = web.StreamResponse(status=answer.status, reason=answer.reason)
            response.headers.extend(kept)
            await response.prepare(request)
            async for piece in answer.content.iter_any():
                await response.write(piece)
            await response.write_eof()
            return response

    async def make() -> web.Application:
        app = web.Application(client_max_size=1 << 40)
        app[key] = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=0), auto_decompress=False, cookie_jar=aiohttp.DummyCookieJar()
        )
        app.router.add_route("*", "/{path:.*}", forward)
        app.on_cleanup.append(lambda app: app[key].close())
        return app

    key = web.AppKey("session", aiohttp.ClientSession)
    logging.basicConfig(filename=access_log, level=logging.INFO, format="%(message)s")
    uvloop.install()
    web.run_app(make(), host="127.0.0.1", port=port, backlog=4096, print=None)


if __name__ == "__main__":
    if sys.argv[1:] == ["--version"]:
        import aiohttp

        print(aiohttp.__version__)
    else:
        main(int(sys.argv[1]), *sys.argv[2:4])
