"""Refusals inside a transaction: the statement that finds it must not go on fails, which undoes those before it.

`refuse` is a function of the database (migration 0005) that fails with the SQLSTATE that it is given. Ours begin with
TW, which is no class of the standard's or of PostgreSQL's (appendix A).
"""

from sqlalchemy import ColumnElement, Text, func, literal_column

NOT_FOUND = "TW404"
UID_TAKEN = "TW409"
NOT_AS_EXPECTED = "TW412"
NO_ANCHOR = "TW424"
"""The row to stand behind or in front of is not there."""
PRECONDITION_REQUIRED = "TW428"
TOO_MANY_ROWS = "TW413"
"""The write would change more rows than whoever asks for it may change at once."""
RECURS = "TW491"
"""The status of a task that recurs does not say which occurrence is meant."""
UNFIT_REMINDER = "TW492"
UNFIT = "TW493"
"""What is sent does not fit the row, as was found out before."""
RESCHEDULES = "TW303"
"""The write changes a series, which takes a look at the row first."""
KEY_IS_KNOWN = "TW208"
"""The request was answered before: nothing is to be done once more."""


def refuse(code: str) -> ColumnElement[str]:
    return func.refuse(literal_column(f"'{code}'"), type_=Text())


def code(refusal: str) -> ColumnElement[str]:
    """What a statement answers, where nothing before it is to be undone."""
    return literal_column(f"'{refusal}'", Text())
