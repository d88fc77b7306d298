"""Wires the action types of other packages. A package that is at fault keeps the process from starting."""

from collections.abc import Collection, Sequence
from datetime import timedelta
from functools import partial

from application.run_action import ActionType
from bootstrap.settings import Settings
from domain.job import ARTIFACTS_QUEUE, OPERATIONS_QUEUE
from domain.retry_policy import RetryPolicy
from infrastructure.plugins.entry_points import OfferedAction, offered_actions
from infrastructure.plugins.errors import PluginUnusable
from infrastructure.plugins.plugin_handler import PluginHandler
from infrastructure.plugins.plugin_params import read_by, schema_of
from interface.api.access import is_free_prefix

# The others are for what the house does by itself.
QUEUES = (OPERATIONS_QUEUE, ARTIFACTS_QUEUE)


def plugin_types(settings: Settings, *, taken: Collection[str]) -> tuple[ActionType, ...]:
    """Return the types that installed packages offer, beside those whose names are taken. Raises PluginUnusable."""
    return accepted(settings, offered_actions(), taken=taken)


def accepted(settings: Settings, offers: Sequence[OfferedAction], *, taken: Collection[str]) -> tuple[ActionType, ...]:
    """Return how they run. Raises PluginUnusable where one stands in the way of another, or of the house."""
    names, prefixes = dict.fromkeys(taken, "Esteira itself"), dict[str, str]()
    for offer in offers:
        action, package = offer.action, offer.package
        if owner := names.get(action.name):
            raise PluginUnusable(package, f"offers the action type {action.name}, which is already that of {owner}")
        if action.queue not in QUEUES:
            raise PluginUnusable(package, f"wants the queue {action.queue}, and there are only {' and '.join(QUEUES)}")
        if action.prefix:
            if owner := prefixes.get(action.prefix):
                raise PluginUnusable(package, f"wants the prefix {action.prefix}, which is already that of {owner}")
            if not is_free_prefix(action.prefix):
                raise PluginUnusable(package, f"wants the prefix {action.prefix}, which stands in the way of the API")
            prefixes[action.prefix] = package
        names[action.name] = package
    return tuple(_type_of(settings, offer) for offer in offers)


def _type_of(settings: Settings, offer: OfferedAction) -> ActionType:
    action = offer.action
    delay = settings.retry_delay_seconds if action.retry_delay_seconds is None else action.retry_delay_seconds
    return ActionType(
        name=action.name,
        queue=action.queue,
        timeout=timedelta(seconds=action.timeout_seconds),
        retry=RetryPolicy(first_delay_seconds=delay),
        handler=PluginHandler(offered=offer),
        max_attempts=action.max_attempts or settings.max_attempts,
        read_params=partial(read_by, action.params),
        params_schema=schema_of(offer),
        summary=action.summary,
        prefix=action.prefix,
    )
