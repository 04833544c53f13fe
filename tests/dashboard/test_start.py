"""The command ``lightbox``: how it starts the app, and that it knows every other command."""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tomllib

import pytest

from dashboard.__main__ import COMMANDS, main
from dashboard.start import APP, add_arguments, is_local, streamlit_words
from training.__main__ import COMMANDS as TRAINING
from xai.__main__ import COMMANDS as XAI

# Runs `lightbox` as far as the server, and prints what that would be started with.
STARTED = """
import json, sys
from streamlit import config
from streamlit.web import bootstrap, cli
def say(script, app, arguments, options, **others):
    bootstrap.load_config_options(options)
    print(json.dumps([script, list(arguments), {name: config.get_option(name) for name in config._config_options}]))
bootstrap.run_asgi_app = say
from dashboard.__main__ import main
sys.exit(main(sys.argv[1:]))
"""


def started(folder, *words):
    """Run ``lightbox`` in an empty folder and a new user's home."""
    environment = {**os.environ, "PYTHONPATH": str(APP.parents[1]), "HOME": str(folder), "USERPROFILE": str(folder)}
    command = [sys.executable, "-c", STARTED, *words]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    script, arguments, settings = json.loads(done.stdout.splitlines()[-1])
    return script, arguments, settings, done.stderr


def flat(settings, prefix=""):
    for name, value in settings.items():
        if isinstance(value, dict):
            yield from flat(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", value


def test_the_settings_of_the_app_hold_in_whichever_folder_it_is_started(tmp_path):
    script, arguments, settings, _ = started(tmp_path)
    assert (script, arguments) == (str(APP), [])
    wanted = dict(flat(tomllib.loads((APP.parent / ".streamlit" / "config.toml").read_text(encoding="utf-8"))))
    assert wanted["server.address"] == "127.0.0.1"
    assert wanted["browser.gatherUsageStats"] is False
    assert {name: settings[name] for name in wanted} == wanted


def test_settings_in_the_folder_where_it_is_started_do_not_open_it_to_the_network(tmp_path):
    (tmp_path / ".streamlit").mkdir()
    (tmp_path / ".streamlit" / "config.toml").write_text('[server]\naddress = "0.0.0.0"\n', encoding="utf-8")
    assert started(tmp_path)[2]["server.address"] == "127.0.0.1"


def test_library_port_and_address_reach_app_and_server(tmp_path):
    words = ("--library", "my films", "--port", "8600", "--address", "0.0.0.0")
    _, arguments, settings, said = started(tmp_path, *words)
    assert arguments == ["--library", "my films"]
    assert (settings["server.port"], settings["server.address"]) == (8600, "0.0.0.0")
    assert "Served at 0.0.0.0: anybody on the network can open this app" in said


@pytest.mark.parametrize(
    ("address", "local"),
    [("127.0.0.1", True), ("127.0.0.5", True), ("::1", True), ("localhost", True), ("0.0.0.0", False), ("::", False),
     ("192.168.1.5", False), ("my-host", False)],
)  # fmt: skip
def test_only_this_machine_reaches_a_local_address(address, local):
    assert is_local(address) is local


def test_every_command_of_the_packages_is_there_and_train_is_fit():
    assert {**XAI, **TRAINING}.items() <= COMMANDS.items()
    assert COMMANDS["train"] == COMMANDS["fit"]


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (["--port", "0"], "argument --port: expected a whole number from 1 to 65535, but got 0"),
        (["--port", "http"], "argument --port: expected a whole number from 1 to 65535, but got http"),
        (["--library", "d", "explain", "a.png", "--out", "b"], "name the command first, and its options after it."),
    ],
)
def test_bad_usage_is_one_line(words, line, capsys):
    with pytest.raises(SystemExit) as ended:
        main(words)
    assert ended.value.code == 2
    assert capsys.readouterr().err == f"lightbox: {line}\n"


def test_names_the_owners_key_and_the_scheduler_reach_the_app():
    parser = argparse.ArgumentParser()
    add_arguments(parser)
    words = ["--host", "lab.example.org", "--host", "*.school.example", "--owner-key", "long enough to keep"]
    words += ["--scheduler", "tcp://desk:8786"]
    told = streamlit_words(parser.parse_args(words))
    assert told[told.index("--") + 1 :] == words


def test_a_key_that_can_be_guessed_is_refused(capsys):
    parser = argparse.ArgumentParser()
    add_arguments(parser)
    with pytest.raises(SystemExit):
        parser.parse_args(["--owner-key", "short"])
    assert "The owner's key must have at least 12 characters, not 5." in capsys.readouterr().err
