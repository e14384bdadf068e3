"""The command line: lists the models, trains one, or records all in RESULTS.md."""

from __future__ import annotations

import argparse
import contextlib
import inspect
import json
import os
import re
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any, get_args, get_type_hints

import minigrad
from minigrad.utils.files import atomic_write

from .. import NAMES, SECTIONS, load, title
from . import results, sample_plots

COMMAND = f"python -m {__package__.rpartition('.')[0]}"  # models, or minigrad.zoo
USAGE = f"""\
{COMMAND} NAME [--flag value] [--device cuda] [--out FOLDER]
    trains a model, prints its report, writes weights, metrics and pictures
{COMMAND} NAME --samples N [--out FOLDER]
    draws samples of a generative model from the weights of a run
mpiexec -n 4 {COMMAND} NAME --distributed
    trains it in four processes, each with its part of the rows of every batch
{COMMAND} NAME --help
    lists its flags
{COMMAND} search NAME [--trials 30] [--method bayesian] [--jobs -1] [--out FOLDER]
    searches for hyperparameters; the same command goes on where it was stopped
{COMMAND} --record [NAME ...]
    trains fully and writes RESULTS.md"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Do what the command line asks, and return the exit status.

    Args:
        arguments: Words of the command line; None for those of the process.
    """
    words = list(sys.argv[1:] if arguments is None else arguments)
    if not words or words[0] in ("-h", "--help"):
        print(listing())
        return 0
    if words[0] == "search":
        from . import search_command

        return search_command.main(words[1:], COMMAND)
    recording = words[0] == "--record"
    names = (words[1:] or NAMES) if recording else words[:1]
    try:
        modules = {name: load(name) for name in names}
    except ValueError as error:
        print(error, file=sys.stderr)
        return 2
    if recording:
        return results.record(modules)
    return run_command(names[0], modules[names[0]], words[1:])


def listing() -> str:
    """Every model with the first line of its docstring and the time of a full run; the usage."""
    width = max(len(name) for name in NAMES)
    seconds = results.recorded_seconds()
    paragraphs = []
    for section, names in SECTIONS.items():
        lines = [
            f"  {name:{width}}  {format_duration(seconds.get(name)):>7}  {title(name)}"
            for name in names
        ]
        paragraphs.append("\n".join([section, *lines]))
    times = "The times are those of RESULTS.md, on two cores of a CPU."
    return "\n\n".join([*paragraphs, times, USAGE])


def format_duration(seconds: float | None) -> str:
    """About how long, in seconds or minutes; "" if unknown."""
    if seconds is None:
        return ""
    return f"{max(seconds, 1):.0f} s" if seconds < 100 else f"{seconds / 60:.0f} min"


def run_file(file: str) -> None:
    """What `python models/convolutional/cnn.py` and `python -m models.convolutional.cnn` do.

    Args:
        file: The file of a model.

    Raises:
        SystemExit: At the end, with the exit status.
    """
    sys.exit(main([Path(file).stem, *sys.argv[1:]]))


# ---- one model -----------------------------------------------------------------------------------


def run_command(name: str, module: ModuleType, words: Sequence[str]) -> int:
    """Train a model with the flags of the command line, and return the exit status."""
    flags = vars(argument_parser(name, module).parse_args(words))
    device, out, samples = flags.pop("device"), Path(flags.pop("out")), flags.pop("samples", None)
    in_processes = flags.pop("distributed")
    try:
        with minigrad.device(device):  # an unknown one is an error before anything is trained
            pass
    except (RuntimeError, ValueError) as error:
        print(error, file=sys.stderr)
        return 2
    if samples is not None:
        return draw_samples(name, module, flags, device, out, samples)
    if in_processes:
        return run_in_processes(name, module, flags, device, out)
    run(name, module, flags, device, out)
    return 0


def argument_parser(name: str, module: ModuleType) -> argparse.ArgumentParser:
    """A parser with one flag per argument of the module's train, of the type of its default.

    The choices of a flag are those of its annotation, its help is its line in the docstring.
    """
    parser = argparse.ArgumentParser(
        prog=f"{COMMAND} {name}", description=title(name), allow_abbrev=False
    )
    hints, explanations = get_type_hints(module.train), argument_texts(module.train)
    for parameter in inspect.signature(module.train).parameters.values():
        flag = "--" + parameter.name.replace("_", "-")
        default = parameter.default
        text = f"{explanations.get(parameter.name, '')} default %(default)s".strip()
        options: dict[str, Any] = {"default": default, "help": text}
        if isinstance(default, bool):
            parser.add_argument(flag, action=argparse.BooleanOptionalAction, **options)
            continue
        choices, kind = get_args(hints.get(parameter.name)), type(default)
        shown = {"choices": choices} if choices else {"metavar": kind.__name__}
        parser.add_argument(flag, type=kind, **options, **shown)
    if draws_samples(module):
        text = "draw so many samples with the weights in --out, and train nothing"
        parser.add_argument("--samples", type=int, metavar="N", help=text)
    text = "share the rows of every batch among the processes that mpiexec has started"
    parser.add_argument("--distributed", action="store_true", help=text)
    parser.add_argument("--device", default="cpu", help="cpu or cuda; default %(default)s")
    parser.add_argument(
        "--out",
        default=f"runs/{name}",
        help="folder for weights, metrics and pictures; default %(default)s",
    )
    return parser


def run_in_processes(
    name: str, module: ModuleType, flags: dict[str, Any], device: str, out: Path
) -> int:
    """Train in all processes, of which the first one prints and writes; returns the exit status."""
    try:
        group = minigrad.distributed.initialize()
    except (ImportError, RuntimeError) as error:
        print(error, file=sys.stderr)
        return 2
    if group.rank == 0:
        print(f"{group.size} processes share the rows of every batch")
        run(name, module, flags, device, out)
        return 0
    with open(os.devnull, "w") as nowhere, contextlib.redirect_stdout(nowhere):
        with minigrad.device(device):
            module.train(**flags)
    return 0


def argument_texts(function: Callable[..., Any]) -> dict[str, str]:
    """What the Args of a docstring say of each argument, % doubled as argparse wants it."""
    _, _, text = (inspect.getdoc(function) or "").partition("\nArgs:\n")
    block, _, _ = text.partition("\n\n")
    entries = re.findall(r"^ {4}(\w+): ((?:.*)(?:\n {8}.*)*)", block, flags=re.MULTILINE)
    return {name: " ".join(words.split()).replace("%", "%%") for name, words in entries}


def run(
    name: str, module: ModuleType, flags: dict[str, Any], device: str, out: Path
) -> dict[str, float]:
    """Train a model, print its report and metrics, write weights, metrics.json and pictures."""
    out.mkdir(parents=True, exist_ok=True)
    print(title(name))
    duration = format_duration(results.recorded_seconds().get(name))
    if duration:
        print(f"with the default flags this takes about {duration} on two cores of a CPU")
    with minigrad.device(device):
        start = time.perf_counter()
        model, metrics = module.train(**flags)
        seconds = time.perf_counter() - start
    with minigrad.device(device), minigrad.distributed.process_group(None):  # others have ended
        if hasattr(module, "report"):
            print("\n" + module.report(model, **accepted_flags(module.report, flags)))
        if hasattr(module, "pictures"):
            module.pictures(model, out, **accepted_flags(module.pictures, flags))
    save_weights(model, out)
    record = {
        "model": name,
        "flags": flags,
        "device": device,
        "seconds": round(seconds, 3),
        "versions": results.versions(),
        "metrics": metrics,
        "history": getattr(getattr(model, "history", None), "history", {}),
    }
    with atomic_write(out / "metrics.json") as file:
        file.write(json.dumps(record, indent=1, default=float).encode() + b"\n")
    print(f"\ntrained in {seconds:.1f} s on {device}")
    for metric, value in metrics.items():
        print(f"  {metric.replace('_', ' ')}: {value:.4g}")
    print(f"in {out}: {', '.join(sorted(file.name for file in out.iterdir()))}")
    return metrics


def draws_samples(module: ModuleType) -> bool:
    """True for a generative model of images: `sample(model, n)` draws from what `build` makes."""
    return hasattr(module, "sample") and hasattr(module, "build")


def draw_samples(
    name: str, module: ModuleType, flags: dict[str, Any], device: str, out: Path, n: int
) -> int:
    """Write samples of a generative model with the weights of a run, and return the exit status.

    The model is built with the flags of that run; without one it is untrained, which is said.
    """
    weights = out / "weights.safetensors"
    if n < 1:
        print(f"--samples {n}: draw at least 1", file=sys.stderr)
        return 2
    if weights.exists() and (out / "metrics.json").exists():
        flags |= json.loads((out / "metrics.json").read_text())["flags"]
    with minigrad.device(device):
        minigrad.seed(flags["seed"])
        model = module.build(**accepted_flags(module.build, flags))
        if weights.exists():
            try:
                model.load_weights(weights)
            except ValueError as error:
                print(error, file=sys.stderr)
                return 2
        else:
            print(
                f"there are no weights in {out}: an untrained {name} draws noise; "
                f"{COMMAND} {name} --out {out} trains it"
            )
        images = module.sample(model, n)
    out.mkdir(parents=True, exist_ok=True)
    path = out / f"{n}_samples.png"
    sample_plots.draw_sheet(images, min(n, 20), f"{name}: {n} samples", path)
    print(f"in {path}")
    return 0


def save_weights(model: Any, out: Path) -> None:
    """Write weights.safetensors, or for a dict of models a file named after each."""
    models = model if isinstance(model, dict) else {"weights": model}
    for name, network in models.items():
        if hasattr(network, "save_weights"):
            network.save_weights(out / f"{name}.safetensors")


def accepted_flags(function: Callable[..., Any], flags: dict[str, Any]) -> dict[str, Any]:
    """The flags that are arguments of a function."""
    accepted = inspect.signature(function).parameters
    return {flag: value for flag, value in flags.items() if flag in accepted}
