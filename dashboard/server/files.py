"""Files to take away from a page, each made when its visitor asks for it."""

from __future__ import annotations

from collections.abc import Callable, Mapping

File = tuple[str, str, bytes]  # name, media type, content
MakeFile = Callable[[Mapping[str, str]], File | None]


class Files:
    """What can be taken away from one page; its parts offer it anew on every run.

    A file that a run does not offer again is there until the run has ended: a click while the page runs gets its file.
    """

    def __init__(self) -> None:
        self._makers: dict[str, MakeFile] = {}
        self._offered: set[str] = set()

    def begin(self) -> None:
        """Begin a run of the page."""
        self._offered = set()

    def end(self) -> None:
        """End a run of the page: what it did not offer is gone."""
        self._makers = {name: make for name, make in self._makers.items() if name in self._offered}

    def offer(self, name: str, make: MakeFile) -> None:
        """Offer a file, in place of the one that had this name before.

        Parameters
        ----------
        name : str
            The last part of its address; the same on every run.
        make : callable
            Makes it of the query of the address that asks for it, without Streamlit's session; gives None where there
            is nothing. What a ValueError or an OSError says, the visitor reads.
        """
        self._offered.add(name)
        self._makers[name] = make

    def find(self, name: str) -> MakeFile | None:
        """Give what makes a file; None where none of this name is offered."""
        return self._makers.get(name)

    def close(self) -> None:
        """Offer nothing any more."""
        self._makers = {}
