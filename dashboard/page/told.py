"""Errors in words for a visitor: what the app says itself, no path of its server and no other package's text."""

from __future__ import annotations

import dis
import logging
import re
import sys
from types import TracebackType

log = logging.getLogger(__name__)

OURS = ("xai", "training", "dashboard")
UNEXPECTED = "This failed unexpectedly; the server's log has the details."
NOT_READ = "A file could not be read or written: {}."
LONGEST = 1000  # characters
_RAISE = dis.opmap["RAISE_VARARGS"]
_PATH = re.compile(r"(?<![^\s\"'“‘(\[=,])(?:[A-Za-z]:[\\/]|/)(?:[\w.+@~ -]*[\w.+@~-][\\/])*([\w.+@~-]+)[\\/]?")


def sentence_of(error: BaseException) -> str:
    """Say what is wrong, on one line, as far as it is the app that says so.

    Of a file that cannot be read, the system's word for why; what another package says goes to the log.
    """
    if isinstance(error, OSError) and error.strerror:
        return NOT_READ.format(error.strerror)
    if not is_ours(error):
        log.warning("Not told to a visitor", exc_info=error)
        return UNEXPECTED
    words = without_paths(" ".join(_own_words(error).split()))
    return words if len(words) <= LONGEST else f"{words[:LONGEST].rsplit(' ', 1)[0]}…"


def is_ours(error: BaseException) -> bool:
    """Whether this code worded an error: it is of a kind of its own, or a line of its own raised it."""
    return _is_in(type(error).__module__) or _raised_here(error.__traceback__)


def without_paths(text: str) -> str:
    """Name each file and folder of this machine by its last part alone."""
    return _PATH.sub(r"\1", text)


def _own_words(error: BaseException) -> str:
    """Give an error's text without what another package said that caused it; Python's own word may help."""
    words, cause = str(error), error.__cause__
    while cause is not None:
        if not is_ours(cause) and not isinstance(cause, OSError) and not _is_of_python(cause):
            for quoted in (f" ({cause})", f": {cause}"):
                words = words.replace(quoted, "")
        cause = cause.__cause__
    return words


def _is_of_python(error: BaseException) -> bool:
    """Whether Python's own library raised an error, or a line of ours that called what is built in."""
    home, trace = type(error).__module__, _last(error.__traceback__)
    places = {home, home if trace is None else trace.tb_frame.f_globals.get("__name__", "")}
    return all(one.partition(".")[0] in (*OURS, *sys.stdlib_module_names) for one in places)


def _last(trace: TracebackType | None) -> TracebackType | None:
    """Give where an error was raised; None where it never was."""
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return trace


def _raised_here(trace: TracebackType | None) -> bool:
    trace = _last(trace)
    if trace is None:
        return True
    code = trace.tb_frame.f_code.co_code
    return _is_in(trace.tb_frame.f_globals.get("__name__", "")) and code[trace.tb_lasti] == _RAISE


def _is_in(module: str) -> bool:
    return module.partition(".")[0] in OURS
