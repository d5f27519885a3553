"""Start MLflow's server: ``python -m start --host 0.0.0.0 …``, with the options of ``mlflow server``.

Rows of an earlier version are brought to what this one reads; an empty database the server fills itself. Which database it is says
``MLFLOW_BACKEND_STORE_URI``.
"""

from __future__ import annotations

import os
import subprocess
import sys


def main(options: list[str]) -> None:
    """Become the server."""
    from sqlalchemy import create_engine, inspect

    engine = create_engine(os.environ["MLFLOW_BACKEND_STORE_URI"])
    has_rows = inspect(engine).has_table("alembic_version")
    engine.dispose()
    if has_rows:
        subprocess.run(["mlflow", "db", "upgrade", os.environ["MLFLOW_BACKEND_STORE_URI"]], check=True)
    os.execvp("mlflow", ["mlflow", "server", "--app-name", "guarded", *options])


if __name__ == "__main__":
    main(sys.argv[1:])
