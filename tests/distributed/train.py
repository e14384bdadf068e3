"""A training that goes on from its backup, alone or under mpiexec; tests end it in several ways.

mpiexec -n 2 python -m tests.distributed.train FOLDER kill
"""

from __future__ import annotations

import os
import signal
import sys
import time
from pathlib import Path
from typing import Any

import minigrad
from minigrad import callbacks, distributed
from minigrad.layers import Dropout

from .checks import LABELS, X, classifier


class EndsOne(callbacks.Callback):
    """Ends the last process in the middle of the third epoch, the first one later."""

    reads_batch_logs = False
    passing_names = (*callbacks.Callback.passing_names, "batches")

    def __init__(self, how: str) -> None:
        self.how = how
        self.batches = 0

    def on_train_batch_end(self, batch: int, logs: Any) -> None:
        self.batches += 1
        if self.batches != 12 or distributed.rank() != distributed.size() - 1:
            return
        if self.how == "kill":
            os.kill(os.getpid(), signal.SIGKILL)
        if self.how == "raise":
            raise ValueError("out of paper")
        if self.how == "hang":
            time.sleep(60)


def train(folder: Path, how: str = "", epochs: int = 4) -> Any:
    """A model after some epochs of 5 batches, the last of 3 rows."""
    model = classifier(Dropout(0.3))
    model.compile("adam", "sparse_categorical_crossentropy")
    backup = callbacks.BackupAndRestore(folder, delete_checkpoint=False)
    log = callbacks.CSVLogger(folder / "log.csv", append=True)
    given = [log, EndsOne(how), backup]
    model.fit(X, LABELS, batch_size=5, epochs=epochs, verbose=0, callbacks=given)
    model.save_weights(folder / "weights.safetensors")
    return model


if __name__ == "__main__":
    distributed.initialize(timeout=3 if sys.argv[2] else 60)
    minigrad.seed(1)
    train(Path(sys.argv[1]), sys.argv[2])
