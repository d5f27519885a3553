"""All features are shared among several processes, unless somebody says otherwise: most of a scenario's time is waiting."""

from __future__ import annotations

from pathlib import Path

import pytest

INI = "feature_processes"


def add_option(parser: pytest.Parser) -> None:
    """Declare ``feature_processes`` for pyproject.toml."""
    parser.addini(INI, "how many processes share the scenarios where all features are asked for (-n 0: one)", default="0")


def settle(config: pytest.Config) -> None:
    """Have pytest-xdist start them, as ``-n`` would, where a run wants every feature and says nothing of processes."""
    is_worker = hasattr(config, "workerinput")  # pytest-xdist calls this hook there as well
    if (
        not is_worker
        and _wants_every_feature(config)
        and getattr(config.option, "numprocesses", 0) is None
        and not _is_watched_closely(config)
    ):
        config.option.numprocesses = int(config.getini(INI)) or None
    if wants_only_features(config) and getattr(config.option, "maxschedchunk", 0) is None:
        config.option.maxschedchunk = 1  # a scenario that waits for its turn keeps few others waiting behind it


def wants_only_features(config: pytest.Config) -> bool:
    """Whether nothing but features is among the arguments."""
    return all(path.is_relative_to(config.rootpath / "features") for path in paths(config))


def _wants_every_feature(config: pytest.Config) -> bool:
    option = config.option
    is_narrowed = option.markexpr or option.keyword or option.deselect or getattr(option, "lf", False) or option.collectonly or option.plan
    return not is_narrowed and paths(config) == [config.rootpath / "features"]


def paths(config: pytest.Config) -> list[Path]:
    """The files and folders among the arguments."""
    return [(config.invocation_params.dir / argument.partition("::")[0]).resolve() for argument in config.args]


def _is_watched_closely(config: pytest.Config) -> bool:
    return bool(config.option.usepdb or config.option.capture == "no")
