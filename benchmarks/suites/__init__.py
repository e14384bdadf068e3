"""The workloads, a suite per file."""
