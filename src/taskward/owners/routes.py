"""An owner as a whole, over HTTP."""

from typing import Annotated, Literal

from fastapi import Query
from starlette.responses import Response

from taskward.auth.demand import NOT_SHARED
from taskward.auth.errors import Forbidden
from taskward.http.errors import ValidationFailed
from taskward.http.openapi import problems
from taskward.http.responses import no_content
from taskward.http.route import CurrentSession, OwnerRoute, OwnerRouter
from taskward.http.validation import validation_failed
from taskward.owners import actions

GROUPS = [{"name": "account", "description": "All that is yours, as a whole."}]


class WholeOwnerRoute(OwnerRoute):
    is_personal = True

    def example_of_a_mistake(self) -> ValidationFailed:
        return validation_failed([{"type": "missing", "loc": ("query", "confirm"), "msg": ""}])


router = OwnerRouter(noun="owner", tags=["account"], route_class=WholeOwnerRoute)

Confirm = Annotated[Literal["everything"], Query(description="So that nobody calls this by mistake.")]


@router.delete("/me", status_code=204, responses=problems(403, examples={403: Forbidden(NOT_SHARED)}))
async def forget_me(session: CurrentSession, confirm: Confirm) -> Response:
    """Remove everything that is yours, for good: your tasks, the trash, and what is remembered for idempotency keys."""
    await actions.forget(session)
    return no_content()
