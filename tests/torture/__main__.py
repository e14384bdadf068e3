"""python -m tests.torture [--only kills] [--seed 0]: provoke faults, print a table."""

from __future__ import annotations

import argparse
import sys
import time

from . import files, interrupts, kills, values

RUNS = {"kills": (kills, 90), "files": (files, 500), "interrupts": (interrupts, 5000)}
RUNS["values"] = (values, 2360)


def main() -> int:
    """Run all, or one; returns 1 if there is a fault."""
    parser = argparse.ArgumentParser(prog="python -m tests.torture", description=__doc__)
    parser.add_argument("--only", choices=RUNS, help="one of the four")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--count", type=int, help="another number of attempts")
    options = parser.parse_args()
    total = 0
    print(f"{'':12}{'attempts':>9}{'faults':>8}{'seconds':>9}", flush=True)
    for name, (module, usual) in RUNS.items():
        if options.only not in (None, name):
            continue
        start = time.perf_counter()
        count = options.count or usual
        faults = module.run(count, options.seed)
        seconds = time.perf_counter() - start
        print(f"{name:12}{count:9}{len(faults):8}{seconds:9.0f}", flush=True)
        for fault in faults[:20]:
            print(f"    {fault}", flush=True)
        total += len(faults)
    return int(total > 0)


if __name__ == "__main__":
    sys.exit(main())
