"""The browser's side of a channel, run by Node.js over a stream that the test speaks for."""

from __future__ import annotations

import json
import shutil
import subprocess

import pytest

from tests.conftest import REPOSITORY

PLAY = """
globalThis.window = globalThis;
globalThis.EventSource = class { constructor() { globalThis.stream = this; } close() {} };
const { joinChannel } = await import(process.argv[1]);
const heard = [];
const listener = { tell: (told) => heard.push(told.version), lost() {}, gone() {} };
const first = joinChannel("/held", listener);
first.open();
const before = first.standing;
globalThis.stream.onmessage({ data: '{"version": 7}' });
const second = joinChannel("/held", { ...listener });
second.open();
const joined = second.standing;
second.close();
console.log(JSON.stringify([heard, before, joined, second.standing, first === second]));
"""


def test_who_joins_an_open_stream_finds_what_was_told_last():
    node = shutil.which("node")
    if node is None:
        pytest.skip("no Node.js on this machine")
    script = (REPOSITORY / "dashboard/components/shared/channel.js").as_uri()
    command = [node, "--input-type=module", "-e", PLAY, script]
    ran = subprocess.run(command, check=True, capture_output=True, text=True)
    assert json.loads(ran.stdout) == [[7], None, {"version": 7}, None, True]
