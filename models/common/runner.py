"""The command line: lists the models, trains one, or records all in RESULTS.md."""

from __future__ import annotations

import argparse
import inspect
import json
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

import minigrad
from minigrad.utils.files import atomic_write

from .. import NAMES, SECTIONS, load, title
from . import results

COMMAND = f"python -m {__package__.rpartition('.')[0]}"  # models, or minigrad.zoo
USAGE = f"""\
{COMMAND} NAME [--flag value] [--device cuda] [--out FOLDER]
    trains a model, prints its report, writes weights, metrics and pictures
{COMMAND} NAME --help
    lists its flags
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
    """Every model with the first line of its docstring, and the usage."""
    width = max(len(name) for name in NAMES)
    paragraphs = []
    for section, names in SECTIONS.items():
        lines = [f"  {name:{width}}  {title(name)}" for name in names]
        paragraphs.append("\n".join([section, *lines]))
    return "\n\n".join([*paragraphs, USAGE])


# ---- one model -----------------------------------------------------------------------------------


def run_command(name: str, module: ModuleType, words: Sequence[str]) -> int:
    """Train a model with the flags of the command line, and return the exit status."""
    flags = vars(argument_parser(name, module).parse_args(words))
    device, out = flags.pop("device"), Path(flags.pop("out"))
    try:
        with minigrad.device(device):  # an unknown one is an error before anything is trained
            pass
    except (RuntimeError, ValueError) as error:
        print(error, file=sys.stderr)
        return 2
    run(name, module, flags, device, out)
    return 0


def argument_parser(name: str, module: ModuleType) -> argparse.ArgumentParser:
    """A parser with one flag per argument of the module's train, of the type of its default."""
    parser = argparse.ArgumentParser(
        prog=f"{COMMAND} {name}", description=title(name), allow_abbrev=False
    )
    for parameter in inspect.signature(module.train).parameters.values():
        flag = "--" + parameter.name.replace("_", "-")
        default = parameter.default
        text = "default %(default)s"
        if isinstance(default, bool):
            parser.add_argument(
                flag, default=default, help=text, action=argparse.BooleanOptionalAction
            )
        else:
            kind = type(default)
            parser.add_argument(flag, default=default, help=text, type=kind, metavar=kind.__name__)
    parser.add_argument("--device", default="cpu", help="cpu or cuda; default %(default)s")
    parser.add_argument(
        "--out",
        default=f"runs/{name}",
        help="folder for weights, metrics and pictures; default %(default)s",
    )
    return parser


def run(
    name: str, module: ModuleType, flags: dict[str, Any], device: str, out: Path
) -> dict[str, float]:
    """Train a model, print its report and metrics, write weights, metrics.json and pictures."""
    out.mkdir(parents=True, exist_ok=True)
    print(title(name))
    with minigrad.device(device):
        start = time.perf_counter()
        model, metrics = module.train(**flags)
        seconds = time.perf_counter() - start
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
