"""The light box's controls in HTML, made from the table of settings: the browser reads words and limits off them."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape

from dashboard.components.display import DisplaySetting
from dashboard.page.terms import Term


def control(setting: DisplaySetting) -> str:
    """Give the control of one setting: a button, a slider or a row of words to choose from."""
    makers = {"switch": _button, "number": _slider, "choice": _words}
    return makers[setting.kind](setting)


def key_rows(settings: Iterable[DisplaySetting]) -> str:
    """Give the rows of the list of keys, of the settings that have one."""
    rows = [f"<div><dt>{one.key}</dt><dd>{escape(one.key_help)}</dd></div>" for one in settings if one.key]
    return "\n        ".join(rows)


def word_rows(terms: Iterable[Term]) -> str:
    """Give the rows of the list of words; the browser finds them by their forms wherever the light box uses them."""
    rows = []
    for one in terms:
        forms = escape("|".join(one.forms))
        rows.append(f'<div data-forms="{forms}"><dt>{escape(one.name)}</dt><dd>{escape(one.meaning)}</dd></div>')
    return "\n          ".join(rows)


def _button(setting: DisplaySetting) -> str:
    pressed = "true" if setting.default else "false"
    return f'<button type="button" {_marks(setting)} aria-pressed="{pressed}">{escape(setting.label)}</button>'


def _slider(setting: DisplaySetting) -> str:
    assert setting.range is not None  # that of a number
    least, most = setting.range
    return (
        f'<label class="slider">{escape(setting.label)}\n'
        f'      <input type="range" {_marks(setting)} data-written="{setting.written}" min="{least:g}" max="{most:g}" '
        f'step="{setting.step:g}"><output></output>\n    </label>'
    )


def _words(setting: DisplaySetting) -> str:
    choices = "\n      ".join(
        f'<label><input type="radio" name="{setting.name}" {_marks(setting)} value="{word}">'
        f"<span>{escape(label)}</span></label>"
        for word, label in setting.choices.items()
    )
    return f"<fieldset><legend>{escape(setting.label)}</legend>\n      {choices}\n    </fieldset>"


def _marks(setting: DisplaySetting) -> str:
    key = f' data-key="{setting.key}"' if setting.key else ""
    return f'data-display="{setting.name}"{key}'
