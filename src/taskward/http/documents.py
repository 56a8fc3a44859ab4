"""The OpenAPI document, and the page that shows it."""

import json
from importlib import resources
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.docs import get_swagger_ui_html
from fastapi.openapi.utils import get_openapi
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from taskward.errors import Problem, codes
from taskward.http.context import KEY
from taskward.resources.shapes import MAX_ERRORS, NULL

SWAGGER_FILES = {
    "swagger-ui-bundle.js": "text/javascript",
    "swagger-ui.css": "text/css",
    "favicon-32x32.png": "image/png",
}

SWAGGER_SETTINGS = {
    "tryItOutEnabled": True,
    "persistAuthorization": True,
    "validatorUrl": None,
    "defaultModelsExpandDepth": 0,  # the list of schemas is there, and folded
}

# No answer links to another, and on a phone nothing is wider than the screen.
STYLE = """<style>
.swagger-ui .response-col_links { display: none }
.swagger-ui pre, .swagger-ui pre code { white-space: pre-wrap !important; overflow-wrap: anywhere }
.swagger-ui .json-schema-2020-12 { overflow-wrap: anywhere }
@media (max-width: 640px) {
  .swagger-ui .opblock-body { overflow-wrap: anywhere }
  .swagger-ui .headers td, .swagger-ui th { overflow-wrap: normal }
  .swagger-ui table.parameters :is(tbody, tr, td) { display: block; max-width: none }
  .swagger-ui table.parameters thead { display: none }
  .swagger-ui .opblock-section, .swagger-ui .responses-inner { overflow-x: auto }
}
</style></head>"""

# The page loads nothing from another host, and may not.
DOCS_POLICY = (
    "default-src 'none'; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


def add_documents(api: FastAPI, *, example: Problem, root_path: str) -> None:
    """`example` is what the document shows of a problem; clients reach the paths of the API below `root_path`."""
    # Rendered once, when first asked for: most processes never are.
    rendered: dict[str, bytes] = {}

    async def openapi(request: Request) -> Response:
        request.scope[KEY].route = "/openapi.json"
        if "openapi" not in rendered:
            rendered["openapi"] = json.dumps(
                document_of(api, example=example, root_path=root_path), ensure_ascii=False
            ).encode()
        return Response(rendered["openapi"], media_type="application/json")

    async def docs(request: Request) -> Response:
        request.scope[KEY].route = "/docs"
        page = get_swagger_ui_html(
            openapi_url=f"{root_path}/openapi.json",
            title="Taskward",
            swagger_js_url=f"{root_path}/docs/swagger-ui-bundle.js",
            swagger_css_url=f"{root_path}/docs/swagger-ui.css",
            swagger_favicon_url=f"{root_path}/docs/favicon-32x32.png",
            swagger_ui_parameters=SWAGGER_SETTINGS,
        )
        html = bytes(page.body).decode().replace("<html>", '<html lang="en">').replace("</head>", STYLE)
        return HTMLResponse(html, headers={"content-security-policy": DOCS_POLICY})

    async def docs_file(request: Request) -> Response:
        request.scope[KEY].route = "/docs/{file}"
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
        tags=api.openapi_tags,
        routes=api.routes,
        servers=[{"url": root_path}] if root_path else None,
    )
    document["components"]["schemas"]["Problem"] = problem_schema(example)
    with_nulls(document)
    return document


def with_nulls(node: Any) -> Any:
    """The same object, with null in the places that are held for it."""
    if isinstance(node, dict):
        node.update((name, with_nulls(value)) for name, value in node.items())
    elif isinstance(node, list):
        node[:] = map(with_nulls, node)
    return None if node == NULL else node


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
