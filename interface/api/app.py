"""Makes the HTTP application; the composition root adds the local store's routes, if that is the store."""

from fastapi import APIRouter, FastAPI
from fastapi.telemetry import TelemetryConfig
from starlette.middleware.cors import CORSMiddleware

from interface.api.answer_headers import SafeHeaders
from interface.api.body_limit import BodyLimit
from interface.api.documentation import add_documentation
from interface.api.errors import UnexpectedErrors, add_error_handlers
from interface.api.existing_clients import actions, reports
from interface.api.existing_clients import operations as existing_operations
from interface.api.feeds import Feeds
from interface.api.gate import Gate
from interface.api.local_pages import LocalPages
from interface.api.openapi import described
from interface.api.services import ApiServices
from interface.api.telemetry import REQUEST_ID, RequestTelemetry
from interface.api.v1.endpoints import (
    artifacts,
    batches,
    cleanup,
    contents,
    dead_letters,
    doctor,
    documents,
    events,
    health,
    jobs,
    keys,
    metrics,
    multipart,
    operations,
    pages,
    queue,
    queue_jobs,
    search,
    status,
    stream_tokens,
)
from interface.api.v1.idempotency import REPLAYED
from interface.api.v1.schemas.problem import problem_response
from interface.web.page import add_page

DESCRIPTION = """Document ingestion that you run yourself: upload by presigned URL, follow the processing, search.

Errors are problems (RFC 9457): `code` is stable, `detail` says what to do."""
# FastAPI's own would send what clients wrote along with its errors; ours is RequestTelemetry.
NO_TELEMETRY = TelemetryConfig(tracing=False, metrics=False, logs=False, auto_configure=False)
METHODS = ("GET", "HEAD", "POST", "PUT", "DELETE")
EXPOSED_HEADERS = ("ETag", "Location", "Retry-After", "Content-Disposition", "Content-Range", REPLAYED, REQUEST_ID)


def create_app(services: ApiServices) -> FastAPI:
    """Return the application over `services`."""
    app = FastAPI(
        title="Esteira",
        version="1",
        description=DESCRIPTION,
        redirect_slashes=False,
        docs_url=None,
        redoc_url=None,
        responses={"default": problem_response("A problem.")},
        telemetry=NO_TELEMETRY,
    )
    app.state.services = services
    app.state.feeds = Feeds.over(services)
    v1 = APIRouter(prefix="/api/v1")
    # The order counts: /documents/status is no document.
    for router in (
        status.router,
        batches.router,
        documents.router,
        multipart.router,
        contents.router,
        pages.router,
        search.router,
        events.router,
        jobs.router,
        operations.router,
        artifacts.router,
        queue.router,
        queue_jobs.router,
        dead_letters.router,
        cleanup.router,
        doctor.router,
        keys.router,
        stream_tokens.router,
    ):
        v1.include_router(router)
    app.include_router(v1)
    for existing in (existing_operations.router, actions.router, reports.router):
        app.include_router(existing)
    app.include_router(operations.prefixed(services.start_operation.action_types))
    app.include_router(health.router)
    app.include_router(metrics.router)
    add_page(app, public_url=services.public_url.rstrip("/"), blobs=services.blobs)
    add_documentation(app)
    app.openapi = described(app, operations.params_by_path(services.start_operation.action_types))  # type: ignore[method-assign]  # the way that FastAPI documents
    add_error_handlers(app)
    _add_middleware(app, services)
    app.add_middleware(RequestTelemetry, telemetry=services.telemetry)
    return app


def _add_middleware(app: FastAPI, services: ApiServices) -> None:
    """Wrap the application from the inside out: every answer, 401 and 500 as well, gets the outer ones' headers."""
    app.add_middleware(BodyLimit, prefixes=("/api/", "/generate"))
    app.add_middleware(
        Gate,
        keys_required=services.keys_required,
        local_pages=LocalPages(public_url=services.public_url, cors_origins=services.cors_origins),
        check_key=services.check_api_key,
        check_stream_token=services.check_stream_token,
    )
    app.add_middleware(UnexpectedErrors)
    if services.cors_origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=services.cors_origins,
            allow_methods=METHODS,
            allow_headers=["*"],
            expose_headers=EXPOSED_HEADERS,
        )
    app.add_middleware(SafeHeaders)
