"""CIFAR-10: 60,000 color images in ten classes, fetched once."""

from __future__ import annotations

import numpy as np

from .cifar import as_images, read_records
from .preparation import Split

ARCHIVE = "cifar-10-binary.tar.gz"
DIGEST = "md5:c32a1d4ab5d03f1284b67883e8d87530"
FOLDER = "cifar-10-batches-bin"
ROWS = 10000


def load_data() -> Split:
    """(images, labels): 50,000 for training and 10,000 for testing, of uint8, as Keras gives them.

    The archive is the binary version, cifar-10-binary.tar.gz, which holds no pickles; it is kept
    under $MINIGRAD_HOME or ~/.minigrad.

    Shape:
        images: (N, 32, 32, 3) in 0..255; labels: (N, 1) in 0..9

    Raises:
        RuntimeError: If the file is not there and cannot be fetched.

    References:
        Krizhevsky 2009, Learning multiple layers of features from tiny images.

    Example:
        >>> (x, y), (x_test, y_test) = load_data()  # doctest: +SKIP
    """
    names = [f"{FOLDER}/data_batch_{i}.bin" for i in range(1, 6)] + [f"{FOLDER}/test_batch.bin"]
    *batches, test = read_records(ARCHIVE, DIGEST, dict.fromkeys(names, ROWS), labels=1)
    train = np.concatenate(batches)
    return (as_images(train, 1), train[:, :1].copy()), (as_images(test, 1), test[:, :1].copy())
