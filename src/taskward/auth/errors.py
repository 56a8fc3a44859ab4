"""What a request without a good token is answered. Taskward's other problems know nothing of tokens."""

from typing import ClassVar

from taskward.errors import Problem, Unavailable

OTHER_AUDIENCE = "The token is for another audience."


class Unauthorized(Problem):
    """RFC 6750 §3: the challenge names an error only when credentials were sent."""

    status, title = 401, "Not authenticated"
    challenge: ClassVar[str] = 'Bearer error="invalid_token"'

    def __init__(self, detail: str) -> None:
        super().__init__(detail, headers={"WWW-Authenticate": self.challenge})


class TokenMissing(Unauthorized):
    code = "token_missing"
    challenge = "Bearer"


class TokenInvalid(Unauthorized):
    code = "token_invalid"


class TokenExpired(Unauthorized):
    code = "token_expired"


class Forbidden(Problem):
    """A genuine token that may not do this. `scope` is the one that it lacks, if that is why (RFC 6750 §3.1)."""

    status, code, title = 403, "forbidden", "Not allowed"

    def __init__(self, detail: str, *, scope: str | None = None) -> None:
        challenge = f'Bearer error="insufficient_scope", scope="{scope}"'
        super().__init__(detail, headers={} if scope is None else {"WWW-Authenticate": challenge})


class KeysUnavailable(Unavailable):
    code = "keys_unavailable"

    def __init__(self) -> None:
        super().__init__(
            "The keys that verify tokens cannot be fetched right now; try again shortly.", retry_after_seconds=5
        )
