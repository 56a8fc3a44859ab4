"""The route class of everything that belongs to an owner: authenticate first, then read strictly.

FastAPI parses a body before its dependencies run, so bad JSON without a token would be answered 422. Here the
order is that of the contract: 401, 403, 429, 415, 413, 422, and then the endpoint, which stays a plain function.
"""

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import replace
from typing import Annotated, Any, ClassVar

from fastapi import APIRouter, Depends
from fastapi.openapi.models import HTTPBearer as BearerModel
from fastapi.routing import APIRoute
from fastapi.security.base import SecurityBase
from starlette.requests import Request
from starlette.responses import Response

from taskward.http.binding import Errors, Plan, may_repeat, query_params_of
from taskward.http.bodies import MAX_BODY_BYTES, body_of, value_of
from taskward.http.context import context_of
from taskward.http.errors import ValidationFailed
from taskward.http.openapi import Responses, problems, said_of
from taskward.http.validation import invalid, validation_failed, wrong_in_query
from taskward.resources.references import NO_REFERENCE
from taskward.resources.session import Session
from taskward.strict_json import flaw_in

WHICH_TOKENS = """A JWT alone, without the word Bearer: of Better Auth, as `authClient.token()` gives it, or with
`taskward dev` what `taskward token` prints."""


class CurrentSessionScheme(SecurityBase):
    """Declares the bearer token in OpenAPI, and hands the endpoint the session of the authenticated owner."""

    def __init__(self) -> None:
        self.model = BearerModel(bearerFormat="JWT", description=WHICH_TOKENS)
        self.scheme_name = "BetterAuth"

    def __call__(self, request: Request) -> Session:
        session = context_of(request).session
        assert session is not None  # noqa: S101 - the route has made it before it binds
        return session


CurrentSession = Annotated[Session, Depends(CurrentSessionScheme())]


class DirectRoute(APIRoute):
    """One that `direct_routes.py` finds. Its signature is bound by a plan (`binding.py`)."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        endpoint, plan = self.endpoint, Plan(self.dependant)

        async def answer(request: Request) -> Response:
            response: Response = await endpoint(**plan.bind(request, None, []))
            return response

        return answer


class OwnerRoute(DirectRoute):
    """Takes what it works with from the request's context."""

    max_body_bytes: ClassVar[int] = MAX_BODY_BYTES
    refuses_unknown_parameters: ClassVar[bool] = False
    """Where a route has no query parameters; one that has some always does."""
    is_personal: ClassVar[bool] = False
    """Whether it is refused where people share the owner."""
    admits_itself: ClassVar[bool] = False
    """Whether the endpoint says when it is in flight, which it is not while it waits."""

    def __init__(self, path: str, endpoint: Callable[..., Any], **options: Any) -> None:
        super().__init__(path, endpoint, **options)
        of_a_body = () if self.body_field is None else (408, 413, 415)
        examples = {422: self.example_of_a_mistake()}
        self.responses = problems(401, 422, 429, 431, 500, 503, *of_a_body, examples=examples) | self.responses

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        endpoint, plan, has_body = self.endpoint, Plan(self.dependant), self.body_field is not None
        body_may_be_absent = self.body_field is not None and not self.body_field.field_info.is_required()
        parameters = {field.alias: may_repeat(field) for field in query_params_of(self.dependant)}
        checks_query = bool(parameters) or self.refuses_unknown_parameters
        is_personal, admits_itself = self.is_personal, self.admits_itself

        async def answer(request: Request) -> Response:
            scope, context = request.scope, context_of(request)
            services = context.services
            pool, admission = services.pool, services.admission
            deadline_seconds = pool.deadline_seconds
            loop = asyncio.get_running_loop()
            deadline = loop.time() + deadline_seconds
            demand = replace(services.demand, is_personal=True) if is_personal else services.demand
            caller = await services.authenticator.caller(
                scope["headers"], demand=demand, deadline_seconds=deadline_seconds
            )
            session = context.session = Session(caller.owner, pool, deadline, services.news)
            admission.count(session.owner_id)
            errors: Errors = []
            body = None
            if has_body:
                raw = await body_of(request, max_bytes=self.max_body_bytes, may_be_absent=body_may_be_absent)
                # A slow sender has taken none of the time to answer.
                session.deadline = loop.time() + deadline_seconds
                body = {} if raw is None else value_of(raw)
                flaw = flaw_in(body)
                if flaw is not None:
                    errors.append({"type": "json_invalid", "loc": ("body", *flaw.path), "msg": flaw.reason})
            if checks_query and scope["query_string"]:
                errors += wrong_in_query(request.query_params, parameters)
            values = plan.bind(request, body, errors)
            if errors:
                raise self.validation_problem(errors)
            if admits_itself:
                waiting: Response = await endpoint(**values)
                return waiting
            admission.begin()
            try:
                response: Response = await endpoint(**values)
            finally:
                admission.end()
            return response

        return answer

    def example_of_a_mistake(self) -> ValidationFailed:
        """One that can be made with this call, as it is answered."""
        if self.body_field is not None:
            return self.validation_problem([{"type": "extra_forbidden", "loc": ("body", "owner_id"), "msg": ""}])
        if self.dependant.path_params:
            name = self.dependant.path_params[0].alias
            return invalid(["path", name], f"{NO_REFERENCE}.", "value_error")
        if any(query_params_of(self.dependant)):
            return invalid(["query", "limit"], "Input should be less than or equal to 500.", "less_than_equal")
        return invalid(["query", "page"], "Unknown parameter; this call takes none.", "unknown_parameter")

    def validation_problem(self, errors: Sequence[Any]) -> ValidationFailed:
        """What Pydantic found wrong, in the words of the answer."""
        body: Any = self.body_field.field_info.annotation if self.body_field else None
        shown = getattr(self.response_model, "model_fields", ())
        return validation_failed(errors, body=body, shown=shown, replaces="PUT" in (self.methods or ()))


class PlainRoute(OwnerRoute):
    refuses_unknown_parameters = True


class OwnerRouter(APIRouter):
    """Routes of an owner's rows. `noun` is what people call one of them, in the document's texts."""

    def __init__(self, *, noun: str, route_class: type[OwnerRoute] = OwnerRoute, **options: Any) -> None:
        super().__init__(route_class=route_class, **options)
        self.noun = noun

    def add_api_route(
        self, path: str, endpoint: Callable[..., Any], *, responses: Responses | None = None, **options: Any
    ) -> None:
        super().add_api_route(path, endpoint, responses=said_of(self.noun, responses or {}), **options)
