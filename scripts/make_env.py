"""Write `.env` for docker-compose.yml, with passwords made by chance.

Usage: python3 scripts/make_env.py PUBLIC_URL FILES_URL [--output FILE]. Standard library only. PUBLIC_URL is where
clients reach the API, FILES_URL where browsers reach the object store, such as https://esteira.example.org and
https://files.example.org. A file that is there is left alone: its passwords are those of the data.
"""

import argparse
import os
import secrets
import sys
from pathlib import Path
from urllib.parse import urlsplit

TEMPLATE = """\
# For docker-compose.yml. Keep this file: without it the data cannot be opened.
ESTEIRA_PUBLIC_URL={public_url}
ESTEIRA_S3_PUBLIC_ENDPOINT_URL={files_url}
# Pages of other origins that may use the API and upload, separated by commas.
ESTEIRA_CORS_ORIGINS=
# `office` builds an image that also reads scans (Tesseract) and DOC and PPT (LibreOffice).
ESTEIRA_IMAGE_TARGET=runtime
# The address of this machine on which API and object store are published; 127.0.0.1 is for a proxy before them.
ESTEIRA_BIND=127.0.0.1

ESTEIRA_SECRET_KEY={secret_key}
POSTGRES_PASSWORD={postgres}
REDIS_PASSWORD={redis}
S3_ACCESS_KEY={access_key}
S3_SECRET_KEY={access_secret}
DASHBOARD_PASSWORD={dashboard}
GRAFANA_PASSWORD={grafana}
"""

NEXT = """Next:
  docker compose build
  docker compose run --rm api esteira keys create --name first --scope admin     # shown once: keep it
  make up"""


def main() -> int:
    """Write the file, which only its owner may read."""
    parser = argparse.ArgumentParser(description="Write .env for docker-compose.yml.")
    parser.add_argument("public_url", type=address, help="where clients reach the API: https://esteira.example.org")
    parser.add_argument("files_url", type=address, help="where they reach the object store: https://files.example.org")
    parser.add_argument("--output", type=Path, default=Path(".env"), metavar="FILE", help="instead of .env")
    options = parser.parse_args()
    # Hexadecimal, because they stand in URLs.
    text = TEMPLATE.format(
        public_url=options.public_url,
        files_url=options.files_url,
        secret_key=secrets.token_hex(32),
        access_key=secrets.token_hex(10),
        access_secret=secrets.token_hex(20),
        **{name: secrets.token_hex(24) for name in ("postgres", "redis", "dashboard", "grafana")},
    )
    try:
        file = os.open(options.output, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        print(f"{options.output} is there: change it by hand, or move it away.", file=sys.stderr)
        return 1
    with os.fdopen(file, "w") as output:
        output.write(text)
    print(f"{options.output} is written. {NEXT}")
    return 0


def address(text: str) -> str:
    """Return an address that browsers can be sent to."""
    try:
        parts = urlsplit(text)
        fits = parts.scheme in {"http", "https"} and bool(parts.hostname)
    except ValueError:
        fits = False
    if not fits:
        raise argparse.ArgumentTypeError(f"{text} is no address: give one such as https://esteira.example.org")
    return text


if __name__ == "__main__":
    sys.exit(main())
