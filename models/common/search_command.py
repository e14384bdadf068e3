"""`python -m models search NAME`: the command line of a search, its table and its files."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from contextlib import AbstractContextManager, ExitStack, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

import minigrad
from minigrad.utils.files import atomic_write
from minigrad.utils.registry import lookup

from . import search, search_plots
from .search_spaces import TASKS, Choice, Config, Range

if TYPE_CHECKING:
    import optuna

SHOWN = 5  # trials of the table


def parser(command: str) -> argparse.ArgumentParser:
    """The flags.

    Args:
        command: What stands before them.
    """
    spaces = "\n\n".join(
        f"{name}, {task.epochs} epochs\n{describe(name)}" for name, task in TASKS.items()
    )
    flags = argparse.ArgumentParser(
        prog=f"{command} search",
        description="Search for hyperparameters by validation accuracy; read the test rows once.",
        epilog=f"the spaces\n\n{spaces}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    flags.add_argument("name", metavar="NAME", help=", ".join(TASKS))
    for flag, default, text in (
        ("--trials", 30, "finished trials to reach, those of earlier runs included"),
        ("--epochs", 0, "epochs of a training; 0 for those of the space"),
        ("--seed", 0, "seed of the draws and of every training"),
        ("--jobs", 1, "trials at a time, one thread each; -1 for one per core"),
    ):
        help_text = f"{text}; default %(default)s"
        flags.add_argument(flag, type=int, default=default, metavar="N", help=help_text)
    text = "default %(default)s"
    flags.add_argument("--method", choices=search.METHODS, default="bayesian", help=text)
    text = "end trainings below the median of the others"
    flags.add_argument("--prune", action=argparse.BooleanOptionalAction, default=True, help=text)
    text = "URL of the study's database, which several machines may share; default OUT/study.db"
    flags.add_argument("--storage", metavar="URL", help=text)
    text = "address of a Dask scheduler, whose workers run the trials"
    flags.add_argument("--scheduler", metavar="ADDRESS", help=text)
    flags.add_argument("--device", default="cpu", help="cpu or cuda; default %(default)s")
    text = "folder for the study, the best weights and pictures; default runs/search_NAME"
    flags.add_argument("--out", metavar="FOLDER", help=text)
    return flags


def describe(name: str) -> str:
    """The space of a model, one line per hyperparameter.

    Args:
        name: The name of the model.
    """
    space = TASKS[name].space
    width = max(map(len, space))
    return "\n".join(f"  {key:{width}}  {_words(values)}" for key, values in space.items())


def _words(values: Range | Choice) -> str:
    """A Range or Choice in words."""
    if isinstance(values, Choice):
        return ", ".join(map(str, values.values))
    return f"{values.low:g} to {values.high:g}" + ", even in its logarithm" * values.log


def main(words: Sequence[str], command: str) -> int:
    """Do what the command line asks, and return the exit status.

    Args:
        words: Words of the command line after "search".
        command: What stands before them.
    """
    flags = parser(command).parse_args(words)
    try:
        lookup(flags.name, TASKS, "model with a search space")
        search.load_optuna()
        with minigrad.device(flags.device):  # an unknown one is an error before anything is trained
            pass
        out = Path(flags.out or f"runs/search_{flags.name}")
        out.mkdir(parents=True, exist_ok=True)
        return run(flags, out)
    except (ImportError, RuntimeError, ValueError) as error:
        print(error, file=sys.stderr)
        return 2


def run(flags: argparse.Namespace, out: Path) -> int:
    """Search, print and write what was found, and return the exit status.

    Args:
        flags: The flags.
        out: Folder of the files.
    """
    task = TASKS[flags.name]
    training = search.Training(flags.name, flags.epochs or task.epochs, flags.seed, flags.device)
    settings = {"method": flags.method, "epochs": training.epochs, "seed": flags.seed}
    settings |= {"space": describe(flags.name), "prune": flags.prune}
    storage = flags.storage or f"sqlite:///{out / 'study.db'}"
    study = search.open_study(storage, f"{flags.name}-{flags.method}", settings)
    done = len(search.finished_trials(study))
    if done:
        print(f"the study has {done} finished trials")
    try:
        with ExitStack() as stack:
            stack.enter_context(workers_of(flags.scheduler))
            _search(flags, training, study)
    except KeyboardInterrupt:
        done = len(search.finished_trials(study))
        print(f"\nstopped with {done} finished trials: the same command goes on", file=sys.stderr)
        return 130
    model, scores = search.measure_best(training, study)
    method = flags.method.replace("bayesian", "Bayesian")
    title = f"{flags.name}: {method} search, {len(search.finished_trials(study))} trials"
    print("\n" + report(study, scores))
    search_plots.draw_all(study, task.space, title, out)
    write_best(study, scores, settings, out)
    model.save_weights(out / "weights.safetensors")
    files = sorted(file.name for file in out.iterdir() if not file.name.startswith("study.db-"))
    print(f"in {out}: {', '.join(files)}")  # beside study.db its log, while it is open
    return 0


def _search(flags: argparse.Namespace, training: search.Training, study: optuna.Study) -> None:
    """Run the method that was asked for."""
    if flags.method == "halving":
        search.run_halving(training, study, flags.trials, flags.jobs)
        return
    space = TASKS[flags.name].space
    jobs = -1 if flags.scheduler and flags.jobs == 1 else flags.jobs
    options = {"seed": flags.seed, "jobs": jobs, "prune": flags.prune}
    search.run_search(training, space, study, flags.trials, flags.method, **options)


def workers_of(scheduler: str | None) -> AbstractContextManager[Any]:
    """A block in which joblib runs its calls on the workers of a Dask scheduler.

    Args:
        scheduler: Its address; None for the processes of this machine.

    Raises:
        ImportError: If Dask is not installed.
    """
    if scheduler is None:
        return nullcontext()
    from joblib import parallel_config

    try:
        from distributed import Client
    except ImportError as error:
        raise ImportError("--scheduler needs Dask: pip install 'dask[distributed]'") from error
    stack = ExitStack()
    stack.enter_context(Client(scheduler, timeout=30))
    stack.enter_context(parallel_config(backend="dask"))
    return stack


# ---- what was found ------------------------------------------------------------------------------


def report(study: optuna.Study, scores: dict[str, float]) -> str:
    """The best trials, the importance of the hyperparameters, and the scores of the best model.

    Args:
        study: The study.
        scores: From `search.measure_best`.
    """
    trials = search.finished_trials(study)
    pruned = sum(map(search.is_pruned, trials))
    epochs = sum(len(trial.intermediate_values) for trial in trials)
    shares = search.importances(study)
    width = max(map(len, shares), default=0)
    return "\n".join(
        [
            f"{len(trials)} trials, {pruned} of them pruned, {epochs} epochs in all",
            "",
            table(study),
            "",
            "importance: share of the variance of the score" if shares else "importance: unknown",
            *(f"  {name:{width}}  {share:.2f}" for name, share in shares.items()),
            "",
            f"the model of trial {study.best_trial.number}; the test rows chose nothing:",
            *(f"  {name.replace('_', ' ')}: {value:.4f}" for name, value in scores.items()),
        ]
    )


def table(study: optuna.Study) -> str:
    """The best trials, one per line.

    Args:
        study: The study.
    """
    trials = search.best_first(study)[:SHOWN]
    names = list(trials[0].params)
    rows = [["trial", "score", *names]]
    for trial in trials:
        score = f"{search.last_score(trial):.4f}"
        rows.append([str(trial.number), score, *(_cell(trial.params[name]) for name in names)])
    widths = [max(map(len, column)) for column in zip(*rows)]
    return "\n".join("  ".join(f"{cell:>{w}}" for cell, w in zip(row, widths)) for row in rows)


def _cell(value: Any) -> str:
    """A hyperparameter with three digits."""
    return f"{value:.3g}" if isinstance(value, float) else str(value)


def write_best(study: optuna.Study, scores: dict[str, float], settings: Config, out: Path) -> None:
    """best.json: the configuration, its scores, and how it was found.

    Args:
        study: The study.
        scores: From `search.measure_best`.
        settings: The settings of the study.
        out: Folder of the file.
    """
    found = {name: value for name, value in settings.items() if name != "space"}
    record = {
        "config": study.best_params,
        "scores": scores,
        "importance": search.importances(study),
        "trial": study.best_trial.number,
        "trials": len(search.finished_trials(study)),
        **found,
    }
    with atomic_write(out / "best.json") as file:
        file.write(json.dumps(record, indent=1).encode() + b"\n")
