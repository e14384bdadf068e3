"""Record in figures.json what Keras gives: `KERAS_BACKEND=torch python -m tests.keras_scripts`.

Names of scripts as arguments run these alone and print their figures.
"""

from __future__ import annotations

import json
import sys
import time

from . import RECORD, SCRIPTS
from .with_keras import keras_figures

if __name__ == "__main__":
    figures = {}
    for name in sys.argv[1:] or SCRIPTS:
        start = time.perf_counter()
        figures[name] = keras_figures(name)
        print(f"{name}: {time.perf_counter() - start:.2f} s")
    if sys.argv[1:]:
        print(json.dumps(figures, indent=1))
    else:
        lines = (f"{json.dumps(name)}: {json.dumps(value)}" for name, value in figures.items())
        RECORD.write_text("{\n" + ",\n".join(lines) + "\n}\n")
