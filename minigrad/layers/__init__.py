"""Layers under the names Keras users know."""
from .base import Layer, Parameter, is_training, training
from .combinators import Parallel, Residual
from .core import (ELU, Activation, Dense, Dropout, Embedding, Flatten, Input, Lambda, LeakyReLU, Permute, PReLU, ReLU, Reshape,
                   Softmax)
from .normalization import LayerNormalization

__all__ = ["Activation", "Dense", "Dropout", "ELU", "Embedding", "Flatten", "Input", "Lambda", "Layer", "LayerNormalization",
           "LeakyReLU", "PReLU", "Parallel", "Parameter", "Permute", "ReLU", "Reshape", "Residual", "Softmax", "is_training",
           "training"]
