"""A pool of generated images (Shrivastava et al. 2017, arXiv:1612.07828, section 2.3)."""

from __future__ import annotations

from typing import Any

from minigrad import Tensor
from minigrad.backend import backend
from minigrad.random import generator
from minigrad.utils.registry import check_count


class ImagePool:
    """Shows a discriminator older images too, so that it does not forget what it has learned.

    The first `size` images are kept and given back. Of the later ones, each is given back as it is,
    or, half of the time, takes the place of one in the pool, which is given back instead.

    Args:
        size: Number of images in the pool; CycleGAN has 50.

    Raises:
        ValueError: If size is no whole number above 0.
    """

    def __init__(self, size: int = 50) -> None:
        if size == 0:
            raise ValueError(
                "a pool of 0 images has nothing to give back: leave the pool out and show the "
                "discriminator the new images"
            )
        self.size = check_count("size of ImagePool", size)
        self.images: list[Any] = []

    def __call__(self, images: Any) -> Any:
        """As many images as are given, some of them older.

        Args:
            images: Images (N, H, W, C), an array or a Tensor, whose gradient ends here.
        """
        images = images.data if isinstance(images, Tensor) else images
        return backend(images).stack([self._exchange(image) for image in images])

    def _exchange(self, image: Any) -> Any:
        """The image, or one of the pool in whose place it is kept."""
        if len(self.images) < self.size:
            self.images.append(image.copy())
            return image
        if generator().random() < 0.5:
            return image
        place = int(generator().integers(self.size))
        older, self.images[place] = self.images[place], image.copy()
        return older
