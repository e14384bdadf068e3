"""Image files, at their home in Keras; they stand in `minigrad.data`."""

from ..data import array_to_img, img_to_array, load_img, save_img, smart_resize
from ..utils.instead import explain_missing

__all__ = ["array_to_img", "img_to_array", "load_img", "save_img", "smart_resize"]

__getattr__ = explain_missing("preprocessing.image", __all__)
