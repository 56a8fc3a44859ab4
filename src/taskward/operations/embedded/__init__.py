"""The PostgreSQL that runs when no DATABASE_URL is set: real programs from a wheel or the system, shared by processes.

`cluster.py` makes the database and shares the server, `supervisor.py` is the server's parent process, `programs.py`
finds and runs PostgreSQL's programs, `files.py` has the locks.
"""


class EmbeddedError(Exception):
    """One sentence for the person who starts the program."""
