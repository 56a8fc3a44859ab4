"""What changes of lists tell."""

from taskward.lists.actions import LISTS
from taskward.resources.feed import Kind

LIST_CHANGES = Kind("list", number=1, resource=LISTS)
