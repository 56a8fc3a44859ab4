import os
import subprocess
import sys
from base64 import b64encode
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr, ValidationError

from taskward.settings import Settings, SettingsError, read_settings

NEON = "ep-cool-darkness-123456-pooler.eu-central-1.aws.neon.tech"


def database_url(url: str) -> str:
    found = read_settings(database_url=url).database_url
    assert found is not None
    return found.get_secret_value()


TOO_MANY = "has an @ or / too many: in a name or password they are written %40 and %2F"
NO_QUERY = "must be an address without ? and #, such as https://app.example.com"
OF_KEYS = "is where Better Auth is: the address of its keys is BETTER_AUTH_JWKS_URL"
ONE_STAR = "may have one * in an origin, and no * alone, because credentials are allowed for each"
STAR_IN_HOST = "may have a * in the host or port of an origin, such as https://*-acme.vercel.app"
WINDOWS = "has a carriage return in it: the file that it comes from has the line ends of Windows"
NOBODY = "which neither PostgreSQL nor a client known here has"
SAY_IT = "say it as sslmode, such as sslmode=verify-full"
CLAIMS = "must list claims, such as activeOrganizationId,sub: letters, digits, _ and -, and dots between"
NO_OWNERS = "may have no iss, aud, exp, nbf, iat, jti, and nothing in sub: they say nothing of who the user is"
SSL_MODES = "disable, allow, prefer, require, verify-ca, verify-full"


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("database_url", "mysql://u:hunter2@h/d", "must begin with postgresql://"),
        ("database_url", "hunter2", "must begin with postgresql://"),
        ("database_url", "host=h password=hunter2", "must begin with postgresql://"),
        ("database_url", "postgresqlx://hunter2", "must begin with postgresql://"),
        ("database_url", "postgresql://u:hunter2@h:port/d", "has a port that is not a number from 1 to 65535"),
        ("database_url", "postgresql://u:hunter2@h:65536/d", "has a port that is not a number from 1 to 65535"),
        ("database_url", "postgresql://u:hunter2@h:0/d", "has a port that is not a number from 1 to 65535"),
        ("database_url", "postgresql://u:x@hunter2@h/d", TOO_MANY),
        ("database_url", "postgresql://u:12/hunter2@h/d", TOO_MANY),
        ("database_url", "postgresql://u:x@h/hunter2@h/d", TOO_MANY),
        ("database_url", "postgresql://u:1?x@hunter2@h/d", TOO_MANY),
        ("database_url", "postgresql://u:1?x/hunter2@h/d", "is not a URL that PostgreSQL understands"),
        ("database_url", "postgresql://u:12?@/hunter2@h:5432/d", TOO_MANY),
        ("database_url", "postgresql://h/d?sslmode=hunter2", f"has a value of sslmode that is not one of {SSL_MODES}"),
        (
            "database_url",
            "postgresql://h/d?channel_binding=hunter2",
            "has a value of channel_binding that is not one of disable, prefer, require",
        ),
        ("database_url", "postgresql://u:hunter2@[::1/d", "is not a URL that PostgreSQL understands"),
        ("database_url", "postgresql://u:SEC RET@h/d", "is not a URL that PostgreSQL understands"),
        ("database_url", "postgresql://u:hunter2%zz@h/d", "is not a URL that PostgreSQL understands"),
        (
            "database_url",
            "postgresql://u:hunter2\udcff@h/d",
            "has a line break in it, or a character that cannot be seen",
        ),
        ("database_url", "postgresql://h/d?password=hunter2&unheard=of", "is not a URL that PostgreSQL understands"),
        ("database_direct_url", "https://hunter2", "must begin with postgresql://"),
        ("database_url", "postgresql+asyncpg://u:hunter2@h/d?max=1&unheard=of", f"has the parameter unheard, {NOBODY}"),
        ("database_direct_url", "postgresql://u:hunter2@h/d?SSLMODE=x", f"has the parameter SSLMODE, {NOBODY}"),
        ("database_url", "postgresql://u:1/2?hunter2=x@h/d", "is not a URL that PostgreSQL understands"),
        ("database_url", "postgresql://u:1@2?hunter2=x@h/d", "is not a URL that PostgreSQL understands"),
        ("database_url", "postgresql://u:1@2?hunter2&x@h/d", "is not a URL that PostgreSQL understands"),
        ("database_url", "postgresql://u:p@h/d?hun%20ter2=x", "is not a URL that PostgreSQL understands"),
        ("database_url", "postgresql://u:p@h/d?ssl=hunter2", f"has a value of ssl that is not known: {SAY_IT}"),
        ("database_url", "postgresql://u:p@h/d?ssl=%7Bhunter2", f"has a value of ssl that is not known: {SAY_IT}"),
        ("database_pool_size", "hunter2", "must be a whole number"),
        ("database_pool_size", "0", "must be greater than or equal to 1"),
        ("database_pool_size", "1001", "must be less than or equal to 1000"),
        ("trash_days", "0", "must be greater than or equal to 1"),
        ("trash_days", "36501", "must be less than or equal to 36500"),
        ("database_pool_size", "2.5", "must be a whole number"),
        ("request_deadline_seconds", "0.01", "must be greater than or equal to 0.1"),
        ("request_deadline_seconds", "61", "must be less than or equal to 60"),
        ("request_deadline_seconds", "nan", "must be less than or equal to 60"),
        ("request_deadline_seconds", "2s", "must be a number"),
        ("better_auth_url", "app.example.com", "must be an absolute URL such as https://app.example.com"),
        ("better_auth_url", "//app.example.com", "must be an absolute URL such as https://app.example.com"),
        ("better_auth_url", "https://", "must be an absolute URL such as https://app.example.com"),
        ("better_auth_url", "https:///hunter2", "must be an absolute URL such as https://app.example.com"),
        ("better_auth_url", "https://u:hunter2@h", "must have no user and no password in front of its host"),
        ("better_auth_url", "https://u:hunter2", "must be an absolute URL such as https://app.example.com"),
        ("better_auth_url", "https://h:65536", "must be an absolute URL such as https://app.example.com"),
        ("better_auth_url", "https://[hunter2", "must be an absolute URL such as https://app.example.com"),
        ("better_auth_url", "https://hunter2℀.example", "must be an absolute URL such as https://app.example.com"),
        (
            "better_auth_url",
            "https://bücher.example",
            "must be written as browsers send it: a host of other letters as xn--…",
        ),
        ("better_auth_url", "https://a b", "must be an absolute URL such as https://app.example.com"),
        ("better_auth_url", "ftp://h/hunter2", "must begin with http:// or https://"),
        ("better_auth_url", "https://h/auth?key=hunter2", NO_QUERY),
        ("better_auth_url", "https://h?", NO_QUERY),
        ("better_auth_url", "https://h/#hunter2", NO_QUERY),
        ("better_auth_url", "https://h/hunter2/jwks", OF_KEYS),
        ("better_auth_url", "https://h/auth/.well-known/jwks.json", OF_KEYS),
        ("better_auth_jwks_url", "file://h/hunter2", "must begin with http:// or https://"),
        ("better_auth_jwks_url", "/api/auth/jwks", "must be an absolute URL such as https://app.example.com"),
        ("better_auth_algorithms", "HS256", "may name only EdDSA, ES256, ES512, RS256, PS256"),
        ("better_auth_algorithms", "EdDSA,none", "may name only EdDSA, ES256, ES512, RS256, PS256"),
        ("better_auth_algorithms", "Ed448", "may name only EdDSA, ES256, ES512, RS256, PS256"),
        ("better_auth_algorithms", "eddsa", "may name only EdDSA, ES256, ES512, RS256, PS256"),
        ("better_auth_algorithms", ",", "may name only EdDSA, ES256, ES512, RS256, PS256"),
        ("better_auth_issuer", " , ", "has nothing but commas"),
        ("better_auth_audience", ",", "has nothing but commas"),
        ("better_auth_leeway_seconds", "-1", "must be greater than or equal to 0"),
        ("better_auth_leeway_seconds", "301", "must be less than or equal to 300"),
        ("jwt_hs256_secret", "hunter2", "must have at least 32 bytes"),
        ("jwt_hs256_secret", "x" * 31, "must have at least 32 bytes"),
        ("jwt_hs256_secret", "\udcff" * 40, "must be UTF-8"),
        *(
            ("owner_claim", value, CLAIMS)
            for value in (",", "org id", "org.", ".id", "a..b", "größe", "a:b", "sub;org")
        ),
        ("owner_claim", "x" * 65, "may have 64 characters in a claim at most"),
        ("owner_claim", "sub,org,sub", "has a claim twice"),
        *(("owner_claim", f"org,{value}", NO_OWNERS) for value in ("iss", "aud", "jti", "aud.x", "sub.id")),
        ("api_prefix", "/a b", "must be a path such as /api/v1"),
        ("api_prefix", "/api//v1", "must be a path such as /api/v1"),
        ("api_prefix", "/../v1", "must be a path such as /api/v1"),
        ("api_prefix", "/{hunter2}", "must be a path such as /api/v1"),
        ("api_prefix", "/api?v=1", "must be a path such as /api/v1"),
        ("api_prefix", "https://h/api", "must be a path such as /api/v1"),
        ("root_path", "/todo api", "must be a path such as /api/v1"),
        ("root_path", "//evil.example/..", "must be a path such as /api/v1"),
        ("public_url", "tasks.example.com", "must be an absolute URL such as https://app.example.com"),
        ("public_url", "https://h/?hunter2", "must be an address without ? and #, such as https://tasks.example.com"),
        ("public_url", "https://h/mcp/", "is where this server is, without /mcp"),
        ("mcp", "perhaps", "must be true or false"),
        ("cors_origins", "*", ONE_STAR),
        ("cors_origins", "https://a.h,https://*.*.h", ONE_STAR),
        ("cors_origins", "*://hunter2", "must be an absolute URL such as https://app.example.com"),
        ("cors_origins", "*.hunter2", "must be an absolute URL such as https://app.example.com"),
        ("cors_origins", "http*://hunter2", STAR_IN_HOST),
        ("cors_origins", "https://hunter2/*", STAR_IN_HOST),
        ("cors_origins", "https://*@hunter2", "must have no user and no password in front of its host"),
        ("cors_origins", "https://hunter2:8*", "must be an absolute URL such as https://app.example.com"),
        ("cors_headers", "*", "must list the names of headers, separated by commas"),
        ("cors_headers", "X-A, hunter2:", "must list the names of headers, separated by commas"),
        ("cors_headers", "X-A\r\nhunter2", WINDOWS),
        ("cors_origins", "null", "must be an absolute URL such as https://app.example.com"),
        ("cors_origins", "https://a.h, hunter2", "must be an absolute URL such as https://app.example.com"),
        ("cors_origins", "https://u:hunter2", "must be an absolute URL such as https://app.example.com"),
        ("require_if_match", "perhaps", "must be true or false"),
        ("log_level", "LOUD", "must be 'debug', 'info', 'warning' or 'error'"),
        ("log_format", "xml", "must be 'json' or 'console'"),
    ],
)
def test_a_wrong_setting_is_one_sentence_that_names_it(name: str, value: str, sentence: str) -> None:
    with pytest.raises(SettingsError) as refused:
        read_settings(**{name: value})

    assert str(refused.value) == f"{name.upper()} {sentence}."
    assert "hunter2" not in str(refused.value)
    assert refused.value.__cause__ is None
    assert refused.value.__suppress_context__


UNSEEN = "has a line break in it, or a character that cannot be seen"
QUOTED = "has a quotation mark around it, which would be a part of it: take the quotation marks off"
REFERENCE = "has a reference such as ${NAME} in it that nothing has replaced"
PLACEHOLDER = "has a placeholder in place of a value"
COMMENT = "has a comment behind it, which would be a part of it: let it stand on a line of its own"
NAMED = "begins with its own name: its value is only what stands behind the ="
COMMAS = "must have commas between its values"
SCHEME = "must have the scheme in front too, such as https://app.example.com"
ABSOLUTE = "must be an absolute URL such as https://app.example.com"
PUBLIC = "is an example that everybody can know: make a secret with `openssl rand -base64 32`"
FOLDER = "must be a folder of this machine, such as .taskward"


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("better_auth_issuer", "https://a.example\r", WINDOWS),
        ("better_auth_issuer", "https://a.example\r,https://b.example", WINDOWS),
        ("better_auth_audience", "tasks\r\n", WINDOWS),
        ("better_auth_url", "https://a.example\r", WINDOWS),
        ("database_url", "postgresql://u:hunter2@h/d\r", WINDOWS),
        ("data_dir", "/data\r", WINDOWS),
        ("cors_origins", "https://a.example\r", WINDOWS),
        ("api_prefix", "/api\r", WINDOWS),
        ("log_level", "info\r", WINDOWS),
        ("database_pool_size", "10\r", WINDOWS),
        ("require_if_match", "true\r", WINDOWS),
        ("metrics_address", "127.0.0.1:9464\r", WINDOWS),
        ("better_auth_issuer", "https://a.example\u200b", UNSEEN),
        ("better_auth_audience", "ta\tsks", UNSEEN),
        ("data_dir", "/da\nta", UNSEEN),
        ("cors_origins", "\ufeffhttps://a.example", UNSEEN),
        ("better_auth_issuer", '"https://a.example"', QUOTED),
        ("better_auth_issuer", '"https://a.example,https://b.example"', QUOTED),
        ("better_auth_issuer", "https://a.example, 'https://b.example'", QUOTED),
        ("better_auth_audience", "“tasks”", QUOTED),
        ("better_auth_url", '"https://a.example"', QUOTED),
        ("better_auth_jwks_url", "'https://a.example/jwks'", QUOTED),
        ("database_url", '"postgresql://u:hunter2@h/d"', QUOTED),
        ("data_dir", '"/data"', QUOTED),
        ("data_dir", "/data'", QUOTED),
        ("cors_origins", '"http://localhost:3000"', QUOTED),
        ("api_prefix", '"/api/v1"', QUOTED),
        ("metrics_address", '"127.0.0.1:9464"', QUOTED),
        ("log_format", "'json'", QUOTED),
        ("better_auth_issuer", "${BETTER_AUTH_URL}", REFERENCE),
        ("better_auth_issuer", "$BETTER_AUTH_URL", REFERENCE),
        ("better_auth_url", "https://${HOST}", REFERENCE),
        ("database_url", "postgresql://u:${PASSWORD}@h/d", REFERENCE),
        ("data_dir", "$HOME", REFERENCE),
        ("data_dir", "${HOME}/data", REFERENCE),
        ("data_dir", "$HOME/data", REFERENCE),
        ("data_dir", "%APPDATA%\\data", REFERENCE),
        ("cors_origins", "http://localhost:3000,{{ front_end }}", REFERENCE),
        ("better_auth_issuer", "<your issuer>", PLACEHOLDER),
        ("better_auth_audience", "undefined", PLACEHOLDER),
        ("better_auth_url", "https://<your-domain>/auth", PLACEHOLDER),
        ("database_url", "postgresql://u:<password>@h/d", PLACEHOLDER),
        ("database_url", "postgresql://postgres:[YOUR-PASSWORD]@db.h:5432/postgres", PLACEHOLDER),
        ("data_dir", "undefined", PLACEHOLDER),
        ("data_dir", "/data # of the database", COMMENT),
        ("better_auth_issuer", "https://a.example # ours", COMMENT),
        ("better_auth_issuer", "BETTER_AUTH_ISSUER=https://a.example", NAMED),
        ("data_dir", "DATA_DIR=/data", NAMED),
        ("database_url", "DATABASE_URL=postgresql://u:hunter2@h/d", NAMED),
        ("better_auth_issuer", '["https://a.example"]', "must have commas between its values, and no brackets"),
        ("cors_origins", '["https://a.example"]', "must have commas between its values, and no brackets"),
        ("better_auth_issuer", "https://a.example https://b.example", COMMAS),
        ("better_auth_audience", "https://a.example;https://b.example", COMMAS),
        ("better_auth_issuer", "localhost:3000", SCHEME),
        ("better_auth_issuer", "https://a.example,app.example.com:443/auth", SCHEME),
        ("better_auth_audience", "localhost:3000", SCHEME),
        ("better_auth_issuer", "null", "has a word for nothing in place of a value"),
        ("better_auth_url", "localhost:3000", ABSOLUTE),
        ("cors_origins", "localhost:3000", ABSOLUTE),
        ("cors_origins", "https://a.example;https://b.example", ABSOLUTE),
        ("cors_origins", "https://a.example|https://b.example", ABSOLUTE),
        ("better_auth_url", "https://a.example,https://b.example", ABSOLUTE),
        ("data_dir", "~/taskward", "must be written out in full, since nothing replaces its ~"),
        ("data_dir", "file:///data", FOLDER),
        ("data_dir", "C:\\data", FOLDER),
        ("data_dir", "postgresql://u:hunter2@h/d", FOLDER),
        ("jwt_hs256_secret", "at-least-32-bytes-from-a-random-source", PUBLIC),
        ("jwt_hs256_secret", '"at-least-32-bytes-from-a-random-source"', PUBLIC),
        ("jwt_hs256_secret", "a-string-secret-at-least-256-bits-long", PUBLIC),
        ("jwt_hs256_secret", "better-auth-secret-12345678901234567890", PUBLIC),
        ("jwt_hs256_secret", "<your secret of 32 bytes or more>", PUBLIC),
        ("jwt_hs256_secret", "${JWT_SECRET}", PUBLIC),
        ("jwt_hs256_secret", "$(openssl rand -base64 32)", PUBLIC),
    ],
)
def test_a_value_that_cannot_be_meant_is_refused_in_one_sentence(name: str, value: str, sentence: str) -> None:
    with pytest.raises(SettingsError) as refused:
        read_settings(**{name: value})

    assert str(refused.value) == f"{name.upper()} {sentence}."


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("database_url", "postgresql://u:a'b\"c<d>$e@h/d"),
        ("database_url", "postgresql://h/d?application_name='x'"),
        ("database_url", "postgresql://[::1]/d"),
        ("database_url", "postgresql://u:p,'q@h/d"),
        ("data_dir", "/home/o'brien/my data"),
        ("data_dir", "data~"),
        ("data_dir", "/data/folder #1"),
        ("data_dir", "todo"),
        ("api_prefix", "/todo"),
        ("better_auth_audience", "todo"),
        ("jwt_hs256_secret", "$0a1b2c3d4e5f6g7h8i9j0k1l2m3n4o5p6q7r8s9t"),
        ("better_auth_issuer", "urn:example:issuer"),
        ("better_auth_issuer", "accounts.example.com"),
        ("better_auth_audience", "the tasks,it's"),
        ("better_auth_url", "http://my_app:3000"),
        ("better_auth_url", "http://[fe80::1%25eth0]:3000"),
        ("cors_origins", "http://xn--bcher-kva.example,capacitor://localhost"),
    ],
)
def test_what_can_be_meant_is_taken(name: str, value: str) -> None:
    assert read_settings(**{name: value}).model_fields_set == {name}


@pytest.mark.parametrize(
    ("name", "value", "meant"),
    [
        ("data_dir", " /data\n", Path("/data")),
        ("data_dir", " ", Path(".taskward")),
        ("log_level", "info ", "info"),
        ("database_pool_size", " 3\n", 3),
        ("better_auth_url", " ", None),
        ("cors_origins", " ", ("http://localhost:3000",)),
        ("better_auth_issuer", "https://a.example,\nhttps://b.example\n", ("https://a.example", "https://b.example")),
    ],
)
def test_white_space_at_the_ends_of_a_value_is_no_part_of_it(name: str, value: str, meant: Any) -> None:
    assert getattr(read_settings(**{name: value}), name) == meant


RANDOM = "Zm9vYmFyYmF6cXV4MTIzNDU2Nzg5MGFiY2Rl"
GUESSED = "JWT_HS256_SECRET is easy to guess: make one with `openssl rand -base64 32`."


@pytest.mark.parametrize(
    ("secret", "doubts"),
    [
        (RANDOM, []),
        (f"{RANDOM}'", ["JWT_HS256_SECRET " + QUOTED + "."]),
        (f'"{RANDOM}"', ["JWT_HS256_SECRET " + QUOTED + "."]),
        (f"{RANDOM}\r", ["JWT_HS256_SECRET " + WINDOWS + "."]),
        (f"{RANDOM}\n", ["JWT_HS256_SECRET has white space at an end of it, which is a part of it."]),
        (f" {RANDOM}", ["JWT_HS256_SECRET has white space at an end of it, which is a part of it."]),
        (f"{RANDOM}${{SALT}}", ["JWT_HS256_SECRET " + REFERENCE + "."]),
        (f"JWT_HS256_SECRET={RANDOM}", ["JWT_HS256_SECRET " + NAMED + "."]),
        (f"{RANDOM} # of the app", ["JWT_HS256_SECRET " + COMMENT + "."]),
        ("x" * 32, [GUESSED]),
        ("abc" * 20, [GUESSED]),
        ("your-secret-of-at-least-thirty-two-bytes", [GUESSED]),
        ("please-change-me-please-change-me-please", [GUESSED]),
    ],
    ids=count(),
)
def test_a_secret_may_be_anything_and_is_only_doubted(secret: str, doubts: list[str]) -> None:
    settings = read_settings(jwt_hs256_secret=secret)

    assert list(settings.doubts) == doubts
    assert settings.jwt_hs256_secret == SecretStr(secret)


def test_an_issuer_that_looks_like_the_name_of_a_host_is_doubted_where_better_auth_issues() -> None:
    named = {"better_auth_issuer": "https://a.example,app.example.com"}

    (doubt,) = read_settings(**named).doubts
    assert doubt == "BETTER_AUTH_ISSUER has no scheme, and the issuers of Better Auth have one, such as https://."
    assert list(read_settings(**named, jwt_hs256_secret=RANDOM).doubts) == []


def test_two_ways_to_verify_exclude_each_other() -> None:
    with pytest.raises(SettingsError, match=r"^JWT_HS256_SECRET and BETTER_AUTH_JWKS_URL exclude each other.*\.$"):
        read_settings(jwt_hs256_secret="x" * 32, better_auth_jwks_url="https://h/jwks")


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("postgresql://u:p@h/d", "postgresql://u:p@h/d"),
        ("postgres://u:p@h/d", "postgresql://u:p@h/d"),
        ("postgresql+asyncpg://u:p@h/d", "postgresql://u:p@h/d"),
        ("postgres+psycopg://u:p@h/d", "postgresql://u:p@h/d"),
        (" postgresql://h/d\n", "postgresql://h/d"),
        ("postgresql://", "postgresql://"),
        ("postgresql:///d?host=/run/pg&port=5433", "postgresql:///d?host=/run/pg&port=5433"),
        ("postgresql://a:1,b:2/d", "postgresql://a:1,b:2/d"),
        ("postgresql://[::1]:5433/d", "postgresql://[::1]:5433/d"),
        ("postgresql://u:p%40%2F%3F%25x@h/d", "postgresql://u:p%40%2F%3F%25x@h/d"),
        ("postgresql://u:p#x@h/d", "postgresql://u:p#x@h/d"),
        (
            "postgresql://h/d?password=a+b%20c&application_name=x",
            "postgresql://h/d?password=a+b%20c&application_name=x",
        ),
        (f"postgresql://u:p@{NEON}/d?sslmode=require&channel_binding=require",) * 2,
        (
            "postgresql://h/d?options=endpoint%3Dep-x%20-c%20a%3Db",
            "postgresql://h/d?options=endpoint%3Dep-x%20-c%20a%3Db",
        ),
        ("postgresql://h/d?pgbouncer=true", "postgresql://h/d"),
        ("postgresql://h/d?pgbouncer=true&sslmode=require&connection_limit=1", "postgresql://h/d?sslmode=require"),
        ("postgresql://h/d?schema=public&&pgboun%63er=true&", "postgresql://h/d"),
        ("postgresql://h/d?supa=base-pooler.x&sslmode=require", "postgresql://h/d?sslmode=require"),
        ("postgresql://h/d?prepare=false&max=1&ssl=false", "postgresql://h/d"),
        ("POSTGRESQL://h/d", "postgresql://h/d"),
        ("postgresql://u:p?max=1&a&&b@h/d?max=1&&", "postgresql://u:p?max=1&a&&b@h/d"),
        ("postgresql://h/d?host=@socket", "postgresql://h/d?host=@socket"),
        ("postgresql://h:65535,g/d", "postgresql://h:65535,g/d"),
    ],
)
def test_a_database_url_is_read_as_libpq_takes_it(written: str, read: str) -> None:
    assert database_url(written) == read


SYSTEM = "sslmode=verify-full&sslrootcert=system"


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("ssl=require", "sslmode=require"),
        ("ssl=verify-full", "sslmode=verify-full"),
        ("ssl=verify-ca&sslrootcert=/ca.pem", "sslrootcert=/ca.pem&sslmode=verify-ca"),
        ("ssl=prefer", "sslmode=prefer"),
        ("ssl=disable", "sslmode=disable"),
        ("ssl=true", SYSTEM),
        ("ssl=True&sslrootcert=/ca.pem", "sslrootcert=/ca.pem&sslmode=verify-full"),
        ("ssl=1", SYSTEM),
        ("ssl=no-verify", "sslmode=require"),
        ("sslmode=no-verify", "sslmode=require"),
        ("ssl=%7B%22rejectUnauthorized%22%3Afalse%7D", "sslmode=require"),
        ('ssl={"rejectUnauthorized":true}', SYSTEM),
        ("ssl={}", SYSTEM),
        ("ssl=0", ""),
        ("ssl=", ""),
        # the strictest counts
        ("ssl=prefer&sslmode=verify-full", "sslmode=verify-full"),
        ("sslmode=verify-full&ssl=require", "sslmode=verify-full"),
        ("sslmode=prefer&ssl=require", "sslmode=require"),
        ("sslmode=require&ssl=false", "sslmode=require"),
        ("sslmode=require&sslaccept=strict", SYSTEM),
        ("sslmode=require&sslaccept=accept_invalid_certs", "sslmode=require"),
        ("ssl_require=true", "sslmode=require"),
        ("ssl-mode=verify-full&ssl-root-cert=/ca.pem", "sslrootcert=/ca.pem&sslmode=verify-full"),
        ("channelBinding=require", "channel_binding=require"),
        ("enableChannelBinding=true", "channel_binding=require"),
        ("sslMode=require&uselibpqcompat=true", "sslmode=require"),
    ],
)
@pytest.mark.parametrize("name", ["database_url", "database_direct_url"])
def test_what_another_client_says_of_encryption_is_never_less_in_libpq(name: str, written: str, read: str) -> None:
    settings = read_settings(**{name: f"postgresql+asyncpg://u:p@h/d?{written}"})

    assert settings.direct_url == "postgresql://u:p@h/d" + (f"?{read}" if read else "")


@pytest.mark.parametrize(
    "parameters",
    [
        "schema=public&connection_limit=5&pool_timeout=0&sslidentity=a.p12",
        "max=3&idleTimeoutMillis=1000&statement_timeout=5000&keepAlive=true&fetch_types=false",
        "statement_cache_size=0&command_timeout=60&server_settings=x&min_size=1&max_size=2",
        "pool=5&prepared_statements=false&advisory_locks=false&schema_search_path=a&variables=b&timeout=5",
        "prepareThreshold=0&currentSchema=a&tcpKeepAlive=true&loginTimeout=3&stringtype=unspecified&readOnly=false",
        "pool_max_conns=4&default_query_exec_mode=exec&search_path=a&TimeZone=UTC&statement-cache-capacity=1",
        "serverVersion=16&charset=utf8&conn_max_age=60&pool_pre_ping=true&max_overflow=1",
    ],
)
def test_known_parameters_of_other_clients_are_dropped_by_name(parameters: str) -> None:
    settings = read_settings(database_url=f"postgresql://h/d?{parameters}")

    assert settings.direct_url == "postgresql://h/d"
    assert set(settings.dropped_parameters) == {pair.partition("=")[0] for pair in parameters.split("&")}


def test_what_was_dropped_from_the_urls_is_told_by_name() -> None:
    settings = read_settings(
        database_url="postgresql://h/d?pgbouncer=true&sslmode=require&pgbouncer=true",
        database_direct_url="postgresql://h/d?schema=public",
    )

    assert settings.dropped_parameters == ("pgbouncer", "schema")
    assert read_settings(database_url="postgresql://h/d").dropped_parameters == ()
    assert read_settings().dropped_parameters == ()
    # `dev` fills in the embedded database
    assert read_settings().model_copy(update={"database_url": SecretStr("postgresql://h/d")}).dropped_parameters == ()


@pytest.mark.parametrize(
    ("pooled", "direct"),
    [
        (
            f"postgresql://u:p@{NEON}/d?sslmode=require",
            f"postgresql://u:p@{NEON.replace('-pooler', '')}/d?sslmode=require",
        ),
        (f"postgresql://{NEON}:5432/d", f"postgresql://{NEON.replace('-pooler', '')}:5432/d"),
        ("postgresql://u:ep-x-pooler.@h/d", "postgresql://u:ep-x-pooler.@h/d"),
        ("postgresql://my-pooler.example.com/d", "postgresql://my-pooler.example.com/d"),
        ("postgresql://u:p@h/ep-pooler", "postgresql://u:p@h/ep-pooler"),
    ],
)
def test_neon_is_reached_without_its_pooler_for_migrations(pooled: str, direct: str) -> None:
    assert read_settings(database_url=pooled).direct_url == direct


def test_a_direct_url_that_is_set_is_the_one() -> None:
    settings = read_settings(database_url=f"postgresql://{NEON}/d", database_direct_url="postgres://direct/d")

    assert settings.direct_url == "postgresql://direct/d"
    assert read_settings(database_direct_url="postgres://direct/d").direct_url == "postgresql://direct/d"
    assert read_settings().direct_url is None


@pytest.mark.parametrize(
    ("url", "origin", "path"),
    [
        ("https://app.example.com", "https://app.example.com", "/api/auth"),
        ("https://app.example.com/", "https://app.example.com", "/api/auth"),
        ("https://app.example.com/api/auth", "https://app.example.com", "/api/auth"),
        ("https://app.example.com/api/auth/", "https://app.example.com", "/api/auth"),
        ("https://app.example.com/auth", "https://app.example.com", "/auth"),
        (" HTTPS://App.Example.COM:443/X/Auth// ", "https://app.example.com", "/X/Auth"),
        ("http://localhost:80", "http://localhost", "/api/auth"),
        ("http://localhost:443", "http://localhost:443", "/api/auth"),
        ("http://localhost:3000", "http://localhost:3000", "/api/auth"),
        ("https://[::1]:8443/", "https://[::1]:8443", "/api/auth"),
    ],
)
def test_better_auth_is_known_by_its_origin_and_has_its_keys_where_it_is_mounted(
    url: str, origin: str, path: str
) -> None:
    settings = read_settings(better_auth_url=url)

    assert settings.origin == origin
    assert settings.issuers == settings.audiences == (origin,)
    assert settings.jwks_url == f"{origin}{path}/jwks"


def test_issuers_audiences_and_keys_can_be_elsewhere() -> None:
    settings = read_settings(
        better_auth_url="https://app.example.com/auth",
        better_auth_issuer="https://a.example, https://b.example/api/auth,,",
        better_auth_audience=" tasks ",
        better_auth_jwks_url="http://auth:3000/keys?v=1",
    )

    assert settings.issuers == ("https://a.example", "https://b.example/api/auth")
    assert settings.audiences == ("tasks",)
    assert settings.jwks_url == "http://auth:3000/keys?v=1"


def test_a_shared_secret_needs_no_keys() -> None:
    settings = read_settings(better_auth_url="https://app.example.com", jwt_hs256_secret="é" * 16)

    assert settings.jwks_url is None
    assert settings.issuers == ("https://app.example.com",)


def test_nothing_set_is_nothing_trusted() -> None:
    settings = read_settings()

    assert (settings.origin, settings.issuers, settings.audiences, settings.jwks_url) == (None, (), (), None)


@pytest.mark.parametrize(
    ("written", "origins"),
    [
        ("https://a.example", ("https://a.example",)),
        (" https://a.example/ ,, HTTP://B.example:80/x ,", ("https://a.example", "http://b.example")),
        ("capacitor://localhost,chrome-extension://abc", ("capacitor://localhost", "chrome-extension://abc")),
        ("https://*-Acme.vercel.app/,http://localhost:*", ("https://*-acme.vercel.app", "http://localhost:*")),
        ("https://50000.*.h:50001, https://*", ("https://50000.*.h:50001", "https://*")),
        (",", ()),
    ],
)
def test_origins_are_read_as_browsers_write_them(written: str, origins: tuple[str, ...]) -> None:
    assert read_settings(cors_origins=written).cors_origins == origins


@pytest.mark.parametrize(
    ("written", "prefix"),
    [("", ""), ("/", ""), ("api", "/api"), ("/api/v1/", "/api/v1"), (" //a.b_c~d-e/1 ", "/a.b_c~d-e/1")],
)
def test_the_prefix_has_a_slash_in_front_and_none_behind(written: str, prefix: str) -> None:
    settings = read_settings(api_prefix=written, root_path=written)
    assert (settings.api_prefix, settings.root_path) == (prefix, prefix)


@pytest.mark.parametrize(
    ("written", "audience"),
    [
        ("https://Tasks.example.com", "https://tasks.example.com/mcp"),
        ("https://tasks.example.com:443/", "https://tasks.example.com/mcp"),
        ("http://localhost:8000/Todo-api/", "http://localhost:8000/Todo-api/mcp"),
    ],
)
def test_tokens_of_assistants_are_for_the_public_address(written: str, audience: str) -> None:
    assert read_settings(public_url=written, mcp=True).mcp_audience == audience
    assert read_settings(public_url=written).mcp_audience is None


@pytest.mark.parametrize("name", ["log_level", "log_format"])
def test_words_are_taken_in_any_case(name: str) -> None:
    words = {"log_level": "DEBUG", "log_format": "Console"}

    assert getattr(read_settings(**{name: words[name]}), name) == words[name].lower()


def test_defaults_are_those_of_the_contract() -> None:
    settings = read_settings()

    assert settings.model_dump() == {
        "database_url": None,
        "database_direct_url": None,
        "database_pool_size": 10,
        "request_deadline_seconds": 2.0,
        "better_auth_url": None,
        "better_auth_jwks_url": None,
        "better_auth_issuer": (),
        "better_auth_audience": (),
        "better_auth_algorithms": ("EdDSA", "ES256", "ES512", "RS256", "PS256"),
        "owner_claim": ("sub",),
        "better_auth_leeway_seconds": 30,
        "jwt_hs256_secret": None,
        "api_prefix": "",
        "root_path": "",
        "public_url": None,
        "mcp": False,
        "cors_origins": ("http://localhost:3000",),
        "cors_headers": (),
        "require_if_match": False,
        "trash_days": 30,
        "changes_check_seconds": 0,
        "rate_limit_per_minute": 600,
        "webhook_url": None,
        "webhook_secret": None,
        "webhook_events": (
            "task.changed",
            "task.removed",
            "task.completed",
            "list.changed",
            "list.removed",
            "reminder.due",
        ),
        "metrics_address": None,
        "host": "0.0.0.0",  # noqa: S104 - what the contract says
        "port": 8000,
        "workers": 1,
        "data_dir": Path(".taskward"),
        "log_level": "info",
        "log_format": None,
    }


def test_settings_come_from_the_environment_and_an_empty_one_is_unset() -> None:
    program = "from taskward.settings import read_settings; print(repr(read_settings()))"
    environment = {
        "DATABASE_URL": "postgres://u:hunter2@h/d",
        "JWT_HS256_SECRET": "hunter2" * 6,
        "cors_origins": "https://a.example,https://b.example",
        "DATABASE_POOL_SIZE": "",
        "REQUIRE_IF_MATCH": "true",
        "UNRELATED": "1",
    }

    shown = subprocess.run(
        [sys.executable, "-c", program], env=os.environ | environment, capture_output=True, text=True, check=True
    ).stdout

    assert "cors_origins=('https://a.example', 'https://b.example')" in shown
    assert "database_pool_size=10" in shown
    assert "require_if_match=True" in shown
    assert "hunter2" not in shown


def test_a_file_can_hold_settings_and_the_environment_wins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / ".env"
    file.write_text("DATABASE_POOL_SIZE=3\nLOG_LEVEL=debug\nOTHER=1\n")
    monkeypatch.setenv("LOG_LEVEL", "error")

    settings = read_settings(_env_file=file)

    assert (settings.database_pool_size, settings.log_level) == (3, "error")


@pytest.mark.parametrize("change", [{"api_prefix": "/other"}, {"database_pool_size": 1}])
def test_settings_do_not_change(change: dict[str, Any]) -> None:
    settings = Settings()

    for name, value in change.items():
        with pytest.raises(ValidationError):
            setattr(settings, name, value)


WHSEC = "whsec_" + b64encode(bytes(range(32))).decode()
HOW_TO_SIGN = "make a secret with `echo whsec_$(openssl rand -base64 32)`"


@pytest.mark.parametrize(
    "url", ["https://app.example.com/hooks?for=tasks", "http://127.0.0.1:3000/", "http://[::1]/x", "http://localhost:1"]
)
def test_a_webhook_is_https_or_on_this_machine(url: str) -> None:
    settings = read_settings(webhook_url=url, webhook_secret=WHSEC)

    assert (settings.webhook_url, settings.webhook_keys) == (url, (bytes(range(32)),))


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        (
            "webhook_url",
            "http://app.example.com/hooks",
            "must begin with https://, because what users wrote is sent there; http:// is for 127.0.0.1",
        ),
        ("webhook_url", "app.example.com", "must be an absolute URL such as https://app.example.com"),
        ("webhook_url", "https://u:hunter2@app.example.com", "must have no user and no password in front of its host"),
        ("webhook_url", "ftp://app.example.com", "must begin with http:// or https://"),
        (
            "webhook_url",
            "https://app.example.com/#a",
            "must be an address without #, such as https://app.example.com/taskward",
        ),
        ("webhook_secret", "hunter2", f"must be whsec_ and then 24 to 64 bytes in base64: {HOW_TO_SIGN}"),
        ("webhook_secret", WHSEC[6:], f"must be whsec_ and then 24 to 64 bytes in base64: {HOW_TO_SIGN}"),
        (
            "webhook_secret",
            f"{WHSEC},whsec_{b64encode(bytes(23)).decode()}",
            f"must be whsec_ and then 24 to 64 bytes in base64: {HOW_TO_SIGN}",
        ),
        (
            "webhook_secret",
            f"whsec_{b64encode(bytes(65)).decode()}",
            f"must be whsec_ and then 24 to 64 bytes in base64: {HOW_TO_SIGN}",
        ),
        ("webhook_secret", WHSEC + "*", f"must be whsec_ and then 24 to 64 bytes in base64: {HOW_TO_SIGN}"),
        ("webhook_secret", ",", "has nothing but commas"),
        ("webhook_secret", "whsec_<your secret>", f"must be whsec_ and then 24 to 64 bytes in base64: {HOW_TO_SIGN}"),
        (
            "webhook_events",
            "task.created",
            "may name only task.changed, task.removed, task.completed, list.changed, list.removed, reminder.due",
        ),
    ],
)
def test_a_webhook_that_cannot_be_meant_is_refused(name: str, value: str, sentence: str) -> None:
    with pytest.raises(SettingsError) as refused:
        read_settings(**({"webhook_url": "https://app.example.com", "webhook_secret": WHSEC} | {name: value}))

    assert str(refused.value) == f"{name.upper()} {sentence}."
    assert "hunter2" not in str(refused.value)


def test_a_webhook_without_a_secret_is_refused_and_a_secret_without_one_is_doubted() -> None:
    with pytest.raises(SettingsError) as refused:
        read_settings(webhook_url="https://app.example.com")

    assert str(refused.value) == (
        f"WEBHOOK_SECRET is missing, with which what goes to WEBHOOK_URL is signed: {HOW_TO_SIGN}."
    )
    assert list(read_settings(webhook_secret=WHSEC).doubts) == [
        "WEBHOOK_SECRET is set and WEBHOOK_URL is not: nobody is told of changes."
    ]


def test_secrets_and_events_of_a_webhook_are_lists_with_each_once() -> None:
    unpadded = "whsec_" + b64encode(bytes(40)).decode().rstrip("=")
    events = "reminder.due, task.changed,task.changed"

    settings = read_settings(webhook_url="https://a.b", webhook_secret=f" {WHSEC} ,{unpadded}", webhook_events=events)

    assert settings.webhook_keys == (bytes(range(32)), bytes(40))
    assert settings.webhook_events == ("reminder.due", "task.changed")
    assert WHSEC[6:] not in repr(settings)
