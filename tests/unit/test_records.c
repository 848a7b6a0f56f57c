/* SPDX-License-Identifier: BSD-2-Clause */
/* Records are written once per effect, only by the session's present epoch, whole or not at all. */
#include "base/err.h"
#include "store/records.h"
#include "tests/unit/cm.h"
#include "tests/unit/redis_bench.h"

#include <stdio.h>
#include <string.h>

static struct store *store;
static struct arena *arena;

static int start(void **state)
{
    redis_bench_start(state);
    return store_open(&store, &conf, NULL, "test/turn/1/1");
}

static int stop(void **state)
{
    store_close(store);
    return redis_bench_stop(state);
}

static int each(void **state)
{
    (void)state;
    arena = arena_new();
    return link_command(store->link, NULL, "FLUSHALL");
}

static int after(void **state)
{
    (void)state;
    arena_free(arena);
    return 0;
}

static int commit(const struct records_fence *fence, const struct records_write *writes,
    size_t count, bool must_exist)
{
    struct records_batch batch = {.writes = writes,
        .count = count,
        .must_exist = must_exist,
        .result = "{}"};
    const char *prior;
    return records_commit(store, fence, &batch, arena, &prior);
}

static void write_once_per_effect(void **state)
{
    (void)state;
    const char *prior, *json;
    struct records_fence fence = {.uid = "ann", .effect = "call-1"};
    struct records_write w = {"expense", "e1", "{\"n\":1}", 1000, NULL};
    assert_int_equal(records_commit(store, &fence,
                         &(struct records_batch){.writes = &w, .count = 1, .result = "{\"r\":1}"},
                         arena, &prior),
        0);
    assert_null(prior);
    w.id = "e2";
    assert_int_equal(records_commit(store, &fence,
                         &(struct records_batch){.writes = &w, .count = 1, .result = "{\"r\":2}"},
                         arena, &prior),
        0);
    assert_string_equal(prior, "{\"r\":1}");
    assert_int_equal(records_get(store, "ann", "expense", "e2", arena, &json), ERR_NOT_FOUND);
    assert_int_equal(records_effect(store, "ann", "call-1", arena, &prior), 0);
    assert_string_equal(prior, "{\"r\":1}");
    assert_int_equal(records_effect(store, "bob", "call-1", arena, &prior), ERR_NOT_FOUND);
    assert_int_equal(records_get(store, "bob", "expense", "e1", arena, &json), ERR_NOT_FOUND);
}

static void fences_old_epochs(void **state)
{
    (void)state;
    const char *json;
    struct records_fence fence = {.uid = "ann", .session = "main", .epoch = 41, .effect = "call-1"};
    struct records_write w = {"expense", "e1", "{}", 1000, NULL};
    assert_int_equal(commit(&fence, &w, 1, false), ERR_FENCED);
    link_command(store->link, NULL, "HSET tp:{ann}:s:main epoch 42");
    assert_int_equal(commit(&fence, &w, 1, false), ERR_FENCED);
    fence.epoch = 42;
    assert_int_equal(commit(&fence, &w, 1, false), 0);
    assert_int_equal(records_get(store, "ann", "expense", "e1", arena, &json), 0);
}

static void is_whole_or_not_at_all(void **state)
{
    (void)state;
    const char *json;
    struct records_fence fence = {.uid = "ann"};
    struct records_write two[] = {{"event", "a", "{\"v\":1}", 1, NULL},
        {"event", "b", NULL, 0, NULL}};
    assert_int_equal(commit(&fence, two, 2, true), ERR_NOT_FOUND);
    assert_int_equal(records_get(store, "ann", "event", "a", arena, &json), ERR_NOT_FOUND);
    assert_int_equal(commit(&fence, two, 1, false), 0);
    struct records_write change = {"event", "a", "{\"v\":2}", 1, "{\"v\":0}"};
    assert_int_equal(commit(&fence, &change, 1, true), ERR_CONFLICT);
    change.seen = "{\"v\":1}";
    assert_int_equal(commit(&fence, &change, 1, true), 0);
    assert_int_equal(records_get(store, "ann", "event", "a", arena, &json), 0);
    assert_string_equal(json, "{\"v\":2}");
}

static void lists_by_time(void **state)
{
    (void)state;
    struct records_fence fence = {.uid = "ann"};
    struct records_list list;
    for (int i = 0; i < 25; i++) {
        char id[16], json[32];
        snprintf(id, sizeof id, "e%d", i);
        snprintf(json, sizeof json, "{\"i\":%d}", i);
        struct records_write w = {"event", id, json, i * 10, NULL};
        assert_int_equal(commit(&fence, &w, 1, false), 0);
    }
    assert_int_equal(records_range(store, "ann",
                         &(struct records_page){.family = "event", .from = 50, .to = 90, .max = 10},
                         arena, &list),
        0);
    assert_int_equal(list.count, 5);
    assert_false(list.more);
    assert_string_equal(list.json[0], "{\"i\":5}");
    assert_int_equal(records_range(store, "ann",
                         &(struct records_page){.family = "event",
                             .to = 1000,
                             .highest_first = true,
                             .offset = 20,
                             .max = 4},
                         arena, &list),
        0);
    assert_int_equal(list.count, 4);
    assert_true(list.more);
    assert_string_equal(list.json[0], "{\"i\":4}");
    struct records_write gone = {"event", "e5", NULL, 0, NULL};
    assert_int_equal(commit(&fence, &gone, 1, true), 0);
    assert_int_equal(records_range(store, "ann",
                         &(struct records_page){.family = "event", .from = 50, .to = 59, .max = 10},
                         arena, &list),
        0);
    assert_int_equal(list.count, 0);
    assert_int_equal(records_range(store, "ann",
                         &(struct records_page){.family = "none", .to = 59, .max = 10}, arena,
                         &list),
        0);
    assert_int_equal(list.count, 0);
}

static void refuses_names_that_leave_the_slot(void **state)
{
    (void)state;
    struct records_fence fence = {.uid = "an}n"};
    struct records_write w = {"event", "a", "{}", 1, NULL};
    assert_int_equal(commit(&fence, &w, 1, false), ERR_INVALID);
    fence.uid = "ann";
    w.id = "a{b}";
    assert_int_equal(commit(&fence, &w, 1, false), ERR_INVALID);
}

static void marks_expire(void **state)
{
    (void)state;
    struct records_fence fence = {.uid = "ann", .effect = "call-9"};
    struct records_write w = {"event", "a", "{}", 1, NULL};
    struct link_reply *reply = NULL;
    assert_int_equal(commit(&fence, &w, 1, false), 0);
    assert_int_equal(link_command(store->link, &reply, "PTTL tp:{ann}:effect:call-9"), 0);
    assert_true(link_reply_int(reply) > 0 && link_reply_int(reply) <= conf.turn_keep_ms);
    link_reply_free(reply);
}

static void says_when_redis_is_away(void **state)
{
    (void)state;
    struct records_fence fence = {.uid = "ann"};
    struct records_write w = {"event", "a", "{}", 1, NULL};
    own_redis_kill(&redis);
    assert_int_equal(commit(&fence, &w, 1, false), ERR_STORE);
    own_redis_again(&redis);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, each, after)
    const struct CMUnitTest tests[] = {
        T(write_once_per_effect),
        T(fences_old_epochs),
        T(is_whole_or_not_at_all),
        T(lists_by_time),
        T(refuses_names_that_leave_the_slot),
        T(marks_expire),
        T(says_when_redis_is_away),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
