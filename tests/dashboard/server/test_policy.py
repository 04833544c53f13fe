from __future__ import annotations

import base64
import hashlib
import re

from dashboard.components.front import front_page
from dashboard.server.policy import content_policy

PAGE = '<script>\nshown()\n</script><script src="/ours.js"></script><script type="module">two()</script>'


def rules(policy: str) -> dict[str, list[str]]:
    parts = [rule.split() for rule in policy.split("; ")]
    return {name: sources for name, *sources in parts}


def digest(script: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()}'"


def test_scripts_that_stand_in_the_page_may_run_and_no_other_may():
    told = rules(content_policy(PAGE))["script-src"]
    assert [one for one in told if "sha256" in one] == [digest("\nshown()\n"), digest("two()")]
    assert not {"'unsafe-inline'", "'unsafe-eval'", "*", "https:", "http:", "data:"} & set(told)


def test_nothing_is_loaded_from_or_sent_to_another_server():
    policy = content_policy(front_page({"/": []}))
    assert not re.search(r"https?:|wss?:|\*", policy)
    told = rules(policy)
    assert told["default-src"] == told["connect-src"] == told["frame-ancestors"] == ["'self'"]
    assert told["object-src"] == told["frame-src"] == ["'none'"]


def test_every_script_of_the_front_page_is_in_it():
    page = front_page({"/": []})
    inline = re.findall(r"<script(?![^>]* src=)[^>]*>(.*?)</script>", page, re.DOTALL)
    assert len(inline) >= 3
    assert all(digest(one) in content_policy(page) for one in inline)
