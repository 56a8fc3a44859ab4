"""Every setting, once: its environment variable, default, unit and meaning.

`Settings()` reads the environment alone; `taskward dev` also reads `.env`. A wrong value raises
`SettingsError` with one sentence that names the variable and never shows the value.
"""

import os
import re
from base64 import b64decode
from collections.abc import Iterator
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Any, Literal, Self, get_origin
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    SecretStr,
    ValidationError,
    ValidationInfo,
    field_validator,
    model_validator,
)
from pydantic_settings import (
    BaseSettings,
    DotEnvSettingsSource,
    NoDecode,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

from taskward.database_url import DatabaseUrl, NamedUrl, database_url
from taskward.mistyped import doubt_about, fault_in, is_public

ALGORITHMS = ("EdDSA", "ES256", "ES512", "RS256", "PS256")
"""The signature algorithms that Better Auth's `jwt()` plugin can be set to."""

OTHER_NAMES = {"Ed25519": "EdDSA"}
"""RFC 9864 §2.2 names the curve in place of the family: here the curve of EdDSA is Ed25519 in any case."""


class SettingsError(Exception):
    """A wrong or missing setting, as one sentence for the person who starts the program."""


def as_meant(value: Any, *, field: str, is_list: bool) -> Any:
    """Without white space at the ends.

    Raises:
        ValueError: it cannot be meant so.
    """
    if not isinstance(value, str) or field in SECRETS:
        return value
    if is_list and value.strip()[:1] in ("[", "{"):
        raise ValueError("must have commas between its values, and no brackets")
    for text in value.split(",") if is_list else [value]:
        if (fault := fault_in(text, name=field)) is not None:
            raise ValueError(fault)
    return value.strip()


def split_commas(value: Any) -> Any:
    return tuple(item.strip() for item in value.split(",") if item.strip()) if isinstance(value, str) else value


SECRETS = ("jwt_hs256_secret",)
"""They may hold anything, so that what looks like a mistake in them is only doubted."""

EVENTS = ("task.changed", "task.removed", "task.completed", "list.changed", "list.removed", "reminder.due")
"""What the application can be told."""

HOST_NAME = r"[\w-]+(\.[\w-]+)+(/.*)?"
NOT_ABSOLUTE = "must be an absolute URL such as https://app.example.com"


def origin_of(url: str) -> str:
    """`scheme://host[:port]` as WHATWG serializes an origin: lower case, without a default port or a path.

    Raises:
        ValueError: `url` is no absolute URL.
    """
    url = url.strip()
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:  # its text quotes the URL
        raise ValueError(NOT_ABSOLUTE) from None
    if not parts.scheme or not host:
        raise ValueError(NOT_ABSOLUTE)
    if parts.username is not None:
        raise ValueError("must have no user and no password in front of its host")
    # Browsers and Better Auth write a host of other letters in ASCII (RFC 3492), and would never match.
    if not url.isascii():
        raise ValueError("must be written as browsers send it: a host of other letters as xn--…")
    if not re.fullmatch(r"[!-~]+", url):
        raise ValueError(NOT_ABSOLUTE)
    if not re.fullmatch(r"[a-z0-9._~-]+|[0-9a-f:.]+(%25[a-z0-9._~-]+)?", host):
        raise ValueError(NOT_ABSOLUTE)
    if ":" in host:
        host = f"[{host}]"
    default_port = {"http": 80, "https": 443}.get(parts.scheme)
    return f"{parts.scheme}://{host}" + (f":{port}" if port not in (None, default_port) else "")


def http_url(value: str) -> str:
    if not origin_of(value).startswith(("http://", "https://")):
        raise ValueError("must begin with http:// or https://")
    return value.strip()


def mounted_url(value: str) -> str:
    """Of a Better Auth server: its origin, or the address of its API."""
    url = http_url(value)
    if "?" in url or "#" in url:
        raise ValueError("must be an address without ? and #, such as https://app.example.com")
    if url.endswith(("/jwks", "/jwks.json")):
        raise ValueError("is where Better Auth is: the address of its keys is BETTER_AUTH_JWKS_URL")
    return url


def public_url(value: str) -> str:
    """As clients have it in front of every path: the origin as browsers write it, and no slash at the end."""
    url = http_url(value)
    if "?" in url or "#" in url:
        raise ValueError("must be an address without ? and #, such as https://tasks.example.com")
    if url.rstrip("/").endswith("/mcp"):
        raise ValueError("is where this server is, without /mcp")
    return origin_of(url) + urlsplit(url).path.rstrip("/")


def origin_pattern(value: str) -> str:
    """An origin as `origin_of` writes it, in whose host or port one `*` may stand.

    Raises:
        ValueError: it is none.
    """
    if "*" not in value:
        return origin_of(value)
    if value == "*" or value.count("*") > 1:
        raise ValueError("may have one * in an origin, and no * alone, because credentials are allowed for each")
    # A number may stand wherever a `*` may, and a whole port is one.
    number = next(str(port) for port in range(50_000, 65_536) if str(port) not in value)
    scheme, separator, _ = value.partition("://")
    origin = origin_of(value.replace("*", number))
    if not separator or "*" in scheme or number not in origin:
        raise ValueError("may have a * in the host or port of an origin, such as https://*-acme.vercel.app")
    return origin.replace(number, "*")


def valid_origins(values: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(map(origin_pattern, values))


def header_names(values: tuple[str, ...]) -> tuple[str, ...]:
    # A * would be the name of a header, since credentials are allowed.
    if not all(re.fullmatch(r"[!#$%&'+.^_`|~0-9A-Za-z-]+", value) for value in values):
        raise ValueError("must list the names of headers, separated by commas")
    return values


def some(value: Any) -> Any:
    # None at all, and a shared secret would accept tokens of any issuer, or for any audience.
    if isinstance(value, str) and not value.strip(", "):
        raise ValueError("has nothing but commas")
    return value


def valid_names(values: tuple[str, ...]) -> tuple[str, ...]:
    """Of issuers or audiences, which may be any strings."""
    for value in values:
        if value.lower() in ("null", "none"):
            raise ValueError("has a word for nothing in place of a value")
        if "://" in value and (value.count("://") > 1 or re.search(r"[\s;|]", value)):
            raise ValueError("must have commas between its values")
        if re.fullmatch(r"(localhost|[\w-]+(\.[\w-]+)+):[0-9]{1,5}(/.*)?", value):
            raise ValueError("must have the scheme in front too, such as https://app.example.com")
    return values


def owner_claims(values: tuple[str, ...]) -> tuple[str, ...]:
    """`org.id` is `id` in the object `org`. The name comes in front of the owner, so it has an end."""
    name = r"[A-Za-z0-9_-]+"
    if not values or not all(re.fullmatch(rf"{name}(\.{name})*", value) for value in values):
        raise ValueError(
            "must list claims, such as activeOrganizationId,sub: letters, digits, _ and -, and dots between"
        )
    if max(map(len, values)) > MAX_CLAIM_LENGTH:
        raise ValueError(f"may have {MAX_CLAIM_LENGTH} characters in a claim at most")
    if len(set(values)) < len(values):
        raise ValueError("has a claim twice")
    if any(value.split(".")[0] in NO_OWNERS or value.startswith("sub.") for value in values):
        raise ValueError(f"may have no {', '.join(NO_OWNERS)}, and nothing in sub: they say nothing of who the user is")
    return values


MAX_CLAIM_LENGTH = 64
NO_OWNERS = ("iss", "aud", "exp", "nbf", "iat", "jti")
"""RFC 7519 §4.1, without `sub`. With the first everybody would be one owner."""


def known_algorithms(values: tuple[str, ...]) -> tuple[str, ...]:
    """Each once: a key that is found twice for one algorithm would count as two."""
    named = dict.fromkeys(OTHER_NAMES.get(value, value) for value in values)
    if not named or named.keys() - set(ALGORITHMS):
        raise ValueError(f"may name only {', '.join(ALGORITHMS)}")
    return tuple(named)


def valid_prefix(value: str) -> str:
    prefix = "/" + value.strip().strip("/")
    if not re.fullmatch(r"/|(/[A-Za-z0-9_~-][A-Za-z0-9._~-]*)+", prefix):
        raise ValueError("must be a path such as /api/v1")
    return prefix.rstrip("/")


def valid_folder(value: Path) -> Path:
    if str(value).startswith("~"):
        raise ValueError("must be written out in full, since nothing replaces its ~")
    if re.match(r"[A-Za-z][A-Za-z0-9+.-]*:[/\\]", str(value)):
        raise ValueError("must be a folder of this machine, such as .taskward")
    return value


def host_and_port(value: str) -> str:
    try:
        parts = urlsplit(f"//{value.strip()}")
        is_address = bool(parts.hostname) and parts.port is not None and parts.netloc == value.strip()
    except ValueError:  # its text quotes the value
        is_address = False
    if not is_address or "@" in value:
        raise ValueError("must be host:port, such as 127.0.0.1:9464")
    return value.strip()


def at_least_32_bytes(value: SecretStr) -> SecretStr:
    if is_public(value.get_secret_value()):
        raise ValueError("is an example that everybody can know: make a secret with `openssl rand -base64 32`")
    try:
        secret = value.get_secret_value().encode()
    except UnicodeEncodeError:  # its text quotes the secret
        raise ValueError("must be UTF-8") from None
    if len(secret) < 32:
        raise ValueError("must have at least 32 bytes")
    return value


def receiver_url(value: str) -> str:
    url = http_url(value)
    parts = urlsplit(url)
    if parts.fragment or "#" in url:
        raise ValueError("must be an address without #, such as https://app.example.com/taskward")
    if parts.scheme.lower() != "https" and not is_loopback(parts.hostname or ""):
        raise ValueError("must begin with https://, because what users wrote is sent there; http:// is for 127.0.0.1")
    return url


def is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def signing_keys(value: SecretStr) -> SecretStr:
    keys_in(value.get_secret_value())
    return value


HOW_TO_SIGN = "make a secret with `echo whsec_$(openssl rand -base64 32)`"


def keys_in(secrets: str) -> tuple[bytes, ...]:
    """Of `whsec_…`, separated by commas (Standard Webhooks 1.0, Signature scheme).

    Raises:
        ValueError: one of them is none.
    """
    keys = []
    for secret in filter(None, map(str.strip, secrets.split(","))):
        prefix, base64 = secret[:6], secret[6:]
        try:
            # The libraries that verify take it without its padding too.
            key = b64decode(base64 + "=" * (-len(base64) % 4), validate=True)
        except ValueError:  # its text says nothing of the secret, but neither what to do
            key = b""
        if prefix != "whsec_" or not 24 <= len(key) <= 64:
            raise ValueError(f"must be whsec_ and then 24 to 64 bytes in base64: {HOW_TO_SIGN}")
        keys.append(key)
    if not keys:
        raise ValueError("has nothing but commas")
    return tuple(keys)


def known_events(values: tuple[str, ...]) -> tuple[str, ...]:
    if not values or set(values) - set(EVENTS):
        raise ValueError(f"may name only {', '.join(EVENTS)}")
    return tuple(dict.fromkeys(values))


Commas = Annotated[tuple[str, ...], NoDecode, BeforeValidator(split_commas)]
Names = Annotated[Commas, BeforeValidator(some), AfterValidator(valid_names)]
HttpUrl = Annotated[str, AfterValidator(http_url)]
MountedUrl = Annotated[str, AfterValidator(mounted_url)]
PublicUrl = Annotated[str, AfterValidator(public_url)]
PostgresUrl = Annotated[DatabaseUrl, AfterValidator(database_url)]
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
    rate_limit_per_minute: int = Field(
        default=600, ge=0, le=1_000_000, description="Requests of one owner in a minute, in each worker; 0 is no limit."
    )
    better_auth_url: MountedUrl | None = Field(
        default=None,
        description="The origin of the Better Auth server, which is the issuer and audience of its tokens; with a path "
        "when its API is mounted at another one than /api/auth.",
    )
    better_auth_jwks_url: HttpUrl | None = Field(
        default=None,
        description="Where the keys are fetched when that is another address than the issuer's. "
        "Default: /jwks behind the path in BETTER_AUTH_URL, which is /api/auth when it has none.",
    )
    better_auth_issuer: Names = Field(
        default=(), description="Issuers to accept, separated by commas. Default: the origin."
    )
    better_auth_audience: Names = Field(
        default=(), description="Audiences to accept, separated by commas. Default: the origin."
    )
    better_auth_algorithms: Annotated[Commas, AfterValidator(known_algorithms)] = Field(
        default=ALGORITHMS, description="Signature algorithms to accept, separated by commas."
    )
    owner_claim: Annotated[Commas, AfterValidator(owner_claims)] = Field(
        default=("sub",),
        description="Claims that may say whose the tasks are, separated by commas: the first that a token has. "
        "With activeOrganizationId,sub the members of an organization share its tasks.",
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
    root_path: Annotated[str, AfterValidator(valid_prefix)] = Field(
        default="",
        description="Path under which a proxy in front passes requests on without it, for example /todo-api.",
    )
    public_url: PublicUrl | None = Field(
        default=None,
        description="Where clients reach this server, with ROOT_PATH if there is one: https://tasks.example.com.",
    )
    mcp: bool = Field(
        default=False,
        description="Let assistants in at /mcp (docs/agents.md). It needs PUBLIC_URL, BETTER_AUTH_URL and the extra "
        "taskward[mcp].",
    )
    cors_origins: Annotated[Commas, AfterValidator(valid_origins)] = Field(
        default=("http://localhost:3000",),
        description="Browser origins that may call the API, separated by commas. One * in an origin stands for one or "
        "more characters, but no dot: https://*-acme.vercel.app.",
    )
    cors_headers: Annotated[Commas, AfterValidator(header_names)] = Field(
        default=(), description="Headers that pages may send beside those that the API knows, separated by commas."
    )
    require_if_match: bool = Field(default=False, description="Answer 428 to a PUT, PATCH or DELETE without If-Match.")
    trash_days: int = Field(
        default=30, ge=1, le=36_500, description="Days for which a deleted task stays in the trash."
    )
    changes_check_seconds: float = Field(
        default=0,
        ge=0,
        le=3600,
        description="Where several machines serve one database: how often a call that waits for changes looks whether "
        "another has written, in seconds. 0 is never; the workers of one serve tell each other at once.",
    )
    webhook_url: Annotated[str, AfterValidator(receiver_url)] | None = Field(
        default=None,
        description="Where your own application is told of every change, by signed requests (Standard Webhooks). "
        "Without it nobody is told.",
    )
    webhook_secret: Annotated[SecretStr, AfterValidator(signing_keys)] | None = Field(
        default=None,
        description="What they are signed with: whsec_ and then 24 to 64 bytes in base64. Several, separated by "
        "commas, each sign, so that one can take the place of another.",
    )
    webhook_events: Annotated[Commas, AfterValidator(known_events)] = Field(
        default=EVENTS, description="What it is told, separated by commas."
    )
    host: str = Field(
        default="0.0.0.0",  # noqa: S104 - production is asked from outside
        description="Address of this machine that serve listens on. --host wins.",
    )
    port: int = Field(
        default=8000, ge=0, le=65_535, description="Port of serve and dev; 0 takes a free one. --port wins."
    )
    workers: int = Field(
        default=1, ge=1, le=1000, description="Processes of serve that answer requests. --workers wins."
    )
    data_dir: Annotated[Path, AfterValidator(valid_folder)] = Field(
        default=Path(".taskward"), description="Folder of the embedded PostgreSQL and the local issuer."
    )
    metrics_address: Annotated[str, AfterValidator(host_and_port)] | None = Field(
        default=None,
        description="host:port where Prometheus finds /metrics, such as 127.0.0.1:9464. Without it nothing is counted.",
    )
    log_level: Annotated[Literal["debug", "info", "warning", "error"], Lower] = Field(
        default="info", description="debug, info, warning or error."
    )
    log_format: Annotated[Literal["json", "console"], Lower] | None = Field(
        default=None, description="json or console. Default: json in serve, console in dev."
    )

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """The environment wins over `.env`, also with an empty value, which stands for the default."""
        in_environment = {name.lower() for name in os.environ}
        if isinstance(dotenv_settings, DotEnvSettingsSource):
            found = dotenv_settings.env_vars.items()
            dotenv_settings.env_vars = {name: value for name, value in found if name not in in_environment}
        return init_settings, env_settings, dotenv_settings

    @field_validator("*", mode="before")
    @classmethod
    def is_meant(cls, value: Any, info: ValidationInfo) -> Any:
        name = str(info.field_name)
        field = cls.model_fields[name]
        meant = as_meant(value, field=name, is_list=get_origin(field.annotation) is tuple)
        return field.get_default() if meant == "" else meant

    @model_validator(mode="after")
    def one_way_to_verify(self) -> Self:
        if self.jwt_hs256_secret is not None and self.better_auth_jwks_url is not None:
            raise ValueError("JWT_HS256_SECRET and BETTER_AUTH_JWKS_URL exclude each other: set one of them")
        return self

    @model_validator(mode="after")
    def webhook_is_signed(self) -> Self:
        if self.webhook_url is not None and self.webhook_secret is None:
            raise ValueError(f"WEBHOOK_SECRET is missing, with which what goes to WEBHOOK_URL is signed: {HOW_TO_SIGN}")
        return self

    @property
    def webhook_keys(self) -> tuple[bytes, ...]:
        return () if self.webhook_secret is None else keys_in(self.webhook_secret.get_secret_value())

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
        if self.better_auth_jwks_url is not None or self.better_auth_url is None:
            return self.better_auth_jwks_url
        return f"{self.better_auth_api}/jwks"

    @property
    def better_auth_api(self) -> str | None:
        """Where the calls of Better Auth are: the issuer that its OAuth provider writes into access tokens."""
        if self.better_auth_url is None:
            return None
        return f"{self.origin}{urlsplit(self.better_auth_url).path.rstrip('/') or '/api/auth'}"

    @property
    def mcp_audience(self) -> str | None:
        """Whom the access tokens of assistants are for; None when none are let in."""
        return f"{self.public_url}/mcp" if self.mcp and self.public_url else None

    @property
    def url(self) -> NamedUrl | None:
        if self.database_url is None:
            return None
        return NamedUrl(self.database_url.get_secret_value(), named=f"DATABASE_URL of {source_of('DATABASE_URL')}")

    @property
    def direct_url(self) -> NamedUrl | None:
        """Unpooled, for migrations. Neon marks its pooler in the first label of the host."""
        if self.database_direct_url is not None:
            source = source_of("DATABASE_DIRECT_URL")
            return NamedUrl(self.database_direct_url.get_secret_value(), named=f"DATABASE_DIRECT_URL of {source}")
        if self.url is None:
            return None
        direct = re.sub(r"(?<=[@/])(ep-[a-z0-9-]+)-pooler\.", r"\1.", self.url)
        if direct == self.url:
            return self.url
        return NamedUrl(direct, named=f"worked out from {self.url.named}, without -pooler")

    @property
    def doubts(self) -> Iterator[str]:
        """What is accepted and probably not meant, in sentences that show no secret."""
        for name in SECRETS:
            secret: SecretStr | None = getattr(self, name)
            doubt = None if secret is None else doubt_about(secret.get_secret_value(), name=name)
            if doubt is not None:
                yield f"{name.upper()} {doubt}."
        if self.webhook_url is None and self.webhook_secret is not None:
            yield "WEBHOOK_SECRET is set and WEBHOOK_URL is not: nobody is told of changes."
        if self.jwt_hs256_secret is None and any(re.fullmatch(HOST_NAME, issuer) for issuer in self.better_auth_issuer):
            yield "BETTER_AUTH_ISSUER has no scheme, and the issuers of Better Auth have one, such as https://."

    @property
    def metrics_at(self) -> tuple[str, int] | None:
        """Host and port of METRICS_ADDRESS."""
        if self.metrics_address is None:
            return None
        parts = urlsplit(f"//{self.metrics_address}")
        return parts.hostname or "", parts.port or 0

    @property
    def dropped_parameters(self) -> tuple[str, ...]:
        """Names of the parameters that the database URLs came with, that only other clients know: worth a warning."""
        urls = (self.database_url, self.database_direct_url)
        return tuple(sorted({name for url in urls if isinstance(url, DatabaseUrl) for name in url.dropped}))


def source_of(variable: str) -> str:
    """Where a setting that is set was read: the environment wins over `.env`, which `taskward dev` reads."""
    return "the environment" if variable in {name.upper() for name in os.environ} else ".env"


INSTEAD = {
    "int_parsing": "must be a whole number",
    "int_from_float": "must be a whole number",
    "float_parsing": "must be a number",
    "bool_parsing": "must be true or false",
}
"""What we say in place of Pydantic's words, by the type of its error."""


def read_settings(**overrides: Any) -> Settings:
    """The settings, or one sentence.

    Raises:
        SettingsError: the first wrong value, by the name of its variable.
    """
    try:
        return Settings(**overrides)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        message = INSTEAD.get(first["type"]) or first["msg"]
        message = message.removeprefix("Value error, ").replace("Input should be", "must be")
        name = str(first["loc"][0]).upper() if first["loc"] else ""
        raise SettingsError(f"{name} {message}." if name else f"{message}.") from None
