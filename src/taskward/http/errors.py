"""What can go wrong with a request before anybody asks what it is about."""

from taskward.errors import NotFound, Problem, Unavailable


class PreflightRefused(Problem):
    status, code, title = 400, "preflight_refused", "CORS preflight refused"


class RouteNotFound(NotFound):
    code = "route_not_found"


class MethodNotAllowed(Problem):
    status, code, title = 405, "method_not_allowed", "Method not allowed"


class RequestTimeout(Problem):
    status, code, title = 408, "request_timeout", "Request timeout"

    def __init__(self) -> None:
        super().__init__("The body came too slowly; send the request again.", headers={"Connection": "close"})


class BodyTooLarge(Problem):
    status, code, title = 413, "body_too_large", "Body too large"


class UnsupportedMediaType(Problem):
    status, code, title = 415, "unsupported_media_type", "Unsupported media type"


class ValidationFailed(Problem):
    """`errors` is a list of `{"loc": [...], "message": str, "type": str}`, the first one told in `detail`."""

    status, code, title = 422, "validation_failed", "Validation failed"


class RateLimited(Problem):
    status, code, title = 429, "rate_limited", "Too many requests"

    def __init__(self, *, retry_after_seconds: int) -> None:
        super().__init__(
            "These were all the requests of a minute; go on after the seconds in Retry-After.",
            headers={"Retry-After": str(retry_after_seconds)},
        )


class HeaderTooLarge(Problem):
    """The connection ends with it."""

    status, code, title = 431, "header_too_large", "Request header fields too large"

    def __init__(self) -> None:
        super().__init__(
            "The headers of the request are larger than 16 KiB, or its URL than 64 KiB.",
            headers={"Connection": "close"},
        )


class Overloaded(Unavailable):
    code = "overloaded"

    def __init__(self) -> None:
        super().__init__("More requests are in flight here than can be answered in time; try again shortly.")
