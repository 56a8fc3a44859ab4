"""What can go wrong with a list alone."""

from taskward.errors import Problem
from taskward.resources.errors import RowNotFound


class ListNotFound(RowNotFound):
    code, noun = "list_not_found", "list"


class ListNotEmpty(Problem):
    status, code, title = 409, "list_not_empty", "List not empty"

    def __init__(self) -> None:
        super().__init__("The list has tasks in it: say with tasks=inbox or tasks=trash where they go.")
