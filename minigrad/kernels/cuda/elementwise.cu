// Functions of single elements: one thread for each.

#define FAR R(100)  // beyond it erf and tanh are at their limits

__device__ inline REAL clipped(REAL x) {
    return x > FAR ? FAR : x < -FAR ? -FAR : x;
}

// ---- gelu ---------------------------------------------------------------------------------------

// P(standard normal <= x).
__device__ inline REAL normal_cdf(REAL x) {
    return R(0.5) * erfc(x * R(-0.70710678118654752));
}

KERNEL gelu(REAL *y, const REAL *x, Int n) {
    Int i = thread_number();
    if (i >= n) return;
    REAL z = clipped(x[i]);
    y[i] = x[i] > FAR ? x[i] : z * normal_cdf(z);
}

KERNEL gelu_grad(REAL *grad, const REAL *g, const REAL *x, Int n) {
    Int i = thread_number();
    if (i >= n) return;
    REAL z = clipped(x[i]);
    REAL density = R(0.39894228040143268) * exp(R(-0.5) * z * z);
    grad[i] = g[i] * (normal_cdf(z) + z * density);
}

// tanh(sqrt(2 / pi) (x + 0.044715 x**3)), which stands for erf(x / sqrt(2)).
__device__ inline REAL approximate_erf(REAL x) {
    return tanh(R(0.79788456080286536) * x * (1 + R(0.044715) * x * x));
}

KERNEL gelu_by_tanh(REAL *y, const REAL *x, Int n) {
    Int i = thread_number();
    if (i >= n) return;
    REAL z = clipped(x[i]);
    y[i] = x[i] > FAR ? x[i] : R(0.5) * z * (1 + approximate_erf(z));
}

KERNEL gelu_by_tanh_grad(REAL *grad, const REAL *g, const REAL *x, Int n) {
    Int i = thread_number();
    if (i >= n) return;
    REAL z = clipped(x[i]);
    REAL t = approximate_erf(z);
    REAL slope = R(0.79788456080286536) * (1 + 3 * R(0.044715) * z * z);
    grad[i] = g[i] * R(0.5) * (1 + t + z * (1 - t * t) * slope);
}

// ---- relu after a linear layer -------------------------------------------------------------------

// y = max(y + bias, 0); a NaN stays.
KERNEL add_bias_relu(REAL *y, const REAL *bias, Int rows, Int channels) {
    Int row = row_number();
    if (row >= rows) return;
    FOR_EACH(c, channels) {
        REAL value = y[row * channels + c] + bias[c];
        y[row * channels + c] = value < 0 ? R(0) : value;
    }
}

KERNEL relu_grad(REAL *grad, const REAL *g, const REAL *y, Int n) {
    Int i = thread_number();
    if (i < n) grad[i] = y[i] > 0 ? g[i] : R(0);
}

// ---- losses: their sum is the mean, as each is multiplied by `share` = 1 / n ---------------------

KERNEL binary_cross_entropy(REAL *losses, const REAL *x, const REAL *targets, REAL share, Int n) {
    Int i = thread_number();
    if (i >= n) return;
    REAL slope = R(x[i] >= 0) - targets[i];  // of the loss far out: 0 where the logit is right
    REAL curve = log1p(exp(-fabs(x[i])));
    losses[i] = share * ((slope == 0 ? R(0) : slope * x[i]) + curve);
}

KERNEL binary_cross_entropy_grad(
    REAL *grad, const REAL *g, const REAL *x, const REAL *targets, REAL share, Int n
) {
    Int i = thread_number();
    if (i >= n) return;
    grad[i] = *g * share * (1 / (1 + exp(-x[i])) - targets[i]);
}

KERNEL squared_error(
    REAL *losses, REAL *difference, const REAL *x, const REAL *targets, REAL share, Int n
) {
    Int i = thread_number();
    if (i >= n) return;
    REAL d = x[i] - targets[i];
    difference[i] = d;
    losses[i] = share * d * d;
}

// factor * g * x, for a g of one element.
KERNEL scaled(REAL *y, const REAL *g, const REAL *x, REAL factor, Int n) {
    Int i = thread_number();
    if (i >= n) return;
    y[i] = factor * *g * x[i];
}
