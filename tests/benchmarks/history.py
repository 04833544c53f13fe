"""How fast the app starts and answers, commit by commit: ``python tests/benchmarks/history.py``.

Prints one line beside the last one of ``history.csv``; with ``--record`` it is added there. Each time is that of fresh
processes in seconds, the median of some rounds in which everything is measured in turn:

- yardstick: a fixed piece of NumPy, for the speed of the machine. Compare a time divided by it, not the time.
- first_page: from the start of a process until the Compare page has run, as Streamlit's own tests run it.
- finding_switch: the same page again, in that process, at another finding.
- first_map: from the start of a process until a Grad-CAM is written, with TensorFlow and the model to load.
- import_xai, import_training, import_dashboard: what a process first needs of each package.

It judges nothing.
"""

from __future__ import annotations

import argparse
import csv
import datetime
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

REPOSITORY = Path(__file__).resolve().parents[2]
HISTORY = Path(__file__).with_name("history.csv")
FILM = REPOSITORY / "assets" / "datasets" / "simulated" / "films" / "s00000.png"
IMPORTS = {
    "import_xai": "xai.explainers",
    "import_training": "training.evaluate.judged",
    "import_dashboard": "dashboard.server.services",
}
TIMES = ("yardstick", "first_page", "finding_switch", "first_map", *IMPORTS)
COLUMNS = ("date", "commit", "python", *TIMES)
# Prints the seconds that the page takes at one finding after another, once it has been there.
SWITCHES = """
import sys, time
from streamlit.testing.v1 import AppTest
def page(finding):
    app = AppTest.from_file(sys.argv[1], default_timeout=300)
    app.query_params["finding"] = finding
    start = time.perf_counter()
    assert not app.run().exception
    return time.perf_counter() - start
page("Effusion")
print("there", flush=True)
print(min(page(finding) for finding in ("Mass", "Emphysema", "Edema", "Hernia")))
"""


def yardstick() -> float:
    """Multiply, sort and sum numbers that are always the same."""
    numbers = np.random.default_rng(0).random((1500, 1500))
    return _seconds(lambda: [np.sort(numbers @ numbers, axis=1).sum() for _ in range(5)])


def first_page() -> tuple[float, float]:
    """Seconds until the Compare page has run, and of the same page at another finding."""
    with tempfile.TemporaryDirectory() as library:
        command = [sys.executable, "-c", SWITCHES, str(REPOSITORY / "dashboard" / "main.py"), "--library", library]
        start = time.perf_counter()
        with subprocess.Popen(command, cwd=REPOSITORY, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
            process.stdout.readline()
            there = time.perf_counter() - start
            return there, float(process.stdout.readline())


def first_map() -> float:
    """Seconds until one map of a built-in film is written."""
    with tempfile.TemporaryDirectory() as out:
        words = ("explain", str(FILM), "--finding", "Emphysema", "--method", "gradcam", "--out", out)
        return _seconds(lambda: _python("-m", "xai", *words))


def measure_once() -> dict[str, float]:
    """Take each time once."""
    page, switch = first_page()
    times = {"yardstick": yardstick(), "first_page": page, "finding_switch": switch, "first_map": first_map()}
    for name, module in IMPORTS.items():
        times[name] = _seconds(lambda module=module: _python("-c", f"import {module}"))
    return times


def measure(rounds: int) -> dict[str, float]:
    """Give the median of each time over some rounds."""
    found = [measure_once() for _ in range(rounds)]
    return {name: statistics.median(times[name] for times in found) for name in TIMES}


def line_of(times: dict[str, float]) -> dict[str, str]:
    """Give a line of the history: when, which code, which Python, and the times."""
    command = ["git", "rev-parse", "--short=12", "HEAD"]
    commit = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True).stdout.strip()
    facts = {"date": datetime.date.today().isoformat(), "commit": commit, "python": platform.python_version()}
    return facts | {name: f"{seconds:.3f}" for name, seconds in times.items()}


def read_history(path: Path) -> list[dict[str, str]]:
    """Read the lines that were recorded, oldest first."""
    with path.open(newline="", encoding="utf-8") as stream:
        return list(csv.DictReader(stream))


def append(path: Path, line: dict[str, str]) -> None:
    """Record a line."""
    with path.open("a", newline="", encoding="utf-8") as stream:
        csv.DictWriter(stream, COLUMNS, lineterminator="\n").writerow(line)


def compared(line: dict[str, str], last: dict[str, str]) -> str:
    """Say how each time, in yardsticks, stands to that of an earlier line."""
    rows = [f"{'':17}{'seconds':>9}{'to ' + last['commit']:>16}"]
    for name in TIMES:
        ratio = float(line[name]) / float(last[name])
        if name != "yardstick":
            ratio /= float(line["yardstick"]) / float(last["yardstick"])
        rows.append(f"{name:17}{line[name]:>9}{ratio:>15.2f}x")
    return "\n".join(rows)


def _seconds(work) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def _python(*words: str) -> None:
    subprocess.run([sys.executable, *words], cwd=REPOSITORY, check=True, stdout=subprocess.DEVNULL)


def main() -> None:
    """Take the times, print them beside the last ones, and record them if asked to."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--record", action="store_true", help="add the line to history.csv")
    parser.add_argument("--rounds", type=int, default=3, help="how often each time is taken (default: 3)")
    options = parser.parse_args()
    line = line_of(measure(options.rounds))
    history = read_history(HISTORY)
    print(compared(line, history[-1] if history else line))
    if options.record:
        append(HISTORY, line)


if __name__ == "__main__":
    main()
