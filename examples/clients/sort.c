#ifndef N
#define N 4
#endif

/* Insertion sort; with BUG it stops one place too early. */
static void sort(int *a)
{
    for (int i = 1; i < N; i++) {
        int x = a[i], j = i;
#ifdef BUG
        while (j > 1 && a[j - 1] > x) {
#else
        while (j > 0 && a[j - 1] > x) {
#endif
            a[j] = a[j - 1];
            j--;
        }
        a[j] = x;
    }
}

int main(void)
{
    int a[N], x;
    unsigned before = 0, after = 0;
    for (int i = 0; i < N; i++)
        before += a[i] == x;
    sort(a);
    for (int i = 1; i < N; i++)
        __CPROVER_assert(a[i - 1] <= a[i], "sorted");
    for (int i = 0; i < N; i++)
        after += a[i] == x;
    __CPROVER_assert(before == after, "a permutation");
    return 0;
}
