"""What can go wrong with a list alone."""

from taskward.resources.errors import RowNotFound


class ListNotFound(RowNotFound):
    code, noun = "list_not_found", "list"
