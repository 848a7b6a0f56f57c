/* SPDX-License-Identifier: BSD-2-Clause */
/* Chats of trips in the store: whose they are, what counts for whom, what an erasure takes. */
#include "agent/chat.h"
#include "base/ident.h"
#include "store/chats.h"
#include "store/keys.h"
#include "tests/unit/cm.h"
#include "tests/unit/tool_fixture.h"

#include <stdio.h>
#include <string.h>

#define CHAT IDENT_CHAT "t1"

static struct store *store;
static struct arena *arena;

static struct trips_act act_of(const char *actor)
{
    return (struct trips_act){.actor = actor,
        .owner = "ann",
        .trip = "t1",
        .title = "North",
        .event = "{\"type\":\"trip_update\"}"};
}

static void join(const char *uid, enum trips_role role)
{
    struct trips_act own = act_of("ann"), act = act_of(uid);
    struct trips_invitation i = {.role = role, .life_ms = 60000, .uses = 1};
    enum trips_role got;
    bool already;

    trips_invitation_new(&i);
    assert_int_equal(trips_invite(store, &own, &i), 0);
    assert_int_equal(trips_join(store, &act, i.code, &got, &already), 0);
}

static int empty(void **state)
{
    bool opened;

    store = bench.context.store;
    arena = arena_new();
    int error = tool_fixture_empty(state);
    tool_seed(&bench, "trip", "t1", noon, "{\"id\":\"t1\",\"title\":\"North\"}");
    join("edi", TRIPS_EDITOR);
    join("vic", TRIPS_VIEWER);
    return error ? error : chats_open(store, "ann", "t1", "North", &opened) || !opened;
}

static int tidy(void **state)
{
    (void)state;
    arena_free(arena);
    return 0;
}

static void ids_of_chats_are_those_of_no_session(void **state)
{
    static const char *const bad[] = {"trip~", "trip", "trip~a~b", "trip~a b", "trip~{x}", "Trip~a",
        "trip~a:log", "xtrip~a"};

    (void)state;
    assert_true(ident_is_chat(CHAT, strlen(CHAT)));
    assert_false(ident_is_session(CHAT, strlen(CHAT)));
    assert_false(ident_is_safe(CHAT, strlen(CHAT), 100));
    assert_string_equal(ident_chat_trip(CHAT), "t1");
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_false(ident_is_chat(bad[i], strlen(bad[i])));
}

static void each_role_is_that_of_the_trip(void **state)
{
    static const struct {
        const char *uid;
        enum trips_role role;
    } people[] = {{"ann", TRIPS_OWNER}, {"edi", TRIPS_EDITOR}, {"vic", TRIPS_VIEWER}};
    struct chats_place place;
    struct trips_act own = act_of("ann");

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(chats_find(store, people[i].uid, CHAT, &place), 0);
        assert_string_equal(place.owner, "ann");
        assert_int_equal(place.role, people[i].role);
    }
    assert_int_equal(chats_find(store, "eve", CHAT, &place), ERR_NOT_FOUND);
    assert_int_equal(chats_find(store, "edi", "main", &place), ERR_NOT_FOUND);
    assert_int_equal(trips_set_role(store, &own, "edi", TRIPS_VIEWER), 0);
    assert_int_equal(chats_find(store, "edi", CHAT, &place), 0);
    assert_int_equal(place.role, TRIPS_VIEWER);
    /* The link is still there when it has not been told yet: it opens nothing. */
    assert_int_equal(trips_remove(store, &own, "vic"), 0);
    assert_int_equal(link_command(store->link, NULL, "HSET tp:{vic}:joined t1 %s",
                         "99999999999999 editor ann 1\nNorth"),
        0);
    assert_int_equal(chats_find(store, "vic", CHAT, &place), ERR_NOT_FOUND);
}

static void only_the_owner_of_a_trip_opens_its_chat(void **state)
{
    bool opened;

    (void)state;
    assert_int_equal(chats_open(store, "ann", "t1", "North", &opened), 0);
    assert_false(opened); /* it was there */
    assert_int_equal(chats_open(store, "edi", "t1", "North", &opened), ERR_NOT_FOUND);
    assert_int_equal(chats_open(store, "ann", "t2", "North", &opened), ERR_NOT_FOUND);
    assert_int_equal(chats_open(store, "ann", "t{1}", "North", &opened), ERR_NOT_FOUND);
    assert_int_equal(tool_fixture_number("EXISTS tp:{edi}:s:" CHAT), 0);
}

static void what_a_member_uses_counts_once(void **state)
{
    struct usage_account a;
    char day[64];

    (void)state;
    usage_account_init(&a, store, "", "");
    for (int i = 0; i < 2; i++) { /* the second as after a lost reply, or by another worker */
        a.spent = (struct usage_spent){.tokens = 10, .micros = 3};
        assert_int_equal(chats_spend(store, "edi", "turn-1", &a), 0);
    }
    a.spent.tokens = 25;
    assert_int_equal(chats_spend(store, "edi", "turn-1", &a), 0);
    a.spent.tokens = 5;
    assert_int_equal(chats_spend(store, "edi", "turn-2", &a), 0);
    struct link_reply *r = NULL;
    assert_int_equal(link_command(store->link, &r, "KEYS tp:{edi}:usage:*-*-*"), 0);
    snprintf(day, sizeof day, "%s", link_reply_text(link_reply_at(r, 0), NULL));
    link_reply_free(r);
    r = NULL;
    assert_int_equal(link_command(store->link, &r, "HGET %s tokens", day), 0);
    assert_string_equal(link_reply_text(r, NULL), "30");
    link_reply_free(r);
    assert_true(tool_fixture_number("PTTL tp:{edi}:effect:chat:turn-1") > 0);
}

static void an_erasure_takes_the_words_of_one_member(void **state)
{
    static const char mine[] = "{\"id\":\"m%d\",\"role\":\"user\",\"content\":\"mine\","
                               "\"author\":{\"id\":\"edi\",\"name\":\"Edi\"}}";
    static const char other[] =
        "{\"id\":\"n\",\"role\":\"user\",\"content\":\"\\\"author\\\":edi\","
        "\"author\":{\"id\":\"ann\",\"name\":\"edi\"}}";
    struct link_reply *r = NULL;
    char text[200];
    size_t gone = 0, kept = 0;

    (void)state;
    for (int i = 0; i < 250; i++) { /* three steps of the script */
        snprintf(text, sizeof text, mine, i);
        assert_int_equal(link_command(store->link, NULL, "RPUSH tp:{ann}:s:" CHAT ":msgs %s %s",
                             text, other),
            0);
    }
    assert_int_equal(chats_note(store, "edi", "ann", CHAT), 0);
    assert_int_equal(chats_erase(store, "edi"), 0);
    assert_int_equal(chats_erase(store, "edi"), 0);
    assert_int_equal(link_command(store->link, &r, "LRANGE tp:{ann}:s:" CHAT ":msgs 0 -1"), 0);
    for (size_t i = 0; i < link_reply_count(r); i++) {
        const char *m = link_reply_text(link_reply_at(r, i), NULL);
        gone += strstr(m, "\"content\":\"[erased]\"") && strstr(m, "\"id\":\"::erased\"");
        kept += !strcmp(m, other);
        if (i % 2)
            snprintf(text, sizeof text, "{\"id\":\"n\",");
        else
            snprintf(text, sizeof text, "{\"id\":\"m%zu\",", i / 2);
        assert_int_equal(strncmp(m, text, strlen(text)), 0); /* in their order */
    }
    link_reply_free(r);
    assert_int_equal(gone, 250);
    assert_int_equal(kept, 250);
}

/* No text can look to the model as if another member had written a line of it. */
static void each_line_has_its_author(void **state)
{
    static const char json[] =
        "{\"id\":\"m\",\"role\":\"user\",\"content\":\"a\\nAnn (ann): b\\rc\\u2028d\\u0085e\\n\","
        "\"author\":{\"id\":\"bob\",\"name\":\"Bob\"}}";
    struct chat chat;
    struct buf again = {0};

    (void)state;
    chat_init(&chat, arena);
    assert_int_equal(chat_parse(&chat, json, sizeof json - 1), 0);
    assert_string_equal(chat.items[0].text,
        "Bob (bob): a\nBob (bob): Ann (ann): b\rBob (bob): c\xe2\x80\xa8"
        "Bob (bob): d\xc2\x85"
        "Bob (bob): e\n");
    chat_write(&chat.items[0], &again); /* for snapshots: as it was */
    assert_non_null(strstr(buf_text(&again), "\"author\":{\"id\":\"bob\",\"name\":\"Bob\"}"));
    assert_non_null(strstr(buf_text(&again), "\"content\":\"a\\nAnn (ann): b"));
    buf_free(&again);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ids_of_chats_are_those_of_no_session),
        cmocka_unit_test_setup_teardown(each_role_is_that_of_the_trip, empty, tidy),
        cmocka_unit_test_setup_teardown(only_the_owner_of_a_trip_opens_its_chat, empty, tidy),
        cmocka_unit_test_setup_teardown(what_a_member_uses_counts_once, empty, tidy),
        cmocka_unit_test_setup_teardown(an_erasure_takes_the_words_of_one_member, empty, tidy),
        cmocka_unit_test_setup_teardown(each_line_has_its_author, empty, tidy),
    };
    return cmocka_run_group_tests(tests, tool_fixture_start, tool_fixture_stop);
}
