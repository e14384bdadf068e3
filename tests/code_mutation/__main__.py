"""`python -m tests.code_mutation`: sample, run, report."""

from __future__ import annotations

import argparse
import json
import tempfile
from collections import defaultdict
from hashlib import sha256
from pathlib import Path

from .equivalent import EQUIVALENT
from .mutants import Mutant, iter_mutants
from .runs import ROOT, outcomes, record_lines

REPORT = ROOT / "docs" / "code_mutation_report.md"
CACHE = ROOT / "runs" / "code_mutation"


def read_sources() -> dict[str, bytes]:
    """Every source file of the package."""
    files = sorted((ROOT / "minigrad").rglob("*.py"))
    return {str(path.relative_to(ROOT)): path.read_bytes() for path in files}


def draw(size: int, seed: int, prefix: str) -> list[Mutant]:
    """A sample of the mutants of the files that begin with `prefix`.

    Those whose keys have the smallest hash: a change of the code leaves the rest of a sample as it is.
    """
    sources = {path: text for path, text in read_sources().items() if path.startswith(prefix)}
    return sorted(iter_mutants(sources), key=lambda mutant: digest(mutant, seed))[:size]


def digest(mutant: Mutant, seed: int) -> bytes:
    """A number drawn for a mutant."""
    return sha256(f"{seed} {mutant.key}".encode()).digest()


def report(results: dict[str, dict[str, str]], size: int, seed: int, total: int) -> str:
    """The report as Markdown.

    Args:
        results: For each package, the outcome of each mutant by its key.
        size: Size of the sample.
        seed: Seed of the sample.
        total: Number of all mutants.
    """
    rows, missed = [], []
    sums = [0, 0, 0]
    for package, found in sorted(results.items()):
        equivalent = [key for key in found if key in EQUIVALENT and found[key] != "noticed"]
        noticed = [key for key in found if found[key] == "noticed"]
        missed += [key for key in found if key not in equivalent and key not in noticed]
        counts = len(found), len(noticed), len(equivalent)
        sums = [a + b for a, b in zip(sums, counts, strict=True)]
        rows.append(f"| {package} | {counts[0]} | {counts[1]} | {counts[2]} | {share(*counts)} |")
    rows.append(f"| **all** | {sums[0]} | {sums[1]} | {sums[2]} | **{share(*sums)}** |")
    lines = [
        "# Code mutation report",
        "",
        "A behavior that no test sees can change unnoticed. So the code of minigrad is changed in",
        "small ways (another operator, a constant, a condition turned round, an option not passed",
        "on, a call, an error or a returned value left out), one change at a time, and the tests",
        "that reach the line are run: one of them must fail.",
        "",
        f"A sample of {size} of {total} changes, drawn with seed {seed}, by",
        f"`python -m tests.code_mutation --sample {size} --seed {seed} --write`. Those that change",
        "nothing a user could see stand with their reasons in `tests/code_mutation/equivalent.py`.",
        "",
        "| package | changes | noticed | equivalent | noticed of the others |",
        "|---|---|---|---|---|",
        *rows,
        "",
        "Not noticed:" if missed else "None of the others went unnoticed.",
        *([""] if missed else []),
        *(f"- `{key}`" for key in missed),
    ]
    return "\n".join(lines).rstrip() + "\n"


def share(changes: int, noticed: int, equivalent: int) -> str:
    """The share that was noticed of what is not equivalent."""
    real = changes - equivalent
    return f"{100 * noticed / real:.1f} %" if real else "n.a."


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m tests.code_mutation", description=__doc__)
    parser.add_argument("--sample", type=int, default=420, help="number of changes")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", default="", help="files that begin so, like minigrad/layers")
    parser.add_argument("--workers", type=int, default=2, help="processes")
    parser.add_argument("--again", action="store_true", help="run again only what was missed")
    parser.add_argument("--lines", type=Path, help="folder with recorded lines, from --keep-lines")
    parser.add_argument("--keep-lines", type=Path, help="record the lines to this folder")
    parser.add_argument("--write", action="store_true", help="write docs/code_mutation_report.md")
    options = parser.parse_args()

    sample = draw(options.sample, options.seed, options.only)
    cache = CACHE / f"seed{options.seed}.json"
    known = json.loads(cache.read_text()) if options.again and cache.exists() else {}
    todo = [m for m in sample if known.get(m.key) != "noticed" and m.key not in EQUIVALENT]
    with tempfile.TemporaryDirectory() as temporary:
        folder = options.lines or options.keep_lines or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        if not options.lines:
            record_lines(folder)
        for i, (mutant, outcome) in enumerate(outcomes(todo, folder, options.workers), 1):
            known[mutant.key] = outcome
            if outcome != "noticed":
                print(f"{i}/{len(todo)} {outcome}: {mutant.key} (line {mutant.line})", flush=True)
            cache.parent.mkdir(parents=True, exist_ok=True)
            cache.write_text(json.dumps(known, indent=0))
    results: dict[str, dict[str, str]] = defaultdict(dict)
    for mutant in sample:
        results[mutant.package][mutant.key] = known.get(mutant.key, "equivalent")
    total = sum(1 for _ in iter_mutants(read_sources()))
    text = report(results, len(sample), options.seed, total)
    print(text)
    if options.write:
        REPORT.write_text(text)


if __name__ == "__main__":
    main()
