"""What changes of lists tell."""

from taskward.lists.actions import LISTS
from taskward.resources.feed import kind_of

LIST_CHANGES = kind_of(LISTS, "list", 1)
