// Normalization. Statistics of a row: its threads meet. Statistics of a channel over pixels: blocks
// (channels, run of pixels, sample) sum a run each, and a second kernel joins the runs.

// ---- layer normalization ------------------------------------------------------------------------

ROW_KERNEL layer_norm(
    REAL *y, REAL *means, REAL *variances, const REAL *x, const REAL *gamma, const REAL *beta,
    REAL epsilon, Int rows, Int length
) {
    Int row = row_number();
    if (row >= rows) return;
    x += row * length;
    y += row * length;
    REAL sum = 0;
    FOR_EACH(i, length) sum += x[i];
    REAL mean = row_sum(sum) / R(length);
    REAL squares = 0;
    FOR_EACH(i, length) squares += (x[i] - mean) * (x[i] - mean);
    REAL variance = row_sum(squares) / R(length);
    REAL scale = 1 / sqrt(variance + epsilon);
    FOR_EACH(i, length) y[i] = (x[i] - mean) * scale * gamma[i] + beta[i];
    if (threadIdx.x) return;
    means[row] = mean;
    variances[row] = variance;
}

// The gradient of x, directly and through mean and variance.
ROW_KERNEL layer_norm_grad(
    REAL *grad, const REAL *g, const REAL *x, const REAL *gamma, const REAL *means,
    const REAL *variances, REAL epsilon, Int rows, Int length
) {
    Int row = row_number();
    if (row >= rows) return;
    x += row * length;
    g += row * length;
    REAL mean = means[row];
    REAL scale = 1 / sqrt(variances[row] + epsilon);
    REAL sum = 0;
    REAL dot_xhat = 0;
    FOR_EACH(i, length) {
        sum += g[i] * gamma[i];
        dot_xhat += g[i] * gamma[i] * ((x[i] - mean) * scale);
    }
    sum = row_sum(sum) / R(length);
    dot_xhat = row_sum(dot_xhat) / R(length);
    FOR_EACH(i, length) {
        REAL xhat = (x[i] - mean) * scale;
        grad[row * length + i] = scale * (g[i] * gamma[i] - sum - xhat * dot_xhat);
    }
}

// ---- statistics of channels ---------------------------------------------------------------------

// What a group's channels are measured from, so that a mean far from zero costs no digits: the first
// number of the group in its sample.
__device__ inline REAL origin_of(
    const REAL *x, Int sample, Int c, Int pixels, Int channels, Int groups
) {
    Int width = channels / groups;
    REAL first = x[sample * pixels * channels + c / width * width];
    return first - first == 0 ? first : R(0);  // not an infinity
}

// x - mean, of the statistics at `at`; no origins are origins of 0.
__device__ inline REAL centered(REAL x, const REAL *origins, const REAL *offsets, Int at) {
    return (origins ? x - origins[at] : x) - offsets[at];
}

struct Moments {
    REAL count, mean, squares;  // squares: the sum of (x - mean)**2
};

// Of the numbers of both (Chan et al. 1979).
__device__ inline Moments joined(Moments a, Moments b) {
    if (b.count == 0) return a;
    REAL count = a.count + b.count;
    REAL difference = b.mean - a.mean;
    REAL mean = a.mean + difference * (b.count / count);
    REAL between = difference * difference * (a.count * b.count / count);
    return {count, mean, a.squares + b.squares + between};
}

// Means of x - origin, and squares (samples, runs, channels): one after another in each thread
// (Welford 1962), then pairs of threads.
ROW_KERNEL channel_moments(
    REAL *offsets, REAL *squares, const REAL *x, Int run, Int pixels, Int channels, Int groups
) {
    __shared__ Moments found[256];
    Int c = blockIdx.x * blockDim.x + threadIdx.x;
    Int start = blockIdx.y * run;
    Int stop = start + run < pixels ? start + run : pixels;
    Moments own = {0, 0, 0};
    REAL origin = c < channels ? origin_of(x, blockIdx.z, c, pixels, channels, groups) : R(0);
    for (Int i = start + threadIdx.y; c < channels && i < stop; i += blockDim.y) {
        REAL value = x[(blockIdx.z * pixels + i) * channels + c] - origin;
        REAL difference = value - own.mean;
        own.count += 1;
        own.mean += difference / own.count;
        own.squares += difference * (value - own.mean);
    }
    unsigned mine = threadIdx.y * blockDim.x + threadIdx.x;
    found[mine] = own;
    for (unsigned half = blockDim.y / 2; half; half /= 2) {
        __syncthreads();
        if (threadIdx.y < half) {
            found[mine] = joined(found[mine], found[mine + half * blockDim.x]);
        }
    }
    if (threadIdx.y || c >= channels) return;
    Int at = (static_cast<Int>(blockIdx.z) * gridDim.y + blockIdx.y) * channels + c;
    offsets[at] = found[mine].mean;
    squares[at] = found[mine].squares;
}

// origin, mean - origin and variance (samples, channels) of each sample's groups of channels, from
// those of runs. Rows are (sample, group), a warp each.
ROW_KERNEL group_moments(
    REAL *origins, REAL *offsets, REAL *variances, const REAL *run_offsets, const REAL *run_squares,
    const REAL *x, Int rows, Int runs, Int run, Int pixels, Int channels, Int groups
) {
    Int row = row_number();
    if (row >= rows) return;
    Int width = channels / groups;
    Int first = row % groups * width;
    Moments own = {0, 0, 0};
    FOR_EACH(i, runs * width) {
        Int number = i / width;
        Int at = (row / groups * runs + number) * channels + first + i % width;
        Int rest = pixels - number * run;
        Moments part = {R(rest < run ? rest : run), run_offsets[at], run_squares[at]};
        own = own.count == 0 ? part : joined(own, part);
    }
    for (int lanes = 1; lanes < 32; lanes *= 2) {
        Moments other = {
            __shfl_xor_sync(~0u, own.count, lanes),
            __shfl_xor_sync(~0u, own.mean, lanes),
            __shfl_xor_sync(~0u, own.squares, lanes),
        };
        own = threadIdx.x & lanes ? joined(other, own) : joined(own, other);
    }
    Int sample = row / groups;
    REAL origin = origin_of(x, sample, first, pixels, channels, groups);
    FOR_EACH(i, width) {
        Int at = sample * channels + first + i;
        origins[at] = origin;
        offsets[at] = own.mean;
        variances[at] = own.squares / own.count;
    }
}

// sums (2, samples, runs, channels): of g, and of g * xhat. Mean and variance belong to (sample,
// channel), or to the pixel with `by_pixel`.
ROW_KERNEL channel_sums(
    REAL *sums, const REAL *g, const REAL *x, const REAL *origins, const REAL *offsets,
    const REAL *variances, REAL epsilon, Int by_pixel, Int run, Int pixels, Int channels
) {
    __shared__ REAL of_g[256];
    __shared__ REAL of_g_xhat[256];
    Int c = blockIdx.x * blockDim.x + threadIdx.x;
    Int start = blockIdx.y * run;
    Int stop = start + run < pixels ? start + run : pixels;
    REAL sum = 0;
    REAL dot_xhat = 0;
    for (Int i = start + threadIdx.y; c < channels && i < stop; i += blockDim.y) {
        Int pixel = blockIdx.z * pixels + i;
        Int at = by_pixel ? pixel : static_cast<Int>(blockIdx.z) * channels + c;
        REAL value = g[pixel * channels + c];
        REAL difference = centered(x[pixel * channels + c], origins, offsets, at);
        sum += value;
        dot_xhat += value * (difference / sqrt(variances[at] + epsilon));
    }
    unsigned mine = threadIdx.y * blockDim.x + threadIdx.x;
    of_g[mine] = sum;
    of_g_xhat[mine] = dot_xhat;
    for (unsigned half = blockDim.y / 2; half; half /= 2) {
        __syncthreads();
        if (threadIdx.y < half) {
            of_g[mine] += of_g[mine + half * blockDim.x];
            of_g_xhat[mine] += of_g_xhat[mine + half * blockDim.x];
        }
    }
    if (threadIdx.y || c >= channels) return;
    Int at = (static_cast<Int>(blockIdx.z) * gridDim.y + blockIdx.y) * channels + c;
    sums[at] = of_g[mine];
    sums[static_cast<Int>(gridDim.z) * gridDim.y * channels + at] = of_g_xhat[mine];
}

// ---- batch and group normalization --------------------------------------------------------------

// Rows are pixels of all samples; statistics belong to (sample, channel).
KERNEL normalize_channels(
    REAL *y, const REAL *x, const REAL *origins, const REAL *offsets, const REAL *variances,
    const REAL *gamma, const REAL *beta, REAL epsilon, Int rows, Int pixels, Int channels
) {
    Int row = row_number();
    if (row >= rows) return;
    Int sample = row / pixels;
    FOR_EACH(c, channels) {
        Int at = sample * channels + c;
        REAL difference = centered(x[row * channels + c], origins, offsets, at);
        REAL xhat = difference / sqrt(variances[at] + epsilon);
        y[row * channels + c] = xhat * gamma[c] + beta[c];
    }
}

// The gradient of x. sums (2, samples, groups) are those of gamma * g and gamma * g * xhat over a
// group; of groups of one channel, without gamma.
KERNEL normalize_channels_grad(
    REAL *grad, const REAL *g, const REAL *x, const REAL *origins, const REAL *offsets,
    const REAL *variances, const REAL *gamma, const REAL *sums, REAL epsilon,
    Int rows, Int pixels, Int channels, Int groups
) {
    Int row = row_number();
    if (row >= rows) return;
    Int sample = row / pixels;
    Int width = channels / groups;
    REAL count = R(pixels) * R(width);
    FOR_EACH(c, channels) {
        Int at = sample * channels + c;
        Int group = sample * groups + c / width;
        REAL scale = 1 / sqrt(variances[at] + epsilon);
        REAL xhat = centered(x[row * channels + c], origins, offsets, at) * scale;
        REAL through = (sums[group] + xhat * sums[rows / pixels * groups + group]) / count;
        REAL factor = width == 1 ? gamma[c] : R(1);
        grad[row * channels + c] = scale * (gamma[c] * g[row * channels + c] - factor * through);
    }
}

// x * scale + shift, one number of each per channel.
KERNEL scale_shift(
    REAL *y, const REAL *x, const REAL *scale, const REAL *shift, Int rows, Int channels
) {
    Int row = row_number();
    if (row >= rows) return;
    FOR_EACH(c, channels) y[row * channels + c] = x[row * channels + c] * scale[c] + shift[c];
}

// ---- local response normalization: the sum over the channels from c - reach to c + reach ---------

// y = x * sums**-beta, sums = k + alpha * the sum of x**2.
KERNEL local_response_norm(
    REAL *y, REAL *sums, const REAL *x, REAL k, REAL alpha, REAL beta,
    Int reach, Int rows, Int channels
) {
    Int row = row_number();
    if (row >= rows) return;
    x += row * channels;
    FOR_EACH(c, channels) {
        REAL sum = 0;
        Int stop = c + reach < channels ? c + reach + 1 : channels;
        for (Int i = c > reach ? c - reach : 0; i < stop; i++) sum += x[i] * x[i];
        sum = k + alpha * sum;
        sums[row * channels + c] = sum;
        y[row * channels + c] = x[c] * pow(sum, -beta);
    }
}

// Directly, and through the sums of the channels around.
KERNEL local_response_norm_grad(
    REAL *grad, const REAL *g, const REAL *sums, const REAL *x, REAL alpha, REAL beta,
    Int reach, Int rows, Int channels
) {
    Int row = row_number();
    if (row >= rows) return;
    g += row * channels;
    sums += row * channels;
    x += row * channels;
    FOR_EACH(c, channels) {
        REAL through = 0;
        Int stop = c + reach < channels ? c + reach + 1 : channels;
        for (Int i = c > reach ? c - reach : 0; i < stop; i++) {
            through += g[i] * x[i] * pow(sums[i], -beta - 1);
        }
        REAL direct = g[c] * pow(sums[c], -beta);
        grad[row * channels + c] = direct - 2 * alpha * beta * x[c] * through;
    }
}
