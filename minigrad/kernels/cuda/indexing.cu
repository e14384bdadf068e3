// Rows added at indices, in an order that is the same in every run.

// y[rows[i]] = the sum of x[order[j]] over the run of equal rows that begins at i. rows is sorted
// by `order`; a row of threads stands at each of its places, and the first of a run sums it.
KERNEL sum_runs(
    REAL *y, const REAL *x, const long long *rows, const long long *order, Int count, Int width
) {
    Int i = row_number();
    if (i >= count || (i > 0 && rows[i] == rows[i - 1])) return;
    FOR_EACH(c, width) {
        REAL sum = 0;
        for (Int j = i; j < count && rows[j] == rows[i]; j++) sum += x[order[j] * width + c];
        y[rows[i] * width + c] = sum;
    }
}
