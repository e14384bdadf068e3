// CUDA's words in C++, so that the source of a kernel runs on a CPU: block after block. The threads
// of a ROW_KERNEL are fibers that take turns, each until it waits for its warp or its block, in every
// other launch the last one first, so that a missing wait shows; those of others run one after
// another. threadIdx and the rest are set before a thread runs.

#include <setjmp.h>
#include <ucontext.h>

#include <cmath>
#include <cstring>
#include <utility>

#define __global__
#define __device__
#define __shared__ static

struct dim3 {
    unsigned x, y, z;
};

static dim3 threadIdx, blockIdx, blockDim, gridDim;

using std::abs;
using std::erfc;
using std::exp;
using std::fabs;
using std::log;
using std::log1p;
using std::pow;
using std::sqrt;
using std::tanh;

// ---- fibers --------------------------------------------------------------------------------------

enum State { RUNS, WAITS_FOR_WARP, WAITS_FOR_BLOCK, ENDED };

struct Fiber {
    ucontext_t context;
    jmp_buf place;  // where it waits
    bool is_made;
    State state;
    dim3 index;
    double slot;
    char stack[1 << 14];
};

static const unsigned WARP = 32, MOST_THREADS = 1024;
static Fiber fibers[MOST_THREADS];
static jmp_buf scheduler;
static unsigned current;
static bool last_first;
static void (*run_current)();

// Leaves the current fiber until the scheduler comes back to it.
static void wait_for(State state) {
    fibers[current].state = state;
    if (!_setjmp(fibers[current].place)) _longjmp(scheduler, 1);
}

// A fiber serves all launches: it waits at the end of one thread for the next.
static void fiber_main() {
    for (;;) {
        run_current();
        wait_for(ENDED);
    }
}

static void make(Fiber &fiber) {
    fiber.is_made = true;
    getcontext(&fiber.context);
    fiber.context.uc_stack.ss_sp = fiber.stack;
    fiber.context.uc_stack.ss_size = sizeof fiber.stack;
    makecontext(&fiber.context, fiber_main, 0);
    setcontext(&fiber.context);
}

static void go_on(Fiber &fiber) {
    threadIdx = fiber.index;
    if (_setjmp(scheduler)) return;
    if (fiber.is_made) _longjmp(fiber.place, 1);
    make(fiber);
}

inline void __syncthreads() {
    wait_for(WAITS_FOR_BLOCK);
}

template <class T>
T __shfl_xor_sync(unsigned, T value, int lanes) {
    unsigned mine = current;
    fibers[mine].slot = value;
    wait_for(WAITS_FOR_WARP);
    T other = static_cast<T>(fibers[mine ^ lanes].slot);
    wait_for(WAITS_FOR_WARP);
    return other;
}

// Lets the fibers from `first` to `last` go on if all that have not ended wait in this state.
static bool release(unsigned first, unsigned last, State state) {
    bool any = false;
    for (unsigned i = first; i < last; i++) {
        if (fibers[i].state == ENDED) continue;
        if (fibers[i].state != state) return false;
        any = true;
    }
    for (unsigned i = first; any && i < last; i++) {
        if (fibers[i].state == state) fibers[i].state = RUNS;
    }
    return any;
}

// Runs all threads of a block; false if some wait for what never comes.
static bool run_fibers(unsigned count) {
    for (unsigned i = 0; i < count; i++) {
        fibers[i].index = {
            i % blockDim.x, i / blockDim.x % blockDim.y, i / blockDim.x / blockDim.y
        };
        fibers[i].state = RUNS;
    }
    for (;;) {
        bool ran = false, all_ended = true;
        for (unsigned i = 0; i < count; i++) {
            current = last_first ? count - 1 - i : i;
            if (fibers[current].state == RUNS) {
                go_on(fibers[current]);
                ran = true;
            }
            all_ended = all_ended && fibers[current].state == ENDED;
        }
        if (all_ended) return true;
        for (unsigned i = 0; i < count; i += WARP) {
            ran |= release(i, i + WARP < count ? i + WARP : count, WAITS_FOR_WARP);
        }
        ran |= release(0, count, WAITS_FOR_BLOCK);
        if (!ran) return false;
    }
}

// ---- launches ------------------------------------------------------------------------------------

template <class T> struct Code;  // as NumPy writes dtypes
template <> struct Code<float> { static const char *text() { return "f4 "; } };
template <> struct Code<double> { static const char *text() { return "f8 "; } };
template <> struct Code<int> { static const char *text() { return "i4 "; } };
template <> struct Code<long long> { static const char *text() { return "i8 "; } };
template <> struct Code<bool> { static const char *text() { return "b1 "; } };
template <class T> struct Code<const T> : Code<T> {};
template <class T> struct Code<T *> : Code<T> {};

template <class T> struct IsPointer { static const bool value = false; };
template <class T> struct IsPointer<T *> { static const bool value = true; };

// The codes of the arguments, a star before that of an array.
template <class... T>
const char *codes(void (*)(T...)) {
    static char all[1024];
    all[0] = 0;
    const char *texts[] = {Code<T>::text()...};
    bool pointers[] = {IsPointer<T>::value...};
    for (std::size_t i = 0; i < sizeof...(T); i++) {
        strcat(strcat(all, pointers[i] ? "*" : ""), texts[i]);
    }
    return all;
}

template <class... T, std::size_t... I>
void call(void (*kernel)(T...), void **args, std::index_sequence<I...>) {
    kernel(*static_cast<T *>(args[I])...);
}

static void **given;

template <class... T>
bool launch(void (*kernel)(T...), void (*run)(), bool meet, const unsigned *sizes, void **args) {
    gridDim = {sizes[0], sizes[1], sizes[2]};
    blockDim = {sizes[3], sizes[4], sizes[5]};
    unsigned threads = blockDim.x * blockDim.y * blockDim.z;
    if (threads > MOST_THREADS) return false;
    given = args;
    run_current = run;
    last_first = !last_first;
    for (unsigned i = 0; i < gridDim.x * gridDim.y * gridDim.z; i++) {
        blockIdx = {i % gridDim.x, i / gridDim.x % gridDim.y, i / gridDim.x / gridDim.y};
        if (meet) {
            if (!run_fibers(threads)) return false;
            continue;
        }
        for (unsigned j = 0; j < threads; j++) {
            threadIdx = {j % blockDim.x, j / blockDim.x % blockDim.y, j / blockDim.x / blockDim.y};
            run();
        }
    }
    return true;
}

template <class... T>
void call_given(void (*kernel)(T...)) {
    call(kernel, given, std::index_sequence_for<T...>());
}

// After the kernels: their doors for ctypes.
#define CALLABLE(kernel, meet)                                                               \
    extern "C" const char *types_of_##kernel() {                                             \
        return codes(kernel);                                                                \
    }                                                                                        \
    extern "C" bool run_##kernel(const unsigned *sizes, void **args) {                       \
        return launch(kernel, [] { call_given(kernel); }, meet, sizes, args);                \
    }
