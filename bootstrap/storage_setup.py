"""`esteira storage setup`: prepares the object store, and says what is wrong with it."""

import math
from collections.abc import Iterator
from itertools import chain
from urllib.parse import urlsplit

from bootstrap.settings import Settings
from infrastructure.storage.s3 import S3BlobStore
from infrastructure.storage.s3_setup import S3Setup
from infrastructure.storage.s3_trial import try_presigned_urls
from infrastructure.storage.setup_step import Outcome, SetupStep

DAY_SECONDS = 24 * 3600


def run_storage_setup(settings: Settings, *, dry_run: bool, skip_public_check: bool) -> int:
    """Set up and try the bucket; return the exit code."""
    if settings.s3_bucket is None:
        print(
            f"Nothing is to be set up: objects are kept in {settings.absolute_data_dir / 'store'}, and the API serves "
            "their URLs. Set ESTEIRA_S3_BUCKET to keep them in S3."
        )
        return 0
    for step in setup_steps(settings, settings.s3_bucket, dry_run=dry_run, skip_public_check=skip_public_check):
        print(f"{step.outcome:8} {step.subject}: {step.sentence}", flush=True)
        if step.outcome == Outcome.FAILED:
            return 1
    return 0


def setup_steps(settings: Settings, bucket: str, *, dry_run: bool, skip_public_check: bool) -> Iterator[SetupStep]:
    """Return the steps; each is done when it is asked for."""
    store = S3BlobStore(
        bucket=bucket,
        endpoint_url=settings.s3_endpoint_url,
        public_endpoint_url=None if skip_public_check else settings.s3_public_endpoint_url,
    )
    origins = page_origins(settings)
    setup = S3Setup(
        bucket=store.bucket,
        endpoint_url=settings.s3_endpoint_url,
        origins=origins,
        # A day more than an upload may take, so that the rule never meets one that is alive.
        abort_after_days=math.ceil(settings.multipart_upload_seconds / DAY_SECONDS) + 1,
        dry_run=dry_run,
    )
    return setup() if dry_run else chain(setup(), try_presigned_urls(store, origins))


def page_origins(settings: Settings) -> tuple[str, ...]:
    """Return whose pages upload: those of other applications, and our own, which is another origin to the store."""
    own = urlsplit(settings.public_url) if settings.public_url else None
    ours = (f"{own.scheme}://{own.netloc}",) if own else ()
    return tuple(dict.fromkeys((*settings.cors_origins, *ours)))
