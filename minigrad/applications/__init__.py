"""Networks of images as Keras builds and names them: ResNet and VGG.

    model = ResNet50(weights="resnet50.weights.h5")
    body = VGG16(include_top=False, weights=None, input_shape=(64, 64, 3))

`models/` has them as their papers do, to be read.
"""

from ..utils.instead import explain_missing
from . import imagenet_utils, resnet, resnet50, vgg16, vgg19
from .resnet import ResNet50, ResNet101, ResNet152
from .vgg16 import VGG16
from .vgg19 import VGG19

__all__ = [
    "ResNet101",
    "ResNet152",
    "ResNet50",
    "VGG16",
    "VGG19",
    "imagenet_utils",
    "resnet",
    "resnet50",
    "vgg16",
    "vgg19",
]

__getattr__ = explain_missing("applications", __all__)
