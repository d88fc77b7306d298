"""Finds the action types of installed packages by their entry points."""

from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import EntryPoint, entry_points

import esteira_actions
from infrastructure.plugins.errors import PluginUnusable


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferedAction:
    """An action type and the package that it comes from, as a person knows it."""

    package: str
    action: esteira_actions.Action


def offered_actions() -> Sequence[OfferedAction]:
    """Import and return what there is, in the order of packages and names. Raises PluginUnusable."""
    found = sorted(
        entry_points(group=esteira_actions.ENTRY_POINT_GROUP), key=lambda point: (_package_of(point), point.name)
    )
    return [OfferedAction(package=_package_of(point), action=_loaded(point)) for point in found]


def _loaded(point: EntryPoint) -> esteira_actions.Action:
    try:
        loaded = point.load()
    except (Exception, SystemExit) as error:  # whatever the package's own code raises
        words = " ".join(str(error).split())
        raise PluginUnusable(
            _package_of(point), f"cannot be imported at {point.value} ({type(error).__name__}: {words})"
        ) from error
    if not isinstance(loaded, esteira_actions.Action):
        raise PluginUnusable(
            _package_of(point), f"has something else at {point.value}, where an esteira_actions.Action should be"
        )
    return loaded


def _package_of(point: EntryPoint) -> str:
    return f"{point.dist.name} {point.dist.version}" if point.dist else point.value
