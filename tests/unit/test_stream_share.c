/* SPDX-License-Identifier: BSD-2-Clause */
/* stream_share: a user's part of a stream worker's connections. */
#include "tests/unit/cm.h"
#include "workers/stream/stream_share.h"

#include <stdio.h>
#include <stdlib.h>

static void one_user_has_a_quarter_when_half_is_taken(void **state)
{
    struct stream_share *s = calloc(1, sizeof *s);
    size_t open = 0;

    (void)state;
    assert_non_null(s);
    while (!stream_share_is_full(s, "greedy", open, 1000)) {
        stream_share_add(s, "greedy");
        open++;
    }
    assert_int_equal(open, 501); /* alone, until half of the worker is taken */
    assert_false(stream_share_is_full(s, "other", open, 1000));
    for (int i = 0; i < 252; i++) {
        stream_share_remove(s, "greedy");
        stream_share_add(s, i % 2 ? "one" : "two");
    }
    assert_int_equal(stream_share_of(s, "greedy"), 249);
    assert_false(stream_share_is_full(s, "greedy", open, 1000));
    stream_share_add(s, "greedy");
    assert_true(stream_share_is_full(s, "greedy", open, 1000));
    free(s);
}

static void a_small_worker_has_no_shares(void **state)
{
    struct stream_share *s = calloc(1, sizeof *s);

    (void)state;
    assert_non_null(s);
    for (size_t open = 0; open < 16; open++) {
        assert_false(stream_share_is_full(s, "alone", open, 16));
        stream_share_add(s, "alone");
    }
    free(s);
}

/* Users counted with another one are few: of 200 others none has the big one's count. */
static void users_are_told_apart(void **state)
{
    struct stream_share *s = calloc(1, sizeof *s);
    char user[24];

    (void)state;
    assert_non_null(s);
    for (int i = 0; i < 5000; i++)
        stream_share_add(s, "big");
    for (int i = 0; i < 200; i++) {
        snprintf(user, sizeof user, "user-%d", i);
        assert_in_range(stream_share_of(s, user), 0, 100);
    }
    free(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(one_user_has_a_quarter_when_half_is_taken),
        cmocka_unit_test(a_small_worker_has_no_shares), cmocka_unit_test(users_are_told_apart)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
