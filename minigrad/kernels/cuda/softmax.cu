// Softmax and the losses that are made of it: a row's threads read it, meet, and write it.

__device__ inline REAL largest_of(const REAL *x, Int length) {
    REAL largest = x[0];
    FOR_EACH(i, length) largest = larger(x[i], largest);
    return row_max(largest);
}

ROW_KERNEL softmax(REAL *y, const REAL *x, Int rows, Int length) {
    Int row = row_number();
    if (row >= rows) return;
    x += row * length;
    y += row * length;
    REAL largest = largest_of(x, length);
    REAL total = 0;
    FOR_EACH(i, length) {
        y[i] = exp(x[i] - largest);
        total += y[i];
    }
    total = row_sum(total);
    FOR_EACH(i, length) y[i] /= total;
}

// y * (g - sum(g * y))
ROW_KERNEL softmax_grad(REAL *grad, const REAL *g, const REAL *y, Int rows, Int length) {
    Int row = row_number();
    if (row >= rows) return;
    Int start = row * length;
    REAL sum = 0;
    FOR_EACH(i, length) sum += g[start + i] * y[start + i];
    sum = row_sum(sum);
    FOR_EACH(i, length) grad[start + i] = y[start + i] * (g[start + i] - sum);
}

// ---- cross-entropy ------------------------------------------------------------------------------

// The sum of exp(x - largest), in all threads of the row.
__device__ inline REAL sum_of_exponentials(const REAL *x, REAL largest, Int length) {
    REAL total = 0;
    FOR_EACH(i, length) total += exp(x[i] - largest);
    return row_sum(total);
}

// losses[row] = -share * log softmax(x)[label]; what the gradient needs is in `largests`, `totals`.
ROW_KERNEL sparse_cross_entropy(
    REAL *losses, REAL *largests, REAL *totals, const REAL *x, const long long *labels,
    REAL share, Int rows, Int length
) {
    Int row = row_number();
    if (row >= rows) return;
    x += row * length;
    REAL largest = largest_of(x, length);
    REAL total = sum_of_exponentials(x, largest, length);
    if (threadIdx.x) return;
    largests[row] = largest;
    totals[row] = total;
    losses[row] = share * (log(total) - (x[labels[row]] - largest));
}

// g * share * (softmax - one_hot). Rows share no thread: each of them takes some elements.
KERNEL sparse_cross_entropy_grad(
    REAL *grad, const REAL *g, const REAL *x, const long long *labels, const REAL *largests,
    const REAL *totals, REAL share, Int rows, Int length
) {
    Int row = row_number();
    if (row >= rows) return;
    REAL factor = *g * share;
    FOR_EACH(i, length) {
        REAL p = exp(x[row * length + i] - largests[row]) / totals[row];
        grad[row * length + i] = factor * (p - R(i == labels[row]));
    }
}

// losses[row] = -share * sum(targets * log softmax(x)); a class with target 0 adds nothing.
ROW_KERNEL cross_entropy(
    REAL *losses, REAL *largests, REAL *totals, REAL *weights, const REAL *x, const REAL *targets,
    REAL share, Int rows, Int length
) {
    Int row = row_number();
    if (row >= rows) return;
    x += row * length;
    targets += row * length;
    REAL largest = largest_of(x, length);
    REAL total = sum_of_exponentials(x, largest, length);
    REAL logarithm = log(total);
    REAL sum = 0;
    REAL weight = 0;
    FOR_EACH(i, length) {
        REAL t = targets[i];
        sum += t == 0 ? R(0) : t * (x[i] - largest - logarithm);
        weight += t;
    }
    sum = row_sum(sum);
    weight = row_sum(weight);
    if (threadIdx.x) return;
    largests[row] = largest;
    totals[row] = total;
    weights[row] = weight;
    losses[row] = -share * sum;
}

// g * share * (softmax * sum(targets) - targets)
KERNEL cross_entropy_grad(
    REAL *grad, const REAL *g, const REAL *x, const REAL *targets, const REAL *largests,
    const REAL *totals, const REAL *weights, REAL share, Int rows, Int length
) {
    Int row = row_number();
    if (row >= rows) return;
    REAL factor = *g * share;
    FOR_EACH(i, length) {
        Int at = row * length + i;
        REAL p = exp(x[at] - largests[row]) / totals[row];
        grad[at] = factor * (p * weights[row] - targets[at]);
    }
}

// -g * share * log softmax(x)
KERNEL cross_entropy_grad_targets(
    REAL *grad, const REAL *g, const REAL *x, const REAL *largests, const REAL *totals,
    REAL share, Int rows, Int length
) {
    Int row = row_number();
    if (row >= rows) return;
    REAL factor = -*g * share;
    FOR_EACH(i, length) {
        Int at = row * length + i;
        grad[at] = factor * (x[at] - largests[row] - log(totals[row]));
    }
}

// ---- attention ----------------------------------------------------------------------------------

// A mask (count, mask_queries, mask_keys), of which the last two may be 1: that of leading index b
// is number b / repeat % count.
#define MASK(name) \
    const bool *name, Int name##_repeat, Int name##_count, Int name##_queries, Int name##_keys
#define AT(name, b, i, j) \
    (((b) / name##_repeat % name##_count * name##_queries + (name##_queries > 1 ? (i) : 0)) \
     * name##_keys + (name##_keys > 1 ? (j) : 0))

// p = softmax(scores * scale + bias) over the keys that a query may attend to, in place; 0 for
// others and where `keep` is false, other numbers times `kept`. Rows are queries, from number
// `first` on, of all leading indices; with `causal` the last one is at the last key.
ROW_KERNEL attention_softmax(
    REAL *p, REAL scale, REAL masked_score, REAL kept, MASK(mask), const REAL *bias, MASK(keep),
    Int causal, Int first, Int rows, Int queries, Int keys
) {
    Int row = row_number();
    if (row >= rows) return;
    p += row * keys;
    Int b = (first + row) / queries;
    Int i = (first + row) % queries;
    Int visible = causal ? i + 1 + keys - queries : keys;
    REAL largest = masked_score;
    FOR_EACH(j, keys) {
        bool shown = j < visible && (!mask || mask[AT(mask, b, i, j)]);
        REAL added = bias ? bias[AT(mask, b, i, j)] : R(0);
        shown = shown && added > masked_score / 10;
        REAL score = shown ? p[j] * scale + added : masked_score;
        p[j] = score;
        largest = larger(score, largest);
    }
    largest = row_max(largest);
    REAL total = 0;
    FOR_EACH(j, keys) {
        REAL e = p[j] == masked_score ? R(0) : exp(p[j] - largest);
        p[j] = e;
        total += e;
    }
    total = row_sum(total);
    if (total == 0) total = 1;
    FOR_EACH(j, keys) {
        bool dropped = keep && !keep[AT(keep, b, i, j)];
        p[j] = dropped ? R(0) : p[j] / total * kept;
    }
}

// grad, that of the probabilities after dropout, becomes that of the scores:
// p * (grad - sum(p * grad)); p becomes what it is after dropout.
ROW_KERNEL attention_softmax_grad(
    REAL *grad, REAL *p, REAL kept, MASK(keep), Int first, Int rows, Int queries, Int keys
) {
    Int row = row_number();
    if (row >= rows) return;
    grad += row * keys;
    p += row * keys;
    Int b = (first + row) / queries;
    Int i = (first + row) % queries;
    REAL sum = 0;
    FOR_EACH(j, keys) {
        bool dropped = keep && !keep[AT(keep, b, i, j)];
        grad[j] = dropped ? R(0) : grad[j] * kept;
        sum += p[j] * grad[j];
    }
    sum = row_sum(sum);
    FOR_EACH(j, keys) {
        bool dropped = keep && !keep[AT(keep, b, i, j)];
        grad[j] = p[j] * (grad[j] - sum);
        p[j] = dropped ? R(0) : p[j] * kept;
    }
}
