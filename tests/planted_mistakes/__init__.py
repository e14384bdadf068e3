"""Mistakes planted into drawn trainings, which the watcher must name, and their healthy twins.

`python -m tests.planted_mistakes` draws 100 mistakes over the rules of the watcher and over
networks, data, optimizers and ways to write the run (`setups.py`, `mistakes.py`), trains each,
watched, and once more without the mistake, and prints which were found and what else was said; with
`--write` it writes docs/watcher_report.md.
"""
