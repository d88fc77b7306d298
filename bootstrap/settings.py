"""The settings: `ESTEIRA_*` from the environment, then from `.env`. Each is listed in `.env.example`."""

import re
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from pydantic import Field, HttpUrl, SecretStr, TypeAdapter, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from infrastructure.callbacks.standard_webhooks import read_secret

GIBIBYTE = 1024**3
YEAR_SECONDS = 366 * 24 * 3600.0
# What fits into the columns and the calls that take these values; infinite and absurd ones break far from here.
MOST_DAYS = 36_500
LARGEST_INTEGER = 2**31 - 1
LARGEST_BIG_INTEGER = 2**63 - 1
# Where our own objects are.
OUR_PREFIXES = ("documents/", "artifacts/")

Seconds = Annotated[float, Field(gt=0, le=YEAR_SECONDS, allow_inf_nan=False)]
LogLevel = Literal["DEBUG", "INFO", "WARNING", "ERROR"]
LogFormat = Literal["auto", "json", "text"]


class Settings(BaseSettings):
    """See `.env.example` for what each means. An empty value counts as not set."""

    model_config = SettingsConfigDict(
        env_prefix="ESTEIRA_", env_file=".env", env_ignore_empty=True, extra="ignore", frozen=True
    )

    data_dir: Path = Path(".esteira")
    database_url: str | None = None
    redis_url: str | None = None
    s3_bucket: str | None = None
    s3_endpoint_url: str | None = None
    s3_public_endpoint_url: str | None = None
    import_bucket: str | None = None
    import_prefix: str | None = None
    secret_key: Annotated[SecretStr, Field(min_length=32)] | None = None
    webhook_secret: SecretStr | None = None
    callback_private_networks: Annotated[tuple[IPv4Network | IPv6Network, ...], NoDecode] = ()

    embedding_model: str = "all-MiniLM-L6-v2"
    embedding_query_prefix: str | None = None
    embedding_passage_prefix: str | None = None
    chunk_tokens: Annotated[int, Field(ge=16, le=LARGEST_INTEGER)] = 256
    chunk_overlap: Annotated[int, Field(ge=0)] = 32

    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65535)] = 8000
    public_url: str | None = None
    cors_origins: Annotated[tuple[str, ...], NoDecode] = ()
    require_api_key: bool = False
    api_key: SecretStr | None = None
    server: str | None = None

    max_upload_bytes: Annotated[int, Field(ge=1, le=LARGEST_BIG_INTEGER)] = 5 * GIBIBYTE
    upload_url_seconds: Annotated[int, Field(ge=1, le=7 * 24 * 3600)] = 900
    multipart_upload_seconds: Annotated[int, Field(ge=1, le=30 * 24 * 3600)] = 24 * 3600

    max_retries: Annotated[int, Field(ge=0, le=100)] = 3
    index_timeout_seconds: Seconds = 1800
    result_ttl_hours: Annotated[float, Field(gt=0, le=YEAR_SECONDS / 3600, allow_inf_nan=False)] = 24
    idempotency_ttl_hours: Annotated[float, Field(gt=0, le=YEAR_SECONDS / 3600, allow_inf_nan=False)] = 24

    upload_margin_seconds: Annotated[float, Field(ge=0, le=YEAR_SECONDS, allow_inf_nan=False)] = 3600
    cleanup_every_hours: Annotated[float, Field(ge=0, le=YEAR_SECONDS / 3600, allow_inf_nan=False)] = 24
    cleanup_timeout_seconds: Seconds = 6 * 3600
    failed_retention_days: Annotated[float, Field(ge=0, le=MOST_DAYS, allow_inf_nan=False)] = 0
    history_retention_days: Annotated[float, Field(ge=0, le=MOST_DAYS, allow_inf_nan=False)] = 30
    cache_retention_days: Annotated[float, Field(ge=0, le=MOST_DAYS, allow_inf_nan=False)] = 180

    lease_seconds: Seconds = 30
    beat_seconds: Seconds = 5
    hang_seconds: Seconds = 20
    grace_seconds: Annotated[float, Field(ge=0, le=YEAR_SECONDS, allow_inf_nan=False)] = 20
    relay_seconds: Seconds = 1
    reap_seconds: Seconds = 5
    reconcile_seconds: Seconds = 15
    retry_delay_seconds: Seconds = 2
    parser_memory_bytes: Annotated[int, Field(ge=64 * 1024**2, le=LARGEST_BIG_INTEGER)] = GIBIBYTE
    parser_page_seconds: Seconds = 60
    ocr_languages: Annotated[tuple[str, ...], NoDecode] = ("eng", "por", "spa", "fra", "deu", "ita")
    max_pages: Annotated[int, Field(ge=1, le=LARGEST_INTEGER)] = 5000
    log_level: LogLevel = "INFO"
    log_format: LogFormat = "auto"

    @field_validator("cors_origins", "ocr_languages", "callback_private_networks", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        return tuple(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else value

    @field_validator("ocr_languages")
    @classmethod
    def _require_languages(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if not all(re.fullmatch(r"\w+(/\w+)?", language, re.ASCII) for language in value):
            raise ValueError("These are no languages of Tesseract: send their short names, such as eng,por")
        return value

    @field_validator("webhook_secret")
    @classmethod
    def _require_webhook_secret(cls, value: SecretStr | None) -> SecretStr | None:
        try:
            for text in value.get_secret_value().split(",") if value else ():
                read_secret(text)
        except ValueError:
            sentence = "This is no secret of Standard Webhooks: send whsec_ and 24 to 64 bytes in Base64"
            raise ValueError(sentence) from None
        return value

    @field_validator("data_dir")
    @classmethod
    def _require_place(cls, value: Path) -> Path:
        try:
            value.expanduser().resolve()
        except (OSError, RuntimeError) as error:
            raise ValueError(f"This is no path to a folder: {error}") from error
        return value

    @field_validator("log_level", mode="before")
    @classmethod
    def _ignore_case(cls, value: object) -> object:
        return value.upper() if isinstance(value, str) else value

    @field_validator("database_url")
    @classmethod
    def _require_postgres(cls, value: str | None) -> str | None:
        if value is not None and not (re.match(r"postgres(ql)?(\+\w+)?://", value) and _has_address(value)):
            raise ValueError("This is no address of a database: send one such as postgresql://user:password@host/name")
        return value

    @field_validator("redis_url")
    @classmethod
    def _require_redis(cls, value: str | None) -> str | None:
        if value is not None and re.match(r"rediss?\+sentinel://", value):
            if not re.fullmatch(
                r"rediss?\+sentinel://([^@/]*@)?[^@/,:]+(:\d+)?(,[^@/,:]+(:\d+)?)*/[\w.-]+(/\d+)?", value
            ):
                raise ValueError(
                    "This is no address of Sentinel: send one such as redis+sentinel://a:26379,b:26379/name/0"
                )
            return value
        if value is not None and not (re.match(r"(rediss?|unix)://", value) and _has_address(value)):
            raise ValueError("This is no address of Redis: send one such as redis://host:6379/0")
        return value

    @field_validator("api_key")
    @classmethod
    def _require_sendable(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and not re.fullmatch(r"[!-~]+", value.get_secret_value()):
            raise ValueError("This is no API key: copy one whole, as `esteira keys create` printed it")
        return value

    @field_validator("public_url", "server", "s3_endpoint_url", "s3_public_endpoint_url")
    @classmethod
    def _require_url(cls, value: str | None) -> str | None:
        if value is None:
            return None
        TypeAdapter(HttpUrl).validate_python(value)
        if "?" in value or "#" in value:
            raise ValueError("Paths are added to this address: leave out what begins with ? or #")
        return value.rstrip("/")

    @field_validator("import_prefix")
    @classmethod
    def _require_folder(cls, value: str | None) -> str | None:
        if value is not None and not re.fullmatch(r"([^/]+/)+", value):
            raise ValueError("This is no folder of a bucket: send one such as import/, with a slash at the end only")
        return value

    @model_validator(mode="after")
    def _require_sense(self) -> Self:
        is_our_bucket = self.import_bucket is None or self.import_bucket == self.s3_bucket
        if is_our_bucket and self.import_root.startswith(OUR_PREFIXES):
            raise ValueError("ESTEIRA_IMPORT_PREFIX may not be where Esteira keeps its own objects")
        if self.chunk_overlap * 2 > self.chunk_tokens:
            raise ValueError("ESTEIRA_CHUNK_OVERLAP may be half of ESTEIRA_CHUNK_TOKENS at most")
        if self.beat_seconds * 2 > self.lease_seconds:
            raise ValueError("ESTEIRA_BEAT_SECONDS may be half of ESTEIRA_LEASE_SECONDS at most")
        return self

    @property
    def import_root(self) -> str:
        """What comes before the keys of objects that may be imported: all of a bucket that is there for it alone."""
        is_its_own = self.import_bucket is not None and self.import_bucket != self.s3_bucket
        return self.import_prefix or ("" if is_its_own else "import/")

    @property
    def absolute_data_dir(self) -> Path:
        """Where the embedded parts keep their data."""
        return self.data_dir.expanduser().resolve()

    @property
    def max_attempts(self) -> int:
        """How often an action runs at most."""
        return self.max_retries + 1


def _has_address(url: str) -> bool:
    """Tell whether host and port can be read from it."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return False
    return port is None or parts.hostname is not None


def explain(error: ValidationError) -> str:
    """Return a sentence for each setting that is wrong."""
    lines = [
        "".join(f"ESTEIRA_{part}: ".upper() for part in problem["loc"][:1])
        + problem["msg"].removeprefix("Value error, ")
        for problem in error.errors()
    ]
    return "\n".join(["The settings are wrong:", *lines])
