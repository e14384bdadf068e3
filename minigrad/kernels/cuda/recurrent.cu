// One step of a recurrent layer between its matrix products: a thread for each (row, unit). Arrays
// of all steps are (T, N, features), the mask is (N, T). Backward, `dh` is the sum of what arrives
// from outside (g), through the product of the step after, and past that step in `carry`.

#define STEP Int t, Int steps, Int n, Int units
#define ELEMENT \
    Int at = thread_number(); \
    if (at >= n * units) return; \
    Int row = at / units; \
    Int now = t * n * units + at  // before the step; `next` is after it
#define UNIT Int unit = at % units
#define NEXT Int next = now + n * units

__device__ inline REAL sigmoid(REAL x) {
    return 1 / (1 + exp(-x));
}

__device__ inline bool is_real(const bool *mask, Int row, Int steps, Int t) {
    return !mask || mask[row * steps + t];
}

__device__ inline REAL number_or_zero(const REAL *a, Int at) {
    return a ? a[at] : R(0);
}

// The new state, and what it is as it enters the next product.
__device__ inline void write_state(
    REAL *h, REAL value, Int next, REAL *dropped, const REAL *dropout_mask, Int at
) {
    h[next] = value;
    if (dropped) dropped[at] = value * dropout_mask[at];
}

__device__ inline REAL arriving(
    const REAL *g, const REAL *product, const REAL *dropout_mask, const REAL *carry, Int at
) {
    REAL through = number_or_zero(product, at);
    if (dropout_mask) through *= dropout_mask[at];
    return number_or_zero(g, at) + through + number_or_zero(carry, at);
}

// ---- SimpleRNN ----------------------------------------------------------------------------------

// h' = tanh(a + h @ recurrent + bias)
KERNEL simple_rnn_step(
    REAL *h, REAL *dropped, const REAL *a, const REAL *product, const REAL *bias,
    const bool *mask, const REAL *dropout_mask, STEP
) {
    ELEMENT;
    UNIT;
    NEXT;
    REAL sum = a[now] + number_or_zero(product, at) + number_or_zero(bias, unit);
    REAL value = is_real(mask, row, steps, t) ? tanh(sum) : h[now];
    write_state(h, value, next, dropped, dropout_mask, at);
}

KERNEL simple_rnn_step_grad(
    REAL *da, REAL *carry, const REAL *h, const REAL *g, const REAL *product,
    const bool *mask, const REAL *dropout_mask, STEP
) {
    ELEMENT;
    NEXT;
    REAL dh = arriving(g, product, dropout_mask, carry, at);
    bool real = is_real(mask, row, steps, t);
    da[now] = real ? dh * (1 - h[next] * h[next]) : R(0);
    if (carry) carry[at] = real ? R(0) : dh;
}

// ---- LSTM: gates i, f, g, o ---------------------------------------------------------------------

// The gates in place of x @ kernel, and h' and c'.
KERNEL lstm_step(
    REAL *h, REAL *c, REAL *dropped, REAL *gates, const REAL *product, const REAL *bias,
    const bool *mask, const REAL *dropout_mask, STEP
) {
    ELEMENT;
    UNIT;
    NEXT;
    REAL sums[4];
    REAL *gate = gates + (t * n + row) * 4 * units + unit;
    for (int k = 0; k < 4; k++) {
        REAL added = number_or_zero(product, (row * 4 + k) * units + unit);
        sums[k] = gate[k * units] + added + number_or_zero(bias, k * units + unit);
        gate[k * units] = k == 2 ? tanh(sums[k]) : sigmoid(sums[k]);
    }
    REAL cell = gate[units] * c[now] + gate[0] * gate[2 * units];
    bool real = is_real(mask, row, steps, t);
    c[next] = real ? cell : c[now];
    REAL value = real ? gate[3 * units] * tanh(cell) : h[now];
    write_state(h, value, next, dropped, dropout_mask, at);
}

KERNEL lstm_step_grad(
    REAL *da, REAL *dc, REAL *carry, const REAL *gates, const REAL *c, const REAL *g,
    const REAL *product, const bool *mask, const REAL *dropout_mask, STEP
) {
    ELEMENT;
    UNIT;
    NEXT;
    REAL dh = arriving(g, product, dropout_mask, carry, at);
    bool real = is_real(mask, row, steps, t);
    if (carry) carry[at] = real ? R(0) : dh;
    const REAL *gate = gates + (t * n + row) * 4 * units + unit;
    REAL *grad = da + (t * n + row) * 4 * units + unit;
    REAL input = gate[0], forget = gate[units], candidate = gate[2 * units];
    REAL output = gate[3 * units];
    REAL tanh_c = tanh(c[next]);
    REAL cell = dc[at] + dh * output * (1 - tanh_c * tanh_c);
    grad[0] = real ? cell * candidate * input * (1 - input) : R(0);
    grad[units] = real ? cell * c[now] * forget * (1 - forget) : R(0);
    grad[2 * units] = real ? cell * input * (1 - candidate * candidate) : R(0);
    grad[3 * units] = real ? dh * tanh_c * output * (1 - output) : R(0);
    if (real) dc[at] = cell * forget;
}

// ---- GRU: gates z, r, h; the reset gate after the product ----------------------------------------

// The gates in place of x @ kernel, what r multiplies in `inner`, and h'. bias is (2, 3 units).
KERNEL gru_step(
    REAL *h, REAL *inner, REAL *dropped, REAL *gates, const REAL *product, const REAL *bias,
    const bool *mask, const REAL *dropout_mask, STEP
) {
    ELEMENT;
    UNIT;
    NEXT;
    REAL *gate = gates + (t * n + row) * 3 * units + unit;
    REAL sums[3], recurrent[3];
    for (int k = 0; k < 3; k++) {
        recurrent[k] = number_or_zero(product, (row * 3 + k) * units + unit)
            + number_or_zero(bias, (3 + k) * units + unit);
        sums[k] = gate[k * units] + number_or_zero(bias, k * units + unit);
    }
    REAL z = sigmoid(sums[0] + recurrent[0]);
    REAL r = sigmoid(sums[1] + recurrent[1]);
    REAL candidate = tanh(sums[2] + r * recurrent[2]);
    gate[0] = z;
    gate[units] = r;
    gate[2 * units] = candidate;
    inner[now] = recurrent[2];
    bool real = is_real(mask, row, steps, t);
    REAL value = real ? z * h[now] + (1 - z) * candidate : h[now];
    write_state(h, value, next, dropped, dropout_mask, at);
}

// da is the gradient of h @ recurrent + bias[1], and da_candidate that of the third gate's input.
KERNEL gru_step_grad(
    REAL *da, REAL *da_candidate, REAL *carry, const REAL *gates, const REAL *inner,
    const REAL *h, const REAL *g, const REAL *product, const bool *mask,
    const REAL *dropout_mask, STEP
) {
    ELEMENT;
    UNIT;
    REAL dh = arriving(g, product, dropout_mask, carry, at);
    bool real = is_real(mask, row, steps, t);
    const REAL *gate = gates + (t * n + row) * 3 * units + unit;
    REAL *grad = da + (t * n + row) * 3 * units + unit;
    REAL z = gate[0], r = gate[units], candidate = gate[2 * units];
    REAL through = real ? dh * (1 - z) * (1 - candidate * candidate) : R(0);
    da_candidate[now] = through;
    grad[0] = real ? dh * (h[now] - candidate) * z * (1 - z) : R(0);
    grad[units] = through * inner[now] * r * (1 - r);
    grad[2 * units] = through * r;
    carry[at] = real ? dh * z : dh;
}

// ---- GRU: the reset gate before the product ------------------------------------------------------

// z and r in place of x @ kernel, and r * h as it enters the second product.
KERNEL gru_reset_before_gates(
    REAL *gates, REAL *reset, const REAL *h, const REAL *product, const REAL *bias,
    const REAL *dropout_mask, STEP
) {
    ELEMENT;
    UNIT;
    REAL *gate = gates + (t * n + row) * 3 * units + unit;
    for (int k = 0; k < 2; k++) {
        REAL added = number_or_zero(product, (row * 2 + k) * units + unit);
        gate[k * units] = sigmoid(gate[k * units] + added + number_or_zero(bias, k * units + unit));
    }
    reset[at] = gate[units] * h[now] * (dropout_mask ? dropout_mask[at] : R(1));
}

// The candidate in place of x @ kernel, and h'.
KERNEL gru_reset_before_step(
    REAL *h, REAL *dropped, REAL *gates, const REAL *product, const REAL *bias,
    const bool *mask, const REAL *dropout_mask, STEP
) {
    ELEMENT;
    UNIT;
    NEXT;
    REAL *gate = gates + (t * n + row) * 3 * units + unit;
    REAL z = gate[0];
    REAL candidate =
        tanh(gate[2 * units] + product[at] + number_or_zero(bias, 2 * units + unit));
    gate[2 * units] = candidate;
    bool real = is_real(mask, row, steps, t);
    REAL value = real ? z * h[now] + (1 - z) * candidate : h[now];
    write_state(h, value, next, dropped, dropout_mask, at);
}

// The gradients of the inputs of z and of the candidate, and the part of dh that passes z.
KERNEL gru_reset_before_step_grad(
    REAL *da_zr, REAL *da_candidate, REAL *carry, const REAL *gates, const REAL *h,
    const REAL *g, const REAL *product, const bool *mask, const REAL *dropout_mask, STEP
) {
    ELEMENT;
    UNIT;
    REAL dh = arriving(g, product, dropout_mask, carry, at);
    bool real = is_real(mask, row, steps, t);
    const REAL *gate = gates + (t * n + row) * 3 * units + unit;
    REAL z = gate[0], candidate = gate[2 * units];
    da_zr[(t * n + row) * 2 * units + unit] =
        real ? dh * (h[now] - candidate) * z * (1 - z) : R(0);
    da_candidate[now] = real ? dh * (1 - z) * (1 - candidate * candidate) : R(0);
    carry[at] = real ? dh * z : dh;
}

// From the gradient of r * h: that of the input of r, and the part of dh that passes r.
KERNEL gru_reset_before_gates_grad(
    REAL *da_zr, REAL *carry, const REAL *gates, const REAL *h, const REAL *grad_reset,
    const REAL *dropout_mask, STEP
) {
    ELEMENT;
    UNIT;
    REAL r = gates[((t * n + row) * 3 + 1) * units + unit];
    REAL through = grad_reset[at] * (dropout_mask ? dropout_mask[at] : R(1));
    da_zr[((t * n + row) * 2 + 1) * units + unit] = through * h[now] * r * (1 - r);
    carry[at] += through * r;
}
