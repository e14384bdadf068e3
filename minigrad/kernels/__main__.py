"""python -m minigrad.kernels: which kernels run here; --compile makes all compiled loops now."""

from __future__ import annotations

import argparse
import importlib
import sys
from pathlib import Path

from .. import threads
from ..utils.files import home_dir
from . import compiled
from .report import report


def compile_all() -> int:
    """Compile every loop that is not on disk yet, with a bar; gives their number."""
    from tqdm import tqdm

    from .compiled import loops

    loops.be_quiet()
    for path in sorted(Path(compiled.__file__).parent.glob("*.py")):
        if not path.stem.startswith("_"):
            importlib.import_module(f"{compiled.__name__}.{path.stem}")
    wanted = [(loop, dtype) for loop in loops.Loop.all for dtype in loops.DTYPES]
    with tqdm(wanted, unit="loop") as bar:
        for loop, dtype in bar:
            bar.set_description(f"{loop.name} {'float32' if dtype == 'f' else 'float64'}")
            loop.compile(dtype)
    if threads.get_num_threads() > 1:
        loops.compiled_serve()
    return len(wanted)


def main(argv: list[str] | None = None) -> int:
    """The command line; status 1 if loops cannot be compiled here."""
    parser = argparse.ArgumentParser("python -m minigrad.kernels", description=__doc__)
    parser.add_argument("--compile", action="store_true", help="compile all loops, with a bar")
    options = parser.parse_args(argv)
    if not options.compile:
        print(report())
        return 0
    try:
        count = compile_all()
    except ImportError as cause:
        print(f"compiled loops need Numba: pip install numba ({cause})", file=sys.stderr)
        return 1
    print(f"{count} loops, kept in {home_dir() / 'kernels'}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
