"""Folders of images and texts as Datasets."""

from __future__ import annotations

import numpy as np
import pytest

import minigrad
from minigrad.data import (
    image_dataset_from_directory,
    img_to_array,
    load_img,
    save_img,
    text_dataset_from_directory,
)


@pytest.fixture(scope="module")
def pets(tmp_path_factory):
    """Six cats, which are dark, and four dogs, which are bright; and a file that is no image."""
    root = tmp_path_factory.mktemp("pets")
    rng = np.random.default_rng(0)
    for name, low, number in (("cat", 0, 6), ("dog", 200, 4)):
        (root / name / "more").mkdir(parents=True)
        for i in range(number):
            folder = root / name / ("more" if i == 0 else "")
            save_img(folder / f"{i}.png", rng.integers(low, low + 50, (8, 6, 3)), scale=False)
    (root / "cat" / "notes.txt").write_text("of cats")
    (root / "dog" / "notes.txt").write_text("all about dogs")
    return root


def images(root, **options):
    return image_dataset_from_directory(root, image_size=(8, 6), verbose=False, **options)


def gathered(dataset):
    return [np.concatenate(parts) for parts in zip(*dataset, strict=True)]


def test_images_with_the_labels_of_their_folders(pets):
    dataset = images(pets, shuffle=False, batch_size=4)
    assert dataset.class_names == ["cat", "dog"] and len(dataset) == 3
    assert [x.shape for x, _ in dataset] == [(4, 8, 6, 3), (4, 8, 6, 3), (2, 8, 6, 3)]
    x, y = gathered(dataset)
    assert x.dtype == np.float32 and y.tolist() == [0] * 6 + [1] * 4
    for image, path in zip(x, dataset.file_paths, strict=True):
        np.testing.assert_array_equal(image, img_to_array(load_img(path)))
    assert ((x.mean((1, 2, 3)) > 100) == y).all()


def test_forms_of_labels(pets):
    def y(**options):
        return gathered(images(pets, shuffle=False, **options))[1]

    np.testing.assert_array_equal(y(label_mode="binary"), [[0.0]] * 6 + [[1.0]] * 4)
    np.testing.assert_array_equal(y(label_mode="categorical")[5:7], [[1, 0], [0, 1]])
    assert y(class_names=["dog", "cat"]).tolist() == [0] * 4 + [1] * 6
    assert y(labels=list(range(10))).tolist() == list(range(10))
    for plain in ({"label_mode": None}, {"labels": None}):
        batches = list(images(pets, **plain))
        assert [len(batch) for batch in batches] == [1] and batches[0][0].shape == (10, 8, 6, 3)


def test_sizes_and_colors(pets):
    dataset = image_dataset_from_directory(
        pets, image_size=(4, 4), color_mode="grayscale", crop_to_aspect_ratio=True, verbose=False
    )
    assert next(iter(dataset))[0].shape == (10, 4, 4, 1)


def test_the_two_parts_of_a_split(pets):
    options = {"validation_split": 0.3, "seed": 5}
    train, test = images(pets, subset="both", **options)
    assert (len(train.file_paths), len(test.file_paths)) == (7, 3)
    assert len({*train.file_paths, *test.file_paths}) == 10
    assert images(pets, subset="training", **options).file_paths == train.file_paths
    assert images(pets, subset="validation", **options).file_paths == test.file_paths
    assert (
        images(pets, subset="validation", validation_split=0.3, shuffle=False).file_paths
        == (images(pets, shuffle=False).file_paths[-3:])
    )


def test_another_order_in_each_pass(pets):
    minigrad.seed(0)
    dataset = images(pets)
    first, second = gathered(dataset)[1].tolist(), gathered(dataset)[1].tolist()
    assert first != second and sorted(first) == sorted(second)


def test_a_model_learns_from_a_folder(pets):
    minigrad.seed(0)
    layers = minigrad.layers
    model = minigrad.Sequential(
        [layers.Input((8, 6, 3)), layers.Rescaling(1 / 255), layers.Flatten(), layers.Dense(2)]
    )
    loss = minigrad.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(minigrad.optimizers.Adam(0.05), loss, metrics=["accuracy"])
    model.fit(images(pets, batch_size=5), epochs=10, verbose=0)
    assert model.evaluate(images(pets), verbose=0, return_dict=True)["accuracy"] == 1


def test_texts(pets, capsys):
    dataset = text_dataset_from_directory(pets, shuffle=False, max_length=6)
    assert capsys.readouterr().out == "Found 2 files belonging to 2 classes.\n"
    texts, labels = next(iter(dataset))
    assert texts.tolist() == ["of cat", "all ab"] and labels.tolist() == [0, 1]


@pytest.mark.parametrize(
    "options, message",
    [
        ({"validation_split": 0.2}, "a split needs both: validation_split=0.2"),
        ({"subset": "training"}, "a split needs both"),
        ({"validation_split": 2.0, "subset": "both"}, "a split needs both"),
        ({"validation_split": 0.2, "subset": "test", "seed": 1}, "unknown subset 'test'"),
        ({"validation_split": 0.2, "subset": "both"}, "would overlap: write seed=0"),
        ({"label_mode": "one_hot"}, "unknown label_mode 'one_hot'"),
        ({"labels": "guess"}, "unknown labels 'guess'"),
        ({"labels": [1, 2]}, "2 labels for 10 files"),
        ({"class_names": ["cat"]}, r"class_names are \['cat'\], the folders \['cat', 'dog'\]"),
        ({"color_mode": "bw"}, "unknown color_mode 'bw'"),
        ({"interpolation": "cubic"}, "unknown interpolation 'cubic'"),
    ],
)
def test_what_is_refused(pets, options, message):
    with pytest.raises(ValueError, match=message):
        images(pets, **options)


def test_folders_without_files(pets, tmp_path):
    with pytest.raises(FileNotFoundError, match="there is no folder nowhere"):
        images("nowhere")
    with pytest.raises(FileNotFoundError, match="holds no file .bmp .gif"):
        images(tmp_path)
    for name in "abc":
        (tmp_path / name).mkdir()
        (tmp_path / name / "x.txt").write_text(name)
    with pytest.raises(ValueError, match="label_mode='binary' needs two classes"):
        text_dataset_from_directory(tmp_path, label_mode="binary")
