"""What long work is at: lines of progress that carry the share of the work already done.

Every long experiment takes ``tell``, a function called with lines of text. A plain line says what *was* done, and is
kept in logs; a `Doing` says what is *being* done and how far the whole has come, which is what a progress bar shows
and everybody else may ignore.
"""

from __future__ import annotations

from collections.abc import Callable

Tell = Callable[[str], None]


class Doing(str):
    """A line that says what is being done now; ``share`` of the whole work is already done (None: nobody knows)."""

    share: float | None

    def __new__(cls, line: str, share: float | None = None) -> Doing:
        """Text and share (from 0 to 1; at 1 the work is finished)."""
        made = super().__new__(cls, line)
        made.share = share
        return made


class Work:
    """Work of known size, in steps of any unit, that tells what it is at.

    Example:
        >>> work = Work(print, size=2)
        >>> work.at("reading")
        reading
        >>> work.at("solving")
        solving
    """

    def __init__(self, tell: Tell, size: float):
        """``tell`` is called with each `Doing`; ``size`` is the sum of the weights of all steps to come."""
        self._tell, self._size, self._begun = tell, size, 0.0
        self._before = 0.0

    def at(self, line: str, weight: float = 1.0) -> None:
        """Begin a step; those begun before are done."""
        self._before = self._begun
        self._begun += weight
        self._tell(Doing(line, self._share(0.0)))

    def part(self, line: str, weight: float = 1.0) -> Tell:
        """Begin a step that is work itself, and return its ``tell``: its own share becomes a share of the whole.

        What the part was told to have done is not passed on: only the whole reports that.
        """
        self.at(line, weight)

        def tell(inner: str) -> None:
            if isinstance(inner, Doing) and (inner.share or 0.0) < 1.0:
                self._tell(Doing(f"{line}: {inner}", self._share(inner.share or 0.0)))

        return tell

    def each(self, line: str) -> None:
        """A ``tell`` that makes each `Doing` one step and passes on what was done."""
        if isinstance(line, Doing):
            self.at(line)
        else:
            self._tell(line)

    def finish(self) -> None:
        """All is done."""
        self._tell(Doing("done", 1.0))

    def _share(self, inner: float) -> float:
        # Never 1 before the end, even if there is more to do than was thought.
        return min(0.99, (self._before + inner * (self._begun - self._before)) / self._size)
