/* SPDX-License-Identifier: BSD-2-Clause */
/* test_attachments -- files of a user in Redis: once each, within a quota, for a time. */
#include "base/clock.h"
#include "base/err.h"
#include "redis_bench.h"
#include "store/attachments.h"
#include "store/userdata.h"
#include "tests/unit/cm.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct store *store;

static int set_up_all(void **state)
{
    redis_bench_start(state);
    assert_int_equal(store_open(&store, &conf, NULL, "m/api/1/1"), 0);
    return 0;
}

static int tear_down_all(void **state)
{
    store_close(store);
    return redis_bench_stop(state);
}

static int fresh(void **state)
{
    (void)state;
    conf.attachments_quota = 1000;
    conf.attachments_keep_ms = 60000;
    return link_command(store->link, NULL, "FLUSHALL");
}

static int put(const char *uid, const char *bytes, size_t len, struct attachment *a, int64_t *held)
{
    *a = (struct attachment){.type = "text/csv",
        .name = "my file \xc3\xbc.csv",
        .media = {.kind = MEDIA_TEXT},
        .bytes = (int64_t)len};
    ident_sha256_hex(bytes, len, a->sha256);
    attachments_id(a->sha256, a->id);
    return attachments_put(store, uid, a, bytes, held);
}

static void are_kept_once_for_each_user(void **state)
{
    static const char bytes[] = "a\0b\r\n\xff";
    struct attachment a, found;
    struct link_reply *reply;
    int64_t held;
    size_t len;

    (void)state;
    assert_int_equal(put("ann", bytes, sizeof bytes, &a, &held), 0);
    assert_int_equal(put("ann", bytes, sizeof bytes, &a, &held), 0);
    assert_true(attachments_is_id(a.id));
    assert_int_equal(attachments_find(store, "ann", a.id, false, &found), 0);
    assert_string_equal(found.name, a.name);
    assert_string_equal(found.type, "text/csv");
    assert_string_equal(found.sha256, a.sha256);
    assert_int_equal(found.media.kind, MEDIA_TEXT);
    assert_int_equal(found.bytes, sizeof bytes);
    assert_true(found.created_ms == a.created_ms && found.expires_ms == a.expires_ms);
    assert_int_equal(attachments_read(store, "ann", a.id, &reply), 0);
    const char *text = link_reply_text(reply, &len);
    assert_int_equal(len, sizeof bytes);
    assert_memory_equal(text, bytes, len);
    link_reply_free(reply);
    assert_int_equal(attachments_find(store, "bob", a.id, true, &found), ERR_NOT_FOUND);
    assert_int_equal(attachments_read(store, "bob", a.id, &reply), ERR_NOT_FOUND);
    assert_null(reply);
    assert_int_equal(attachments_drop(store, "bob", a.id), ERR_NOT_FOUND);
    assert_int_equal(attachments_drop(store, "ann", a.id), 0);
    assert_int_equal(attachments_drop(store, "ann", a.id), ERR_NOT_FOUND);
    assert_int_equal(attachments_find(store, "ann", a.id, true, &found), ERR_NOT_FOUND);
}

static void the_quota_holds(void **state)
{
    char bytes[600];
    struct attachment a, b;
    int64_t held;

    (void)state;
    memset(bytes, 'x', sizeof bytes);
    assert_int_equal(put("ann", bytes, 600, &a, &held), 0);
    assert_int_equal(put("ann", bytes, 500, &b, &held), ERR_FULL);
    assert_int_equal(held, 600);
    assert_int_equal(put("ann", bytes, 400, &b, &held), 0);
    assert_int_equal(put("ann", bytes, 600, &a, &held), 0); /* it is there: nothing more is held */
    assert_int_equal(put("bob", bytes, 500, &b, &held), 0); /* each user has a quota */
    assert_int_equal(attachments_drop(store, "ann", a.id), 0);
    assert_int_equal(put("ann", bytes, 500, &b, &held), 0);
}

static void so_does_their_number(void **state)
{
    char name[16];
    struct attachment a;
    int64_t held;

    (void)state;
    conf.attachments_quota = 1 << 20;
    for (int i = 0; i < ATTACHMENTS_COUNT_MAX; i++) {
        int len = snprintf(name, sizeof name, "%d", i);
        assert_int_equal(put("ann", name, (size_t)len, &a, &held), 0);
    }
    assert_int_equal(put("ann", "one more", 8, &a, &held), ERR_LIMIT);
    assert_int_equal(held, ATTACHMENTS_COUNT_MAX);
    assert_int_equal(put("ann", "7", 1, &a, &held), 0);
}

static int64_t life(const char *id)
{
    struct link_reply *r = NULL;
    char key[300];
    snprintf(key, sizeof key, "tp:{ann}:attachment:%s", id);
    assert_int_equal(link_command(store->link, &r, "PTTL %s", key), 0);
    int64_t ms = link_reply_int(r);
    link_reply_free(r);
    return ms;
}

static void use_renews_their_life(void **state)
{
    struct attachment a, found;
    int64_t held;

    (void)state;
    assert_int_equal(put("ann", "x", 1, &a, &held), 0);
    conf.attachments_keep_ms = 6000000;
    assert_int_equal(attachments_find(store, "ann", a.id, false, &found), 0);
    assert_true(life(a.id) <= 60000);
    assert_int_equal(attachments_find(store, "ann", a.id, true, &found), 0);
    assert_true(life(a.id) > 60000);
    assert_true(found.expires_ms > a.expires_ms);
    assert_int_equal(found.created_ms, a.created_ms);
}

/* What has expired is not found, not listed, and counts for no quota. */
static void expired_ones_are_gone(void **state)
{
    struct attachments_list list;
    struct arena *arena = arena_new();
    struct link_reply *r = NULL;
    struct attachment a, b, found;
    char bytes[900] = "e";
    int64_t held;

    (void)state;
    conf.attachments_keep_ms = 1;
    assert_int_equal(put("ann", bytes, sizeof bytes, &a, &held), 0);
    conf.attachments_keep_ms = 60000;
    assert_int_equal(put("ann", "b", 1, &b, &held), 0);
    while (clock_real_ms() <= a.expires_ms + 1)
        assert_int_equal(link_command(store->link, NULL, "PING"), 0);
    assert_int_equal(attachments_find(store, "ann", a.id, true, &found), ERR_NOT_FOUND);
    assert_int_equal(attachments_list(store, "ann", arena, &list), 0);
    assert_int_equal(list.count, 1);
    assert_string_equal(list.items[0].id, b.id);
    bytes[0] = 'f';
    assert_int_equal(put("ann", bytes, sizeof bytes, &a, &held), 0);
    assert_int_equal(link_command(store->link, &r, "HLEN tp:{ann}:attachments"), 0);
    assert_int_equal(link_reply_int(r), 2);
    link_reply_free(r);
    arena_free(arena);
}

/* Some megabytes, as photographs have. */
static void large_ones_come_back_whole(void **state)
{
    const size_t len = 5 << 20;
    unsigned char *bytes = malloc(len);
    struct link_reply *reply;
    struct attachment a;
    int64_t held;
    size_t got;

    (void)state;
    conf.attachments_quota = 1 << 30;
    for (size_t i = 0; i < len; i++)
        bytes[i] = (unsigned char)(i * 2654435761u >> 13);
    assert_int_equal(put("ann", (char *)bytes, len, &a, &held), 0);
    assert_int_equal(attachments_read(store, "ann", a.id, &reply), 0);
    const char *text = link_reply_text(reply, &got);
    assert_int_equal(got, len);
    assert_memory_equal(text, bytes, len);
    link_reply_free(reply);
    free(bytes);
}

static void leave_with_their_user(void **state)
{
    struct attachment a, found;
    int64_t held, keys;

    (void)state;
    assert_int_equal(put("ann", "x", 1, &a, &held), 0);
    assert_int_equal(put("bob", "x", 1, &a, &held), 0);
    assert_int_equal(userdata_erase(store, "ann", 60000, NULL, NULL, &keys), 0);
    assert_int_equal(attachments_find(store, "ann", a.id, true, &found), ERR_NOT_FOUND);
    assert_int_equal(attachments_find(store, "bob", a.id, true, &found), 0);
}

static void names_are_names(void **state)
{
    static const char *const cases[][2] = {{"photo.jpg", "photo.jpg"},
        {"C:\\fakepath\\my photo.jpg", "my photo.jpg"}, {"/etc/pass\"wd\r\n", "passwd"}, {"", ""},
        {"a/", "a"}, {"\x01\x7f", ""}, {"gr\xc3\xbc\xc3\x9f", "gr\xc3\xbc\xc3\x9f"}};
    char name[ATTACHMENTS_NAME_SIZE], lengthy[400];

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        attachments_name(cases[i][0], name);
        assert_string_equal(name, cases[i][1]);
    }
    for (size_t i = 0; i < sizeof lengthy - 2; i += 2)
        memcpy(lengthy + i, "\xc3\xbc", 3);
    attachments_name(lengthy, name);
    assert_int_equal(strlen(name), ATTACHMENTS_NAME_SIZE - 1);
    assert_false(attachments_is_id("att-"));
    assert_false(attachments_is_id("att-0123456789abcdef0123456789abcdeF"));
    assert_false(attachments_is_id("att-0123456789abcdef0123456789abcdef0"));
    assert_true(attachments_is_id("att-0123456789abcdef0123456789abcdef"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(are_kept_once_for_each_user, fresh),
        cmocka_unit_test_setup(the_quota_holds, fresh),
        cmocka_unit_test_setup(so_does_their_number, fresh),
        cmocka_unit_test_setup(use_renews_their_life, fresh),
        cmocka_unit_test_setup(expired_ones_are_gone, fresh),
        cmocka_unit_test_setup(large_ones_come_back_whole, fresh),
        cmocka_unit_test_setup(leave_with_their_user, fresh),
        cmocka_unit_test(names_are_names),
    };

    return cmocka_run_group_tests(tests, set_up_all, tear_down_all);
}
