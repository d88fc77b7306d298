"""Makes the bucket and sets its rules: `esteira storage setup`. Safe to repeat; rules of others are kept."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from domain.errors import BlobNotFound, EsteiraError, StorageUnavailable
from infrastructure.storage.s3_bucket import NO_BUCKET, AccessRefused, NotOffered, S3Bucket, store_errors
from infrastructure.storage.setup_step import Outcome, SetupStep, done, failed, warning

BUCKET, CORS, LIFECYCLE = "bucket", "cross-origin rules", "lifecycle rules"
CORS_RULE = "esteira-uploads"
LIFECYCLE_RULE = "esteira-unfinished-uploads"
DEFAULT_REGION = "us-east-1"  # the one that must not be named when a bucket is made
PREFLIGHT_SECONDS = 3000

Rule = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class S3Setup:
    """Prepares `bucket` for uploads by pages of `origins`; unfinished uploads in parts go after `abort_after_days`."""

    bucket: S3Bucket
    endpoint_url: str | None
    origins: Sequence[str]
    abort_after_days: int
    dry_run: bool

    def __call__(self) -> Iterator[SetupStep]:
        """Do it step by step; a failed step is the last."""
        for act in (self._make_bucket, self._allow_origins, self._drop_unfinished):
            step = act()
            yield step
            if step.outcome == Outcome.FAILED:
                return

    def _make_bucket(self) -> SetupStep:
        name = self.bucket.name
        try:
            if self._has_bucket():
                return done(BUCKET, f"{name} is there.")
            if self.dry_run:
                return done(BUCKET, f"{name} would be made.")
            with store_errors():
                self.bucket.client.create_bucket(Bucket=name, **self._place())
        except AccessRefused as error:
            return failed(BUCKET, error.detail)
        except (BlobNotFound, StorageUnavailable) as error:
            return failed(BUCKET, self._no_answer(error))
        return done(BUCKET, f"{name} was made.")

    def _has_bucket(self) -> bool:
        try:
            # Unlike a HEAD, its refusal says why.
            with store_errors():
                answer = self.bucket.client.list_objects_v2(Bucket=self.bucket.name, MaxKeys=1)
        except StorageUnavailable as error:
            if error.detail == NO_BUCKET:
                return False
            raise
        if "Name" not in answer:  # any web server answers something
            raise StorageUnavailable
        return True

    def _allow_origins(self) -> SetupStep:
        if not self.origins:
            return warning(
                CORS,
                "no page may upload, because ESTEIRA_CORS_ORIGINS and ESTEIRA_PUBLIC_URL are not set. Programs may.",
            )
        rule = {
            "ID": CORS_RULE,
            "AllowedOrigins": list(self.origins),
            "AllowedMethods": ["PUT", "GET", "HEAD"],
            "AllowedHeaders": ["*"],
            "ExposeHeaders": ["ETag"],
            "MaxAgeSeconds": PREFLIGHT_SECONDS,
        }
        client, name = self.bucket.client, self.bucket.name
        return self._put_rule(
            CORS,
            rule,
            read=lambda: client.get_bucket_cors(Bucket=name)["CORSRules"],
            write=lambda rules: client.put_bucket_cors(Bucket=name, CORSConfiguration={"CORSRules": rules}),
            meaning=f"pages of {', '.join(self.origins)} may upload and download.",
            otherwise="the store keeps none for a bucket. Where pages cannot upload, allow them in its own settings.",
        )

    def _drop_unfinished(self) -> SetupStep:
        rule = {
            "ID": LIFECYCLE_RULE,
            "Status": "Enabled",
            "Filter": {"Prefix": ""},
            "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": self.abort_after_days},
        }
        client, name = self.bucket.client, self.bucket.name
        return self._put_rule(
            LIFECYCLE,
            rule,
            read=lambda: client.get_bucket_lifecycle_configuration(Bucket=name)["Rules"],
            write=lambda rules: client.put_bucket_lifecycle_configuration(
                Bucket=name, LifecycleConfiguration={"Rules": rules}
            ),
            meaning=f"unfinished uploads in parts are dropped after {self.abort_after_days} days.",
            otherwise="the store has none for uploads in parts. Esteira's own cleanup drops what is left unfinished.",
        )

    def _put_rule(
        self,
        subject: str,
        rule: Rule,
        *,
        read: Callable[[], Sequence[Rule]],
        write: Callable[[Sequence[Rule]], object],
        meaning: str,
        otherwise: str,
    ) -> SetupStep:
        """Set our rule beside those of others."""
        if self.dry_run:
            return done(subject, f"would be set: {meaning}")
        try:
            others = [each for each in _rules(read) if each.get("ID") != rule["ID"]]
            with store_errors():
                write([*others, rule])
        except NotOffered:
            return warning(subject, otherwise)
        except AccessRefused as error:
            # What browsers can do without the rule is tried afterwards, so this need not be the end.
            return warning(subject, error.detail)
        except EsteiraError as error:
            return failed(subject, error.detail)
        return done(subject, meaning)

    @property
    def _address(self) -> str:
        return self.endpoint_url or "AWS"

    def _place(self) -> dict[str, object]:
        region = self.bucket.client.meta.region_name
        if self.endpoint_url or region in {None, DEFAULT_REGION, "aws-global"}:
            return {}
        return {"CreateBucketConfiguration": {"LocationConstraint": region}}

    def _no_answer(self, error: EsteiraError) -> str:
        if error.detail not in {StorageUnavailable().detail, BlobNotFound().detail}:
            return error.detail
        return f"no S3 answers at {self._address}: correct ESTEIRA_S3_ENDPOINT_URL, or start the store."


def _rules(read: Callable[[], Sequence[Rule]]) -> Sequence[Rule]:
    """Return the rules that are set."""
    try:
        with store_errors():
            return read()
    except BlobNotFound:
        return []
