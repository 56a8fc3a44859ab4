"""The OpenAPI document, and the page that shows it."""

import json
from importlib import resources
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.docs import get_swagger_ui_html
from fastapi.openapi.utils import get_openapi
from starlette.requests import Request
from starlette.responses import Response

from taskward.errors import Problem, codes
from taskward.resources.shapes import MAX_ERRORS

SWAGGER_FILES = {
    "swagger-ui-bundle.js": "text/javascript",
    "swagger-ui.css": "text/css",
    "favicon-32x32.png": "image/png",
}

# The page loads nothing from another host, and may not.
DOCS_POLICY = (
    "default-src 'none'; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


def add_documents(api: FastAPI, *, example: Problem, root_path: str) -> None:
    """`example` is what the document shows of a problem; clients reach the paths of the API below `root_path`."""
    # Rendered once, when first asked for: most processes never are.
    rendered: dict[str, bytes] = {}

    async def openapi(_: Request) -> Response:
        if "openapi" not in rendered:
            rendered["openapi"] = json.dumps(
                document_of(api, example=example, root_path=root_path), ensure_ascii=False
            ).encode()
        return Response(rendered["openapi"], media_type="application/json")

    async def docs(_: Request) -> Response:
        page = get_swagger_ui_html(
            openapi_url=f"{root_path}/openapi.json",
            title="Taskward",
            swagger_js_url=f"{root_path}/docs/swagger-ui-bundle.js",
            swagger_css_url=f"{root_path}/docs/swagger-ui.css",
            swagger_favicon_url=f"{root_path}/docs/favicon-32x32.png",
            swagger_ui_parameters={"tryItOutEnabled": True, "persistAuthorization": True, "validatorUrl": None},
        )
        page.headers["content-security-policy"] = DOCS_POLICY
        return page

    async def docs_file(request: Request) -> Response:
        name = request.scope["path"].rpartition("/")[2]
        content = resources.files("fastapi_swagger.resources").joinpath(name).read_bytes()
        return Response(content, media_type=SWAGGER_FILES[name])

    api.add_route("/openapi.json", openapi, methods=["GET"], include_in_schema=False)
    api.add_route("/docs", docs, methods=["GET"], include_in_schema=False)
    for name in SWAGGER_FILES:
        api.add_route(f"/docs/{name}", docs_file, methods=["GET"], include_in_schema=False)


def document_of(api: FastAPI, *, example: Problem, root_path: str) -> dict[str, Any]:
    document = get_openapi(
        title=api.title,
        version=api.version,
        description=api.description,
        routes=api.routes,
        servers=[{"url": root_path}] if root_path else None,
    )
    document["components"]["schemas"]["Problem"] = problem_schema(example)
    return document


def problem_schema(example: Problem) -> dict[str, Any]:
    """Of problem documents. Every room has been imported by now, so that all codes are known."""
    return {
        "title": "Problem",
        "description": "A problem document (RFC 9457).",
        "type": "object",
        "required": ["type", "title", "status", "code", "detail"],
        "properties": {
            "type": {"type": "string", "format": "uri"},
            "title": {"type": "string"},
            "status": {"type": "integer"},
            "code": {"type": "string", "enum": codes(), "description": "For programs. Later releases may know more."},
            "detail": {"type": "string", "description": "One sentence, for people."},
            "errors": {
                "type": "array",
                "description": f"With `validation_failed`: what is wrong, {MAX_ERRORS} things at most, "
                "the first told in `detail`.",
                "items": {
                    "type": "object",
                    "required": ["loc", "message", "type"],
                    "properties": {
                        "loc": {"type": "array", "items": {"type": ["string", "integer"]}},
                        "message": {"type": "string"},
                        "type": {"type": "string"},
                    },
                },
            },
            "operation": {
                "type": "integer",
                "minimum": 0,
                "description": "In a batch: which operation failed, counted from 0.",
            },
        },
        "examples": [example.document()],
    }
