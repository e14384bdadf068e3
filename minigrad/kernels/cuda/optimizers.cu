// One step of an optimizer in one pass over parameters, gradient and state: a thread per element.
// `shrink` is what p is multiplied by first: the weight decay. keep_1 is 1 - beta_1, and so on.

// p -= rate * g; with a velocity v the step with momentum, or Nesterov's.
KERNEL sgd(
    REAL *p, const REAL *g, REAL *v, REAL shrink, REAL rate, REAL momentum, Int nesterov, Int n
) {
    Int i = thread_number();
    if (i >= n) return;
    REAL step = -rate * g[i];
    if (v) {
        REAL velocity = momentum * v[i] + step;
        v[i] = velocity;
        step = nesterov ? step + momentum * velocity : velocity;
    }
    p[i] = shrink * p[i] + step;
}

KERNEL adam(
    REAL *p, const REAL *g, REAL *m, REAL *v, REAL *v_max,
    REAL shrink, REAL keep_1, REAL keep_2, REAL alpha, REAL floor, Int n
) {
    Int i = thread_number();
    if (i >= n) return;
    REAL mean = m[i] + keep_1 * (g[i] - m[i]);
    REAL square = v[i] + keep_2 * (g[i] * g[i] - v[i]);
    m[i] = mean;
    v[i] = square;
    if (v_max) {
        square = larger(square, v_max[i]);
        v_max[i] = square;
    }
    p[i] = shrink * p[i] - alpha * (mean / (sqrt(square) + floor));
}

KERNEL adamax(
    REAL *p, const REAL *g, REAL *m, REAL *u,
    REAL shrink, REAL keep_1, REAL beta_2, REAL alpha, REAL epsilon, Int n
) {
    Int i = thread_number();
    if (i >= n) return;
    REAL mean = m[i] + keep_1 * (g[i] - m[i]);
    REAL size = larger(fabs(g[i]), beta_2 * u[i]);
    m[i] = mean;
    u[i] = size;
    p[i] = shrink * p[i] - alpha * mean / (size + epsilon);
}

// by_m and by_g hold the rate.
KERNEL nadam(
    REAL *p, const REAL *g, REAL *m, REAL *v,
    REAL shrink, REAL keep_1, REAL keep_2, REAL by_m, REAL by_g, REAL by_v, REAL epsilon, Int n
) {
    Int i = thread_number();
    if (i >= n) return;
    REAL mean = m[i] + keep_1 * (g[i] - m[i]);
    REAL square = v[i] + keep_2 * (g[i] * g[i] - v[i]);
    m[i] = mean;
    v[i] = square;
    p[i] = shrink * p[i] - (by_m * mean + by_g * g[i]) / (sqrt(square * by_v) + epsilon);
}

KERNEL lion(
    REAL *p, const REAL *g, REAL *m, REAL shrink, REAL rate, REAL keep_1, REAL keep_2, Int n
) {
    Int i = thread_number();
    if (i >= n) return;
    REAL direction = m[i] + keep_1 * (g[i] - m[i]);
    REAL sign = direction > 0 ? R(1) : direction < 0 ? R(-1) : direction;  // NaN stays
    p[i] = shrink * p[i] - rate * sign;
    m[i] += keep_2 * (g[i] - m[i]);
}

// With m the variance takes the place of v, with a velocity steps are summed up.
KERNEL rmsprop(
    REAL *p, const REAL *g, REAL *v, REAL *m, REAL *velocity,
    REAL shrink, REAL rate, REAL keep, REAL momentum, REAL epsilon, Int n
) {
    Int i = thread_number();
    if (i >= n) return;
    REAL variance = v[i] + keep * (g[i] * g[i] - v[i]);
    v[i] = variance;
    if (m) {
        REAL mean = m[i] + keep * (g[i] - m[i]);
        m[i] = mean;
        variance = larger(variance - mean * mean, R(0));  // rounding can take it below zero
    }
    REAL step = rate * g[i] / sqrt(variance + epsilon);
    if (velocity) {
        step += momentum * velocity[i];
        velocity[i] = step;
    }
    p[i] = shrink * p[i] - step;
}

KERNEL adagrad(REAL *p, const REAL *g, REAL *a, REAL shrink, REAL rate, REAL epsilon, Int n) {
    Int i = thread_number();
    if (i >= n) return;
    REAL sum = a[i] + g[i] * g[i];
    a[i] = sum;
    p[i] = shrink * p[i] - rate * g[i] / sqrt(sum + epsilon);
}

KERNEL adadelta(
    REAL *p, const REAL *g, REAL *a, REAL *d,
    REAL shrink, REAL rate, REAL keep, REAL epsilon, Int n
) {
    Int i = thread_number();
    if (i >= n) return;
    REAL square = a[i] + keep * (g[i] * g[i] - a[i]);
    REAL step = g[i] * sqrt(d[i] + epsilon) / sqrt(square + epsilon);
    a[i] = square;
    p[i] = shrink * p[i] - rate * step;
    d[i] += keep * (step * step - d[i]);
}
