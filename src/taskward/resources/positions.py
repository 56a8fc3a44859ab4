"""The order that owners give their rows: `position` sorts a row among its like, compared byte by byte, ties by id.

A position is the digits of a decimal fraction, so that there is room between any two.
"""

from sqlalchemy import Text, text

POSITION = Text(collation="C")

LAST = text("'5' || lpad(coalesce(current_setting('app.version', true), '0'), 16, '0')")
"""The version of the write that makes the row (`clock.py`), in as many digits for all: what is new comes last."""
