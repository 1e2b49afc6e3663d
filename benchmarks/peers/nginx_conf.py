"""The configuration that nginx and pyproxy both run: the same but for folders of modules that only nginx has."""

from __future__ import annotations

from pathlib import Path

from .peer import CONNECTIONS, Role, Site

# Relative paths count from the prefix, -p. `keepalive` makes nginx keep its connections to the upstream.
FRAME = """\
worker_processes 1;
daemon off;
pid pid;
error_log error.log;

events {
    worker_connections %(connections)d;
}

http {
    access_log access.log;
    sendfile on;
    tcp_nopush on;
    keepalive_requests 1000000;
    client_max_body_size 0;
    client_body_temp_path client_body_temp;
    proxy_temp_path proxy_temp;
%(only_nginx)s%(group)s
    server {
        listen 127.0.0.1:%(port)d backlog=4096;

        location / {
%(location)s
        }
    }
}
"""
GROUP = """
    upstream app {
        server %s;
        keepalive 2048;
        keepalive_requests 1000000;
%s    }
"""


def write(site: Site, only_nginx: str = "") -> Path:
    """Write the configuration of the site; returns its file."""
    file = site.folder / "nginx.conf"
    location = "\n".join(f"            {line}" for line in _location(site))
    values = {"connections": CONNECTIONS, "port": site.port, "only_nginx": only_nginx}
    file.write_text(FRAME % {**values, "group": _group(site), "location": location})
    return file


def _group(site: Site) -> str:
    if site.role is Role.FILES:
        return ""
    extra = "".join(f"        {name} {value};\n" for name, value in site.extra.items())
    return GROUP % (site.upstream, extra)


def _location(site: Site) -> list[str]:
    if site.role is Role.FILES:
        return [f"root {site.root};"]
    lines = [
        "proxy_pass http://app;",
        "proxy_http_version 1.1;",
        "proxy_set_header Host $host;",
        "proxy_set_header X-Real-IP $remote_addr;",
        "proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;",
        f"proxy_connect_timeout {site.timeout:g}s;",
        f"proxy_read_timeout {site.timeout:g}s;",
    ]
    if site.role is Role.WEBSOCKET:
        lines += ["proxy_set_header Upgrade $http_upgrade;", 'proxy_set_header Connection "upgrade";']
    else:
        lines += ['proxy_set_header Connection "";']
    if not site.buffered_uploads:
        lines += ["proxy_request_buffering off;"]
    return lines
