/* SPDX-License-Identifier: BSD-2-Clause */
/* What is revoked, over a real Redis: an entry only moves on, one that finds no room is told. */
#include "base/buf.h"
#include "base/err.h"
#include "store/keys.h"
#include "store/revokes.h"
#include "store/scripts.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "cm.h"
#include "tests/unit/store_bench.h"

#define FAR INT64_C(32503680000000) /* the year 3000 */

static int set_up(void **state)
{
    store_bench_begin(state);
    return link_command(one->link, NULL, "FLUSHALL");
}

static void expect_one(int64_t before_ms, int64_t until_ms)
{
    struct revoked list = {0};

    assert_int_equal(revokes_read(two, &list), 0);
    assert_int_equal(list.count, 1);
    assert_true(list.entries[0].before_ms == before_ms);
    assert_true(list.entries[0].until_ms == until_ms);
    revoked_free(&list);
}

static void test_an_entry_only_moves_on(void **state)
{
    (void)state;
    assert_int_equal(revokes_put(one, "u:ada", 2000, FAR), 0);
    assert_int_equal(revokes_put(two, "u:ada", 1000, FAR - 1), 0); /* a clock behind */
    expect_one(2000, FAR);
    assert_int_equal(revokes_put(two, "u:ada", 3000, FAR + 1), 0);
    expect_one(3000, FAR + 1);
    assert_int_equal(revokes_put(two, "u:ada", 3000, 0), 0);
    assert_int_equal(revokes_put(two, "u:ada", 3000, FAR), 0);
    expect_one(3000, 0); /* for ever */
}

/* One whose time is over goes; when somebody has renewed it meanwhile, it stays. */
static void test_an_entry_that_has_ended_goes_unless_it_was_renewed(void **state)
{
    const struct link_arg key = link_text(KEYS_REVOKED),
                          ended[2] = {link_text("u:ada"), link_text("1000 2000")};
    const struct link_words words = {.keys = &key, .nkeys = 1, .args = ended, .nargs = 2};
    struct link_reply *r = NULL;
    struct revoked list = {0};

    (void)state;
    assert_int_equal(link_command(one->link, NULL, "HSET %s u:ada %s", KEYS_REVOKED, "1000 2000"),
        0);
    assert_int_equal(revokes_read(two, &list), 0);
    assert_int_equal(list.count, 0);
    revoked_free(&list);
    assert_int_equal(link_command(one->link, &r, "HLEN %s", KEYS_REVOKED), 0);
    assert_int_equal(link_reply_int(r), 0);
    link_reply_free(r);
    assert_int_equal(revokes_put(one, "u:ada", 3000, FAR), 0);
    assert_int_equal(link_script_call(one->link, &script_revoke_drop, &words, &r), 0);
    assert_int_equal(link_reply_int(r), 0);
    link_reply_free(r);
    expect_one(3000, FAR);
}

static void test_without_room_it_fails(void **state)
{
    bool found = false;

    (void)state;
    assert_int_equal(revokes_put(one, "u:ada", 1000, FAR), 0);
    /* Redis makes the others: the script looks at their number alone. */
    for (int i = 1; i < REVOKED_COUNT_MAX; i += 1000) {
        struct buf names = {0};
        struct link_arg args[2002] = {link_text("HSET"), link_text(KEYS_REVOKED)};
        size_t count = 2, at[2000] = {0};
        for (int n = i; n < i + 1000 && n < REVOKED_COUNT_MAX; n++) {
            at[count - 2] = names.len;
            buf_printf(&names, "c:%016x", (unsigned)n);
            buf_putc(&names, '\0');
            count += 2;
        }
        for (size_t n = 2; n < count; n += 2) {
            args[n] = link_text(names.data + at[n - 2]);
            args[n + 1] = link_text("0 0");
        }
        assert_int_equal(link_call(one->link, args, count, NULL), 0);
        buf_free(&names);
    }
    assert_int_equal(revokes_put(one, "u:bob", 1000, FAR), ERR_LIMIT);
    assert_int_equal(revokes_put(one, "u:ada", 2000, FAR), 0); /* it has its room */
    assert_int_equal(revokes_forget(one, "u:ada", &found), 0);
    assert_true(found);
    assert_int_equal(revokes_put(one, "u:bob", 1000, FAR), 0);
}

static void test_a_worker_that_starts_first_knows_them(void **state)
{
    char dir[] = "/tmp/tp-revokes-XXXXXX", *before = conf.run_dir, path[64];
    struct revoked_watch watch = {.conf = &conf};

    (void)state;
    assert_non_null(mkdtemp(dir));
    conf.run_dir = dir;
    assert_int_equal(revokes_put(one, "u:ada", 1000, FAR), 0);
    revokes_first(one);
    revoked_watch_look(&watch);
    assert_true(revoked_has(&watch, "ada", 0, 999));
    revoked_watch_fini(&watch);
    /* From then on it is the housekeeper's. */
    assert_int_equal(revokes_put(one, "u:bob", 1000, FAR), 0);
    revokes_first(two);
    watch = (struct revoked_watch){.conf = &conf};
    revoked_watch_look(&watch);
    assert_false(revoked_has(&watch, "bob", 0, 999));
    revoked_watch_fini(&watch);
    conf.run_dir = before;
    snprintf(path, sizeof path, "%s/revoked", dir);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(rmdir(dir), 0);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, store_bench_end)
    const struct CMUnitTest tests[] = {
        TEST(test_an_entry_only_moves_on),
        TEST(test_an_entry_that_has_ended_goes_unless_it_was_renewed),
        TEST(test_without_room_it_fails),
        TEST(test_a_worker_that_starts_first_knows_them),
    };
    return cmocka_run_group_tests(tests, store_bench_open, store_bench_close);
}
