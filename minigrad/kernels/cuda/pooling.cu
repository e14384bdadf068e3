// Pooling: rows are output positions or pixels, the threads of a row share its channels. A gradient
// asks, pixel by pixel, which windows hold it, so that no two threads add to one number.

// The offset of the first pixel of window (p, q) that `equals` its maximum; -1 if none does, which
// is so where the maximum is NaN. `images` points at channel c of the image.
__device__ inline int argmax_offset(
    const REAL *image, REAL maximum, int p, int q, int channels, WINDOW
) {
    for (int offset = 0; offset < kh * kw; offset++) {
        int h = p * sh + offset / kw * dh - top;
        int w = q * sw + offset % kw * dw - left;
        if (h < 0 || h >= height || w < 0 || w >= width) continue;
        if (image[(static_cast<Int>(h) * width + w) * channels] == maximum) return offset;
    }
    return -1;
}

KERNEL max_pool(REAL *y, const REAL *x, REAL lowest, Int rows, Int channels, WINDOW) {
    Int row = row_number();
    if (row >= rows) return;
    int q = row % ow;
    int p = row / ow % oh;
    Int image = row / ow / oh;
    for (int c = threadIdx.x; c < channels; c += blockDim.x) {
        REAL largest = lowest;
        for (int i = 0; i < kh; i++) {
            int h = p * sh + i * dh - top;
            for (int j = 0; h >= 0 && h < height && j < kw; j++) {
                int w = q * sw + j * dw - left;
                if (w < 0 || w >= width) continue;
                largest = larger(x[((image * height + h) * width + w) * channels + c], largest);
            }
        }
        y[row * channels + c] = largest;
    }
}

// The number of the first window along an axis that ends behind a pixel.
__device__ inline int first_window(int pixel, int kernel, int stride, int dilation, int pad) {
    int before = pixel + pad - (kernel - 1) * dilation;
    return before <= 0 ? 0 : (before + stride - 1) / stride;
}

// The kernel offset at which window number `window` has a pixel; -1 if it has it nowhere.
__device__ inline int offset_of(int pixel, int window, int stride, int dilation, int pad) {
    int distance = pixel + pad - window * stride;
    return distance % dilation == 0 ? distance / dilation : -1;
}

// Each gradient at the first pixel of its window that equals the maximum. Rows are pixels.
KERNEL max_pool_grad(
    REAL *grad, const REAL *g, const REAL *x, const REAL *maxima, Int rows, Int channels, WINDOW
) {
    Int row = row_number();
    if (row >= rows) return;
    int w = row % width;
    int h = row / width % height;
    Int image = row / width / height;
    int first_p = first_window(h, kh, sh, dh, top);
    int first_q = first_window(w, kw, sw, dw, left);
    for (int c = threadIdx.x; c < channels; c += blockDim.x) {
        REAL value = x[row * channels + c];
        REAL sum = 0;
        for (int p = first_p; p < oh && p * sh <= h + top; p++) {
            for (int q = first_q; q < ow && q * sw <= w + left; q++) {
                int i = offset_of(h, p, sh, dh, top);
                int j = offset_of(w, q, sw, dw, left);
                Int at = ((image * oh + p) * ow + q) * channels + c;
                if (i < 0 || j < 0 || value != maxima[at]) continue;
                const REAL *pixels = x + image * height * width * channels + c;
                int first = argmax_offset(
                    pixels, value, p, q, channels,
                    WINDOW_ARGUMENTS
                );
                if (first == i * kw + j) sum += g[at];
            }
        }
        grad[row * channels + c] = sum;
    }
}

// In each window the number of v where x has its first largest. Rows are output positions.
KERNEL gather_at_argmax(
    REAL *y, const REAL *v, const REAL *x, const REAL *maxima, Int rows, Int channels, WINDOW
) {
    Int row = row_number();
    if (row >= rows) return;
    int q = row % ow;
    int p = row / ow % oh;
    Int first_pixel = row / ow / oh * height * width;
    for (int c = threadIdx.x; c < channels; c += blockDim.x) {
        int offset = argmax_offset(
            x + first_pixel * channels + c, maxima[row * channels + c], p, q, channels,
            WINDOW_ARGUMENTS
        );
        int h = p * sh + offset / kw * dh - top;
        int w = q * sw + offset % kw * dw - left;
        Int at = (first_pixel + static_cast<Int>(h) * width + w) * channels + c;
        y[row * channels + c] = offset < 0 ? R(0) : v[at];
    }
}

// ---- the mean -----------------------------------------------------------------------------------

// The number of pixels of a window along one axis, without padding.
__device__ inline int pixels_inside(
    int window, int kernel, int stride, int dilation, int pad, int length
) {
    int count = 0;
    for (int i = 0; i < kernel; i++) {
        int at = window * stride + i * dilation - pad;
        count += at >= 0 && at < length;
    }
    return count;
}

KERNEL avg_pool(REAL *y, const REAL *x, Int rows, Int channels, WINDOW) {
    Int row = row_number();
    if (row >= rows) return;
    int q = row % ow;
    int p = row / ow % oh;
    Int image = row / ow / oh;
    int inside = pixels_inside(p, kh, sh, dh, top, height)
        * pixels_inside(q, kw, sw, dw, left, width);
    for (int c = threadIdx.x; c < channels; c += blockDim.x) {
        REAL sum = 0;
        for (int i = 0; i < kh; i++) {
            int h = p * sh + i * dh - top;
            for (int j = 0; h >= 0 && h < height && j < kw; j++) {
                int w = q * sw + j * dw - left;
                if (w < 0 || w >= width) continue;
                sum += x[((image * height + h) * width + w) * channels + c];
            }
        }
        y[row * channels + c] = sum / R(inside);
    }
}

// Each gradient in equal parts at all pixels of its window. Rows are pixels.
KERNEL avg_pool_grad(REAL *grad, const REAL *g, Int rows, Int channels, WINDOW) {
    Int row = row_number();
    if (row >= rows) return;
    int w = row % width;
    int h = row / width % height;
    Int image = row / width / height;
    int first_p = first_window(h, kh, sh, dh, top);
    int first_q = first_window(w, kw, sw, dw, left);
    for (int c = threadIdx.x; c < channels; c += blockDim.x) {
        REAL sum = 0;
        for (int p = first_p; p < oh && p * sh <= h + top; p++) {
            if (offset_of(h, p, sh, dh, top) < 0) continue;
            int rows_inside = pixels_inside(p, kh, sh, dh, top, height);
            for (int q = first_q; q < ow && q * sw <= w + left; q++) {
                if (offset_of(w, q, sw, dw, left) < 0) continue;
                int inside = rows_inside * pixels_inside(q, kw, sw, dw, left, width);
                sum += g[((image * oh + p) * ow + q) * channels + c] / R(inside);
            }
        }
        grad[row * channels + c] = sum;
    }
}
