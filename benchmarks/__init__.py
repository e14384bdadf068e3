"""`python -m benchmarks`: time and memory of minigrad beside other frameworks, in the same run.

Imports nothing, so that a worker can serve a framework from an environment without minigrad.
"""
