"""Serves the page at `/` and its files at `/assets`, under a policy that runs nothing but these files."""

from pathlib import Path
from urllib.parse import urlsplit

from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.staticfiles import StaticFiles

from application.ports.blob_store import BlobStore
from domain.errors import StorageUnavailable

STATIC = Path(__file__).parent / "static"
INDEX = STATIC / "index.html"
ASSETS = "/assets"
# Browsers ask if a file has changed, which costs a 304: after an upgrade nobody sees half an old page.
ALWAYS_ASK = {"Cache-Control": "no-cache"}


def add_page(app: FastAPI, *, public_url: str, blobs: BlobStore) -> None:
    """Add the page. Programs that ask `/` for no HTML are told where the interface is described."""
    # The client is a link to the file that other people's pages take.
    files = PageFiles(directory=STATIC, follow_symlink=True)
    described = {"name": app.title, "docs": f"{public_url}/docs", "openapi": f"{public_url}/openapi.json"}

    def page(request: Request) -> Response:
        if "text/html" not in request.headers.get("accept", ""):
            return JSONResponse(described, headers={"Vary": "Accept"})
        response = files.file_response(INDEX, INDEX.stat(), request.scope)
        response.headers["Content-Security-Policy"] = content_policy(store_origin(blobs))
        response.headers["Vary"] = "Accept"
        return response

    app.add_api_route("/", page, methods=["GET", "HEAD"], include_in_schema=False)
    app.mount(ASSETS, files)


class PageFiles(StaticFiles):
    """The page's own files."""

    def file_response(self, *args: object, **kwargs: object) -> Response:
        """Return a file, or 304."""
        response = super().file_response(*args, **kwargs)  # type: ignore[arg-type]  # as they came
        response.headers.update(ALWAYS_ASK)
        return response


def content_policy(store: str | None) -> str:
    """Return the Content-Security-Policy: scripts and styles from here alone; bytes also from and to the object store.

    https://www.w3.org/TR/CSP3/
    """
    here_and_store = f"'self' {store}" if store else "'self'"
    rules = {
        "default-src": "'none'",
        "script-src": "'self'",
        "style-src": "'self'",
        "img-src": here_and_store,
        "connect-src": here_and_store,
        "base-uri": "'none'",
        "form-action": "'none'",
        "frame-ancestors": "'none'",
    }
    return "; ".join(f"{name} {value}" for name, value in rules.items())


def store_origin(blobs: BlobStore) -> str | None:
    """Return where presigned URLs lead; None where the store cannot sign now, so that only uploads fail for it."""
    try:
        url = blobs.presign_get("page", filename="page", content_type="text/plain", expires_in_seconds=1).url
    except StorageUnavailable:
        return None
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"
