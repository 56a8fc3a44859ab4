"""What libraries read of the environment beside the settings, and what of it keeps Taskward from working."""

import os
import re
import ssl
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from taskward.settings import Settings

# By which every request, or every write, would fail, or the rules of the schema would not be looked at.
HARMFUL = re.compile(
    r"row_security|role|session_authorization|session_replication_role|(default_)?transaction_(read_only|isolation)"
    r"|client_encoding|standard_conforming_strings|app\..*"
)
OPTION = re.compile(r"(?:-c\s*|--)([A-Za-z_][\w.-]*)\s*=")
"""PostgreSQL's `options`: `-c name=value` or `--name=value`, in which a hyphen counts as an underscore."""

WITHOUT_WRITES = ("read-only", "standby", "prefer-standby")


def fault_in_surroundings(settings: "Settings") -> str | None:
    """A sentence that names the variable; None when there is nothing to mend."""
    urls = {"DATABASE_URL": settings.database_url, "DATABASE_DIRECT_URL": settings.database_direct_url}
    given = {name: parameters_of(url.get_secret_value()) for name, url in urls.items() if url is not None}
    # libpq takes from the environment what a URL does not say.
    options = [("options of " + name, parts["options"]) for name, parts in given.items() if "options" in parts]
    targets = [
        (name, parts["target_session_attrs"]) for name, parts in given.items() if "target_session_attrs" in parts
    ]
    options.append(("PGOPTIONS", os.environ.get("PGOPTIONS", "")))
    targets.append(("PGTARGETSESSIONATTRS", os.environ.get("PGTARGETSESSIONATTRS", "")))
    for name, text in options:
        for option in OPTION.findall(text.replace("\\ ", " ")):
            if HARMFUL.fullmatch(option.replace("-", "_").lower()):
                return f"{name} must not set {option}, by which requests would fail: take it out."
    for name, target in targets:
        if target in WITHOUT_WRITES:
            return f"{name} must not ask for a server that is {target}: it takes no writes."
    if not given and os.environ.get("PGSERVICE"):
        return "PGSERVICE must not be set for the embedded database: unset it, or set DATABASE_URL."
    called = (settings.jwks_url, settings.webhook_url)
    if any(url is not None and url.startswith("https:") for url in called):
        return fault_of_certificates()
    return None


def fault_of_certificates() -> str | None:
    """Those by which the key server (`auth/jwks.py`) and the webhook's (`doors/webhook_sending.py`) are verified."""
    file, folder, key_log = (os.environ.get(name) for name in ("SSL_CERT_FILE", "SSL_CERT_DIR", "SSLKEYLOGFILE"))
    advice = "unset it, or name certificates of authorities"
    if file:
        try:
            ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(cafile=file)
        except ssl.SSLError:
            return f"SSL_CERT_FILE names {file}, in which there is no certificate: {advice}."
        except OSError as error:
            return f"SSL_CERT_FILE names {file}, which cannot be read ({error.strerror}): {advice}."
    elif folder and not any(Path(part).is_dir() for part in folder.split(os.pathsep)):
        return f"SSL_CERT_DIR names {folder}, where there is no folder: {advice}."
    if key_log:
        try:
            ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).keylog_filename = key_log
        except OSError as error:
            return f"SSLKEYLOGFILE names {key_log}, which cannot be written ({error.strerror}): unset it."
    return None


def parameters_of(url: str) -> dict[str, str]:
    from psycopg.conninfo import conninfo_to_dict

    return {name: str(value) for name, value in conninfo_to_dict(url).items()}
