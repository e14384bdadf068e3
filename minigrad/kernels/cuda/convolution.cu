// Patches, and convolution of each channel alone. A row is an output position or a pixel; the
// threads of a row share its channels.

// patches[g, n, p, q, i, j, c] = x[n, sh p + dh i - top, sw q + dw j - left, g, c], 0 outside:
// one matrix of patches per group. Rows are (n, p, q, i, j).
KERNEL im2col(REAL *patches, const REAL *x, Int rows, Int channels, Int groups, WINDOW) {
    Int row = row_number();
    if (row >= rows) return;
    int offset = row % (kh * kw);
    Int position = row / (kh * kw);
    int q = position % ow;
    int p = position / ow % oh;
    Int image = position / ow / oh;
    int h = p * sh + offset / kw * dh - top;
    int w = q * sw + offset % kw * dw - left;
    bool inside = h >= 0 && h < height && w >= 0 && w < width;
    const REAL *pixel = x + ((image * height + h) * width + w) * channels;
    int width_of_group = channels / groups;
    for (int c = threadIdx.x; c < channels; c += blockDim.x) {
        int group = c / width_of_group;
        Int to = (group * rows + row) * width_of_group + c - group * width_of_group;
        patches[to] = inside ? pixel[c] : R(0);
    }
}

// The number of the output position along one axis at whose kernel offset k a pixel lies; -1 if
// there is none.
__device__ inline int position_at(int pixel, int k, int dilation, int pad, int stride, int count) {
    int steps = pixel + pad - k * dilation;
    return steps >= 0 && steps % stride == 0 && steps / stride < count ? steps / stride : -1;
}

// x[n, h, w, c] = the sum of all patches that hold this pixel. Rows are pixels (n, h, w), of
// `positions` = n * oh * ow output positions in all.
KERNEL col2im(
    REAL *x, const REAL *patches, Int rows, Int positions, Int channels, Int groups, WINDOW
) {
    Int row = row_number();
    if (row >= rows) return;
    int w = row % width;
    int h = row / width % height;
    Int image = row / width / height;
    int width_of_group = channels / groups;
    for (int c = threadIdx.x; c < channels; c += blockDim.x) {
        int group = c / width_of_group;
        REAL sum = 0;
        for (int i = 0; i < kh; i++) {
            int p = position_at(h, i, dh, top, sh, oh);
            for (int j = 0; p >= 0 && j < kw; j++) {
                int q = position_at(w, j, dw, left, sw, ow);
                if (q < 0) continue;
                Int position = group * positions + (image * oh + p) * ow + q;
                Int patch = (position * kh + i) * kw + j;
                sum += patches[patch * width_of_group + c - group * width_of_group];
            }
        }
        x[row * channels + c] = sum;
    }
}

// ---- depthwise: filter f reads channel f / multiplier -------------------------------------------

// Rows are output positions (n, p, q).
KERNEL depthwise(
    REAL *y, const REAL *x, const REAL *kernel, const REAL *bias,
    Int rows, Int filters, Int multiplier, WINDOW
) {
    Int row = row_number();
    if (row >= rows) return;
    int q = row % ow;
    int p = row / ow % oh;
    Int image = row / ow / oh;
    int channels = filters / multiplier;
    for (int f = threadIdx.x; f < filters; f += blockDim.x) {
        REAL sum = bias ? bias[f] : R(0);
        for (int i = 0; i < kh; i++) {
            int h = p * sh + i * dh - top;
            for (int j = 0; h >= 0 && h < height && j < kw; j++) {
                int w = q * sw + j * dw - left;
                if (w < 0 || w >= width) continue;
                REAL pixel = x[((image * height + h) * width + w) * channels + f / multiplier];
                sum += pixel * kernel[(i * kw + j) * filters + f];
            }
        }
        y[row * filters + f] = sum;
    }
}

// Rows are pixels (n, h, w).
KERNEL depthwise_input_grad(
    REAL *x, const REAL *g, const REAL *kernel, Int rows, Int filters, Int multiplier, WINDOW
) {
    Int row = row_number();
    if (row >= rows) return;
    int w = row % width;
    int h = row / width % height;
    Int image = row / width / height;
    int channels = filters / multiplier;
    for (int c = threadIdx.x; c < channels; c += blockDim.x) {
        REAL sum = 0;
        for (int i = 0; i < kh; i++) {
            int p = position_at(h, i, dh, top, sh, oh);
            for (int j = 0; p >= 0 && j < kw; j++) {
                int q = position_at(w, j, dw, left, sw, ow);
                if (q < 0) continue;
                Int output = ((image * oh + p) * ow + q) * filters;
                for (int f = c * multiplier; f < (c + 1) * multiplier; f++) {
                    sum += g[output + f] * kernel[(i * kw + j) * filters + f];
                }
            }
        }
        x[row * channels + c] = sum;
    }
}

// parts[s, i, j, f] = the sum over the s-th run of output positions of pixel * g. Blocks are
// (filters, offset, run); the threads of a block with one threadIdx.x add up at the end.
ROW_KERNEL depthwise_kernel_grad(
    REAL *parts, const REAL *x, const REAL *g,
    Int positions, Int run, Int filters, Int multiplier, WINDOW
) {
    __shared__ REAL sums[512];
    int f = blockIdx.x * blockDim.x + threadIdx.x;
    int i = blockIdx.y / kw;
    int j = blockIdx.y % kw;
    int channels = filters / multiplier;
    Int start = static_cast<Int>(blockIdx.z) * run;
    Int stop = start + run < positions ? start + run : positions;
    REAL sum = 0;
    for (Int at = start + threadIdx.y; f < filters && at < stop; at += blockDim.y) {
        int h = at / ow % oh * sh + i * dh - top;
        int w = at % ow * sw + j * dw - left;
        if (h < 0 || h >= height || w < 0 || w >= width) continue;
        Int pixel = (at / ow / oh * height + h) * width + w;
        sum += x[pixel * channels + f / multiplier] * g[at * filters + f];
    }
    sums[threadIdx.y * blockDim.x + threadIdx.x] = sum;
    for (unsigned half = blockDim.y / 2; half; half /= 2) {
        __syncthreads();
        if (threadIdx.y < half) {
            int mine = threadIdx.y * blockDim.x + threadIdx.x;
            sums[mine] += sums[mine + half * blockDim.x];
        }
    }
    if (threadIdx.y == 0 && f < filters) {
        parts[(static_cast<Int>(blockIdx.z) * kh * kw + blockIdx.y) * filters + f] =
            sums[threadIdx.x];
    }
}
