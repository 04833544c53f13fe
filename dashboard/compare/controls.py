"""The controls of Compare's toolbar that change what it shows: adding one is one file and one line here.

A control is a module with ``LABEL``, ``ICON`` and ``HELP`` for its button, ``is_usable(hung)``, where ``hung`` is None
while nothing hangs, and ``show(state, hung)``, which gives the state with what the visitor made of it.
"""

from __future__ import annotations

from importlib import import_module

_CONTROLS = {
    "twin": "dashboard.compare.twin",
    "maps": "dashboard.compare.settings",
    "grid": "dashboard.compare.several",
}
CONTROLS = {name: import_module(module) for name, module in _CONTROLS.items()}
