"""Regular expressions as nginx configurations write them (PCRE), compiled for bytes with Python's ``re``.

They come from the configuration, the text they search from strangers. PCRE gives up after some millions of
steps; ``re`` does not, so that an expression whose time grows exponentially with its text, such as ``(a+)+$``,
lets a request stop a worker. Nobody needs nested repetitions to match a path.
"""

from __future__ import annotations

import re
import warnings

from pyproxy.core.regex.pcre import translate


def compile_regex(pattern: str, ignore_case: bool = False) -> re.Pattern[bytes]:
    """Compile ``pattern``. Raises ValueError with the reason where Python's engine cannot do what PCRE does."""
    try:
        with warnings.catch_warnings():
            # `--` in a set may mean something else in a Python to come; here it is PCRE's
            warnings.simplefilter("ignore", FutureWarning)
            return re.compile(
                translate(pattern).encode("utf-8", "surrogateescape"), re.IGNORECASE if ignore_case else 0
            )
    except (ValueError, re.error, OverflowError, RecursionError) as error:
        raise ValueError(f'regular expression "{pattern}" cannot be used: {error}') from error
