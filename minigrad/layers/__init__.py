"""Layers under the names Keras users know."""
from .base import Layer, Parameter, is_training, training
from .combinators import Parallel, Residual
from .core import (ELU, Activation, Dense, Dropout, Embedding, Flatten, Input, Lambda, LeakyReLU, Permute, PReLU, ReLU, Reshape,
                   Softmax, SpatialDropout1D, SpatialDropout2D)
from .normalization import (BatchNormalization, GroupNormalization, InstanceNormalization, LayerNormalization,
                            LocalResponseNormalization, recompute_statistics)
from .pooling import (AveragePooling1D, AveragePooling2D, GlobalAveragePooling1D, GlobalAveragePooling2D, GlobalMaxPooling1D,
                      GlobalMaxPooling2D, MaxPooling1D, MaxPooling2D)

__all__ = ["Activation", "AveragePooling1D", "AveragePooling2D", "BatchNormalization", "Dense", "Dropout", "ELU", "Embedding",
           "Flatten", "GlobalAveragePooling1D", "GlobalAveragePooling2D", "GlobalMaxPooling1D", "GlobalMaxPooling2D",
           "GroupNormalization", "Input", "InstanceNormalization", "Lambda", "Layer", "LayerNormalization", "LeakyReLU",
           "LocalResponseNormalization", "MaxPooling1D", "MaxPooling2D", "PReLU", "Parallel", "Parameter", "Permute", "ReLU",
           "Reshape", "Residual", "Softmax", "SpatialDropout1D", "SpatialDropout2D", "is_training", "recompute_statistics",
           "training"]
