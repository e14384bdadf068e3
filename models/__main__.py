"""`python -m models` lists the models, `python -m models NAME` trains one, `python -m models --record` writes RESULTS.md."""

from __future__ import annotations

import argparse
import inspect
import json
import sys
import time
from pathlib import Path
from types import ModuleType
from typing import Any, Callable, Sequence

import minigrad

from . import NAMES, SECTIONS, load, title
from .common import results

USAGE = """python -m models NAME [--flag value] [--device cuda] [--out FOLDER]   trains one and shows what came out
python -m models NAME --help                                           its flags
python -m models --record [NAME ...]                                   full trainings, written to models/RESULTS.md"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Do what the command line asks; the result is the exit status."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    if not words or words[0] in ("-h", "--help"):
        print(listing())
        return 0
    recording = words[0] == "--record"
    names = (words[1:] or NAMES) if recording else words[:1]
    try:
        modules = [load(name) for name in names]
    except ValueError as error:
        print(error, file=sys.stderr)
        return 2
    if recording:
        return results.write(dict(zip(names, modules)))
    flags = vars(flags_of(names[0], modules[0]).parse_args(words[1:]))
    device, out = flags.pop("device"), Path(flags.pop("out"))
    try:
        with minigrad.device(device):  # one that is not there is told before anything is trained
            pass
    except (RuntimeError, ValueError) as error:
        print(error, file=sys.stderr)
        return 2
    run(names[0], modules[0], flags, device, out)
    return 0


def listing() -> str:
    """Every model with the first line of its docstring."""
    width = max(len(name) for name in NAMES)
    lines = [
        line
        for section, names in SECTIONS.items()
        for line in (f"\n{section}", *(f"  {name:{width}}  {title(name)}" for name in names))
    ]
    return "\n".join(lines).lstrip() + "\n\n" + USAGE


def flags_of(name: str, module: ModuleType) -> argparse.ArgumentParser:
    """A parser with one flag for each argument of the module's train, of its default's type."""
    parser = argparse.ArgumentParser(
        prog=f"python -m models {name}", description=title(name), allow_abbrev=False
    )
    for flag, parameter in inspect.signature(module.train).parameters.items():
        kind: dict[str, Any] = {
            "type": type(parameter.default),
            "metavar": type(parameter.default).__name__,
        }
        if isinstance(parameter.default, bool):
            kind = {"action": argparse.BooleanOptionalAction}
        parser.add_argument(
            "--" + flag.replace("_", "-"),
            default=parameter.default,
            help="default %(default)s",
            **kind,
        )
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
    """Train one model, print its report and figures, and leave weights, metrics.json and pictures in `out`."""
    out.mkdir(parents=True, exist_ok=True)
    print(title(name))
    with minigrad.device(device):
        start = time.perf_counter()
        model, metrics = module.train(**flags)
        seconds = time.perf_counter() - start
        if hasattr(module, "report"):
            print("\n" + module.report(model, **chosen(module.report, flags)))
        if hasattr(module, "pictures"):
            module.pictures(model, out, **chosen(module.pictures, flags))
    parts = model.items() if isinstance(model, dict) else [("weights", model)]
    for part, network in parts:
        if hasattr(network, "save_weights"):
            network.save_weights(out / f"{part}.safetensors")
    told = {
        "model": name,
        "flags": flags,
        "device": device,
        "seconds": round(seconds, 3),
        "versions": results.versions(),
        "metrics": metrics,
        "history": getattr(getattr(model, "history", None), "history", {}),
    }
    (out / "metrics.json").write_text(
        json.dumps(told, indent=1, default=float) + "\n", encoding="utf-8"
    )
    print(f"\ntrained in {seconds:.1f} s on {device}")
    for metric, value in metrics.items():
        print(f"  {metric.replace('_', ' ')}: {value:.4g}")
    print(f"in {out}: {', '.join(sorted(file.name for file in out.iterdir()))}")
    return metrics


def chosen(function: Callable[..., Any], flags: dict[str, Any]) -> dict[str, Any]:
    """The flags that are arguments of `function`."""
    return {
        flag: value
        for flag, value in flags.items()
        if flag in inspect.signature(function).parameters
    }


if __name__ == "__main__":
    sys.exit(main())
