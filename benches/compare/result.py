"""What is printed: a line for each figure, and whether it meets its bar."""

from collections.abc import Callable
from dataclasses import dataclass

from clock import Pairs, Took


@dataclass(frozen=True)
class Bar:
    """What a figure is to meet."""

    limit: float
    #: What we should like.
    goal: float | None = None
    at_least: bool = False

    def words(self, show: Callable[[float], str]) -> str:
        """As the table says it."""
        sign = "≥" if self.at_least else "≤"
        goal = "" if self.goal is None else f", goal {show(self.goal)}"
        return f"{sign} {show(self.limit)}{goal}"

    def verdict(self, value: float) -> str:
        """Whether it is met, or by how much it is missed."""
        if (missed := self._missed_by(value, self.limit)) > 0:
            return f"missed by {missed:.0%}".replace("%", " %")
        if self.goal is None:
            return "met"
        missed = self._missed_by(value, self.goal)
        return "met, the goal too" if missed <= 0 else f"met, goal missed by {missed:.0%}".replace("%", " %")

    def _missed_by(self, value: float, limit: float) -> float:
        return 1 - value / limit if self.at_least else value / limit - 1


@dataclass(frozen=True)
class Line:
    """One figure."""

    section: str
    what: str
    ours: str = ""
    theirs: str = ""
    figure: str = ""
    bar: str = ""
    verdict: str = ""

    @property
    def is_missed(self) -> bool:
        """Whether there is a bar, and it is not met."""
        return self.verdict.startswith("missed")

    def cells(self) -> list[str]:
        """In the order of the table's head."""
        return [self.section, self.what, self.ours, self.theirs, self.figure, self.bar, self.verdict]


HEAD = ["section", "what", "ours", "theirs", "figure", "bar", ""]


def seconds(took: Took) -> str:
    """The wall, and the processor time behind it."""
    return f"{took.wall:.3f} s ({took.cpu:.2f} CPU)"


def ratio(section: str, what: str, pairs: Pairs, name: str, bar: Bar | None = None) -> Line:
    """Ours to theirs: the median of the pairs, the least and the largest."""
    value = pairs.ratio
    spread = f"{value:.3f} ({min(pairs.ratios):.3f} to {max(pairs.ratios):.3f}, {len(pairs.ratios)} pairs)"
    theirs = f"{name} {seconds(pairs.theirs)}"
    return judged(Line(section, what, seconds(pairs.ours), theirs, spread), value, bar, lambda limit: f"{limit:.3g}")


def value(
    section: str, what: str, number: float, unit: str, bar: Bar | None = None, ours: str = "", digits: int = 1
) -> Line:
    """A figure with a unit."""

    def show(number: float) -> str:
        return f"{number:.{digits}f} {unit}".strip()

    return judged(Line(section, what, ours, "", show(number)), number, bar, lambda limit: f"{limit:g} {unit}".strip())


def judged(line: Line, value: float, bar: Bar | None, show: Callable[[float], str]) -> Line:
    """The line with its bar."""
    if bar is None:
        return line
    return Line(line.section, line.what, line.ours, line.theirs, line.figure, bar.words(show), bar.verdict(value))


def absent(section: str, name: str) -> Line:
    """What could not be measured, said and not passed over."""
    return Line(section, name, verdict="not installed")


def plain(line: Line) -> str:
    """For a terminal."""
    section, what, ours, theirs, figure, bar, verdict = line.cells()
    parts = [ours and f"ours {ours}", theirs, figure, bar and f"bar {bar}", verdict]
    return f"{section:8} {what:44} " + " | ".join(part for part in parts if part)


def markdown(lines: list[Line]) -> str:
    """For a record."""
    rows = [HEAD, ["---"] * len(HEAD), *(line.cells() for line in lines)]
    return "".join(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in row)} |\n" for row in rows)
