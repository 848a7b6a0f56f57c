/* SPDX-License-Identifier: BSD-2-Clause */
/* What records were is noted with each commit; a change can be taken back once, and done again. */
#include "base/clock.h"
#include "base/err.h"
#include "store/changes.h"
#include "store/records.h"
#include "tests/unit/cm.h"
#include "tests/unit/redis_bench.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct store *store;
static struct arena *arena;
static const struct records_fence fence = {.uid = "ann", .tool = "create_expense"};

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

static int commit_batch(const struct records_batch *batch)
{
    const char *prior;
    return records_commit(store, &fence, batch, arena, &prior);
}

static void put(const char *id, const char *json)
{
    struct records_write w = {"expense", id, json, 1000, NULL};
    assert_int_equal(commit_batch(&(struct records_batch){.writes = &w, .count = 1}), 0);
}

static int take_back(const struct changes_one *change)
{
    struct records_write writes[RECORDS_WRITES_MAX];
    int error = changes_reverse(change, arena, writes);
    return error ? error :
                   commit_batch(&(struct records_batch){.writes = writes,
                       .count = change->count,
                       .undoes = change->id,
                       .redo = change->act == CHANGES_UNDO});
}

static size_t open_changes(enum changes_act act, struct changes_list *out)
{
    assert_int_equal(changes_open(store, "ann", &(struct changes_look){.act = act, .max = 50},
                         arena, out),
        0);
    return out->count;
}

static void assert_json(const char *id, const char *wanted)
{
    const char *json = NULL;
    int error = records_get(store, "ann", "expense", id, arena, &json);
    assert_int_equal(error, wanted ? 0 : ERR_NOT_FOUND);
    if (wanted)
        assert_string_equal(json, wanted);
}

static int64_t number_of(const char *command)
{
    struct link_reply *reply = NULL;
    assert_int_equal(link_command(store->link, &reply, command), 0);
    int64_t n = link_reply_type(reply) == LINK_STRING ? atoll(link_reply_text(reply, NULL)) :
                                                        link_reply_int(reply);
    link_reply_free(reply);
    return n;
}

static void notes_what_records_were(void **state)
{
    struct changes_list list;
    (void)state;
    put("e1", "{\"n\":1}");
    put("e1", "{\"n\":1}"); /* nothing is new */
    put("e1", "{\"n\":2}");
    put("e1", NULL);
    assert_int_equal(changes_of(store, "ann",
                         &(struct changes_look){.family = "expense", .id = "e1", .max = 50}, arena,
                         &list),
        0);
    assert_int_equal(list.count, 3);
    assert_string_equal(list.all[0].writes[0].was, "{\"n\":2}");
    assert_string_equal(list.all[0].writes[0].now, "");
    assert_int_equal(list.all[0].writes[0].was_ms, 1000);
    assert_string_equal(list.all[1].writes[0].was, "{\"n\":1}");
    assert_null(list.all[2].writes[0].was);
    assert_string_equal(list.all[2].tool, "create_expense");
    assert_int_equal(changes_deleted(store, "ann", "expense", 50, arena, &list), 0);
    assert_int_equal(list.count, 1);
    assert_int_equal(changes_deleted(store, "ann", "event", 50, arena, &list), 0);
    assert_int_equal(list.count, 0);
}

static void takes_back_and_does_again(void **state)
{
    struct changes_list list;
    (void)state;
    put("e1", "{\"n\":1}");
    put("e1", "{\"n\":2}");
    assert_int_equal(open_changes(CHANGES_DO, &list), 2);
    assert_int_equal(take_back(&list.all[0]), 0);
    assert_json("e1", "{\"n\":1}");
    assert_int_equal(take_back(&list.all[0]), ERR_CONFLICT); /* no to and fro */
    assert_json("e1", "{\"n\":1}");
    assert_int_equal(open_changes(CHANGES_DO, &list), 1);
    assert_int_equal(take_back(&list.all[0]), 0);
    assert_json("e1", NULL);
    assert_int_equal(open_changes(CHANGES_DO, &list), 0);
    assert_int_equal(open_changes(CHANGES_UNDO, &list), 2);
    assert_int_equal(take_back(&list.all[1]), ERR_CONFLICT); /* the older undo, before the newer */
    assert_int_equal(take_back(&list.all[0]), 0);
    assert_int_equal(take_back(&list.all[1]), 0);
    assert_json("e1", "{\"n\":2}");
    assert_int_equal(open_changes(CHANGES_UNDO, &list), 0);
    assert_int_equal(open_changes(CHANGES_DO, &list), 2);
    assert_int_equal(take_back(&list.all[0]), 0);
    assert_json("e1", "{\"n\":1}");
}

static void refuses_what_changed_since(void **state)
{
    struct changes_list list;
    (void)state;
    put("e1", "{\"n\":1}");
    put("e1", NULL);
    assert_int_equal(open_changes(CHANGES_DO, &list), 2);
    put("e1", "{\"n\":9}");
    assert_int_equal(take_back(&list.all[0]), ERR_CONFLICT);
    assert_int_equal(take_back(&list.all[1]), ERR_CONFLICT);
    assert_json("e1", "{\"n\":9}");
}

static void takes_back_all_records_or_none(void **state)
{
    struct changes_list list;
    (void)state;
    struct records_write two[] = {{"expense", "a", "{\"v\":1}", 1, NULL},
        {"saving", "b", "{\"v\":2}", 2, NULL}};
    assert_int_equal(commit_batch(&(struct records_batch){.writes = two, .count = 2}), 0);
    put("a", "{\"v\":3}");
    assert_int_equal(open_changes(CHANGES_DO, &list), 2);
    assert_int_equal(list.all[1].count, 2);
    assert_int_equal(take_back(&list.all[1]), ERR_CONFLICT);
    assert_int_equal(number_of("HLEN tp:{ann}:r:saving"), 1);
    assert_int_equal(take_back(&list.all[0]), 0);
    assert_int_equal(take_back(&list.all[1]), 0);
    assert_int_equal(number_of("HLEN tp:{ann}:r:saving"), 0);
    assert_int_equal(number_of("HLEN tp:{ann}:r:expense"), 0);
}

static void sums_are_right_again(void **state)
{
    static const char command[] = "HGET tp:{ann}:r:expense:sum:2026-11 %s";
    struct changes_list list;
    (void)state;
    put("e1",
        "{\"id\":\"e1\",\"amount_minor\":4500,\"currency\":\"AUD\",\"category\":\"gas\",\"date\":"
        "\"2026-11-22\"}");
    put("e1", NULL);
    assert_int_equal(open_changes(CHANGES_DO, &list), 2);
    assert_int_equal(take_back(&list.all[0]), 0);
    struct link_reply *reply = NULL;
    assert_int_equal(link_command(store->link, &reply, command, "s AUD gas"), 0);
    assert_string_equal(link_reply_text(reply, NULL), "4500");
    link_reply_free(reply);
}

static void keeps_sessions_apart(void **state)
{
    struct changes_list list;
    const char *prior;
    (void)state;
    link_command(store->link, NULL, "HSET tp:{ann}:s:one epoch 1");
    struct records_fence in_one = {.uid = "ann", .session = "one", .epoch = 1};
    struct records_write w = {"expense", "e1", "{\"n\":1}", 1000, NULL};
    assert_int_equal(records_commit(store, &in_one,
                         &(struct records_batch){.writes = &w, .count = 1}, arena, &prior),
        0);
    put("e2", "{\"n\":2}");
    assert_int_equal(changes_open(store, "ann", &(struct changes_look){.session = "one", .max = 50},
                         arena, &list),
        0);
    assert_int_equal(list.count, 1);
    assert_string_equal(list.all[0].writes[0].id, "e1");
    assert_int_equal(changes_open(store, "ann", &(struct changes_look){.session = "two", .max = 50},
                         arena, &list),
        0);
    assert_int_equal(list.count, 0);
}

static void is_bounded(void **state)
{
    struct changes_list list;
    char json[64];
    (void)state;
    for (int i = 0; i < 1010; i++) {
        snprintf(json, sizeof json, "{\"n\":%d}", i);
        put("e1", json);
    }
    assert_int_equal(number_of("HLEN tp:{ann}:r:change"), 1000);
    assert_int_equal(number_of("ZCARD tp:{ann}:r:change:by:live"), 1000);
    size_t size = 200000;
    char *large = malloc(size + 1);
    assert_non_null(large);
    for (int i = 0; i < 60; i++) {
        memset(large, 'a' + i % 26, size);
        memcpy(large, "{\"a\":\"", 6);
        memcpy(large + size - 2, "\"}", 3);
        put("e2", large);
    }
    free(large);
    assert_in_range(number_of("HGET tp:{ann}:r:change:sum:all bytes"), 1, 4194304);
    assert_in_range(number_of("HLEN tp:{ann}:r:change"), 10, 1000);
    assert_in_range(open_changes(CHANGES_DO, &list), 10, 50);
}

static void what_is_too_large_is_only_told(void **state)
{
    struct changes_list list;
    size_t size = 300000;
    char *large = malloc(size + 1);
    (void)state;
    assert_non_null(large);
    memset(large, 'x', size + 1);
    memcpy(large, "{\"a\":\"", 6);
    memcpy(large + size - 2, "\"}", 3);
    put("e1", large);
    free(large);
    put("e1", NULL);
    assert_int_equal(open_changes(CHANGES_DO, &list), 2);
    assert_true(list.all[0].lost);
    assert_int_equal(take_back(&list.all[0]), ERR_FULL);
}

static void old_ones_go(void **state)
{
    struct changes_list list;
    (void)state;
    put("e1", "{\"n\":1}");
    int64_t life = number_of("PTTL tp:{ann}:r:change");
    assert_in_range(life, CHANGES_KEEP_MS, CHANGES_KEEP_MS + 86400000);
    assert_in_range(number_of("PTTL tp:{ann}:r:change:by:live"), CHANGES_KEEP_MS,
        CHANGES_KEEP_MS + 86400000);
    assert_int_equal(open_changes(CHANGES_DO, &list), 1);
    const char *id = list.all[0].id;
    long long old = (long long)(clock_real_ms() - CHANGES_KEEP_MS - 1000);
    assert_int_equal(link_command(store->link, NULL, "ZADD tp:{ann}:r:change:by-time %lld %s", old,
                         id),
        0);
    assert_int_equal(link_command(store->link, NULL, "ZADD tp:{ann}:r:change:by:live %lld %s", old,
                         id),
        0);
    assert_int_equal(open_changes(CHANGES_DO, &list), 0);
    put("e2", "{\"n\":2}");
    assert_int_equal(number_of("HLEN tp:{ann}:r:change"), 1);
}

/* ---- for good ---- */

static void replace(const char *id, const char *json, const char *old)
{
    const struct records_write w[] = {{"expense", id, json, 1000, NULL},
        {"expense", old, NULL, 1000, NULL}};
    assert_int_equal(commit_batch(&(struct records_batch){.writes = w, .count = 2}), 0);
}

static bool history_has(const char *text)
{
    struct link_reply *reply = NULL;
    bool has = false;
    assert_int_equal(link_command(store->link, &reply, "HGETALL tp:{ann}:r:change"), 0);
    for (size_t i = 0; i < link_reply_count(reply); i++)
        has |= strstr(link_reply_text(link_reply_at(reply, i), NULL), text) != NULL;
    link_reply_free(reply);
    return has;
}

static int purge(const char *id, bool all)
{
    return changes_purge(store, &fence,
        &(struct changes_purge){.family = "expense", .all = all, .ids = &id, .count = id ? 1 : 0},
        arena);
}

static void a_purge_takes_what_was_replaced_with_it(void **state)
{
    (void)state;
    put("a", "{\"t\":\"first\"}");
    replace("b", "{\"t\":\"second\"}", "a");
    replace("c", "{\"t\":\"third\"}", "b");
    put("d", "{\"t\":\"other\"}");
    put("d", NULL);
    assert_true(history_has("first") && history_has("second") && history_has("other"));
    assert_int_equal(purge("c", false), 0);
    assert_false(history_has("first") || history_has("second") || history_has("third"));
    assert_true(history_has("other"));
    assert_int_equal(number_of("HLEN tp:{ann}:r:change"), 2);
    assert_int_equal(purge("c", false), 0); /* again: nothing is left */
    assert_json("c", "{\"t\":\"third\"}");  /* the record itself is for records_commit */
    assert_int_equal(purge(NULL, true), 0);
    assert_false(history_has("other"));
}

/* More than one script does, beside changes of others, which stay. */
static void a_purge_goes_on_until_all_is_done(void **state)
{
    struct records_write gone[RECORDS_WRITES_MAX] = {{0}};
    char id[16], json[64];
    (void)state;
    for (int i = 0; i < 200; i++) {
        snprintf(id, sizeof id, "x%d", i);
        snprintf(json, sizeof json, "{\"t\":\"text of %d\"}", i);
        put(id, json);
        gone[i] = (struct records_write){"expense", arena_strdup(arena, id), NULL, 1000, NULL};
    }
    for (int i = 0; i < 100; i++)
        put("many", i % 2 ? NULL : "{\"t\":\"text of many\"}");
    const struct records_write event = {"event", "e", "{\"t\":\"an event\"}", 1000, NULL};
    assert_int_equal(commit_batch(&(struct records_batch){.writes = &event, .count = 1}), 0);
    assert_int_equal(commit_batch(&(struct records_batch){.writes = gone, .count = 200}), 0);
    assert_int_equal(purge("many", false), 0);
    assert_false(history_has("many"));
    assert_true(history_has("text of 7"));
    assert_int_equal(purge(NULL, true), 0);
    assert_false(history_has("text of") || history_has("expense/") || history_has("\"x7\""));
    assert_int_equal(number_of("HLEN tp:{ann}:r:change"), 1);
    assert_int_equal(number_of("EXISTS tp:{ann}:r:change:by:d:expense"), 0);
    /* a turn that has lost its session takes nothing out */
    const struct records_fence lost = {.uid = "ann", .session = "s1", .epoch = 7};
    const char *const ids[] = {"e"};
    assert_int_equal(changes_purge(store, &lost,
                         &(struct changes_purge){.family = "event", .ids = ids, .count = 1}, arena),
        ERR_FENCED);
}

/* --- groups --- */

#define BIG 255000

static const char *big(int n)
{
    char *text = arena_alloc(arena, BIG + 32);
    assert_non_null(text);
    int at = snprintf(text, 32, "{\"n\":%d,\"t\":\"", n);
    memset(text + at, 'x', BIG);
    memcpy(text + at + BIG, "\"}", 3);
    return text;
}

static void put_in_group(const char *id, const char *json)
{
    struct records_write w = {"expense", id, json, 1000, NULL};
    assert_int_equal(commit_batch(
                         &(struct records_batch){.writes = &w, .count = 1, .group = "group-1"}),
        0);
}

/* n changes, each of which keeps some 255 kB. */
static void fill(int n)
{
    for (int i = 0; i <= n; i++)
        put("filler", big(i));
}

static void group_of(enum changes_act act, struct changes_list *out)
{
    assert_int_equal(changes_group(store, "ann", act, "group-1", arena, out), 0);
}

static void a_group_in_progress_is_not_trimmed(void **state)
{
    struct records_write writes[RECORDS_WRITES_MAX];
    struct changes_list list;
    (void)state;
    put_in_group("e1", "{\"n\":1}");
    put_in_group("e2", big(1));
    fill(16);
    group_of(CHANGES_DO, &list);
    assert_int_equal(list.count, 2);
    assert_int_equal(list.all[0].part, 2);
    assert_int_equal(list.all[1].part, 1);
    for (size_t i = 0; i < 2; i++) { /* the first one makes it too much */
        assert_int_equal(changes_reverse(&list.all[i], arena, writes), 0);
        assert_int_equal(commit_batch(&(struct records_batch){.writes = writes,
                             .count = list.all[i].count,
                             .undoes = list.all[i].id,
                             .group = "group-1"}),
            0);
    }
    assert_json("e1", NULL);
    assert_json("e2", NULL);
    group_of(CHANGES_UNDO, &list);
    assert_int_equal(list.count, 2);
    assert_int_equal(list.all[1].part, 1);
}

static void a_group_tells_that_its_oldest_is_gone(void **state)
{
    struct changes_list list;
    (void)state;
    put("e1", big(1));
    put_in_group("e1", big(2));
    put_in_group("e2", "{\"n\":1}");
    fill(16);
    group_of(CHANGES_DO, &list);
    assert_int_equal(list.count, 1);
    assert_int_equal(list.all[0].part, 2);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, each, after)
    const struct CMUnitTest tests[] = {
        T(notes_what_records_were),
        T(takes_back_and_does_again),
        T(refuses_what_changed_since),
        T(takes_back_all_records_or_none),
        T(sums_are_right_again),
        T(keeps_sessions_apart),
        T(is_bounded),
        T(what_is_too_large_is_only_told),
        T(old_ones_go),
        T(a_purge_takes_what_was_replaced_with_it),
        T(a_purge_goes_on_until_all_is_done),
        T(a_group_in_progress_is_not_trimmed),
        T(a_group_tells_that_its_oldest_is_gone),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
