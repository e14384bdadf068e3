"""Attention has PyTorch's values and gradients, from the op to blocks; one layer has Keras's."""

# ruff: noqa: E402 - torch may be missing

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from hypothesis import given
from hypothesis import strategies as st

from minigrad import Tensor, default_dtype, grad, ops
from minigrad.layers import (
    Attention,
    LayerNormalization,
    MultiHeadAttention,
    TransformerDecoder,
    TransformerEncoder,
)

from .compare import compare, drawn, normal, seeds

F, nn = torch.nn.functional, torch.nn
pytestmark = pytest.mark.parity
sizes = st.tuples(*[st.integers(1, 5)] * 5)


@drawn
@given(sizes, st.sampled_from(["none", "mask", "causal"]), seeds)
def test_scaled_dot_product_attention(size, masked, seed):
    n, queries, keys, d, dv = size
    keys = queries if masked == "causal" else keys
    allowed = np.random.default_rng(seed).random((n, 1, queries, keys)) < 0.6
    allowed[..., 0] = True  # PyTorch's gradients of a query that sees nothing are NaN
    ours = {"mask": {"mask": allowed}, "causal": {"causal": True}, "none": {}}[masked]
    theirs = {
        "mask": {"attn_mask": torch.tensor(allowed)},
        "causal": {"is_causal": True},
        "none": {},
    }[masked]
    compare(
        lambda q, k, v: ops.scaled_dot_product_attention(
            q, k, v, ours.get("mask"), causal=masked == "causal"
        ),
        lambda q, k, v: F.scaled_dot_product_attention(q, k, v, **theirs),
        normal(seed, n, 2, queries, d),
        normal(seed + 1, n, 2, keys, d),
        normal(seed + 2, n, 2, keys, dv),
    )


@drawn
@given(sizes, st.booleans(), st.booleans(), seeds)
def test_a_mask_of_numbers(size, causal, repeats, seed):
    """What is added to the scores, with its gradient; -inf hides."""
    n, queries, keys, d, dv = size
    bias = normal(seed + 3, 1 if repeats else n, 1, queries, keys)
    hidden = np.random.default_rng(seed).random((queries, keys)) < 0.3
    hidden[:, 0] = False
    hidden = hidden | (causal & (np.arange(keys) > np.arange(queries)[:, None] + keys - queries))
    if hidden.all(-1).any():
        return  # PyTorch's gradients of a query that sees nothing are NaN
    compare(
        lambda q, k, v, b: ops.scaled_dot_product_attention(
            q, k, v, ops.where(hidden, -np.inf, b), causal=causal
        ),
        lambda q, k, v, b: F.scaled_dot_product_attention(
            q, k, v, b.masked_fill(torch.tensor(hidden), -torch.inf)
        ),
        normal(seed, n, 2, queries, d),
        normal(seed + 1, n, 2, keys, d),
        normal(seed + 2, n, 2, keys, dv),
        bias,
    )


def set_dense(dense, weight, bias):
    dense.kernel.assign(weight.detach().numpy().T.reshape(dense.kernel.shape))
    dense.bias.assign(bias.detach().numpy().reshape(dense.bias.shape))


def set_attention(layer, theirs):
    """Weights of nn.MultiheadAttention, whose in_proj stacks query, key and value."""
    weights, biases = theirs.in_proj_weight.chunk(3), theirs.in_proj_bias.chunk(3)
    for dense, w, b in zip((layer.query, layer.key, layer.value), weights, biases, strict=True):
        set_dense(dense, w, b)
    set_dense(layer.attention_output, theirs.out_proj.weight, theirs.out_proj.bias)


def set_norm(norm, theirs):
    norm.gamma.assign(theirs.weight.detach().numpy())
    norm.beta.assign(theirs.bias.detach().numpy())


def set_block(block, theirs, norms):
    set_attention(block.self_attention, theirs.self_attn)
    set_dense(block.intermediate, theirs.linear1.weight, theirs.linear1.bias)
    set_dense(block.output, theirs.linear2.weight, theirs.linear2.bias)
    for i, norm in enumerate(norms, 1):
        set_norm(norm, getattr(theirs, f"norm{i}"))


def drawn_weights(module, seed=0):
    torch.manual_seed(seed)
    for p in module.parameters():
        nn.init.uniform_(p, -0.6, 0.6)
    return module.double().eval()


def agree(ours, theirs, layer, module, pairs, *inputs):
    """Outputs, gradients of the inputs, and gradients of the (our, their) parameters in pairs."""
    compare(ours, theirs, *inputs, rtol=1e-7, atol=1e-9)
    xs, ts = [Tensor(a, dtype="float64") for a in inputs], [torch.tensor(a) for a in inputs]
    y, u = ours(*xs), theirs(*ts)
    u = u[0] if isinstance(u, tuple) else u
    seed = normal(3, *y.shape)
    module.zero_grad()
    (u * torch.tensor(seed)).sum().backward()
    for (_, t), g in zip(pairs, grad(ops.sum(y * seed), [p for p, _ in pairs]), strict=True):
        np.testing.assert_allclose(g.data, t.grad.numpy().T.reshape(g.shape), rtol=1e-7, atol=1e-9)


@pytest.mark.parametrize("padded", [False, True])
def test_multi_head_attention(padded):
    with default_dtype("float64"):
        module, layer = (
            drawn_weights(nn.MultiheadAttention(8, 2, batch_first=True)),
            MultiHeadAttention(2, 4),
        )
        x, memory = normal(1, 3, 4, 8), normal(2, 3, 5, 8)
        layer(x, memory)
        set_attention(layer, module)
        padding = np.arange(5) >= np.array([[5], [3], [1]]) if padded else np.zeros((3, 5), bool)
        agree(
            lambda q, m: layer(q, m, key_mask=~padding),
            lambda q, m: module(
                q, m, m, key_padding_mask=torch.tensor(padding), need_weights=False
            )[0],
            layer,
            module,
            [
                (layer.attention_output.kernel, module.out_proj.weight),
                (layer.attention_output.bias, module.out_proj.bias),
            ],
            x,
            memory,
        )
        _, scores = layer(x, memory, key_mask=~padding, return_attention_scores=True)
        _, wanted = module(
            *(torch.tensor(a) for a in (x, memory, memory)),
            key_padding_mask=torch.tensor(padding),
            average_attn_weights=False,
        )
        np.testing.assert_allclose(scores.data, wanted.detach().numpy(), rtol=1e-9)


@pytest.mark.parametrize("pre", [False, True])
@pytest.mark.parametrize("activation", ["relu", "gelu"])
def test_encoder_block(pre, activation):
    with default_dtype("float64"):
        module = drawn_weights(
            nn.TransformerEncoderLayer(8, 2, 12, 0.0, activation, batch_first=True, norm_first=pre)
        )
        block, x = (
            TransformerEncoder(12, 2, activation=activation, normalize_first=pre),
            normal(1, 3, 4, 8),
        )
        block(x)
        set_block(block, module, [block.self_attention_norm, block.feedforward_norm])
        padding = np.arange(4) >= np.array([[4], [3], [2]])
        pairs = [
            (block.intermediate.kernel, module.linear1.weight),
            (block.output.bias, module.linear2.bias),
            (block.self_attention_norm.gamma, module.norm1.weight),
            (block.feedforward_norm.beta, module.norm2.bias),
        ]
        agree(block, module, block, module, pairs, x)
        module.train()  # PyTorch's fast path for inference writes zeros at padding
        agree(
            lambda x: block(x, mask=~padding),
            lambda x: module(x, src_key_padding_mask=torch.tensor(padding)),
            block,
            module,
            pairs,
            x,
        )
        block.causal, later = True, torch.ones(4, 4).triu(1).bool()
        agree(block, lambda x: module(x, src_mask=later), block, module, pairs, x)


@pytest.mark.parametrize("pre", [False, True])
def test_decoder_block(pre):
    with default_dtype("float64"):
        module = drawn_weights(
            nn.TransformerDecoderLayer(8, 2, 12, 0.0, batch_first=True, norm_first=pre)
        )
        block, x, memory = (
            TransformerDecoder(12, 2, normalize_first=pre),
            normal(1, 3, 4, 8),
            normal(2, 3, 5, 8),
        )
        block(x, memory)
        set_block(
            block,
            module,
            [block.self_attention_norm, block.cross_attention_norm, block.feedforward_norm],
        )
        set_attention(block.cross_attention, module.multihead_attn)
        padding, later = np.arange(5) >= np.array([[5], [3], [2]]), torch.ones(4, 4).triu(1).bool()
        agree(
            lambda x, m: block(x, m, memory_mask=~padding),
            lambda x, m: module(x, m, later, memory_key_padding_mask=torch.tensor(padding)),
            block,
            module,
            [
                (
                    block.cross_attention.attention_output.kernel,
                    module.multihead_attn.out_proj.weight,
                ),
                (block.cross_attention_norm.gamma, module.norm2.weight),
            ],
            x,
            memory,
        )


@drawn
@given(st.integers(1, 5), st.integers(1, 6), seeds)
def test_layer_norm(rows, features, seed):
    compare(
        lambda x, g, b: ops.layer_norm(x, g, b, epsilon=1e-5),
        lambda x, g, b: F.layer_norm(x, (features,), g, b, 1e-5),
        normal(seed, rows, features),
        normal(seed + 1, features),
        normal(seed + 2, features),
        rtol=1e-7,
        atol=1e-8,
    )


@drawn
@given(st.integers(1, 5), st.integers(1, 6), seeds)
def test_rms_norm(rows, features, seed):
    compare(
        lambda x, g: ops.rms_norm(x, g, epsilon=1e-5),
        lambda x, g: F.rms_norm(x, (features,), g, 1e-5),
        normal(seed, rows, features),
        normal(seed + 1, features),
    )


def test_multi_head_attention_of_keras():
    keras = pytest.importorskip("keras")
    array = keras.ops.convert_to_numpy
    x, memory = normal(1, 3, 4, 8).astype("float32"), normal(2, 3, 5, 6).astype("float32")
    theirs, layer = keras.layers.MultiHeadAttention(2, 3, 5), MultiHeadAttention(2, 3, 5)
    mask = np.random.default_rng(0).random((3, 4, 5)) < 0.6
    mask[..., 0] = True
    theirs(x, memory)
    layer(x, memory)
    for i, w in enumerate(theirs.weights):
        if w.path.endswith("bias"):
            w.assign(array(w) + np.linspace(0.1, 0.1 + i, w.shape[-1]))
    layer.set_weights(theirs.get_weights())
    assert [w.name for w in layer.weights] == [w.name for w in theirs.weights]
    assert layer.count_params() == theirs.count_params()
    y, scores = theirs(x, memory, attention_mask=mask, return_attention_scores=True)
    ours, p = layer(x, memory, attention_mask=mask, return_attention_scores=True)
    np.testing.assert_allclose(ours.data, array(y), atol=1e-5)
    np.testing.assert_allclose(p.data, array(scores), atol=1e-6)


@pytest.mark.parametrize("causal", [False, True])
def test_the_sliding_window_of_keras(causal):
    keras = pytest.importorskip("keras")
    x = normal(1, 2, 6, 8).astype("float32")
    theirs, layer = (
        kind(2, 3, sliding_window=3)
        for kind in (keras.layers.MultiHeadAttention, MultiHeadAttention)
    )
    theirs(x, x)
    layer(x)
    layer.set_weights(theirs.get_weights())
    y = theirs(x, x, use_causal_mask=causal)
    ours = layer(x, use_causal_mask=causal)
    np.testing.assert_allclose(ours.data, keras.ops.convert_to_numpy(y), atol=1e-5)


@pytest.mark.parametrize("score_mode", ["dot", "concat"])
@pytest.mark.parametrize("use_scale", [False, True])
def test_attention_of_keras(score_mode, use_scale):
    """Values, gradients, and weights in one order."""
    keras = pytest.importorskip("keras")
    q, v, k = (normal(i, 3, n, 4).astype("float32") for i, n in enumerate((2, 5, 5)))
    masks = [np.array([[True, False]] * 3), np.arange(5) < np.array([[5], [3], [2]])]
    options = {"use_scale": use_scale, "score_mode": score_mode}
    theirs, layer = keras.layers.Attention(**options), Attention(**options)
    for a in (theirs, layer):
        a([q, v, k])
    theirs.set_weights([w * 0 + 0.7 - 0.3 * i for i, w in enumerate(theirs.get_weights())])
    layer.set_weights(theirs.get_weights())
    assert [w.name for w in layer.weights] == [w.name for w in theirs.weights]
    for mask in (None, masks):
        xs = [Tensor(a, requires_grad=True) for a in (q, v, k)]
        ts = [torch.tensor(a, requires_grad=True) for a in (q, v, k)]
        y, u = layer(xs, mask=mask), theirs(ts, mask=mask and [torch.tensor(m) for m in mask])
        np.testing.assert_allclose(y.numpy(), u.detach().numpy(), rtol=2e-5, atol=2e-6)
        gradients = grad((y * y).sum(), [*xs, *layer.weights])
        wanted = [*ts, *(w.value for w in theirs.trainable_weights)]
        expected = torch.autograd.grad((u * u).sum(), wanted)
        for g, h in zip(gradients, expected, strict=True):
            np.testing.assert_allclose(g.numpy(), h.numpy(), rtol=2e-4, atol=2e-5)


def test_layer_normalization_shares_pytorchs_equation():
    norm, x = LayerNormalization(epsilon=1e-5), normal(0, 3, 4).astype("float32")
    np.testing.assert_allclose(norm(x).data, F.layer_norm(torch.tensor(x), (4,)).numpy(), atol=1e-6)
