"""Layers under the names Keras users know."""
from .base import Layer, Parameter, is_training, training
from .combinators import Parallel, Residual
from .convolution import (Conv1D, Conv2D, Conv2DTranspose, Cropping2D, DepthwiseConv2D, SeparableConv2D, UpSampling2D,
                          ZeroPadding2D)
from .core import (ELU, Activation, Dense, Dropout, Embedding, Flatten, Input, Lambda, LeakyReLU, Permute, PReLU, ReLU, Reshape,
                   Softmax)
from .normalization import LayerNormalization

__all__ = ["Activation", "Conv1D", "Conv2D", "Conv2DTranspose", "Cropping2D", "Dense", "DepthwiseConv2D", "Dropout", "ELU",
           "Embedding", "Flatten", "Input", "Lambda", "Layer", "LayerNormalization", "LeakyReLU", "PReLU", "Parallel",
           "Parameter", "Permute", "ReLU", "Reshape", "Residual", "SeparableConv2D", "Softmax", "UpSampling2D", "ZeroPadding2D",
           "is_training", "training"]
