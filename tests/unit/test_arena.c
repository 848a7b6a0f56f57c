/* SPDX-License-Identifier: BSD-2-Clause */
/* arena: alignment, large blocks, order of clean-ups, reset. */
#include "base/arena.h"
#include "base/err.h"
#include "tests/unit/cm.h"

#include <string.h>

static char order[16];
static size_t order_len;

static void note(void *arg)
{
    order[order_len++] = *(const char *)arg;
}

static void sizes_and_alignment(void **state)
{
    struct arena *a = arena_new();

    (void)state;
    for (size_t n = 0; n < 20000; n = n * 3 / 2 + 1) {
        unsigned char *p = arena_alloc(a, n);
        assert_non_null(p);
        assert_int_equal((uintptr_t)p % _Alignof(max_align_t), 0);
        for (size_t i = 0; i < n; i++)
            assert_int_equal(p[i], 0);
        memset(p, 0xee, n);
    }
    assert_null(arena_alloc(a, SIZE_MAX - 3));
    assert_null(arena_array(a, SIZE_MAX / 2, 3));
    assert_null(arena_memdup(a, "x", SIZE_MAX));
    assert_non_null(arena_array(a, 3, 0));
    arena_free(a);
    arena_free(NULL);
}

static void strings(void **state)
{
    struct arena *a = arena_new();

    (void)state;
    assert_string_equal(arena_strdup(a, "hello"), "hello");
    assert_null(arena_strdup(a, NULL));
    char *copy = arena_memdup(a, "a\0b", 3);
    assert_memory_equal(copy, "a\0b\0", 4);
    assert_string_equal(arena_printf(a, "%05d|%s", 42, "x"), "00042|x");
    assert_int_equal(strlen(arena_printf(a, "%9000d", 1)), 9000);
    arena_free(a);
}

static void cleanups_run_last_first(void **state)
{
    struct arena *a = arena_new();

    (void)state;
    order_len = 0;
    assert_int_equal(arena_on_free(a, note, arena_strdup(a, "1")), 0);
    assert_int_equal(arena_on_free(a, note, arena_strdup(a, "2")), 0);
    arena_reset(a);
    assert_memory_equal(order, "21", 2);
    unsigned char *p = arena_alloc(a, 64); /* memory used before is zeroed again */
    for (int i = 0; i < 64; i++)
        assert_int_equal(p[i], 0);
    assert_int_equal(arena_on_free(a, note, "3"), 0);
    arena_free(a);
    assert_memory_equal(order, "213", 3);
    assert_int_equal(order_len, 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sizes_and_alignment),
        cmocka_unit_test(strings),
        cmocka_unit_test(cleanups_run_last_first),
    };
    return cmocka_run_group_tests_name("arena", tests, NULL, NULL);
}
