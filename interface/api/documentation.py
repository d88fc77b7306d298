"""The page at /docs, from this server alone: FastAPI's own loads its scripts from the internet."""

from fastapi import FastAPI
from fastapi.openapi.docs import get_swagger_ui_html
from starlette.responses import HTMLResponse
from starlette.staticfiles import StaticFiles

ASSETS = "docs/assets"


def add_documentation(app: FastAPI) -> None:
    """Add the page and its files. The addresses in it are relative, so that it works behind any proxy."""

    def documentation() -> HTMLResponse:
        return get_swagger_ui_html(
            openapi_url="openapi.json",
            title=app.title,
            swagger_js_url=f"{ASSETS}/swagger-ui-bundle.js",
            swagger_css_url=f"{ASSETS}/swagger-ui.css",
            swagger_favicon_url=f"{ASSETS}/favicon-32x32.png",
        )

    app.add_api_route("/docs", documentation, include_in_schema=False)
    app.mount(f"/{ASSETS}", StaticFiles(packages=[("fastapi_swagger", "resources")]))
