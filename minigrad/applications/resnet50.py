"""ResNet-50, at its older home in Keras; it stands in `minigrad.applications.resnet`."""

from ..utils.instead import explain_missing
from .resnet import ResNet50, decode_predictions, preprocess_input

__all__ = ["ResNet50", "decode_predictions", "preprocess_input"]

__getattr__ = explain_missing("applications.resnet50", __all__)
