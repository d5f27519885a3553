"""The `thinkube` command: what is not a test. Each module beside this file is a group of commands."""

from __future__ import annotations

import argparse
import os
import pkgutil
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from importlib import import_module

from converge.commands import INVENTORY, asked, naming

INTERRUPTED = 130


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit status; what a person can act on is printed plainly, never as a traceback."""
    with ExitStack() as stack:
        try:
            arguments = _parser().parse_args(argv)
            from converge.redaction import install

            install()
            named = getattr(arguments, "cluster_name", ""), asked(getattr(arguments, "added", ()))
            stack.enter_context(naming(os.fspath(getattr(arguments, "inventory", INVENTORY)), *named))
            status: int | None = arguments.handler(arguments)
            sys.stdout.flush()
        except KeyboardInterrupt:
            print("\ninterrupted; run the same command again to carry on", file=sys.stderr)
            return INTERRUPTED
        except BrokenPipeError:
            # Whoever read our output has seen enough; keep Python from trying to flush it once more.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            return 0
        except Exception as error:  # the last resort by design: whatever it is, a person gets a line that helps
            return _explain(error)
    return status or 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="thinkube", description="What is not a test; `pytest features/` converges and verifies the platform."
    )
    parser.add_argument("--version", action=_Version, nargs=0, help="print the version and exit")
    subparsers = parser.add_subparsers(title="commands", metavar="COMMAND")
    parser.set_defaults(handler=lambda _: parser.print_help())
    for module in pkgutil.iter_modules(__path__):
        import_module(f"{__name__}.{module.name}").add_commands(subparsers)
    return parser


class _Version(argparse.Action):
    """Prints the installed version; looked up only when asked for."""

    def __call__(self, parser: argparse.ArgumentParser, *_: object, **__: object) -> None:
        from importlib.metadata import version

        print(f"thinkube {version('thinkube')}")
        parser.exit()


def _explain(error: Exception) -> int:
    from converge.errors import ThinkubeError
    from converge.redaction import redact

    if isinstance(error, ThinkubeError):
        print(redact(str(error)), file=sys.stderr)
        return error.exit_code
    import tempfile
    import traceback

    trace = redact("".join(traceback.format_exception(error)))
    with tempfile.NamedTemporaryFile("w", prefix="thinkube-", suffix=".txt", delete=False, encoding="utf-8") as file:
        file.write(trace)
    reason = redact(str(error)).partition("\n")[0][:200]
    print(f"unexpected {type(error).__name__}: {reason}; please report it with {file.name}", file=sys.stderr)
    return 1
