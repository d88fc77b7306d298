"""In which order shapes on a slide are read: as they are written, unless that goes against their places."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

Item = TypeVar("Item")
MAX_COMPARED = 300  # each shape with each other: a slide of ten thousand shapes should not take minutes


@dataclass(frozen=True, slots=True, kw_only=True)
class Box:
    """Where a shape is, in any unit, from the upper left corner."""

    left: float
    top: float
    width: float
    height: float

    @property
    def right(self) -> float:
        """Right edge."""
        return self.left + self.width

    @property
    def bottom(self) -> float:
        """Lower edge."""
        return self.top + self.height


@dataclass(frozen=True, slots=True)
class Placed(Generic[Item]):
    """A shape, and its place where that is known."""

    item: Item
    box: Box | None


def in_reading_order(shapes: Sequence[Placed[Item]]) -> list[Item]:
    """Return the shapes as written; where one stands above another that is written before it, line by line instead.

    Programs write shapes in the order in which they were drawn, and screen readers follow it: mostly it is right.
    """
    boxes = [shape.box for shape in shapes if shape.box]
    if len(boxes) < len(shapes) or not _contradicts(boxes):
        return [shape.item for shape in shapes]
    return [item for line in _lines(shapes) for item in line]


def _contradicts(boxes: Sequence[Box]) -> bool:
    """Tell if a box is wholly above one that is written before it, and partly over it."""
    return any(
        later.bottom <= earlier.top and later.left < earlier.right and earlier.left < later.right
        for number, later in enumerate(boxes[:MAX_COMPARED])
        for earlier in boxes[:number]
    )


def _lines(shapes: Sequence[Placed[Item]]) -> list[list[Item]]:
    """Put together what stands side by side, from left to right; lines from top to bottom."""
    lines: list[list[tuple[float, Item]]] = []
    bottom = float("-inf")
    for shape in sorted(shapes, key=lambda shape: shape.box.top if shape.box else 0):
        box = shape.box
        assert box  # noqa: S101 - all places are known here
        if not lines or box.top + box.height / 2 > bottom:
            lines.append([])
            bottom = box.bottom
        lines[-1].append((box.left, shape.item))
    return [[item for _, item in sorted(line, key=lambda entry: entry[0])] for line in lines]
