"""Attention between sequences: multi-head, and the forms that came before it."""

from __future__ import annotations

from typing import Any

from .. import initializers, ops, regularizers
from ..arguments import ExplainsArguments
from ..backend import Array, backend
from ..config import as_data
from ..engine.tensor import Tensor
from ..utils.registry import check_choice
from .base import Layer
from .calls import set_mask
from .core import Dense
from .masking import as_mask, combine_masks, padding_mask
from .parameter import Parameter
from .regularization import keep_mask
from .seeds import Seed, Seeded
from .validation import check_rate, positive_integer


def as_tensor(x: Any, like: Tensor) -> Tensor:
    """A further input of a layer, which casts only its first, as a Tensor on the device of that.

    Args:
        x: Tensor, array or nested lists.
        like: The first input.

    Example:
        >>> as_tensor([1, 2], minigrad.Tensor([0.0])).shape
        (2,)
    """
    return x if isinstance(x, Tensor) else Tensor(as_data(x, device=like.device))


def _value_and_key(layer: Layer, query: Tensor, value: Any, key: Any) -> tuple[Tensor, Tensor]:
    """Value and key as Tensors; the default of value is the query, that of key the value."""
    values = query if value is None else as_tensor(value, query)
    keys = values if key is None else as_tensor(key, query)
    if query.ndim != 3 or values.shape[:2] != keys.shape[:2] or len(values) != len(query):
        raise ValueError(
            f"{type(layer).__name__} expects (N, T, features) of one N, keys as many as values; "
            f"got query {query.shape}, value {values.shape}, key {keys.shape}"
        )
    return values, keys


# ---- many heads ----------------------------------------------------------------------------------


class KeyValueCache(metaclass=ExplainsArguments):
    """The keys and values of the tokens that a layer has read, so that they are computed once.

    It is for generation, token by token. Each attention layer needs its own.

    Args:
        capacity: Number of tokens that fit.

    Example:
        >>> layer, cache = MultiHeadAttention(2, 4), KeyValueCache(10)
        >>> with minigrad.no_grad():
        ...     _ = layer(np.ones((1, 3, 8)), use_causal_mask=True, cache=cache)
        >>> cache.length
        3
    """

    def __init__(self, capacity: int) -> None:
        self.capacity = capacity
        self.length = 0  # the number of tokens so far
        self.keys: Any = None
        self.values: Any = None

    def extend(self, k: Tensor, v: Tensor) -> tuple[Tensor, Tensor]:
        """Add keys and values, and return all so far.

        Args:
            k: Keys (N, heads, T, d) of T new tokens.
            v: Values (N, heads, T, d) of the same tokens.

        Raises:
            ValueError: If they do not fit, or a gradient would have to pass through them.
        """
        self._check(k, v)
        start, end = self.length, self.length + k.shape[2]
        if self.keys is None:
            self.keys = self._allocate(k)
            self.values = self._allocate(v)
        self.keys[:, :, start:end] = k.data
        self.values[:, :, start:end] = v.data
        self.length = end
        keys = Tensor(self.keys[:, :, :end], dtype=k.dtype)
        values = Tensor(self.values[:, :, :end], dtype=v.dtype)
        return keys, values

    def _allocate(self, x: Tensor) -> Array:
        n, heads, _, width = x.shape
        return backend(x).zeros((n, heads, self.capacity, width), x.dtype)

    def _check(self, k: Tensor, v: Tensor) -> None:
        if k.node is not None or v.node is not None:
            raise ValueError(
                "a cache is for generation, no gradient passes through it: call the layer inside "
                "`with no_grad():`"
            )
        n, heads, new, _ = k.shape
        if self.length + new > self.capacity:
            raise ValueError(
                f"the cache has a capacity of {self.capacity} tokens and holds {self.length}: "
                f"{new} more do not fit"
            )
        if self.keys is not None and (n, heads) != self.keys.shape[:2]:
            raise ValueError(
                f"the cache holds {self.keys.shape[0]} samples of {self.keys.shape[1]} heads, "
                f"got {n} of {heads}"
            )

    def reorder(self, rows: Any) -> None:
        """Continue sample i from what sample rows[i] has read, as beam search does.

        Args:
            rows: Indices of samples.
        """
        if self.keys is not None:
            self.keys = self.keys[rows]
            self.values = self.values[rows]

    def reset(self) -> None:
        """Forget all tokens, for the next sequence."""
        self.length = 0
        self.keys = None
        self.values = None


class _HeadDense(Dense):
    """Dense over the features of all heads side by side; its weights have an axis for the heads.

    The kernel is (in, heads, dim) and the bias (heads, dim); if the layer joins the heads, the
    kernel is (heads, dim, units).
    """

    def __init__(
        self, units: int, heads: int, joins_heads: bool, use_bias: bool, options: dict[str, Any]
    ) -> None:
        super().__init__(units, use_bias=use_bias, **options)
        self.heads = heads
        self.joins_heads = joins_heads

    def build(self, input_shape: tuple[int, ...]) -> None:
        super().build(input_shape)
        self.flat_shape = self.kernel.shape
        features, units = self.flat_shape
        shape = (self.heads, -1, units) if self.joins_heads else (features, self.heads, -1)
        self.kernel = _reshaped(self.kernel, shape)
        if self.use_bias and not self.joins_heads:
            self.bias = _reshaped(self.bias, (self.heads, -1))

    def call(self, x: Any) -> Any:
        kernel = ops.reshape(self.kernel, shape=self.flat_shape)
        if not self.use_bias:
            return x @ kernel
        return ops.linear(x, kernel, ops.reshape(self.bias, shape=(self.units,)))


def _reshaped(p: Parameter, shape: tuple[int, ...]) -> Parameter:
    """The parameter in another shape, with its regularizer and constraint."""
    values = p.data.reshape(shape)
    return Parameter(values, regularizer=p.regularizer, constraint=p.constraint)


class MultiHeadAttention(Seeded):
    """concat(head_1, ..., head_h) W_o, with head_i = attention(q W_q,i, k W_k,i, v W_v,i).

    attention(q, k, v) = softmax(q k^T / sqrt(key_dim)) v. The weights lie in the layers `query`,
    `key` and `value`, with kernels (features, heads, dim) and biases (heads, dim), and
    `attention_output`, (heads, dim, features), as in Keras; Glorot limits are those of the kernels
    with the heads side by side.

    Args:
        num_heads: Number of heads.
        key_dim: Features per head of queries and keys.
        value_dim: Features per head of values; None for key_dim.
        dropout: Fraction of the attention probabilities dropped in training.
        use_bias: False leaves the biases of all four products out.
        output_shape: Number of output features; None for those of the query.
        attention_axes: The axis of the sequence, 1; None for it.
        sliding_window: Queries attend to keys at a distance of less than this; None for all.
        flash_attention: Accepted for Keras; memory grows with T here in any case.
        kernel_initializer: Name or function that makes the four kernels.
        bias_initializer: Name or function that makes the biases.
        kernel_regularizer: Name or function of a penalty on each kernel; None for none.
        bias_regularizer: Name or function of a penalty on each bias; None for none.
        activity_regularizer: Name or function of a penalty on the output of each product, averaged
            over the rows; None for none.
        kernel_constraint: Name or function of a constraint on each kernel; None for none.
        bias_constraint: Name or function of a constraint on each bias; None for none.
        seed: Seed of a generator of its own; None to draw from minigrad.seed's.
        rotary: True rotates queries and keys by their positions, in self-attention.
        name: Name of the layer; a model names it after its class if None.
        trainable: False freezes the parameters.
        input_shape: Shape of one query, without the batch axis.
        dtype: dtype of parameters and output; None for the default one.

    Shape:
        query (N, Tq, D), value and key (N, Tk, ...) -> (N, Tq, output_shape or D)

    Raises:
        ValueError: If an argument is out of range, or inputs or masks do not match.

    References:
        Vaswani et al. 2017, arXiv:1706.03762, section 3.2.2; Su et al. 2021, arXiv:2104.09864 on
        rotary positions.

    Example:
        >>> MultiHeadAttention(num_heads=2, key_dim=4)(np.ones((1, 5, 8))).shape
        (1, 5, 8)
    """

    input_rank = 3
    supports_masking = True

    def __init__(
        self,
        num_heads: int,
        key_dim: int,
        value_dim: int | None = None,
        dropout: float = 0.0,
        use_bias: bool = True,
        output_shape: int | None = None,
        attention_axes: Any = None,
        sliding_window: int | None = None,
        flash_attention: bool | None = None,
        kernel_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        kernel_regularizer: Any = None,
        bias_regularizer: Any = None,
        activity_regularizer: Any = None,
        kernel_constraint: Any = None,
        bias_constraint: Any = None,
        seed: Seed = None,
        rotary: bool = False,
        *,
        name: str | None = None,
        trainable: bool = True,
        input_shape: tuple[int, ...] | None = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(name, trainable, input_shape, dtype=dtype)
        self.num_heads = positive_integer(self, "num_heads", num_heads)
        self.key_dim = positive_integer(self, "key_dim", key_dim)
        self.value_dim = key_dim
        if value_dim is not None:
            self.value_dim = positive_integer(self, "value_dim", value_dim)
        check_rate(self, "dropout", dropout)
        self.dropout = dropout
        self.use_bias = use_bias
        self.features = output_shape
        if attention_axes not in (None, 1, (1,), [1]):
            raise ValueError(
                f"MultiHeadAttention: attention_axes must be 1, the axis of a sequence (N, T, D), "
                f"not {attention_axes!r}: Reshape the others into the batch or the features"
            )
        self.sliding_window = None
        if sliding_window is not None:
            self.sliding_window = positive_integer(self, "sliding_window", sliding_window)
        if output_shape is not None:
            positive_integer(self, "output_shape", output_shape)
        self._describe("kernel", kernel_initializer, kernel_regularizer, kernel_constraint)
        self._describe("bias", bias_initializer, bias_regularizer, bias_constraint)
        self._penalty = regularizers.get(activity_regularizer)
        self._set_seed(seed)
        self.rotary = rotary
        self.query = self._projection(num_heads * key_dim)
        self.key = self._projection(num_heads * key_dim)
        self.value = self._projection(num_heads * self.value_dim)

    def _projection(self, units: int, joins_heads: bool = False) -> _HeadDense:
        options = {
            f"{kind}_{option}": getattr(self, f"{kind}_{option}")
            for kind in ("kernel", "bias")
            for option in ("initializer", "regularizer", "constraint")
        }
        options["activity_regularizer"] = self._penalty
        return _HeadDense(units, self.num_heads, joins_heads, self.use_bias, options)

    def build(self, input_shape: tuple[int, ...]) -> None:
        self.attention_output = self._projection(self.features or input_shape[-1], True)

    def call(
        self,
        query: Any,
        value: Any = None,
        key: Any = None,
        query_mask: Any = None,
        value_mask: Any = None,
        key_mask: Any = None,
        attention_mask: Any = None,
        return_attention_scores: bool = False,
        use_causal_mask: bool = False,
        cache: KeyValueCache | None = None,
    ) -> Any:
        """The output, or (output, probabilities) with return_attention_scores.

        The masks of query, value and key are by default those that come with them. The output has
        that of the query.

        Args:
            query: Sequences (N, Tq, D).
            value: Sequences (N, Tk, ...) to attend to; None for the query itself.
            key: Sequences (N, Tk, ...) to compare with; None for the value.
            query_mask: (N, Tq), False at padding; None for none. It goes on to the output.
            value_mask: (N, Tk), False at padding; None for none.
            key_mask: (N, Tk), False at padding; None for none.
            attention_mask: (Tq, Tk), (N, Tq, Tk) or (N, heads, Tq, Tk), True where a query attends
                to a key; None for everywhere. Numbers, other than zeros and ones, are added to the
                scores, -inf hides a key.
            return_attention_scores: True returns the probabilities (N, heads, Tq, Tk) too.
            use_causal_mask: True hides later keys from each query.
            cache: Keys and values of earlier calls, to which those of this one are added.
        """
        values, keys = _value_and_key(self, query, value, key)
        q, k, v = self._project(query, values, keys, cache)
        if value is None and cache is None:
            value_mask = query_mask
        padding = padding_mask(key_mask, value_mask, query, k.shape[2])
        mask = combine_masks(attention_mask, padding, query, k.shape[2], self.sliding_window)
        keep = keep_mask(self.dropout, (*q.shape[:3], k.shape[2]), q, self._generator)
        heads = ops.scaled_dot_product_attention(
            q, k, v, mask, keep, causal=use_causal_mask, rate=self.dropout
        )
        y = self.attention_output(_merge_heads(heads))
        set_mask(y, query_mask)
        if not return_attention_scores:
            return y
        scores = q @ ops.swapaxes(k, axis1=-1, axis2=-2) * self.key_dim**-0.5
        return y, ops.masked_softmax(scores, mask, causal=use_causal_mask)

    def _project(
        self, query: Any, value: Any, key: Any, cache: KeyValueCache | None
    ) -> tuple[Any, Any, Any]:
        """q, k and v (N, heads, T, dim), after the keys and values of the cache.

        What is not the query itself, a memory, is projected once.
        """
        is_self_attention = value is query and key is query
        start = 0 if cache is None else cache.length
        q = self._split_heads(self.query(query))
        if cache is not None and cache.length and not is_self_attention:
            k, v = (Tensor(x, dtype=query.dtype) for x in (cache.keys, cache.values))
            return q, k, v
        k = self._split_heads(self.key(key))
        v = self._split_heads(self.value(value))
        if self.rotary and is_self_attention:
            positions = backend(q).arange(start, start + q.shape[2])
            q, k = ops.rotary(q, positions), ops.rotary(k, positions)
        if cache is None:
            return q, k, v
        if not is_self_attention:
            cache.capacity = k.shape[2]
        return q, *cache.extend(k, v)

    def _split_heads(self, x: Any) -> Any:
        """(N, T, heads * dim) -> (N, heads, T, dim)."""
        n, steps, width = x.shape
        heads = ops.reshape(x, shape=(n, steps, self.num_heads, width // self.num_heads))
        return ops.transpose(heads, axes=(0, 2, 1, 3))


def _merge_heads(x: Any) -> Any:
    """(N, heads, T, dim) -> (N, T, heads * dim)."""
    n, heads, steps, width = x.shape
    side_by_side = ops.transpose(x, axes=(0, 2, 1, 3))
    return ops.reshape(side_by_side, shape=(n, steps, heads * width))


# ---- one head, with a score of its own -----------------------------------------------------------


class _ScoredAttention(Seeded):
    """softmax over the keys of score(query, key), times the values."""

    supports_masking = True

    def __init__(
        self,
        dropout: float,
        name: str | None,
        trainable: bool,
        input_shape: tuple[int, ...] | None,
        dtype: Any,
    ) -> None:
        super().__init__(name, trainable, input_shape, dtype=dtype)
        check_rate(self, "dropout", dropout)
        self.dropout = dropout

    def score(self, query: Any, key: Any) -> Any:
        """(N, Tq, Tk): how well each query matches each key."""
        raise NotImplementedError

    def call(
        self,
        query: Any,
        value: Any = None,
        key: Any = None,
        key_mask: Any = None,
        use_causal_mask: bool = False,
        return_attention_scores: bool = False,
        mask: Any = None,
        value_mask: Any = None,
        attention_mask: Any = None,
    ) -> Any:
        """The output, or (output, probabilities) with return_attention_scores.

        The masks of query, value and key are by default those that come with them.

        Args:
            query: Sequences (N, Tq, D); or [query, value] or [query, value, key], as in Keras.
            value: Sequences (N, Tk, ...) to attend to; None for the query itself.
            key: Sequences (N, Tk, ...) to compare with; None for the value.
            key_mask: (N, Tk), False at padding; None for none.
            use_causal_mask: True hides later keys from each query.
            return_attention_scores: True returns the probabilities (N, Tq, Tk) too.
            mask: (N, Tq), False at padding of the query, where the output is 0; or a list of the
                masks of query and value, as in Keras. None for none.
            value_mask: (N, Tk), False at padding; None for none.
            attention_mask: (Tq, Tk) or (N, Tq, Tk), True where a query attends to a key, or
                numbers that are added to the scores; None for everywhere.
        """
        if isinstance(query, list):
            query, value, key = (*query, None)[:3]
            mask, value_mask = (*(mask or ()), None, None)[:2]
        elif value is None:
            value_mask = mask
        values, keys = _value_and_key(self, query, value, key)
        real = padding_mask(key_mask, value_mask, query, keys.shape[1])
        visible = combine_masks(attention_mask, real, query, keys.shape[1])
        if visible is not None and visible.ndim == 4:
            visible = visible[:, 0]
        p = ops.masked_softmax(self.score(query, keys), visible, causal=use_causal_mask)
        kept = keep_mask(self.dropout, p.shape, p, self._generator)
        y = (p if kept is None else ops.dropout(p, kept, rate=self.dropout)) @ values
        if mask is not None:
            y = ops.where(as_mask(mask, query)[..., None], y, 0.0)  # type: ignore[index]
        return (y, p) if return_attention_scores else y


def _pairwise_sums(query: Any, key: Any, remedy: str) -> Any:
    """query + key of each pair, (N, Tq, Tk, features)."""
    if query.shape[-1] != key.shape[-1]:
        raise ValueError(
            f"a sum needs queries and keys of equal width, got {query.shape} and {key.shape}: "
            f"{remedy} brings both to one"
        )
    return ops.expand_dims(query, axis=2) + ops.expand_dims(key, axis=1)


def _query_features(input_shape: Any) -> int:
    """The features of the query, from its shape or from those of [query, value, ...]."""
    return (input_shape[0] if isinstance(input_shape, list) else input_shape)[-1]


class Attention(_ScoredAttention):
    """Luong's attention: softmax(score(query, key)) value.

    The score is q . k ("dot"), q . W k ("general") or v * sum(tanh(q + k)) with a learned number v
    ("concat", as Keras has it; v . tanh(W q + U k) of the paper is AdditiveAttention with units);
    it is not divided by sqrt(features), as in Keras.

    Args:
        use_scale: True multiplies the scores, or for "concat" q + k, by a learned number.
        score_mode: "dot", "general" or "concat".
        dropout: Fraction of the attention probabilities dropped in training.
        seed: Seed of a generator of its own; None to draw from minigrad.seed's.
        name: Name of the layer; a model names it after its class if None.
        trainable: False freezes the parameters.
        input_shape: Shape of one query, without the batch axis.
        dtype: dtype of parameters and output; None for the default one.

    Shape:
        query (N, Tq, D), value (N, Tk, V), key (N, Tk, D) -> (N, Tq, V)

    Raises:
        ValueError: If score_mode is none of these, or inputs or masks do not match.

    References:
        Luong et al. 2015, arXiv:1508.04025, section 3.1.

    Example:
        >>> Attention()(np.ones((1, 2, 4)), np.ones((1, 5, 4))).shape
        (1, 2, 4)
    """

    def __init__(
        self,
        use_scale: bool = False,
        score_mode: str = "dot",
        dropout: float = 0.0,
        seed: Seed = None,
        *,
        name: str | None = None,
        trainable: bool = True,
        input_shape: tuple[int, ...] | None = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(dropout, name, trainable, input_shape, dtype)
        self._set_seed(seed)
        check_choice(score_mode, ("dot", "general", "concat"), "score_mode of Attention")
        self.use_scale = use_scale
        self.score_mode = score_mode

    def build(self, input_shape: Any) -> None:
        features = _query_features(input_shape)
        if self.use_scale:
            self.scale = self.add_weight((), "ones")
        if self.score_mode == "general":
            self.key = Dense(features, use_bias=False)
        if self.score_mode == "concat":
            self.concat_score_weight = self.add_weight((), "ones")

    def score(self, query: Any, key: Any) -> Any:
        if self.score_mode == "concat":
            total = _pairwise_sums(query, key, "score_mode='general' or AdditiveAttention(units)")
            scaled = total * self.scale if self.use_scale else total
            return self.concat_score_weight * ops.sum(ops.tanh(scaled), axis=-1)
        keys = self.key(key) if self.score_mode == "general" else key
        if query.shape[-1] != keys.shape[-1]:
            raise ValueError(
                f"a dot product needs queries and keys of equal width, got {query.shape} and "
                f"{keys.shape}: score_mode='general' joins different ones"
            )
        scores = query @ ops.swapaxes(keys, axis1=-1, axis2=-2)
        return scores * self.scale if self.use_scale else scores


class AdditiveAttention(_ScoredAttention):
    """Bahdanau's attention: softmax(v . tanh(W query + U key)) value.

    Args:
        units: Rows of W and U; None leaves W and U out, as Keras does.
        use_scale: False leaves v out: the elements of the tanh are added up.
        dropout: Fraction of the attention probabilities dropped in training.
        name: Name of the layer; a model names it after its class if None.
        trainable: False freezes the parameters.
        input_shape: Shape of one query, without the batch axis.
        dtype: dtype of parameters and output; None for the default one.

    Shape:
        query (N, Tq, D), value (N, Tk, V), key (N, Tk, ...) -> (N, Tq, V)

    Raises:
        ValueError: If units is no positive integer, or inputs or masks do not match.

    References:
        Bahdanau et al. 2014, arXiv:1409.0473, appendix A.1.2.

    Example:
        >>> AdditiveAttention(6)(np.ones((1, 2, 4)), np.ones((1, 5, 3))).shape
        (1, 2, 3)
    """

    def __init__(
        self,
        units: int | None = None,
        use_scale: bool = True,
        dropout: float = 0.0,
        *,
        name: str | None = None,
        trainable: bool = True,
        input_shape: tuple[int, ...] | None = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(dropout, name, trainable, input_shape, dtype)
        self.units = units
        self.use_scale = use_scale
        if units is not None:
            positive_integer(self, "units", units)
            self.query = Dense(units, use_bias=False)
            self.key = Dense(units, use_bias=False)

    def build(self, input_shape: Any) -> None:
        if self.use_scale:
            column = (self.units or _query_features(input_shape), 1)
            self.scale = Parameter(initializers.get("glorot_uniform")(column)[:, 0], "scale")

    def score(self, query: Any, key: Any) -> Any:
        queries = self.query(query) if self.units else query
        keys = self.key(key) if self.units else key
        joint = ops.tanh(_pairwise_sums(queries, keys, "units="))  # (N, Tq, Tk, units)
        return joint @ self.scale if self.use_scale else ops.sum(joint, axis=-1)
