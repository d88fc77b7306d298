"""The figures for Prometheus."""

from fastapi import APIRouter
from starlette.responses import Response

from interface.api.v1.requests import Services

TEXT = "text/plain; version=0.0.4; charset=utf-8"
router = APIRouter(tags=["health"])


@router.get(
    "/metrics",
    operation_id="get_metrics",
    summary="Give the figures for Prometheus",
    response_class=Response,
    responses={200: {"content": {"text/plain": {}}, "description": "The text format of Prometheus."}},
)
def get_metrics(services: Services) -> Response:
    """Answer whatever is away: `esteira_part_up` tells which part."""
    return Response(services.telemetry.page(), media_type=TEXT)
