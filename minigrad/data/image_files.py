"""Image files: read, written, and turned into arrays; Pillow knows the formats."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ..arguments import explains_arguments
from ..backend import Array, to_cpu
from ..config import image_data_format, settings
from ..utils.files import PathLike, atomic_write
from ..utils.registry import lookup
from .images import resize

if TYPE_CHECKING:
    from PIL.Image import Image

MODES = {"rgb": "RGB", "rgba": "RGBA", "grayscale": "L"}
CHANNELS = {"rgb": 3, "rgba": 4, "grayscale": 1}


@explains_arguments
def load_img(
    path: PathLike,
    color_mode: str = "rgb",
    target_size: tuple[int, int] | None = None,
    interpolation: str = "nearest",
    keep_aspect_ratio: bool = False,
) -> Image:
    """The image in a file, as Pillow holds it.

    Args:
        path: The file, of any format that Pillow reads.
        color_mode: "rgb", "rgba" or "grayscale".
        target_size: The size (height, width) it gets; None for its own.
        interpolation: "nearest", "bilinear", "bicubic", "box", "hamming" or "lanczos".
        keep_aspect_ratio: True cuts the middle of the right shape out, before the size is changed.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If it is no image, or an option is unknown.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     save_img(f"{folder}/noise.png", np.random.rand(5, 4, 3))
        ...     load_img(f"{folder}/noise.png", target_size=(8, 6)).size
        (6, 8)
    """
    from PIL import Image, UnidentifiedImageError

    mode = lookup(color_mode, MODES, "color_mode")
    names = ("nearest", "bilinear", "bicubic", "box", "hamming", "lanczos")
    chosen = lookup(interpolation, {n: Image.Resampling[n.upper()] for n in names}, "interpolation")
    try:
        image = Image.open(path).convert(mode)
    except UnidentifiedImageError as cause:
        raise ValueError(f"{path} is no image that Pillow can read") from cause
    if target_size is None:
        return image
    box = _middle(image.height, image.width, target_size) if keep_aspect_ratio else None
    return image.resize(target_size[::-1], chosen, box)


def _middle(height: int, width: int, size: tuple[int, int]) -> tuple[int, int, int, int]:
    """(left, top, right, bottom) of the largest middle part in the proportions of the new size."""
    new_height, new_width = size
    kept_height = min(height, width * new_height // new_width)
    kept_width = min(width, height * new_width // new_height)
    top, left = (height - kept_height) // 2, (width - kept_width) // 2
    return left, top, left + kept_width, top + kept_height


@explains_arguments
def img_to_array(img: Any, data_format: str | None = None, dtype: Any = None) -> np.ndarray:
    """An image as an array.

    Args:
        img: An image of Pillow, or an array (H, W) or (H, W, C).
        data_format: None or "channels_last".
        dtype: Dtype of the array; None for the default.

    Shape:
        (H, W, C), in 0..255

    Raises:
        ValueError: If it has other axes, or another format is asked for.

    Example:
        >>> img_to_array(np.zeros((5, 4))).shape
        (5, 4, 1)
    """
    _check_format(data_format)
    x = np.asarray(img, settings.default_dtype if dtype is None else dtype)
    if x.ndim not in (2, 3):
        raise ValueError(f"img_to_array: an image has shape (H, W) or (H, W, C), got {x.shape}")
    return x[..., None] if x.ndim == 2 else x


@explains_arguments
def array_to_img(
    x: Any, data_format: str | None = None, scale: bool = True, dtype: Any = None
) -> Image:
    """An array as an image of Pillow.

    Args:
        x: Array or Tensor (H, W, C), with 1, 3 or 4 channels.
        data_format: None or "channels_last".
        scale: True stretches the values to 0..255; False takes them as they are.
        dtype: Dtype to compute in; None for the default.

    Raises:
        ValueError: If it has another shape, or another format is asked for.

    Example:
        >>> array_to_img(np.zeros((5, 4, 3))).size
        (4, 5)
    """
    from PIL import Image

    _check_format(data_format)
    x = to_cpu(getattr(x, "_array", x))
    if x.ndim != 3 or x.shape[2] not in CHANNELS.values():
        raise ValueError(f"array_to_img: an image has shape (H, W, 1, 3 or 4), got {x.shape}")
    x = x.astype(settings.default_dtype if dtype is None else dtype)
    if scale:
        x = x - x.min()
        x = x * (255 / (x.max() or 1))
    mode = {channels: MODES[name] for name, channels in CHANNELS.items()}[x.shape[2]]
    pixels = x.astype(np.uint8)
    return Image.fromarray(pixels[..., 0] if mode == "L" else pixels)


@explains_arguments
def save_img(
    path: PathLike,
    x: Any,
    data_format: str | None = None,
    file_format: str | None = None,
    scale: bool = True,
) -> None:
    """Write an array as an image file.

    Args:
        path: The file; its name tells the format.
        x: Array (H, W, C), with 1, 3 or 4 channels.
        data_format: None or "channels_last".
        file_format: The format, such as "png"; None for that of the name.
        scale: True stretches the values to 0..255; False takes them as they are.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     save_img(f"{folder}/noise.png", np.random.rand(5, 4, 3))
        ...     load_img(f"{folder}/noise.png").size
        (4, 5)
    """
    from PIL import Image

    image = array_to_img(x, data_format, scale)
    suffix = "." + str(path).rpartition(".")[2].lower()
    known = file_format or Image.registered_extensions().get(suffix)
    if known is None:
        raise ValueError(f"{path}: {suffix} names no format of images: write file_format='png'")
    if known.lower() in ("jpg", "jpeg") and image.mode == "RGBA":
        image = image.convert("RGB")
    with atomic_write(path) as file:
        image.save(file, "jpeg" if known.lower() == "jpg" else known)


@explains_arguments
def smart_resize(
    x: Any,
    size: tuple[int, int],
    interpolation: str = "bilinear",
    data_format: str = "channels_last",
) -> Array:
    """The middle part of an image in the proportions of a size, resized to it: nothing is squeezed.

    Args:
        x: Image (H, W, C), or images (N, H, W, C).
        size: The new (height, width).
        interpolation: "bilinear" or "nearest".
        data_format: Only "channels_last".

    Raises:
        ValueError: If x has other axes, or another format is asked for.

    Example:
        >>> smart_resize(np.zeros((8, 20, 3), "float32"), (4, 4)).shape
        (4, 4, 3)
    """
    _check_format(data_format)
    x = getattr(x, "_array", x)
    if np.ndim(x) not in (3, 4):
        raise ValueError(f"smart_resize takes (H, W, C) or (N, H, W, C), got {np.shape(x)}")
    images = x[None] if x.ndim == 3 else x
    left, top, right, bottom = _middle(images.shape[1], images.shape[2], size)
    y = resize(images[:, top:bottom, left:right], size, interpolation)
    return y[0] if x.ndim == 3 else y


def _check_format(data_format: str | None) -> None:
    """Channels are last."""
    lookup(data_format or image_data_format(), {"channels_last": None}, "data_format")
