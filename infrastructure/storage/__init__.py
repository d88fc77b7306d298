"""The object store holds the bytes: S3, or files under the data directory."""
