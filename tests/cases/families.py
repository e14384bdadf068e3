"""Families of cases: what every op of one array, of two arrays, or over an axis is called with."""

from __future__ import annotations

from typing import Any, Callable

import numpy as np

from .base import (
    Array,
    Case,
    Draw,
    case,
    cases,
    mask,
    nonzero,
    normal,
    parse_shapes,
    strided,
    transposed,
)


def shapes_of(draw: Draw) -> list:
    """Inputs of every op of one array: 2-D, 0-d, zero-size, and views that are not contiguous."""
    return [draw(3, 4), draw(), draw(0, 3), transposed(draw, 2, 3), strided(draw, 2, 3)]


def unary(expect: Callable[..., Any], draw: Draw = nonzero, **settings: Any) -> list[Case]:
    return [case(x, expect=expect, **settings) for x in shapes_of(draw)]


def varied(
    expect: Callable[..., Any],
    shape: tuple[int, ...],
    name: str,
    *values: Any,
    draw: Draw = normal,
    **more: Any,
) -> list[Case]:
    """One shape, and the setting `name` with each of the values."""
    return [case(draw(*shape), expect=expect, **{name: value}, **more) for value in values]


BROADCAST = [
    parse_shapes("3x4 3x4"),
    parse_shapes("3x1 1x4"),
    parse_shapes("4 3x4"),
    parse_shapes("3x4 4"),
    parse_shapes("() 2x3"),
    parse_shapes("2x3 ()"),
    parse_shapes("() ()"),
    parse_shapes("2x1x3 4x1"),
    parse_shapes("0x3 3"),
    parse_shapes("1x3 0x3"),
    parse_shapes("1x1 3"),
]


def binary(
    expect: Callable[..., Any], left: Draw = nonzero, right: Draw = nonzero, scalar: float = 1.7
) -> list[Case]:
    """Two arrays in every way they broadcast, a Python number on either side, and views."""
    pairs: list[tuple] = [(left(*a), right(*b)) for a, b in BROADCAST]
    pairs += [
        (left(2, 3), scalar),
        (scalar, right(2, 3)),
        (transposed(left, 3, 2), right(3, 2)),
        (strided(left, 3, 2), transposed(right, 3, 2)),
    ]
    return cases(expect, pairs)


def comparing(expect: Callable[..., Any]) -> list[Case]:
    """Two arrays for ops with a kink at equality: left elements end in .00, right ones in .05."""

    def left(*shape: int) -> Array:
        return np.round(nonzero(*shape), 1)

    def right(*shape: int) -> Array:
        return np.round(nonzero(*shape), 1) + 0.05

    return binary(expect, left, right, scalar=0.33)


def logical(expect: Callable[..., Any]) -> list[Case]:
    return cases(expect, [(mask(*a), mask(*b)) for a, b in BROADCAST])


EMPTY = (0, 3), (3, 0), ()


def axes(expect: Callable[..., Any], draw: Draw = nonzero, *more: tuple[int, ...]) -> list[Case]:
    """A reduction over every kind of axis, of views, and over the last axis of `more` shapes."""
    settings: list[dict] = [
        {},
        {"axis": 0},
        {"axis": -1},
        {"axis": 1, "keepdims": True},
        {"axis": (0, 2)},
        {"axis": (-1, -3), "keepdims": True},
        {"axis": None, "keepdims": True},
    ]
    found = [case(draw(2, 3, 4), expect=expect, **s) for s in settings]
    found += [
        case(transposed(draw, 3, 4), expect=expect, axis=0),
        case(strided(draw, 3, 4), expect=expect, axis=1),
    ]
    for shape in more:
        found.append(case(draw(*shape), expect=expect, axis=-1 if shape else None))
    return found


def edge_axes(expect: Callable[..., Any], draw: Draw = nonzero) -> list[Case]:
    """A reduction over axes in a list, over none, and over a 0-d array's."""

    def over_tuple(x: Array, axis: Any) -> Any:
        return expect(x, axis=tuple(axis))

    def over_one_element(x: Array, axis: int) -> Any:
        return expect(x.reshape(1), axis=axis)

    return [
        case(draw(2, 3, 2), expect=over_tuple, axis=[0, -1]),
        case(draw(2, 3), expect=over_tuple, axis=()),
        case(draw(), expect=over_one_element, axis=0),
        case(draw(), expect=over_one_element, axis=-1),
    ]


def edges_along(expect: Callable[..., Any]) -> list[Case]:
    """Ops along an axis that keep the shape, of no elements and of a 0-d array."""

    def of_one_element(x: Array, **settings: Any) -> Any:
        return expect(x.reshape(1), **settings).reshape(())

    return [
        *(case(nonzero(), expect=of_one_element, axis=axis) for axis in (0, -1)),
        *(case(nonzero(*shape), expect=expect, axis=-1) for shape in ((0,), (2, 0), (0, 0))),
    ]


def along(expect: Callable[..., Any]) -> list[Case]:
    """Ops along one axis that keep the shape."""
    return [
        *cases(expect, [[nonzero(3, 4)], [nonzero(5)], [nonzero(0, 3)]]),
        *(case(nonzero(2, 3, 4), expect=expect, axis=axis) for axis in (0, -2, 2)),
        case(transposed(nonzero, 3, 4), expect=expect, axis=1),
        case(strided(nonzero, 3, 4), expect=expect, axis=0),
    ]
