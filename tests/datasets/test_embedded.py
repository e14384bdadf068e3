"""The data sets that need no download: shapes, scales, splits."""

import importlib.util
import subprocess
import sys

import numpy as np
import pytest
import sklearn.datasets
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.model_selection import train_test_split

from minigrad import datasets
from minigrad.config import default_dtype


@pytest.mark.parametrize(
    "load, train, test",
    [
        (datasets.digits.load_data, (1437, 64), (360, 64)),
        (lambda: datasets.digits.load_data(flat=False), (1437, 8, 8, 1), (360, 8, 8, 1)),
        (datasets.digits28.load_data, (1437, 784), (360, 784)),
        (lambda: datasets.digits28.load_data(flat=False), (1437, 28, 28, 1), (360, 28, 28, 1)),
        (datasets.diabetes.load_data, (353, 10), (89, 10)),
        (datasets.diabetes.load_windows, (349, 5, 10), (88, 5, 10)),
    ],
    ids=["digits", "digits_images", "digits28", "digits28_images", "diabetes", "windows"],
)
def test_shapes_and_dtypes(load, train, test):
    (x_train, y_train), (x_test, y_test) = load()
    assert x_train.shape == train
    assert x_test.shape == test
    assert len(y_train) == train[0]
    assert len(y_test) == test[0]
    classes = y_train.ndim == 1
    for x, y in ((x_train, y_train), (x_test, y_test)):
        assert x.dtype == np.float32
        assert y.dtype == (np.int64 if classes else np.float32)
        assert classes or y.shape == (len(y), 1)  # beside a Dense(1): equal shapes
    with default_dtype("float64"):
        assert load()[0][0].dtype == np.float64


def test_digits_are_scikit_learns_in_the_stated_split():
    x, y = sklearn.datasets.load_digits(return_X_y=True)
    a, b, c, d = train_test_split(x, y, test_size=0.2, random_state=42, stratify=y)
    (x_train, y_train), (x_test, y_test) = datasets.digits.load_data(scale=None)
    for ours, theirs in ((x_train, a), (x_test, b), (y_train, c), (y_test, d)):
        assert_array_equal(ours, theirs)
    assert_array_equal(datasets.digits.load_data()[0][0], x_train / 16)
    assert_array_equal(datasets.digits.load_data(scale="signed")[1][0], x_test / 8 - 1)
    assert_array_equal(datasets.digits.load_data(flat=False)[1][0].reshape(360, 64), x_test / 16)
    plain = train_test_split(x, y, test_size=0.2, random_state=42)
    assert_array_equal(datasets.digits.load_data(scale=None, stratify=False)[1][0], plain[1])


def test_standard_scaling_reads_the_training_part_only():
    (x_train, _), (x_test, _) = datasets.digits.load_data(scale="standard")
    raw_train = datasets.digits.load_data()[0][0].astype(np.float64)
    raw_test = datasets.digits.load_data()[1][0].astype(np.float64)
    deviation = np.where(raw_train.std(0) == 0, 1, raw_train.std(0))
    assert_allclose(x_train, (raw_train - raw_train.mean(0)) / deviation, atol=1e-5)
    assert_allclose(x_test, (raw_test - raw_train.mean(0)) / deviation, atol=1e-4)
    with pytest.raises(ValueError, match="did you mean 'standard'"):
        datasets.digits.load_data(scale="standart")


def test_digits28_repeats_pixels():
    small = datasets.digits.load_data(flat=False)[0][0][..., 0]
    large = datasets.digits28.load_data(flat=False)[0][0][..., 0]
    assert_array_equal(
        large[:, [0, 4, 7, 11, 14, 18, 21, 25]][:, :, [3, 6, 10, 13, 17, 20, 24, 27]], small
    )
    assert_array_equal(large[:, :, 3:27:7], large[:, :, 0:24:7])  # 28 / 8 = 3.5: 4 pixels, then 3
    signed = datasets.digits28.load_data(scale="signed")[0][0].astype(np.float64)
    assert abs(signed.mean() + 0.3876) < 2e-3
    assert abs(signed.std() - 0.7522) < 2e-3
    assert_allclose(
        datasets.digits28.load_data(scale=None)[0][0], large.reshape(-1, 784) * 255, rtol=1e-6
    )
    assert_array_equal(datasets.digits28.load_data()[1][1], datasets.digits.load_data()[1][1])


def test_photographs_and_words():
    pictures = datasets.photographs.load_data()
    assert pictures.shape == (2, 427, 640, 3)
    assert pictures.dtype == np.float32
    assert 0 <= pictures.min() < 0.1 < 0.9 < pictures.max() <= 1
    assert_allclose(pictures[1] * 255, sklearn.datasets.load_sample_image("flower.jpg"), atol=1e-3)
    text = datasets.python_help.load_text()
    assert len(text) > 300_000
    assert "assert" in text
    assert text == datasets.python_help.load_text()


def test_texts_for_training_and_validation():
    train, validation = datasets.python_help.load_data(0.2)
    assert train + validation == datasets.python_help.load_text()
    assert abs(len(validation) / len(datasets.python_help.load_text()) - 0.2) < 1e-4
    for fraction in (0, 1, -0.5):
        with pytest.raises(ValueError, match="validation is a fraction between 0 and 1"):
            datasets.python_help.load_data(fraction)


def test_a_python_without_its_help_texts(monkeypatch):
    monkeypatch.setitem(sys.modules, "pydoc_data.topics", None)
    with pytest.raises(
        ImportError, match="without pydoc_data.*install them, or read a text of your own"
    ) as caught:
        datasets.python_help.load_data()
    assert isinstance(caught.value.__cause__, ImportError)


def test_the_import_is_lean():
    """scikit-learn is loaded by the function that needs it, not by the import."""
    heavy = "{'sklearn', 'matplotlib', 'cupy'}"
    code = f"import sys, minigrad.datasets; assert not {heavy} & set(sys.modules), 'not lean'"
    root = importlib.util.find_spec("minigrad").origin.rpartition("/minigrad/")[0]
    subprocess.run([sys.executable, "-c", code], check=True, cwd=root)
