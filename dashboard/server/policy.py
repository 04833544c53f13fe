"""What the browser may load and run on a page of the app, said in a Content-Security-Policy."""

from __future__ import annotations

import base64
import hashlib
import re

_INLINE = re.compile(r"<script(?![^>]*\bsrc=)[^>]*>(.*?)</script>", re.DOTALL)


def content_policy(page: str) -> str:
    """Give the policy of the pages: nothing from or to another server, and no script but ours and Streamlit's.

    Parameters
    ----------
    page : str
        The page that every visit begins with. The scripts that stand in it may run, told by what they are.
    """
    written = " ".join(f"'sha256-{digest}'" for digest in dict.fromkeys(map(_digest, _INLINE.findall(page))))
    rules = {
        "default-src": "'self'",
        # Streamlit hands a component's script to the browser as a blob, and its messages are read by WebAssembly.
        "script-src": f"'self' blob: 'wasm-unsafe-eval' {written}".rstrip(),
        # Streamlit, Plotly and what pages draw set their styles as they go.
        "style-src": "'self' 'unsafe-inline'",
        "img-src": "'self' data: blob:",
        "font-src": "'self' data:",
        "connect-src": "'self'",
        "worker-src": "'self' blob:",
        "frame-src": "'none'",
        "object-src": "'none'",
        "base-uri": "'self'",
        "form-action": "'self'",
        "frame-ancestors": "'self'",
    }
    return "; ".join(f"{name} {sources}" for name, sources in rules.items())


def _digest(script: str) -> str:
    return base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
