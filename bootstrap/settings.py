"""The settings: `ESTEIRA_*` from the environment, then from `.env`. Each is listed in `.env.example`."""

from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, HttpUrl, TypeAdapter, ValidationError, ValidationInfo, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

GIBIBYTE = 1024**3
SCHEMES = {"database_url": ("postgresql://", "postgres://"), "redis_url": ("redis://", "rediss://", "unix://")}


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

    embedding_model: str = "all-MiniLM-L6-v2"
    chunk_tokens: Annotated[int, Field(ge=16)] = 256
    chunk_overlap: Annotated[int, Field(ge=0)] = 32

    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65535)] = 8000
    public_url: str | None = None
    cors_origins: Annotated[tuple[str, ...], NoDecode] = ()

    max_upload_bytes: Annotated[int, Field(ge=1)] = 5 * GIBIBYTE
    upload_url_seconds: Annotated[int, Field(ge=1, le=7 * 24 * 3600)] = 900

    max_retries: Annotated[int, Field(ge=0, le=100)] = 3
    index_timeout_seconds: Annotated[float, Field(gt=0)] = 1800
    result_ttl_hours: Annotated[float, Field(gt=0)] = 24

    lease_seconds: Annotated[float, Field(gt=0)] = 30
    beat_seconds: Annotated[float, Field(gt=0)] = 5
    hang_seconds: Annotated[float, Field(gt=0)] = 20
    grace_seconds: Annotated[float, Field(ge=0)] = 20
    relay_seconds: Annotated[float, Field(gt=0)] = 1
    reap_seconds: Annotated[float, Field(gt=0)] = 5
    reconcile_seconds: Annotated[float, Field(gt=0)] = 15
    retry_delay_seconds: Annotated[float, Field(gt=0)] = 2
    parser_memory_bytes: Annotated[int, Field(ge=64 * 1024**2)] = GIBIBYTE
    parser_page_seconds: Annotated[float, Field(gt=0)] = 30
    max_pages: Annotated[int, Field(ge=1)] = 5000
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"

    @field_validator("cors_origins", mode="before")
    @classmethod
    def _split_origins(cls, value: object) -> object:
        return (
            tuple(origin.strip() for origin in value.split(",") if origin.strip()) if isinstance(value, str) else value
        )

    @field_validator("log_level", mode="before")
    @classmethod
    def _in_capitals(cls, value: object) -> object:
        return value.upper() if isinstance(value, str) else value

    @field_validator("database_url", "redis_url")
    @classmethod
    def _require_scheme(cls, value: str | None, info: ValidationInfo) -> str | None:
        # The drivers would repeat an address that they do not understand, its password too.
        schemes = SCHEMES[str(info.field_name)]
        if value is not None and not value.startswith(schemes):
            raise ValueError(f"the address begins with {' or '.join(schemes)}")
        return value

    @field_validator("public_url", "s3_endpoint_url", "s3_public_endpoint_url")
    @classmethod
    def _require_url(cls, value: str | None) -> str | None:
        if value is None:
            return None
        TypeAdapter(HttpUrl).validate_python(value)
        return value.rstrip("/")

    @model_validator(mode="after")
    def _require_sense(self) -> Self:
        if self.chunk_overlap * 2 > self.chunk_tokens:
            raise ValueError("ESTEIRA_CHUNK_OVERLAP may be half of ESTEIRA_CHUNK_TOKENS at most")
        if self.beat_seconds * 2 > self.lease_seconds:
            raise ValueError("ESTEIRA_BEAT_SECONDS may be half of ESTEIRA_LEASE_SECONDS at most")
        return self

    @property
    def absolute_data_dir(self) -> Path:
        """Where the embedded parts keep their data."""
        return self.data_dir.expanduser().resolve()

    @property
    def max_attempts(self) -> int:
        """How often an action runs at most."""
        return self.max_retries + 1


def explain(error: ValidationError) -> str:
    """Return a sentence for each setting that is wrong."""
    lines = [
        f"ESTEIRA_{'_'.join(str(part) for part in problem['loc']).upper()}: {problem['msg']}"
        if problem["loc"]
        else problem["msg"].removeprefix("Value error, ")
        for problem in error.errors()
    ]
    return "\n".join(["The settings are wrong:", *lines])
