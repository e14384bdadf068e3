"""Mutation testing of the whole package: small changes of the code that some test must notice.

`python -m tests.code_mutation` records which test runs which line, draws a sample of changes
(`mutants.py`), runs for each the tests that reach its line (`runs.py`) and prints the share that
was noticed, per package; with `--write` it writes docs/code_mutation_report.md.
"""
