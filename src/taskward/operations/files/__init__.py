"""An owner's tasks in a file, and files of other programs as an owner's tasks (`docs/files.md`).

Formats are pure: lines of a file become records (`records.py`), and none knows the database.
"""
