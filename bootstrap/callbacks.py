"""Wires callbacks: where they may go, what they are signed with, and how they are delivered."""

from collections.abc import Callable, Sequence
from datetime import timedelta

from application.ports.unit_of_work import Transactions
from application.run_action import ActionType
from application.use_cases.deliver_callback import DeliverCallback
from bootstrap.settings import Settings
from domain.callback import CALLBACK, CALLBACK_DELAYS_SECONDS, CALLBACK_QUEUE, MAX_CALLBACK_ATTEMPTS, CallbackRules
from domain.retry_policy import RetryPolicy
from infrastructure.callbacks.http_callback_sender import HttpCallbackSender
from infrastructure.callbacks.standard_webhooks import derived_secret, read_secret
from interface.api.v1.schemas.callbacks import callback_body

# A delivery takes seconds. An action that is overdue is not tried again, so this is for a machine that slept.
CALLBACK_TIMEOUT = timedelta(hours=1)


def callback_rules(settings: Settings) -> CallbackRules:
    """Return which addresses callbacks may go to."""
    return CallbackRules(networks=settings.callback_private_networks)


def webhook_keys(settings: Settings, load_secret: Callable[[], bytes]) -> Sequence[bytes]:
    """Return what callbacks are signed with: the setting, else what belongs to the installation's secret."""
    if settings.webhook_secret:
        return [read_secret(text) for text in settings.webhook_secret.get_secret_value().split(",")]
    return [derived_secret(load_secret())]


def callback_action_type(
    settings: Settings, transactions: Transactions, *, load_secret: Callable[[], bytes]
) -> ActionType:
    """Return how callbacks are delivered."""
    sender = HttpCallbackSender(rules=callback_rules(settings), load_keys=lambda: webhook_keys(settings, load_secret))
    return ActionType(
        name=CALLBACK,
        queue=CALLBACK_QUEUE,
        timeout=CALLBACK_TIMEOUT,
        retry=RetryPolicy(delays_seconds=CALLBACK_DELAYS_SECONDS),
        handler=DeliverCallback(transactions=transactions, sender=sender, write=callback_body),
        max_attempts=MAX_CALLBACK_ATTEMPTS,
    )
