"""Values of settings that cannot be meant: what a file, a shell or a web page left in them, or nobody filled in."""

import re

QUOTES = "\"'`“”‘’„«»"
REFERENCE = re.compile(r"\$\{|\$\(|\{\{|\A\$[A-Za-z_]\w*(/|\Z)|\A%\w+%")
# Of a whole part of a URL: a password may have brackets of its own. An address of IPv6 has colons.
PLACEHOLDER = re.compile(r"(?:\A|[/:@=.])(?:<[A-Za-z][^<>]*>|\[[A-Za-z][A-Za-z_ -]*\])(?=\Z|[/:@?.&])")
UNFILLED = re.compile(r"<[^<>]*>|\[[A-Za-z][A-Za-z_ -]*\]|\$\{[^{}]*\}|\$\([^()]*\)|\{\{[^{}]*\}\}|\$[A-Z_][A-Z0-9_]*")
COMMENT = re.compile(r"\s#(\s|\Z)")
NOTHING = frozenset({"undefined", "[object object]", "changeme", "change-me", "..."})

# Whoever finds a server can sign with them, since they stand in documentation.
KNOWN_SECRETS = frozenset(
    {
        "at-least-32-bytes-from-a-random-source",  # docs/authentication.md
        "a-string-secret-at-least-256-bits-long",  # jwt.io
        "better-auth-secret-12345678901234567890",  # Better Auth, while it has none
        "09d25e094faa6ca2556c818166b7a9563b93f7099f6f0f4caa6cf63b88e8d3e7",  # FastAPI's tutorial
    }
)
EXAMPLE = re.compile(
    r"(change|replace)[-_ ]?(me|this)|your[-_ ]|super[-_ ]?secret|keyboard[-_ ]cat|placeholder", re.IGNORECASE
)
FEW_CHARACTERS = 6


def fault_in(value: str, *, name: str) -> str | None:
    """Why this cannot be meant, to stand behind the name of the setting; None when it can. It may have white space at
    its ends."""
    text = value.strip(" \t\n")
    if not text:
        return None
    if "\r" in text:
        return "has a carriage return in it: the file that it comes from has the line ends of Windows"
    if not text.isprintable():
        return "has a line break in it, or a character that cannot be seen"
    if text.lower().startswith(f"{name.lower()}="):
        return "begins with its own name: its value is only what stands behind the ="
    if text[0] in QUOTES or (text[-1] in QUOTES and text.count(text[-1]) == 1):
        return "has a quotation mark around it, which would be a part of it: take the quotation marks off"
    if REFERENCE.search(text):
        return "has a reference such as ${NAME} in it that nothing has replaced"
    if PLACEHOLDER.search(text) or text.lower() in NOTHING:
        return "has a placeholder in place of a value"
    if COMMENT.search(text):
        return "has a comment behind it, which would be a part of it: let it stand on a line of its own"
    return None


def doubt_about(secret: str, *, name: str) -> str | None:
    """Why this secret may not be meant, or is none. It may hold anything, so that nobody but its owner can tell."""
    if (fault := fault_in(secret, name=name)) is not None:
        return fault
    if secret.strip() != secret:
        return "has white space at an end of it, which is a part of it"
    if len(set(secret)) < FEW_CHARACTERS or EXAMPLE.search(secret):
        return "is easy to guess: make one with `openssl rand -base64 32`"
    return None


def is_public(secret: str) -> bool:
    """Whether everybody can know this secret: it is an example, or the name of what should stand in its place."""
    text = secret.strip().strip(QUOTES)
    return text in KNOWN_SECRETS or bool(UNFILLED.fullmatch(text))
