// Before every file of kernels stands this one, and before it what `launch.py` defines:
// REAL is float or double, the type of all numbers; INDEX is int, or long long for huge arrays, the
// type of all whole numbers that a kernel is given.

typedef INDEX Int;
#define R(number) static_cast<REAL>(number)
#define KERNEL extern "C" __global__ void
#define ROW_KERNEL KERNEL  // whose threads meet: in row_sum, row_max or __syncthreads

// ---- one thread per element ---------------------------------------------------------------------

__device__ inline Int thread_number() {
    return static_cast<Int>(blockIdx.x) * blockDim.x + threadIdx.x;
}

// ---- windows: `minigrad.ops.windows.Window` as arguments -----------------------------------------

#define WINDOW \
    Int height, Int width, Int kh, Int kw, Int sh, Int sw, Int dh, Int dw, \
    Int top, Int left, Int oh, Int ow
#define WINDOW_ARGUMENTS height, width, kh, kw, sh, sw, dh, dw, top, left, oh, ow

// ---- rows: threads with one threadIdx.y share a row, a warp of them or the whole block -----------

__device__ inline Int row_number() {
    return static_cast<Int>(blockIdx.x) * blockDim.y + threadIdx.y;
}

#define FOR_EACH(i, length) for (Int i = threadIdx.x; i < length; i += blockDim.x)

// The larger of both; NaN if one of them is.
__device__ inline REAL larger(REAL a, REAL b) {
    return a > b || a != a ? a : b;
}

// The sum over the threads of a row, equal in all of them, always added up in the same order.
__device__ inline REAL row_sum(REAL value) {
    for (int lanes = 16; lanes; lanes /= 2) value += __shfl_xor_sync(~0u, value, lanes);
    if (blockDim.x > 32) {
        __shared__ REAL warps[32];
        __syncthreads();  // of an earlier sum all have been read
        if (threadIdx.x % 32 == 0) warps[threadIdx.x / 32] = value;
        __syncthreads();
        value = 0;
        for (unsigned warp = 0; warp < blockDim.x / 32; warp++) value += warps[warp];
    }
    return value;
}

// The maximum over the threads of a row.
__device__ inline REAL row_max(REAL value) {
    for (int lanes = 16; lanes; lanes /= 2) {
        value = larger(value, __shfl_xor_sync(~0u, value, lanes));
    }
    if (blockDim.x > 32) {
        __shared__ REAL warps[32];
        __syncthreads();
        if (threadIdx.x % 32 == 0) warps[threadIdx.x / 32] = value;
        __syncthreads();
        value = warps[0];
        for (unsigned warp = 1; warp < blockDim.x / 32; warp++) value = larger(value, warps[warp]);
    }
    return value;
}
