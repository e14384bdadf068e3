"""Folders of files, one folder per class, as Datasets that read the files batch by batch."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from ..arguments import explains_arguments
from ..utils.files import PathLike, read_text
from ..utils.labels import to_categorical
from ..utils.registry import check_choice
from .image_files import CHANNELS, img_to_array, load_img, smart_resize
from .images import resize
from .loader import Dataset

IMAGES = (".bmp", ".gif", ".jpeg", ".jpg", ".png")
TEXTS = (".txt",)
LABEL_MODES = ("int", "categorical", "binary")
SUBSETS = ("training", "validation", "both")


@explains_arguments
def image_dataset_from_directory(
    directory: PathLike,
    labels: str | Sequence[int] | None = "inferred",
    label_mode: str | None = "int",
    class_names: Sequence[str] | None = None,
    color_mode: str = "rgb",
    batch_size: int = 32,
    image_size: tuple[int, int] = (256, 256),
    shuffle: bool = True,
    seed: int | None = None,
    validation_split: float | None = None,
    subset: str | None = None,
    interpolation: str = "bilinear",
    follow_links: bool = False,
    crop_to_aspect_ratio: bool = False,
    verbose: bool = True,
) -> Any:
    """The images of a folder, which has a folder per class, as a Dataset of (images, labels).

    The files are read batch by batch, in each pass. The Dataset has `class_names` and `file_paths`.

    Args:
        directory: The folder.
        labels: "inferred" from the folders, a class number per file, in the order of their sorted
            paths, or None for none.
        label_mode: "int" for class numbers, "categorical" for one-hot rows, "binary" for a column
            of 0 and 1, None for images without labels.
        class_names: The folders in the order of their class numbers; None for all, sorted.
        color_mode: "rgb", "rgba" or "grayscale".
        batch_size: Images per batch.
        image_size: The size (height, width) of all images.
        shuffle: True for another order in each pass, False for that of the names.
        seed: Seed of the order of files before they are split.
        validation_split: Share of the files that validate: the last ones; None for no split.
        subset: "training", "validation" or "both", with validation_split.
        interpolation: "bilinear" or "nearest".
        follow_links: True looks into folders that are linked.
        crop_to_aspect_ratio: True cuts the middle out, so that nothing is squeezed.
        verbose: True tells the number of files.

    Shape:
        images: (N, height, width, channels) in 0..255; labels: (N,), (N, classes) or (N, 1)

    Raises:
        FileNotFoundError: If there is no such folder, or no image in it.
        ValueError: If an option does not fit.

    Example:
        >>> import os, tempfile
        >>> from minigrad.utils import save_img
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     for label in ("cat", "dog"):
        ...         os.mkdir(f"{folder}/{label}")
        ...         save_img(f"{folder}/{label}/1.png", np.random.rand(8, 8, 3))
        ...     pets = image_dataset_from_directory(folder, image_size=(4, 4), verbose=False)
        ...     images, labels = next(iter(pets))
        >>> images.shape, sorted(labels.tolist())
        ((2, 4, 4, 3), [0, 1])
    """
    check_choice(color_mode, CHANNELS, "color_mode")
    check_choice(interpolation, ("bilinear", "nearest"), "interpolation")
    change = partial(smart_resize if crop_to_aspect_ratio else _squeezed, size=image_size)

    def read(path: Path) -> np.ndarray:
        return change(img_to_array(load_img(path, color_mode)), interpolation=interpolation)

    files = _Files(directory, IMAGES, follow_links, labels, label_mode, class_names)
    parts = files.parts(shuffle, seed, validation_split, subset, verbose)
    made = [files.dataset(read, part, batch_size, shuffle) for part in parts]
    return made if subset == "both" else made[0]


@explains_arguments
def text_dataset_from_directory(
    directory: PathLike,
    labels: str | Sequence[int] | None = "inferred",
    label_mode: str | None = "int",
    class_names: Sequence[str] | None = None,
    batch_size: int = 32,
    max_length: int | None = None,
    shuffle: bool = True,
    seed: int | None = None,
    validation_split: float | None = None,
    subset: str | None = None,
    follow_links: bool = False,
    verbose: bool = True,
) -> Any:
    """The .txt files of a folder, which has a folder per class, as a Dataset of (texts, labels).

    The texts are an array of strings, which `minigrad.data.tokenizers` turn into numbers.

    Args:
        directory: The folder.
        labels: "inferred" from the folders, a class number per file, in the order of their sorted
            paths, or None for none.
        label_mode: "int" for class numbers, "categorical" for one-hot rows, "binary" for a column
            of 0 and 1, None for texts without labels.
        class_names: The folders in the order of their class numbers; None for all, sorted.
        batch_size: Texts per batch.
        max_length: Characters of a text that are kept; None for all.
        shuffle: True for another order in each pass, False for that of the names.
        seed: Seed of the order of files before they are split.
        validation_split: Share of the files that validate: the last ones; None for no split.
        subset: "training", "validation" or "both", with validation_split.
        follow_links: True looks into folders that are linked.
        verbose: True tells the number of files.

    Raises:
        FileNotFoundError: If there is no such folder, or no text in it.
        ValueError: If an option does not fit.

    Example:
        >>> import os, tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     for label, words in [("bad", "dull"), ("good", "fine")]:
        ...         os.mkdir(f"{folder}/{label}")
        ...         with open(f"{folder}/{label}/1.txt", "w") as file:
        ...             length = file.write(words)
        ...     reviews = text_dataset_from_directory(folder, verbose=False)
        ...     texts, labels = next(iter(reviews))
        >>> sorted(texts.tolist()), sorted(labels.tolist())
        (['dull', 'fine'], [0, 1])
    """

    def read(path: Path) -> str:
        return read_text(path, "text")[:max_length]

    files = _Files(directory, TEXTS, follow_links, labels, label_mode, class_names)
    parts = files.parts(shuffle, seed, validation_split, subset, verbose)
    made = [files.dataset(read, part, batch_size, shuffle) for part in parts]
    return made if subset == "both" else made[0]


def _squeezed(x: np.ndarray, size: tuple[int, int], interpolation: str) -> np.ndarray:
    """The image in that size, squeezed where the proportions differ."""
    return resize(x[None], size, interpolation)[0]


class _Files:
    """The files of a folder, and their labels."""

    def __init__(
        self,
        directory: PathLike,
        endings: tuple[str, ...],
        follow_links: bool,
        labels: Any,
        label_mode: str | None,
        class_names: Sequence[str] | None,
    ) -> None:
        if not Path(directory).is_dir():
            raise FileNotFoundError(f"there is no folder {directory}")
        if label_mode is not None:
            check_choice(label_mode, LABEL_MODES, "label_mode")
        self.label_mode = None if labels is None else label_mode
        folders = sorted(p.name for p in Path(directory).iterdir() if p.is_dir())
        self.class_names = list(class_names) if class_names else folders
        if not isinstance(labels, str):
            self.paths = _find(Path(directory), endings, follow_links)
            self.labels = np.asarray([] if labels is None else labels)
        else:
            check_choice(labels, ["inferred"], "labels")
            if sorted(self.class_names) != folders:
                raise ValueError(f"class_names are {self.class_names}, the folders {folders}")
            found = [_find(Path(directory, c), endings, follow_links) for c in self.class_names]
            self.paths = sum(found, [])
            self.labels = np.repeat(np.arange(len(found)), [len(paths) for paths in found])
        self._check(directory, endings)

    def _check(self, directory: PathLike, endings: tuple[str, ...]) -> None:
        """Refuse an empty folder, and labels that do not fit."""
        if not self.paths:
            raise FileNotFoundError(f"{directory} holds no file {' '.join(endings)}")
        if self.label_mode and len(self.labels) != len(self.paths):
            raise ValueError(f"{len(self.labels)} labels for {len(self.paths)} files")
        if self.label_mode == "binary" and len(self.class_names) != 2:
            raise ValueError(f"label_mode='binary' needs two classes, not {self.class_names}")

    def parts(
        self,
        shuffle: bool,
        seed: int | None,
        validation_split: float | None,
        subset: str | None,
        verbose: bool,
    ) -> list[np.ndarray]:
        """The numbers of the files of each part that is asked for."""
        n = len(self.paths)
        if verbose:
            print(f"Found {n} files belonging to {len(self.class_names)} classes.")
        order = np.arange(n)
        if shuffle and seed is not None:
            np.random.RandomState(seed).shuffle(order)
        if validation_split is None and subset is None:
            return [order]
        if validation_split is None or subset is None or not 0 < validation_split < 1:
            raise ValueError(
                "a split needs both: validation_split=0.2 (between 0 and 1) and "
                f"subset='training', 'validation' or 'both'; got {validation_split} and {subset!r}"
            )
        check_choice(subset, SUBSETS, "subset")
        if shuffle and seed is None:
            raise ValueError("without seed= the parts of two calls would overlap: write seed=0")
        cut = n - int(validation_split * n)
        training, validation = order[:cut], order[cut:]
        chosen = {"training": [training], "validation": [validation]}
        return chosen.get(subset, [training, validation])

    def dataset(
        self, read: Callable[[Path], Any], part: np.ndarray, batch_size: int, shuffle: bool
    ) -> Dataset:
        """The files of these numbers as a Dataset."""

        def read_batch(numbers: np.ndarray, labels: Any = None) -> Any:
            x = np.array([read(self.paths[i]) for i in numbers])
            return x if labels is None else (x, labels)

        y = self._targets()[part] if self.label_mode else None
        made: Any = Dataset(part, y, batch_size=batch_size, shuffle=shuffle, transform=read_batch)
        made.class_names = self.class_names
        made.file_paths = [str(self.paths[i]) for i in part]
        return made

    def _targets(self) -> np.ndarray:
        """The labels in the form that label_mode asks for."""
        if self.label_mode == "categorical":
            return to_categorical(self.labels, len(self.class_names))
        return self.labels if self.label_mode == "int" else self.labels[:, None].astype("float32")


def _find(folder: Path, endings: tuple[str, ...], follow_links: bool) -> list[Path]:
    """All files with one of the endings in a folder and in those within, sorted."""
    walk = os.walk(folder, followlinks=follow_links)
    files = (Path(root, name) for root, _, names in walk for name in names)
    return sorted(path for path in files if path.suffix.lower() in endings)
