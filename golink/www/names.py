"""What may be a name, a tag or an address, and when two names are the same."""

from __future__ import annotations

import re
import unicodedata
from urllib.parse import urlsplit

MAX_ADDRESS = 2000
MAX_TAGS = 10

# Letters and digits of any script. It starts with one of them, so "." and ".." are no names.
_NAME = re.compile(r"[^\W_][\w.\-]*")
# Spaces, commas and semicolons, also as Chinese keyboards write them.
_TAG_SEPARATORS = re.compile("[\\s,;\uff0c\u3001\uff1b]+")


def key(name: str) -> str:
    """The form in which names and tags are compared: Docs, docs and full-width docs are one."""
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold())


def is_name(name: str, *, longest: int) -> bool:
    return len(name) <= longest and len(key(name)) <= longest and _NAME.fullmatch(name) is not None


def split_tags(text: str) -> list[str]:
    """The tags in `text`, in the form in which they are compared, each once."""
    tags = (tag.lstrip("#") for tag in _TAG_SEPARATORS.split(text))
    return list(dict.fromkeys(key(tag) for tag in tags if tag))


def is_web_address(address: str) -> bool:
    """True for an absolute http or https address without a user name or password in it."""
    # urlsplit drops tabs and newlines and browsers read "\" as "/", so these are refused before anything is parsed.
    if len(address) > MAX_ADDRESS or re.search(r"[\x00-\x20\x7f\\]", address):
        return False
    try:
        parts = urlsplit(address)
        _ = parts.port
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.hostname) and "@" not in parts.netloc


def local_path(target: str | None, default: str) -> str:
    """`target` if a browser takes it for a path on this site, otherwise `default`: no open redirect."""
    # "//evil" and "/\evil" are other hosts to a browser, which also drops tabs and newlines before it looks.
    if not target or not target.startswith("/") or re.search(r"[\x00-\x20\x7f\\]", target) or target.startswith("//"):
        return default
    return target
