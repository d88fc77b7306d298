"""The soak's object store, alone."""

import boto3

from tests.chaos.store import BUCKET, CREDENTIALS, own_store


def test_each_soak_begins_with_an_empty_store() -> None:
    for _ in range(2):
        with own_store() as store:
            client = boto3.client(
                "s3",
                endpoint_url=store.url,
                aws_access_key_id=CREDENTIALS["AWS_ACCESS_KEY_ID"],
                aws_secret_access_key=CREDENTIALS["AWS_SECRET_ACCESS_KEY"],
                region_name=CREDENTIALS["AWS_DEFAULT_REGION"],
            )
            assert store.object_keys() == []
            client.put_object(Bucket=BUCKET, Key="left behind", Body=b"bytes")
            assert store.object_keys() == ["left behind"]
