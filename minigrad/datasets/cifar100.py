"""CIFAR-100: 60,000 color images in a hundred classes, fetched once."""

from __future__ import annotations

from ..arguments import explains_arguments
from ..utils.registry import lookup
from .cifar import as_images, read_records
from .preparation import Split

ARCHIVE = "cifar-100-binary.tar.gz"
DIGEST = "md5:03b5dce01913d631647c71ecec9e9cb8"
ROWS = {"cifar-100-binary/train.bin": 50000, "cifar-100-binary/test.bin": 10000}


@explains_arguments
def load_data(label_mode: str = "fine") -> Split:
    """(images, labels): 50,000 for training and 10,000 for testing, of uint8, as Keras gives them.

    The archive is the binary version, cifar-100-binary.tar.gz, which holds no pickles; it is kept
    under $MINIGRAD_HOME or ~/.minigrad.

    Args:
        label_mode: "fine" for a hundred classes, "coarse" for the twenty groups of them.

    Shape:
        images: (N, 32, 32, 3) in 0..255; labels: (N, 1)

    Raises:
        RuntimeError: If the file is not there and cannot be fetched.
        ValueError: If the label_mode is unknown.

    References:
        Krizhevsky 2009, Learning multiple layers of features from tiny images.

    Example:
        >>> (x, y), (x_test, y_test) = load_data()  # doctest: +SKIP
    """
    column = lookup(label_mode, {"coarse": 0, "fine": 1}, "label_mode")
    train, test = read_records(ARCHIVE, DIGEST, ROWS, labels=2)
    y, y_test = (records[:, column : column + 1].copy() for records in (train, test))
    return (as_images(train, 2), y), (as_images(test, 2), y_test)
