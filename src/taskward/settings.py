"""Every setting, once: its environment variable, default, unit and meaning.

`Settings()` reads the environment alone; `taskward dev` also reads `.env`. A wrong value raises
`SettingsError` with one sentence that names the variable and never shows the value.
"""

import re
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from urllib.parse import parse_qsl, quote, urlencode, urlsplit, urlunsplit

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr, ValidationError, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

ALGORITHMS = ("EdDSA", "ES256", "ES512", "RS256", "PS256")
"""The signature algorithms that Better Auth's `jwt()` plugin can be set to."""

# What other clients read from the same URL and libpq would refuse: Prisma, asyncpg, SQLAlchemy, node-postgres.
FOREIGN_PARAMETERS = frozenset(
    {
        "connection_limit",
        "max_cached_statement_lifetime",
        "pgbouncer",
        "pool_timeout",
        "prepared_statement_cache_size",
        "prepared_statements",
        "prepareThreshold",
        "schema",
        "socket_timeout",
        "sslaccept",
        "statement_cache_size",
        "uselibpqcompat",
        "workaround",
    }
)


class SettingsError(Exception):
    """A wrong or missing setting, as one sentence for the person who starts the program."""


def split_commas(value: Any) -> Any:
    return tuple(item.strip() for item in value.split(",") if item.strip()) if isinstance(value, str) else value


def origin_of(url: str) -> str:
    """`scheme://host[:port]` as WHATWG serializes an origin: lower case, without a default port or a path.

    Raises:
        ValueError: `url` is no absolute URL.
    """
    parts = urlsplit(url.strip())
    host, port = parts.hostname, parts.port
    if not parts.scheme or not host or parts.username is not None or any(c.isspace() for c in url.strip()):
        raise ValueError("must be an absolute URL such as https://app.example.com")
    if ":" in host:
        host = f"[{host}]"
    default_port = {"http": 80, "https": 443}.get(parts.scheme)
    return f"{parts.scheme}://{host}" + (f":{port}" if port not in (None, default_port) else "")


def http_url(value: str) -> str:
    if urlsplit(value).scheme not in ("http", "https"):
        raise ValueError("must begin with http:// or https://")
    origin_of(value)
    return value.strip()


def valid_origins(values: tuple[str, ...]) -> tuple[str, ...]:
    if "*" in values:
        raise ValueError("must list the origins one by one, because credentials are allowed for each")
    return tuple(origin_of(value) for value in values)


def known_algorithms(values: tuple[str, ...]) -> tuple[str, ...]:
    if not values or set(values) - set(ALGORITHMS):
        raise ValueError(f"may name only {', '.join(ALGORITHMS)}")
    return values


def valid_prefix(value: str) -> str:
    prefix = "/" + value.strip().strip("/")
    if not re.fullmatch(r"/|(/[A-Za-z0-9._~-]+)+", prefix):
        raise ValueError("must be a path such as /api/v1")
    return prefix.rstrip("/")


def at_least_32_bytes(value: SecretStr) -> SecretStr:
    if len(value.get_secret_value().encode()) < 32:
        raise ValueError("must have at least 32 bytes")
    return value


def postgres_url(value: SecretStr) -> SecretStr:
    """The URL as libpq takes it. What it drops, `dropped_parameters` names."""
    url = value.get_secret_value().strip()
    scheme, separator, rest = url.partition("://")
    if not separator or scheme.partition("+")[0] not in ("postgres", "postgresql"):
        raise ValueError("must begin with postgresql://")
    try:
        parts = urlsplit(f"postgresql://{rest}")
        parts.port  # noqa: B018 - raises ValueError when it is no number
        query = [(k, v) for k, v in parse_qsl(parts.query, keep_blank_values=True) if k not in FOREIGN_PARAMETERS]
    except ValueError:
        raise ValueError("is not a URL that PostgreSQL understands") from None
    return SecretStr(urlunsplit(parts._replace(query=urlencode(query, quote_via=quote), fragment="")))


Commas = Annotated[tuple[str, ...], NoDecode, BeforeValidator(split_commas)]
HttpUrl = Annotated[str, AfterValidator(http_url)]
PostgresUrl = Annotated[SecretStr, AfterValidator(postgres_url)]
Lower = BeforeValidator(lambda value: value.lower() if isinstance(value, str) else value)


class Settings(BaseSettings):
    model_config = SettingsConfigDict(
        frozen=True, extra="ignore", env_ignore_empty=True, hide_input_in_errors=True, case_sensitive=False
    )

    database_url: PostgresUrl | None = Field(
        default=None,
        description="Any PostgreSQL 15 or newer; a Neon pooled URL works as it is pasted. "
        "Without it an embedded PostgreSQL runs in DATA_DIR.",
    )
    database_direct_url: PostgresUrl | None = Field(
        default=None,
        description="The same database without a pooler, for migrations. Default: DATABASE_URL without Neon's -pooler.",
    )
    database_pool_size: int = Field(default=10, ge=1, le=1000, description="Connections per worker, at most.")
    request_deadline_seconds: float = Field(
        default=2.0, ge=0.1, le=60, description="Seconds after which a request that waits for the database ends in 503."
    )
    better_auth_url: HttpUrl | None = Field(
        default=None,
        description="The origin of the Better Auth server, which is the issuer and audience of its tokens.",
    )
    better_auth_jwks_url: HttpUrl | None = Field(
        default=None,
        description="Where the keys are fetched when that is another address than the issuer's. "
        "Default: the origin + /api/auth/jwks.",
    )
    better_auth_issuer: Commas = Field(
        default=(), description="Issuers to accept, separated by commas. Default: the origin."
    )
    better_auth_audience: Commas = Field(
        default=(), description="Audiences to accept, separated by commas. Default: the origin."
    )
    better_auth_algorithms: Annotated[Commas, AfterValidator(known_algorithms)] = Field(
        default=ALGORITHMS, description="Signature algorithms to accept, separated by commas."
    )
    better_auth_leeway_seconds: float = Field(
        default=30, ge=0, le=300, description="Seconds by which the clocks of issuer and server may differ."
    )
    jwt_hs256_secret: Annotated[SecretStr, AfterValidator(at_least_32_bytes)] | None = Field(
        default=None,
        description="For apps that sign HS256 with a shared secret of 32 bytes or more. Then HS256 only, and no JWKS.",
    )
    api_prefix: Annotated[str, AfterValidator(valid_prefix)] = Field(
        default="", description="Path in front of /tasks, for example /api/v1."
    )
    cors_origins: Annotated[Commas, AfterValidator(valid_origins)] = Field(
        default=("http://localhost:3000",), description="Browser origins that may call the API, separated by commas."
    )
    require_if_match: bool = Field(default=False, description="Answer 428 to a PUT, PATCH or DELETE without If-Match.")
    data_dir: Path = Field(
        default=Path(".taskward"), description="Folder of the embedded PostgreSQL and the local issuer."
    )
    log_level: Annotated[Literal["debug", "info", "warning", "error"], Lower] = Field(
        default="info", description="debug, info, warning or error."
    )
    log_format: Annotated[Literal["json", "console"], Lower] | None = Field(
        default=None, description="json or console. Default: json in serve, console in dev."
    )

    @model_validator(mode="after")
    def one_way_to_verify(self) -> Self:
        if self.jwt_hs256_secret is not None and self.better_auth_jwks_url is not None:
            raise ValueError("JWT_HS256_SECRET and BETTER_AUTH_JWKS_URL exclude each other: set one of them")
        return self

    @property
    def origin(self) -> str | None:
        """The origin of BETTER_AUTH_URL, as Better Auth writes it into `iss` and `aud`."""
        return origin_of(self.better_auth_url) if self.better_auth_url else None

    @property
    def issuers(self) -> tuple[str, ...]:
        return self.better_auth_issuer or ((self.origin,) if self.origin else ())

    @property
    def audiences(self) -> tuple[str, ...]:
        return self.better_auth_audience or ((self.origin,) if self.origin else ())

    @property
    def jwks_url(self) -> str | None:
        """None when HS256 is in use or no Better Auth is configured."""
        if self.jwt_hs256_secret is not None:
            return None
        return self.better_auth_jwks_url or (f"{self.origin}/api/auth/jwks" if self.origin else None)

    @property
    def direct_url(self) -> str | None:
        """Unpooled, for migrations. Neon marks its pooler in the first label of the host."""
        if self.database_direct_url is not None:
            return self.database_direct_url.get_secret_value()
        if self.database_url is None:
            return None
        parts = urlsplit(self.database_url.get_secret_value())
        netloc = re.sub(r"(^|@)(ep-[a-z0-9-]+)-pooler\.", r"\1\2.", parts.netloc)
        return urlunsplit(parts._replace(netloc=netloc))


def read_settings(**overrides: Any) -> Settings:
    """The settings, or one sentence.

    Raises:
        SettingsError: the first wrong value, by the name of its variable.
    """
    try:
        return Settings(**overrides)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        message = first["msg"].removeprefix("Value error, ")
        name = str(first["loc"][0]).upper() if first["loc"] else ""
        raise SettingsError(f"{name} {message}." if name else f"{message}.") from None
