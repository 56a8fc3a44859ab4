"""A change of a statement, of the routes or of the document is seen: `make golden` writes down what they are now."""

import re

from support import golden


def test_statements_routes_and_document_are_as_they_were_read_last() -> None:
    written = {str(path.relative_to(golden.FOLDER)) for path in golden.FOLDER.rglob("*") if path.is_file()}
    files = golden.files()

    changed = [name for name in files if name not in written or (golden.FOLDER / name).read_text() != files[name]]

    assert (changed, written - files.keys()) == ([], set()), "look at what `make golden` makes of them"


def test_no_statement_says_a_condition_twice_in_a_row() -> None:
    for name, sql in golden.files().items():
        assert not re.search(r"\b(\w+\.\w+ IS (NOT )?NULL) AND \1\b", sql), name
