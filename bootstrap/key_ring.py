"""The API keys for the command line, which makes the first one before any API runs."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial

from application.use_cases.create_api_key import CreateApiKey
from application.use_cases.revoke_api_key import RevokeApiKey
from bootstrap.backends import found_or_own_database
from bootstrap.parts import load_secret
from bootstrap.settings import Settings
from domain.api_key import ApiKey, KeyScope, PlainKey
from domain.ids import DEFAULT_TENANT, ApiKeyId
from infrastructure.postgres.api_key_store import PostgresApiKeyStore
from infrastructure.postgres.engine import make_engine
from infrastructure.postgres.migrate import migrate, require_schema
from infrastructure.postgres.unit_of_work import PostgresUnitOfWork
from infrastructure.sealing.aes_password_seal import AesPasswordSeal
from interface.cli.services import KeyRing

PAGE = 1000
CLOCK = partial(datetime.now, UTC)


@contextmanager
def key_ring(settings: Settings) -> Iterator[KeyRing]:
    """Give the keys of the database that is configured or runs here, else of one started for as long as it takes."""
    with found_or_own_database(settings) as database_url:
        engine = make_engine(database_url, application_name="esteira-keys", pool_size=0)
        if settings.database_url:
            require_schema(engine)
        else:
            # The embedded one may be new, and belongs to this version of the program anyway.
            migrate(engine)
        create_key = CreateApiKey(
            transactions=partial(PostgresUnitOfWork, engine),
            seal=AesPasswordSeal(partial(load_secret, settings)),
            clock=CLOCK,
        )
        yield PostgresKeyRing(PostgresApiKeyStore(engine), create_key)


@dataclass(frozen=True, slots=True)
class PostgresKeyRing:
    """Implements KeyRing of interface/cli/services.py."""

    store: PostgresApiKeyStore
    create_key: CreateApiKey

    def create(self, *, name: str, scopes: Iterable[KeyScope], expires_at: datetime | None) -> tuple[ApiKey, PlainKey]:
        """Make one."""
        created = self.create_key(DEFAULT_TENANT, name=name, scopes=scopes, expires_at=expires_at)
        return created.key, created.plain

    def all_keys(self) -> Iterator[ApiKey]:
        """Read page by page."""
        last: ApiKeyId | None = None
        while page := self.store.page(DEFAULT_TENANT, before=last, limit=PAGE):
            yield from page
            last = page[-1].id

    def revoke(self, key_id: ApiKeyId) -> ApiKey:
        """Revoke one."""
        return RevokeApiKey(keys=self.store, clock=CLOCK)(DEFAULT_TENANT, key_id)
