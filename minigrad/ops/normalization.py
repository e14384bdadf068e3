"""Normalisation kernels, each under its definition."""
from __future__ import annotations

from ..autograd import fused
from ..backend import backend
from .elementwise import sqrt, square, sum_to
from .reductions import mean


def layer_norm_definition(x, gamma, beta, *, epsilon):
    """gamma * (x - mean) / sqrt(variance + epsilon) + beta, statistics over the last gamma.ndim axes (arXiv:1607.06450)."""
    axes = tuple(range(-gamma.ndim, 0))
    centred = x - mean(x, axis=axes, keepdims=True)
    return centred / sqrt(mean(square(centred), axis=axes, keepdims=True) + epsilon) * gamma + beta


@fused(layer_norm_definition)
def layer_norm(x, gamma, beta, *, epsilon):
    """layer_norm_definition in place; keeps the normalised x and 1 / deviation."""
    axes = tuple(range(-gamma.ndim, 0))
    normal = x - x.mean(axes, keepdims=True)
    scale = (normal * normal).mean(axes, keepdims=True)
    scale += epsilon
    scale = 1 / backend(x).sqrt(scale)
    normal *= scale
    y = normal * gamma
    y += beta
    return y, (normal, scale)


@layer_norm.backward
def _(g, kept, x, gamma, beta, epsilon):
    normal, scale = kept
    axes = tuple(range(-gamma.ndim, 0))
    slope = g * gamma                       # the gradient at `normal`, less what its mean and its variance take back
    gx = slope - slope.mean(axes, keepdims=True)
    gx -= normal * (slope * normal).mean(axes, keepdims=True)
    gx *= scale
    return gx, sum_to(g * normal, shape=gamma.shape), sum_to(g, shape=beta.shape)
