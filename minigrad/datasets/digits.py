"""scikit-learn's handwritten digits, 8x8."""

from __future__ import annotations

from .preparation import Split, _images

# ---- digits --------------------------------------------------------------------------------------------------------


def load_data(
    flat: bool = True,
    scale: str | None = "unit",
    test_size: float = 0.2,
    random_state: int = 42,
    stratify: bool = True,
) -> Split:
    """scikit-learn's 1797 handwritten digits, 8x8: x (N, 64), or (N, 8, 8, 1) with flat=False; labels (N,) in 0..9.

    `scale`: "unit" (0..1), "signed" (-1..1, for tanh), "standard" (each pixel with mean 0 and deviation 1 over the training
    part) or None (0..16).
    """
    from sklearn.datasets import load_digits

    images, labels = load_digits(return_X_y=True)
    return _images(
        images / 16, labels, 16, (8, 8, 1), flat, scale, test_size, random_state, stratify
    )
