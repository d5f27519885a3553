"""`thinkube images`: build or pull what the platform runs, list it, remove what is no longer used."""

from __future__ import annotations

import argparse
import sys
import time
from typing import TYPE_CHECKING

from converge.cli.inventory import add_option, chosen

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from converge.images.store import Images
    from converge.progress import Progress


def add_commands(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add this group to the command line."""
    group = subparsers.add_parser("images", help="build or pull images and node programs")
    commands = group.add_subparsers(title="commands", metavar="COMMAND", required=True)

    build = commands.add_parser("build", help="have images in the cache; without names: all, and the node programs")
    build.add_argument("names", nargs="*", metavar="NAME", help="images of the catalog, or `programs`")
    add_option(build)
    build.set_defaults(handler=_build)

    show = commands.add_parser("list", help="what there is, where it comes from, and whether it is in the cache")
    add_option(show)
    show.add_argument("--verify", action="store_true", help="read and hash every byte of the cache")
    show.set_defaults(handler=_list)

    collect = commands.add_parser("gc", help="remove cache entries that this version does not use, and remains of broken-off builds")
    add_option(collect)
    collect.set_defaults(handler=_gc)


def _build(arguments: argparse.Namespace) -> int:
    from converge.reporting.terminal import showing

    started = time.monotonic()
    with showing(sys.stderr) as progress:
        ready = _have(_images(arguments, progress), arguments.names)
    for reference, place in ready:
        print(f"{reference}  {place}")
    print(f"ready after {time.monotonic() - started:.1f} s")
    return 0


def _have(images: Images, wanted: Sequence[str]) -> list[tuple[str, Path]]:
    """Have images, and what is called so, in the cache: what each is called and where it is."""
    from converge.errors import Refused

    known = [*images.catalog.images, "programs"]
    unknown = [name for name in wanted if name not in known]
    if unknown:
        raise Refused(
            "images of the catalog",
            seen=f"unknown: {', '.join(unknown)}",
            cause=f"there are: {', '.join(known)}",
            next_command="thinkube images list",
        )
    names = [name for name in images.catalog.images if not wanted or name in wanted]
    if not wanted:
        # Some can only stand below others here; pulling all does not include them.
        names = [name for name in names if images.availability(name) is None]
    wants_programs = not wanted or "programs" in wanted
    images.prepare(names, programs=wants_programs, releases=() if wanted else images.catalog.releases)
    ready = [(images.reference(name), images.archive(name)) for name in names]
    return [*ready, ("programs", images.programs())] if wants_programs else ready


def _list(arguments: argparse.Namespace) -> int:
    from converge.images.cache import Corrupt
    from converge.reporting.columns import columns

    images = _images(arguments)
    rows = [(name, images.cached(name) or "-", images.availability(name) or images.reference(name)) for name in images.catalog.images]
    rows.insert(0, ("IMAGE", "CACHED", "REFERENCE, OR WHY THERE IS NONE"))
    print("\n".join(columns(rows)))
    if not arguments.verify:
        return 0
    corrupt = 0
    for key in images.cache.entries():
        try:
            images.cache.check(key, fully=True)
        except Corrupt as error:
            print(f"{key} ({key.digest}): {error.seen}; it will be made again when it is next used")
            corrupt += 1
    return 1 if corrupt else 0


def _gc(arguments: argparse.Namespace) -> int:
    images = _images(arguments)
    removed, freed = images.cache.collect(images.wanted())
    for key in removed:
        print(f"removed {key} ({key.digest})")
    print(f"{freed >> 20} MiB freed, {len(removed)} entries removed")
    return 0


def _images(arguments: argparse.Namespace, progress: Progress | None = None) -> Images:
    from converge.images.store import Images
    from converge.progress import Lines

    return Images(chosen(arguments), progress or Lines(sys.stderr))
