from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from dashboard.components.bundle import ScriptError, bundle

COMPONENTS = Path(__file__).parents[3] / "dashboard" / "components"
ENTRIES = [
    COMPONENTS / name / f"{name}.js"
    for name in ("viewer", "gallery", "steps", "overview", "waiting", "download", "cells", "mark", "room")
]


FRONT = COMPONENTS / "front" / "front.js"  # no component: it runs before Streamlit's own scripts
PHONE = COMPONENTS / "phone" / "phone.js"  # nor this: a page without Streamlit


def write(folder: Path, **scripts: str) -> Path:
    for name, text in scripts.items():
        (folder / f"{name}.js").write_text(text, encoding="utf-8")
    return folder / "main.js"


def test_a_script_stands_after_what_it_takes_and_once(tmp_path):
    main = write(
        tmp_path,
        main='import { two } from "./two.js";\nimport { one } from "./one.js";\n\nexport default () => one + two;\n',
        two='import { one } from "./one.js";\n\nexport const two = 2 * one;\n',
        one="export const one = 1;\nconst own = 3;\n",
    )
    assert bundle(main) == (
        "// one.js\nconst one = 1;\nconst own = 3;\n\n"
        "// two.js\n\nconst two = 2 * one;\n\n"
        "// main.js\n\nexport default () => one + two;\n"
    )


def test_imports_may_take_several_lines_and_come_from_a_folder_beside(tmp_path):
    (tmp_path / "shared").mkdir()
    given = "export function draw() {}\nexport class Line {}\nexport async function read() {}\n"
    write(tmp_path / "shared", lines=given)
    main = write(tmp_path, main='import {\n  draw,\n  Line,\n  read,\n} from "./shared/lines.js";\ndraw();\n')
    joined = [line for line in bundle(main).splitlines() if line]
    assert joined == [
        "// lines.js",
        "function draw() {}",
        "class Line {}",
        "async function read() {}",
        "// main.js",
        "draw();",
    ]


@pytest.mark.parametrize(
    ("scripts", "sentence"),
    [
        (
            {"main": 'import { gone } from "./a.js";\n', "a": "const gone = 1;\n"},
            "main.js imports gone, which a.js does not export.",
        ),
        ({"main": 'import { a } from "./a.js";\n'}, "main.js imports a.js, which cannot be read."),
        (
            {"main": 'import { a } from "./a.js";\n', "a": 'import { b } from "./main.js";\nexport const a = 1;\n'},
            "Scripts import each other in a circle: main.js, a.js, main.js.",
        ),
        (
            {"main": 'import { a } from "./a.js";\nconst side = 1;\n', "a": "export const a = 1;\nlet side = 2;\n"},
            "a.js and main.js both declare side.",
        ),
        (
            {"main": 'import { a } from "./a.js";\n', "a": "export const a = 1;\nexport default function () {}\n"},
            "a.js is imported by name, but has an export default.",
        ),
        (
            {"main": 'import * as a from "./a.js";\n'},
            'main.js: “import * as a from "./a.js";” is no import or export that can be joined.',
        ),
        (
            {"main": "const a = 1;\nexport { a };\n"},
            "main.js: “export { a };” is no import or export that can be joined.",
        ),
        ({"main": 'import { a as b } from "./a.js";\n'}, "main.js: “a as b” in an import is no plain name."),
    ],
    ids=["not exported", "no file", "circle", "declared twice", "default", "star", "list", "renamed"],
)
def test_what_cannot_be_joined_is_refused_in_one_sentence(tmp_path, scripts, sentence):
    with pytest.raises(ScriptError) as refused:
        bundle(write(tmp_path, **scripts))
    assert str(refused.value) == sentence


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.stem)
def test_every_component_is_one_module_that_node_can_read(entry, tmp_path):
    text = bundle(entry)
    assert text.count("export default function") == 1
    node = shutil.which("node")
    if node is None:
        pytest.skip("no Node.js on this machine")
    module = tmp_path / "module.mjs"
    module.write_text(text, encoding="utf-8")
    subprocess.run([node, "--check", str(module)], check=True)


def test_every_script_is_part_of_a_component_or_of_what_runs_before_them():
    joined = "".join(bundle(entry) for entry in (*ENTRIES, FRONT, PHONE))
    assert all(f"// {path.name}\n" in joined for path in COMPONENTS.rglob("*.js"))
