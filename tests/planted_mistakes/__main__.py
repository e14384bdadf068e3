"""`python -m tests.planted_mistakes` trains planted mistakes and healthy twins, watched."""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import minigrad

from .mistakes import MISTAKES
from .trials import RULES, Trial, draw_mistakes, try_healthy, try_mistake

REPORT = Path(__file__).parent.parent.parent / "docs" / "watcher_report.md"
FRESH = (201, 202, 203, 204)  # rules that are worked on with one of them need others
HEAD = """# Report of planted mistakes

The watcher (`minigrad.watch`, `fit(..., watch=True)`) names what looks wrong in a training. Here
mistakes are planted on purpose. Each is one of {ways} ways to break {rules} rules, drawn at random
and put into a training that is drawn at random too: a perceptron, a convolutional network, an LSTM
or GRU, embeddings, a small Transformer; on digits, diabetes, tumors, waves, random walks or texts
of ids; sequential, functional or with a `call` of one's own; run by `fit`, `train_on_batch` or a
loop, with one of seven optimizers. A mistake counts as found if the watcher gives a finding of its
rule, or of one that names the same fault, and names the layer where there is one to name. The same
trainings run without the mistake too, and there every finding is a false alarm.

Written by `python -m tests.planted_mistakes --write`.
"""


def run(count: int, seed: int) -> tuple[list[Trial], list[Trial]]:
    """(trials of mistakes, trials of the same setups without them), printed as they end."""
    wrong_runs, healthy = [], []
    for mistake, setup_seed in draw_mistakes(count, seed):
        wrong_runs.append(try_mistake(mistake, setup_seed))
        healthy.append(try_healthy(setup_seed))
        print(describe(wrong_runs[-1]), flush=True)
        if healthy[-1].findings:
            print(describe(healthy[-1]), flush=True)
    return wrong_runs, healthy


def describe(trial: Trial) -> str:
    """A trial in a line or a few."""
    if trial.mistake is None:
        said = "; ".join(f"{f.rule}: {f}" for f in trial.findings)
        return f"FALSE ALARM  {trial.setup}: {said}"
    verdict = "found " if trial.is_found else "MISSED"
    also = f"; also said: {', '.join(trial.also_said)}" if trial.also_said else ""
    return f"{verdict}  {trial.mistake.rule}: {trial.mistake.name} ({trial.setup}){also}"


def table(wrong_runs: list[Trial]) -> list[str]:
    """Found of planted, by rule, and what else was said."""
    lines = ["| rule | found | also said of the same runs |", "|---|---|---|"]
    for rule in RULES:
        trials = [t for t in wrong_runs if t.mistake is not None and t.mistake.rule == rule]
        found = sum(t.is_found for t in trials)
        others = [name for t in trials for name in t.also_said]
        said = ", ".join(f"{name} {others.count(name)}" for name in dict.fromkeys(sorted(others)))
        lines.append(f"| {rule} | {found}/{len(trials)} | {said} |")
    return lines


def report(wrong_runs: list[Trial], healthy: list[Trial], seed: int) -> str:
    """The report in Markdown."""
    found = sum(trial.is_found for trial in wrong_runs)
    false_alarms = sum(bool(trial.findings) for trial in healthy)
    lines = [
        HEAD.format(ways=len(MISTAKES), rules=len(RULES)),
        f"With seed {seed} {found} of {len(wrong_runs)} mistakes are found, and {false_alarms} of "
        f"{len(healthy)} healthy trainings raise a false alarm.",
        "",
        *table(wrong_runs),
    ]
    missed = [trial for trial in wrong_runs if not trial.is_found]
    if missed:
        lines += ["", "Missed:", "", *(f"- {describe(trial)[8:]}" for trial in missed)]
    wrong = [trial for trial in healthy if trial.findings]
    if wrong:
        lines += ["", "False alarms:", "", *(f"- {describe(trial)[13:]}" for trial in wrong)]
    return "\n".join([*lines, ""])


def other_draws(count: int) -> str:
    """The counts of more draws, whose runs no rule was ever changed for."""
    lines = ["Draws that no rule was changed for:", ""]
    for other in FRESH:
        with minigrad.use_kernels("numpy"):
            wrong_runs, healthy = run(count, other)
        found = sum(trial.is_found for trial in wrong_runs)
        false_alarms = sum(bool(trial.findings) for trial in healthy)
        lines.append(f"- seed {other}: {found} of {count} found, {false_alarms} false alarms")
    return "\n".join([*lines, ""])


def main() -> None:
    parser = argparse.ArgumentParser(
        "python -m tests.planted_mistakes", description=__doc__.split("\n")[0]
    )
    parser.add_argument("--count", type=int, default=100, help="how many mistakes to plant")
    parser.add_argument("--seed", type=int, default=0, help="of the draw")
    parser.add_argument("--write", action="store_true", help="write docs/watcher_report.md")
    options = parser.parse_args()
    start = time.perf_counter()
    with minigrad.use_kernels("numpy"):  # the same report with and without compiled loops
        wrong_runs, healthy = run(options.count, options.seed)
    text = report(wrong_runs, healthy, options.seed)
    if options.write:
        text += "\n" + other_draws(options.count)
        REPORT.write_text(text, encoding="utf-8")
    print("\n" + text + f"\n{time.perf_counter() - start:.0f} seconds")


if __name__ == "__main__":
    main()
