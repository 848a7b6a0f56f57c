/* SPDX-License-Identifier: BSD-2-Clause */
/* What users share: who sees what, limits, marks, repeated calls. */
#include "base/err.h"
#include "store/shared.h"
#include "tests/unit/cm.h"
#include "tests/unit/tool_fixture.h"

#include <stdio.h>
#include <string.h>

static int fresh(void **state)
{
    bench.context.role = NULL;
    bench.context.session = NULL;
    return tool_fixture_empty(state);
}

static jdoc *as(const char *uid, const char *name, const char *args)
{
    bench.context.uid = uid;
    jdoc *r = tool_ok(&bench, name, args);
    bench.context.uid = "ann";
    return r;
}

static void done(jdoc *r)
{
    jdoc_free(r);
}

static void befriend(const char *a, const char *b)
{
    struct shared_follow f;
    assert_int_equal(shared_follow(bench.context.store, NULL, a, b, true, &f), 0);
    assert_int_equal(shared_follow(bench.context.store, NULL, b, a, true, &f), 0);
}

static void posts_comments_likes(void **state)
{
    char args[256];
    (void)state;
    jdoc *post = as("bob", "create_post",
        "{\"content\":\"Flooded crossings near Normanton\",\"title\":"
        "\"Road news\",\"tags\":\"Gulf Country\",\"location\":\"Normanton QLD\"}");
    const char *id = text_at(post, "/post/id");
    assert_string_equal(text_at(post, "/post/author"), "bob");
    snprintf(args, sizeof args, "{\"post_id\":\"%s\",\"comment\":\"Thanks!\"}", id);
    done(tool_ok(&bench, "comment_on_post", args));
    snprintf(args, sizeof args, "{\"post_id\":\"%s\"}", id);
    done(as("bob", "like_post", args));
    jdoc *like = tool_ok(&bench, "like_post", args);
    assert_int_equal(number_at(like, "/post/likes"), 2);
    done(like);
    like = tool_ok(&bench, "like_post", args);
    assert_int_equal(number_at(like, "/post/likes"), 1);
    done(like);
    jdoc *feed = tool_ok(&bench, "get_feed", "{}");
    assert_int_equal(number_at(feed, "/posts/0/comments"), 1);
    assert_int_equal(number_at(feed, "/posts/0/likes"), 1);
    done(feed);
    jdoc *found = tool_ok(&bench, "search_posts",
        "{\"query\":\"crossing floods\",\"tags\":[\"gulf country\"],"
        "\"location\":\"normanton\"}");
    assert_string_equal(text_at(found, "/posts/0/id"), id);
    done(found);
    found = tool_ok(&bench, "search_posts", "{\"query\":\"crossings\",\"location\":\"Perth\"}");
    assert_int_equal(number_at(found, "/count"), 0);
    done(found);
    done(post);
    tool_refused(&bench, "comment_on_post", "{\"post_id\":\"nope\",\"content\":\"x\"}", "not_found",
        NULL);
    tool_refused(&bench, "comment_on_post", "{\"post_id\":\"{x}\",\"content\":\"x\"}", "not_found",
        NULL);
    tool_refused(&bench, "comment_on_post", args, "invalid_argument", "/content");
    tool_refused(&bench, "like_post", "{\"post_id\":\"a b\"}", "not_found", NULL);
    tool_refused(&bench, "create_post", "{}", "invalid_argument", NULL);
    tool_refused(&bench, "create_post", "{\"content\":[1]}", "invalid_argument", "/content");
    tool_refused(&bench, "create_post", "{\"content\":\"x\",\"image_url\":\"javascript:alert(1)\"}",
        "invalid_argument", "/image_url");
    tool_refused(&bench, "search_posts", "{\"query\":\"the of\"}", "invalid_argument", "/query");
}

static void huge_values(void **state)
{
    static char args[20000];
    char text[5002];
    (void)state;
    memset(text, 'x', sizeof text);
    text[5001] = '\0';
    snprintf(args, sizeof args, "{\"content\":\"%s\"}", text);
    tool_refused(&bench, "create_post", args, "invalid_argument", "/content");
    text[5000] = '\0';
    snprintf(args, sizeof args, "{\"content\":\"%s\"}", text);
    for (int i = 0; i < 30; i++)
        done(tool_ok(&bench, "create_post", args));
    jdoc *feed = tool_ok(&bench, "get_feed", "{\"limit\":100}"); /* stays below tool.result */
    assert_int_equal(number_at(feed, "/count"), 30);
    bool cut = false;
    assert_int_equal(jdoc_get_bool(at(feed, "/posts/0"), "content_cut", &cut), 0);
    assert_true(cut);
    done(feed);
    tool_refused(&bench, "get_feed", "{\"limit\":101}", "invalid_argument", "/limit");
    tool_refused(&bench, "search_posts", "{\"query\":\"x\",\"tags\":[1,{}]}", "invalid_argument",
        NULL);
}

static void a_repeated_call_writes_once(void **state)
{
    static const char *const calls[][2] = {
        {"create_post", "{\"content\":\"Once\"}"},
        {"submit_community_tip", "{\"title\":\"T\",\"content\":\"C\",\"category\":\"camping\"}"},
        {"message_friend", "{\"recipient_id\":\"bob\",\"message\":\"Hi\"}"},
        {"share_location", "{\"location_name\":\"Here\",\"latitude\":-33,\"longitude\":151}"},
    };
    (void)state;
    befriend("ann", "bob");
    for (size_t i = 0; i < sizeof calls / sizeof *calls; i++) {
        struct buf a = {0}, b = {0};
        jdoc *first = tool_call(&bench, calls[i][0], "c1", calls[i][1]);
        /* As after a crash between the two steps: the user's mark is not there. */
        assert_int_equal(
            link_command(bench.context.store->link, NULL, "EVAL %s 0",
                "for _,k in ipairs(redis.call('KEYS','tp:{ann}:effect:*')) do redis.call('DEL',k) end"),
            0);
        jdoc *again = tool_call(&bench, calls[i][0], "c1", calls[i][1]);
        jdoc_write_canonical(first, &a);
        jdoc_write_canonical(again, &b);
        assert_string_equal(buf_text(&a), buf_text(&b));
        buf_free(&a);
        buf_free(&b);
        done(first);
        done(again);
    }
    assert_int_equal(tool_fixture_number("HLEN tp:{community}:r:post"), 1);
    assert_int_equal(tool_fixture_number("HLEN tp:{community}:r:tip"), 1);
    assert_int_equal(tool_fixture_number("XLEN tp:{bob}:inbox"), 1);
    assert_int_equal(tool_fixture_number("ZCARD tp:{community}:sent:ann"), 1);
}

static void a_fenced_worker_writes_nothing(void **state)
{
    int error;
    (void)state;
    assert_int_equal(link_command(bench.context.store->link, NULL, "HSET tp:{ann}:s:s1 epoch 7"),
        0);
    bench.context.session = "s1";
    bench.context.epoch = 6;
    jdoc_free(tool_call_error(&bench, "create_post", "c", "{\"content\":\"Late\"}", &error));
    assert_int_equal(error, ERR_FENCED);
    bench.context.session = NULL;
    assert_int_equal(tool_fixture_number("HLEN tp:{community}:r:post"), 0);
}

static void messages(void **state)
{
    static const char hi[] = "{\"recipient_id\":\"bob\",\"message\":\"Hi\"}";
    (void)state;
    tool_refused(&bench, "message_friend", hi, "not_found", NULL);
    assert_int_equal(link_command(bench.context.store->link, NULL, "HSET tp:{bob}:r:privacy me %s",
                         "{\"id\":\"me\",\"allow_messages\":\"none\"}"),
        0);
    tool_refused(&bench, "message_friend", hi, "forbidden", NULL);
    assert_int_equal(link_command(bench.context.store->link, NULL, "HSET tp:{bob}:r:privacy me %s",
                         "{\"id\":\"me\",\"allow_messages\":\"friends\"}"),
        0);
    tool_refused(&bench, "message_friend", hi, "forbidden", NULL);
    befriend("ann", "bob");
    for (int i = 0; i < 10; i++)
        done(tool_ok(&bench, "message_friend", hi));
    tool_refused(&bench, "message_friend", hi, "rate_limited", NULL);
    assert_int_equal(tool_fixture_number("XLEN tp:{bob}:inbox"), 10);
    bench.context.now_ms += 3600000;
    done(tool_ok(&bench, "message_friend", hi));
    tool_refused(&bench, "message_friend", "{\"recipient_id\":\"ann\",\"message\":\"me\"}",
        "invalid_argument", "/recipient_id");
    tool_refused(&bench, "message_friend", "{\"recipient_id\":\"bob\"}", "invalid_argument", NULL);
    tool_refused(&bench, "follow_user", "{\"target_user_id\":\"nobody\"}", "not_found", NULL);
    jdoc *f = tool_ok(&bench, "follow_user", "{\"target_user_id\":\"bob\",\"unfollow\":true}");
    bool friends = true;
    jdoc_get_bool(at(f, "/follow"), "friends", &friends);
    assert_false(friends);
    done(f);
}

static size_t near(const char *uid)
{
    jdoc *r = as(uid, "find_nearby_rvers",
        "{\"latitude\":-33.8,\"longitude\":151.2,\"radius_miles\":100}");
    size_t n = jdoc_length(at(r, "/people"));
    done(r);
    return n;
}

static void places(void **state)
{
    (void)state;
    assert_int_equal(near("ann"), 0);
    done(as("bob", "share_location",
        "{\"location_name\":\"Bondi\",\"latitude\":-33.89,\"longitude\":151.27}"));
    assert_int_equal(near("bob"), 0); /* not oneself */
    assert_int_equal(near("ann"), 0); /* friends only, by default */
    befriend("ann", "bob");
    assert_int_equal(near("ann"), 1);
    assert_int_equal(near("cid"), 0);
    done(as("bob", "share_location",
        "{\"location_name\":\"Bondi\",\"latitude\":-33.89,\"longitude\":151.27,"
        "\"is_public\":true,\"duration_hours\":1}"));
    assert_int_equal(near("cid"), 1);
    assert_int_equal(link_command(bench.context.store->link, NULL, "HSET tp:{bob}:r:privacy me %s",
                         "{\"id\":\"me\",\"location_sharing\":false}"),
        0);
    assert_int_equal(near("cid"), 0);
    bench.context.uid = "bob";
    tool_refused(&bench, "share_location",
        "{\"location_name\":\"B\",\"latitude\":1,\"longitude\":1}", "forbidden", NULL);
    bench.context.uid = "ann";
    assert_int_equal(link_command(bench.context.store->link, NULL, "DEL tp:{bob}:r:privacy"), 0);
    bench.context.now_ms += 3600001;
    assert_int_equal(near("cid"), 0); /* over */
    tool_refused(&bench, "share_location",
        "{\"location_name\":\"B\",\"latitude\":99,\"longitude\":1}", "invalid_argument",
        "/latitude");
    tool_refused(&bench, "share_location",
        "{\"location_name\":\"B\",\"latitude\":9,\"longitude\":1,"
        "\"duration_hours\":169}",
        "invalid_argument", "/duration_hours");
    tool_refused(&bench, "find_nearby_rvers",
        "{\"latitude\":1,\"longitude\":1,\"radius_miles\":501}", "invalid_argument",
        "/radius_miles");
}

static void fails(const char *name, const char *args)
{
    int error = 0;

    assert_null(tool_call_error(&bench, name, NULL, args, &error));
    assert_int_equal(error, ERR_INTERNAL);
}

/* What a user allows is not known then: nothing that needs it is done; nobody else is hidden. */
static void settings_that_cannot_be_read_allow_nothing(void **state)
{
    static const char here[] = "{\"location_name\":\"Bondi\",\"latitude\":-33.89,"
                               "\"longitude\":151.27,\"is_public\":true}";

    (void)state;
    befriend("ann", "bob");
    done(as("bob", "share_location", here));
    done(as("cid", "share_location", here));
    assert_int_equal(near("ann"), 2);
    assert_int_equal(link_command(bench.context.store->link, NULL, "HSET tp:{bob}:r:privacy me %s",
                         "{\"id\":\"me\",\"location_sharing\":fal"),
        0);
    assert_int_equal(near("ann"), 1);
    fails("message_friend", "{\"recipient_id\":\"bob\",\"message\":\"Hi\"}");
    assert_int_equal(tool_fixture_number("XLEN tp:{bob}:inbox"), 0);
    bench.context.uid = "bob";
    fails("share_location", here);
    bench.context.uid = "ann";
}

static void knowledge(void **state)
{
    char args[128];
    static const char add[] =
        "{\"title\":\"Ferry gas\",\"content\":\"Gas off on the ferry.\",\"knowledge_type\":"
        "\"travel_rule\",\"category\":\"travel\",\"topic\":\"shipping\",\"difficulty\":\"beginner\"}";
    (void)state;
    tool_refused(&bench, "add_knowledge", add, "forbidden", NULL);
    bench.context.role = "user";
    tool_refused(&bench, "add_knowledge", add, "forbidden", NULL);
    bench.context.role = "admin";
    jdoc *a = tool_ok(&bench, "add_knowledge", add);
    done(as("bob", "submit_community_tip",
        "{\"title\":\"Ferry seats\",\"content\":\"Sit in front.\",\"category\":"
        "\"attractions\"}"));
    jdoc *r = tool_ok(&bench, "search_knowledge", "{\"query\":\"ferries\"}");
    assert_string_equal(text_at(r, "/articles/0/source"), "admin");
    assert_string_equal(text_at(r, "/articles/1/source"), "community");
    done(r);
    r = tool_ok(&bench, "search_knowledge", "{\"query\":\"ferry\",\"difficulty\":\"beginner\"}");
    assert_int_equal(number_at(r, "/count"), 1);
    done(r);
    r = tool_ok(&bench, "get_knowledge_by_category", "{\"category\":\"travel_tips\"}");
    assert_string_equal(text_at(r, "/articles/0/title"), "Ferry seats");
    done(r);
    snprintf(args, sizeof args, "{\"article_id\":\"%s\"}", text_at(a, "/article/id"));
    done(tool_ok(&bench, "get_knowledge_article", args));
    done(a);
    tool_refused(&bench, "get_knowledge_article", "{\"article_id\":\"x\"}", "not_found", NULL);
    tool_refused(&bench, "submit_community_tip",
        "{\"title\":\"T\",\"content\":\"C\",\"category\":\"camping\","
        "\"latitude\":1}",
        "invalid_argument", "/longitude");
    tool_refused(&bench, "create_event",
        "{\"title\":\"T\",\"description\":\"D\",\"event_date\":\"2020-01-01\","
        "\"location\":\"L\"}",
        "invalid_argument", "/event_date");
    tool_refused(&bench, "create_event",
        "{\"title\":\"T\",\"description\":\"D\",\"event_date\":\"2027-02-30\","
        "\"location\":\"L\"}",
        "invalid_argument", "/event_date");
}

static void the_oldest_goes(void **state)
{
    const char *stored;
    struct arena *arena = arena_new();
    (void)state;
    for (int i = 0; i < 5; i++) {
        char id[16];
        snprintf(id, sizeof id, "p%d", i);
        assert_int_equal(shared_put(bench.context.store, NULL,
                             &(struct shared_record){.family = "post",
                                 .id = id,
                                 .json = "{\"author\":\"bob\"}",
                                 .time_ms = i,
                                 .terms = "word",
                                 .keep = 3,
                                 .author = "bob"},
                             arena, &stored),
            0);
    }
    assert_int_equal(tool_fixture_number("HLEN tp:{community}:r:post"), 3);
    assert_int_equal(tool_fixture_number("ZCARD tp:{community}:w:post:word"), 3);
    assert_int_equal(tool_fixture_number("HLEN tp:{community}:r:post:terms"), 3);
    assert_int_equal(shared_drop(bench.context.store, "post", "p4", "ann"), ERR_NOT_FOUND);
    assert_int_equal(shared_drop(bench.context.store, "post", "p4", "bob"), 0);
    arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(posts_comments_likes, fresh),
        cmocka_unit_test_setup(huge_values, fresh),
        cmocka_unit_test_setup(a_repeated_call_writes_once, fresh),
        cmocka_unit_test_setup(a_fenced_worker_writes_nothing, fresh),
        cmocka_unit_test_setup(messages, fresh),
        cmocka_unit_test_setup(places, fresh),
        cmocka_unit_test_setup(settings_that_cannot_be_read_allow_nothing, fresh),
        cmocka_unit_test_setup(knowledge, fresh),
        cmocka_unit_test_setup(the_oldest_goes, fresh),
    };
    return cmocka_run_group_tests(tests, tool_fixture_start, tool_fixture_stop);
}
