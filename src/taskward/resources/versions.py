"""Entity tags (RFC 9110 §8.8.3) over versions: a tag is a version in quotes."""

import re

# RFC 9110 §8.8.3 and §5.6.1: opaque tags may hold commas, and a list may have empty elements.
ENTITY_TAG = re.compile(r'(W/)?"([\x21\x23-\x7e\x80-\xff]*)"')
LIST = re.compile(rf"(?:[ \t]*,)*[ \t]*{ENTITY_TAG.pattern}[ \t]*(?:,[ \t]*(?:{ENTITY_TAG.pattern}[ \t]*)?)*")
VERSION = re.compile(r"[1-9][0-9]{0,15}")


def entity_tag(version: int) -> bytes:
    return b'"%d"' % version


def expected_versions(if_match: str) -> list[int] | None:
    """The versions that `If-Match` allows to change; None is any, the empty list none.

    The comparison is strong (§13.1.1), so a weak tag never matches, nor does what is no list of tags.
    """
    if if_match.strip(" \t") == "*":
        return None
    return [int(tag) for is_weak, tag in tags_in(if_match) if not is_weak and VERSION.fullmatch(tag)]


def flaw_in(if_match: str, *, name: str) -> str | None:
    """Why what stands in `name` can match no version, as a sentence; None where another version is the reason."""
    tags = tags_in(if_match)
    if not tags:
        return (
            f"What stands in {name} is no entity tag: it is the version in double quotes, as ETag has it; "
            "read the version again and retry."
        )
    if all(is_weak for is_weak, _ in tags):
        return (
            f"The tag in {name} is weak (W/), which matches no version: a proxy on the way has weakened the ETag, as "
            "those that compress do. The strong one is `version` in double quotes."
        )
    if not any(VERSION.fullmatch(tag) for _, tag in tags):  # Apache writes "17-gzip"
        return (
            f"The tag in {name} was not given out here: a proxy on the way may have changed the ETag, as some that "
            "compress do. The right one is `version` in double quotes."
        )
    return None


def is_other_version(if_none_match: str, version: int) -> bool:
    """Whether `If-None-Match` lets this version be answered. The comparison is weak (§13.1.2)."""
    return if_none_match.strip(" \t") != "*" and all(tag != str(version) for _, tag in tags_in(if_none_match))


def tags_in(value: str) -> list[tuple[str, str]]:
    return ENTITY_TAG.findall(value) if LIST.fullmatch(value) else []
