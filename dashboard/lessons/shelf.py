"""Which lessons there are: those that come with the app, and those in the library's ``lessons/``, a file each."""

from __future__ import annotations

from pathlib import Path

from dashboard.lessons.lesson import MOST_BYTES, Lesson, LessonError, read_lesson, write_lesson
from dashboard.server.library import Library
from dashboard.server.roles import Action, only
from xai.built_in import BUILT_IN_LESSONS
from xai.files import write_file
from xai.machine import file_name

FOLDER = "lessons"
LONGEST_NAME, MOST_LESSONS = 60, 200


class Lessons:
    """The lessons of a library; of two with the same name, the one that comes with the app.

    Parameters
    ----------
    root : Path
        The library's folder; its ``lessons/`` is made when the first is kept.
    """

    def __init__(self, root: Path) -> None:
        self._folder = root / FOLDER

    def built_in(self) -> list[str]:
        """Name those that come with the app, in their order."""
        return sorted(path.stem for path in BUILT_IN_LESSONS.glob("*.json"))

    def own(self) -> list[str]:
        """Name those of the library, in alphabetical order, also those that cannot be read."""
        found = sorted(path.stem for path in self._folder.glob("*.json")) if self._folder.is_dir() else []
        return [name for name in found if name not in self.built_in()][:MOST_LESSONS]

    def is_own(self, name: str) -> bool:
        """Whether a lesson is the library's, so that it can be changed."""
        return name in self.own()

    def read(self, name: str) -> Lesson:
        """Read a lesson; raises `LessonError` where there is none, or it cannot be used."""
        if name not in (*self.built_in(), *self.own()):
            raise LessonError(f"There is no lesson “{name}” here.")
        path = (BUILT_IN_LESSONS if name in self.built_in() else self._folder) / f"{name}.json"
        try:
            with path.open("rb") as file:
                return read_lesson(file.read(MOST_BYTES + 1))
        except OSError:
            raise LessonError(f"The lesson “{name}” cannot be read.") from None

    @only(Action.KEEP_LESSONS)
    def add(self, lesson: Lesson) -> str:
        """Keep a new lesson, and give its name: made of its title, with a number where there is one of that name."""
        if len(self.own()) >= MOST_LESSONS:
            raise LessonError(f"This library keeps at most {MOST_LESSONS} lessons; remove one first.")
        taken = {*self.built_in(), *self.own()}
        first = name_of(lesson.title)
        names = (first, *(f"{first}-{number}" for number in range(2, MOST_LESSONS + 10)))
        name = next(one for one in names if one not in taken)
        self._write(name, lesson)
        return name

    @only(Action.KEEP_LESSONS)
    def save(self, name: str, lesson: Lesson) -> None:
        """Write a lesson of the library anew; raises `LessonError` where it is none, or cannot be written."""
        if not self.is_own(name):
            raise LessonError(f"“{name}” is no lesson of this library; copy it first, then change the copy.")
        self._write(name, lesson)

    @only(Action.KEEP_LESSONS)
    def remove(self, name: str) -> None:
        """Forget a lesson of the library; raises `LessonError` where it is none, or is still there."""
        if not self.is_own(name):
            raise LessonError(f"“{name}” is no lesson of this library.")
        try:
            (self._folder / f"{name}.json").unlink(missing_ok=True)
        except OSError as error:
            raise LessonError(f"The lesson could not be removed ({error.strerror}).") from None

    def _write(self, name: str, lesson: Lesson) -> None:
        text = write_lesson(lesson)
        if len(text.encode()) > MOST_BYTES:
            raise LessonError(f"The lesson is too long: its file takes at most {MOST_BYTES // 1024} KB.")
        try:
            write_file(self._folder / f"{name}.json", text)
        except OSError as error:
            raise LessonError(f"The lesson could not be written ({error.strerror}).") from None


def name_of(title: str) -> str:
    """Make a file's name of a title: small letters and digits, with hyphens between them."""
    letters = "".join(letter if letter.isascii() and letter.isalnum() else " " for letter in title.lower())
    return file_name("-".join(letters.split())[:LONGEST_NAME].strip("-") or "lesson")


def lessons_of(library: Library) -> Lessons:
    """Give the lessons of a library; `Services.of` makes them once."""
    return Lessons(library.root)
