/* SPDX-License-Identifier: BSD-2-Clause */
/* Shared trips in the store: who may do what, what members are told, what a death leaves. */
#include "store/trips.h"
#include "store/userdata.h"
#include "tests/unit/cm.h"
#include "tests/unit/tool_fixture.h"

#include <stdio.h>
#include <string.h>

static const char trip_json[] = "{\"id\":\"t1\",\"title\":\"To Cairns\"}";
static struct store *store;
static struct arena *arena;

static int empty(void **state)
{
    store = bench.context.store;
    arena = arena_new();
    int error = tool_fixture_empty(state);
    tool_seed(&bench, "trip", "t1", noon, trip_json);
    return error;
}

static int tidy(void **state)
{
    (void)state;
    arena_free(arena);
    return 0;
}

static struct trips_act act_of(const char *actor)
{
    return (struct trips_act){.actor = actor,
        .owner = "ann",
        .trip = "t1",
        .title = "To Cairns",
        .event = "{\"type\":\"trip_update\"}"};
}

static struct trips_invitation invitation_of(enum trips_role role, const char *to)
{
    struct trips_invitation i = {.role = role, .life_ms = 60000, .uses = 1, .to = to};

    trips_invitation_new(&i);
    return i;
}

static void join(const char *uid, enum trips_role role)
{
    struct trips_act own = act_of("ann"), act = act_of(uid);
    struct trips_invitation i = invitation_of(role, NULL);
    enum trips_role got;
    bool already;

    assert_int_equal(trips_invite(store, &own, &i), 0);
    assert_int_equal(trips_join(store, &act, i.code, &got, &already), 0);
    assert_int_equal(got, role);
    assert_false(already);
}

static int look(const char *uid, struct trips_view *view)
{
    return trips_look(store, uid, "t1", arena, view);
}

/* ---- every cell of the rights ---- */

static int do_see(const char *uid)
{
    struct trips_view view;
    return trips_allowed(store, uid, "t1", TRIPS_SEE, arena, &view);
}

static int do_members(const char *uid)
{
    struct trips_view view;
    return trips_allowed(store, uid, "t1", TRIPS_MEMBERS, arena, &view);
}

static int do_change(const char *uid)
{
    struct trips_act act = act_of(uid);
    return trips_change(store, &act, "{\"id\":\"t1\",\"title\":\"Other\"}", trip_json, noon);
}

static int do_invite(const char *uid)
{
    struct trips_act act = act_of(uid);
    struct trips_invitation i = invitation_of(TRIPS_VIEWER, NULL);
    return trips_invite(store, &act, &i);
}

static int do_revoke(const char *uid)
{
    struct trips_act own = act_of("ann"), act = act_of(uid);
    struct trips_invitation i = invitation_of(TRIPS_VIEWER, NULL);
    assert_int_equal(trips_invite(store, &own, &i), 0);
    return trips_revoke(store, &act, i.id);
}

static int do_role(const char *uid)
{
    struct trips_act act = act_of(uid);
    return trips_set_role(store, &act, "other", TRIPS_EDITOR);
}

static int do_remove(const char *uid)
{
    struct trips_act act = act_of(uid);
    return trips_remove(store, &act, "other");
}

static int do_give(const char *uid)
{
    struct trips_act act = act_of(uid);
    return trips_give(store, &act, "other");
}

static int do_leave(const char *uid)
{
    struct trips_act act = act_of(uid);
    return trips_leave(store, &act);
}

static int do_end(const char *uid)
{
    struct trips_act act = act_of(uid);
    return trips_end(store, &act);
}

static int do_live_see(const char *uid)
{
    struct trips_view view;
    return trips_allowed(store, uid, "t1", TRIPS_LIVE_SEE, arena, &view);
}

static int live(const char *uid, enum trips_action action)
{
    struct trips_act act = act_of(uid);
    struct trips_live_state state = {.json =
                                         action == TRIPS_LIVE_STOP ? "" : "{\"traveller\":\"x\"}",
        .seen = "",
        .ends_ms = INT64_C(4102444800000)};
    return trips_live(store, &act, action, &state);
}

static int do_live_start(const char *uid)
{
    return live(uid, TRIPS_LIVE_START);
}

static int do_live_stop(const char *uid)
{
    return live(uid, TRIPS_LIVE_STOP);
}

static int (*const doing[TRIPS_ACTIONS])(const char *) = {[TRIPS_SEE] = do_see,
    [TRIPS_MEMBERS] = do_members,
    [TRIPS_CHANGE] = do_change,
    [TRIPS_INVITE] = do_invite,
    [TRIPS_REVOKE] = do_revoke,
    [TRIPS_ROLE] = do_role,
    [TRIPS_REMOVE] = do_remove,
    [TRIPS_GIVE] = do_give,
    [TRIPS_LEAVE] = do_leave,
    [TRIPS_END] = do_end,
    [TRIPS_LIVE_SEE] = do_live_see,
    [TRIPS_LIVE_START] = do_live_start,
    [TRIPS_LIVE_STOP] = do_live_stop};

/* What each role may, written out once more: viewer, editor, owner. */
static const char *const rights[TRIPS_ACTIONS] = {"yyy", "yyy", "nyy", "nny", "nny", "nny", "nny",
    "nny", "yyn", "nny", "yyy", "nyy", "yyy"};

static void every_cell_of_the_rights(void **state)
{
    static const char *const users[TRIPS_ROLES] = {"nobody", "vic", "edi", "ann"};

    for (int action = 0; action < TRIPS_ACTIONS; action++)
        for (int role = TRIPS_NOBODY; role < TRIPS_ROLES; role++) {
            tidy(state);
            assert_int_equal(empty(state), 0);
            join("vic", TRIPS_VIEWER);
            join("edi", TRIPS_EDITOR);
            join("other", TRIPS_VIEWER);
            int expected = role == TRIPS_NOBODY ? ERR_NOT_FOUND :
                rights[action][role - 1] == 'y' ? 0 :
                                                  ERR_FORBIDDEN;
            int got = doing[action](users[role]);
            if (got != expected)
                print_error("%s by %s: %s\n", trips_action_name((enum trips_action)action),
                    trips_role_name((enum trips_role)role), err_text(got));
            assert_int_equal(got, expected);
            assert_int_equal(trips_may((enum trips_role)role, (enum trips_action)action),
                expected == 0);
        }
}

/* ---- what members see and hear ---- */

static void a_member_sees_the_trip_until_removed(void **state)
{
    struct trips_act own = act_of("ann");
    struct trips_view view;
    (void)state;
    assert_int_equal(look("bob", &view), ERR_NOT_FOUND);
    join("bob", TRIPS_EDITOR);
    assert_int_equal(look("bob", &view), 0);
    assert_string_equal(view.json, trip_json);
    assert_string_equal(view.owner, "ann");
    assert_int_equal(view.role, TRIPS_EDITOR);
    assert_int_equal(view.member_count, 1);
    assert_int_equal(view.open_count, 0); /* of no concern to members */
    assert_int_equal(trips_remove(store, &own, "bob"), 0);
    assert_int_equal(look("bob", &view), ERR_NOT_FOUND);
    /* A link that came back opens nothing. */
    assert_int_equal(link_command(store->link, NULL, "HSET tp:{bob}:joined t1 %s",
                         "99999999999999 editor ann 1\nTo Cairns"),
        0);
    assert_int_equal(look("bob", &view), ERR_NOT_FOUND);
    assert_int_equal(do_change("bob"), ERR_NOT_FOUND);
    assert_int_equal(trips_remove(store, &own, "bob"), ERR_CONFLICT); /* no member any more */
}

static void all_are_told_once(void **state)
{
    size_t left = 1;
    (void)state;
    join("bob", TRIPS_EDITOR);
    join("cid", TRIPS_VIEWER);
    assert_int_equal(tool_fixture_number("XLEN tp:{ann}:inbox"), 2); /* both came */
    assert_int_equal(tool_fixture_number("XLEN tp:{bob}:inbox"), 1); /* cid came */
    assert_int_equal(tool_fixture_number("EXISTS tp:{cid}:inbox"), 0);
    assert_int_equal(do_change("bob"), 0);
    assert_int_equal(tool_fixture_number("XLEN tp:{ann}:inbox"), 3);
    assert_int_equal(tool_fixture_number("XLEN tp:{cid}:inbox"), 1);
    assert_int_equal(tool_fixture_number("XLEN tp:{bob}:inbox"),
        1); /* not by an entry of its own */
    assert_int_equal(tool_fixture_number("ZCARD tp:{ann}:trip-out"), 0);
    assert_int_equal(trips_deliver(store, "ann", 1000, &left), 0);
    assert_int_equal(left, 0);
}

/* The script has run, and its worker died: the words wait, and come once, however often. */
static void a_death_before_the_delivery_loses_nothing(void **state)
{
    struct hints_due hints[4];
    size_t count, left;
    (void)state;
    join("bob", TRIPS_VIEWER);
    assert_int_equal(link_command(store->link, NULL, "DEL tp:hint:trips"), 0);
    for (int i = 0; i < 2; i++)
        assert_int_equal(link_command(store->link, NULL, "ZADD tp:{ann}:trip-out 5 %s",
                             "5 bob t1 - inbox\nTo Cairns\n{\"type\":\"trip_update\"}"),
            0);
    assert_int_equal(link_command(store->link, NULL, "ZADD tp:hint:trips 1 ann"), 0);
    assert_int_equal(trips_due(store, hints, 4, &count), 0);
    assert_int_equal(count, 1);
    assert_string_equal(hints[0].uid, "ann");
    for (int i = 0; i < 2; i++) { /* the second as after a lost acknowledgement */
        assert_int_equal(trips_deliver(store, "ann", 1000, &left), 0);
        assert_int_equal(left, 0);
        assert_int_equal(tool_fixture_number("XLEN tp:{bob}:inbox"), 1);
        assert_int_equal(link_command(store->link, NULL, "ZADD tp:{ann}:trip-out 5 %s",
                             "5 bob t1 - inbox\nTo Cairns\n{\"type\":\"trip_update\"}"),
            0);
    }
    trips_later(store, &hints[0], -1);
    assert_int_equal(tool_fixture_number("ZCARD tp:hint:trips"), 0);
    assert_int_equal(link_command(store->link, NULL, "ZADD tp:{ann}:trip-out 6 nonsense"), 0);
    assert_int_equal(trips_deliver(store, "ann", 1000, &left), 0); /* it ends nobody */
    assert_int_equal(tool_fixture_number("ZCARD tp:{ann}:trip-out"), 0);
}

static void a_repeated_call_acts_once(void **state)
{
    struct trips_act own = act_of("ann"), bob = act_of("bob");
    struct trips_invitation one = invitation_of(TRIPS_VIEWER, NULL), two = one;
    enum trips_role role;
    bool already;
    (void)state;
    own.mark = bob.mark = "call 1";
    trips_invitation_new(&two);
    assert_int_equal(trips_invite(store, &own, &one), 0);
    assert_int_equal(trips_invite(store, &own, &two), 0);
    assert_string_equal(one.code, two.code);
    assert_int_equal(tool_fixture_number("HLEN tp:{ann}:share:t1"), 1);
    assert_int_equal(trips_join(store, &bob, one.code, &role, &already), 0);
    assert_int_equal(trips_join(store, &bob, one.code, &role, &already), 0); /* its use is gone */
    assert_int_equal(role, TRIPS_VIEWER);
}

static void a_fenced_owner_writes_nothing(void **state)
{
    struct trips_act own = act_of("ann");
    struct trips_invitation i = invitation_of(TRIPS_VIEWER, NULL);
    (void)state;
    assert_int_equal(link_command(store->link, NULL, "HSET tp:{ann}:s:s1 epoch 7"), 0);
    own.session = "s1";
    own.epoch = 6;
    assert_int_equal(trips_invite(store, &own, &i), ERR_FENCED);
    assert_int_equal(tool_fixture_number("EXISTS tp:{ann}:share:t1"), 0);
    own.epoch = 7;
    assert_int_equal(trips_invite(store, &own, &i), 0);
}

/* ---- invitations ---- */

static void invitations(void **state)
{
    struct trips_act own = act_of("ann"), bob = act_of("bob"), cid = act_of("cid");
    struct trips_invitation i = invitation_of(TRIPS_EDITOR, "bob");
    struct trips_link link;
    enum trips_role role;
    bool already;
    (void)state;
    assert_int_equal(trips_invite(store, &own, &i), 0);
    assert_int_equal(tool_fixture_number("XLEN tp:{bob}:inbox"), 1);
    assert_int_equal(trips_code(store, "bob", i.code, arena, &link), 0);
    assert_string_equal(link.owner, "ann");
    assert_string_equal(link.trip, "t1");
    assert_string_equal(link.title, "To Cairns");
    assert_int_equal(trips_join(store, &cid, i.code, &role, &already), ERR_NOT_FOUND);
    assert_int_equal(trips_decline(store, &bob, i.code), 0);
    assert_int_equal(trips_join(store, &bob, i.code, &role, &already), ERR_NOT_FOUND);
    assert_int_equal(tool_fixture_number("EXISTS tp:{ann}:share:t1"), 0);
    i = invitation_of(TRIPS_VIEWER, NULL);
    i.uses = 2;
    i.life_ms = 1;
    assert_int_equal(trips_invite(store, &own, &i), 0);
    while (trips_code(store, "eva", i.code, arena, &link) == 0)
        ; /* until its millisecond is over */
    assert_int_equal(trips_join(store, &bob, i.code, &role, &already), ERR_NOT_FOUND);
    i = invitation_of(TRIPS_VIEWER, NULL);
    assert_int_equal(trips_invite(store, &own, &i), 0);
    assert_int_equal(trips_revoke(store, &own, i.id), 0);
    assert_int_equal(trips_join(store, &bob, i.code, &role, &already), ERR_NOT_FOUND);
    for (int n = 0; n < TRIPS_INVITATIONS_MAX; n++) {
        i = invitation_of(TRIPS_VIEWER, NULL);
        assert_int_equal(trips_invite(store, &own, &i), 0);
    }
    i = invitation_of(TRIPS_VIEWER, NULL);
    assert_int_equal(trips_invite(store, &own, &i), ERR_FULL);
    for (int n = 0; n < TRIPS_INVITES_HOUR; n++)
        err_ignore(trips_invite(store, &own, &i));
    assert_int_equal(trips_invite(store, &own, &i), ERR_RATE);
}

static void guessing_is_slowed(void **state)
{
    struct trips_link link;
    int error = ERR_NOT_FOUND, n = 0;
    (void)state;
    for (; error == ERR_NOT_FOUND && n < 100; n++)
        error = trips_code(store, "eva", "0123456789abcdef0123456789abcdef", arena, &link);
    assert_int_equal(error, ERR_RATE);
    assert_int_equal(n, TRIPS_WRONG_CODES + 1);
    assert_int_equal(trips_code(store, "bob", "x", arena, &link), ERR_NOT_FOUND);
}

static void a_trip_has_room_for_so_many(void **state)
{
    struct trips_act own = act_of("ann");
    struct trips_invitation i = invitation_of(TRIPS_VIEWER, NULL);
    enum trips_role role;
    bool already;
    char uid[16];
    (void)state;
    i.uses = TRIPS_USES_MAX + 1;
    assert_int_equal(trips_invite(store, &own, &i), 0);
    for (int n = 0; n <= TRIPS_MEMBERS_MAX; n++) {
        snprintf(uid, sizeof uid, "u%d", n);
        struct trips_act act = act_of(uid);
        act.event = "";
        assert_int_equal(trips_join(store, &act, i.code, &role, &already),
            n < TRIPS_MEMBERS_MAX ? 0 : ERR_FULL);
    }
}

/* ---- other owners, and none ---- */

static void the_trip_is_handed_over(void **state)
{
    struct trips_act own = act_of("ann"), bob = act_of("bob");
    struct trips_view view;
    char owner[IDENT_USER_MAX + 1];
    size_t left;
    (void)state;
    join("bob", TRIPS_VIEWER);
    join("cid", TRIPS_EDITOR);
    assert_int_equal(trips_give(store, &own, "eva"), ERR_CONFLICT);
    assert_int_equal(trips_give(store, &own, "bob"), 0);
    assert_int_equal(tool_fixture_number("HEXISTS tp:{ann}:r:trip t1"), 0);
    assert_int_equal(tool_fixture_number("EXISTS tp:{ann}:share:t1"), 0);
    assert_int_equal(look("bob", &view), 0);
    assert_int_equal(view.role, TRIPS_OWNER);
    assert_int_equal(view.member_count, 2);
    assert_string_equal(view.json, trip_json);
    assert_int_equal(look("ann", &view), 0);
    assert_int_equal(view.role, TRIPS_EDITOR);
    /* what trips_give had no time for, on a slow machine */
    assert_int_equal(trips_deliver(store, "ann", 10000, &left), 0);
    assert_int_equal(trips_deliver(store, "bob", 10000, &left), 0);
    assert_int_equal(trips_owner(store, "cid", "t1", owner), 0);
    assert_string_equal(owner, "bob");
    assert_int_equal(look("cid", &view), 0);
    assert_int_equal(view.role, TRIPS_EDITOR);
    assert_int_equal(trips_deliver(store, "bob", 1000, &left), 0);
    assert_int_equal(left, 0);
    /* And back. */
    bob.owner = "bob";
    assert_int_equal(trips_give(store, &bob, "ann"), 0);
    assert_int_equal(look("ann", &view), 0);
    assert_int_equal(view.role, TRIPS_OWNER);
    assert_int_equal(look("bob", &view), 0);
    assert_int_equal(view.role, TRIPS_EDITOR);
}

/* It has arrived, and the word was not acknowledged; meanwhile nobody changes it. */
static void a_death_while_it_is_handed_over(void **state)
{
    struct trips_view view;
    size_t left;
    (void)state;
    join("bob", TRIPS_VIEWER);
    assert_int_equal(link_command(store->link, NULL, "HSET tp:{ann}:share:t1 to bob"), 0);
    assert_int_equal(do_change("ann"), ERR_BUSY);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(link_command(store->link, NULL, "ZADD tp:{ann}:trip-out 5 %s",
                             "5 bob t1 - give\nTo Cairns\n{\"type\":\"trip_update\"}"),
            0);
        assert_int_equal(trips_deliver(store, "ann", 1000, &left), 0);
        assert_int_equal(left, 0);
        assert_int_equal(look("bob", &view), 0);
        assert_int_equal(view.role, TRIPS_OWNER);
    }
    assert_int_equal(tool_fixture_number("HEXISTS tp:{ann}:r:trip t1"), 0);
}

static void an_erased_owner_ends_the_trip(void **state)
{
    struct trips_invitation i = invitation_of(TRIPS_VIEWER, NULL);
    struct trips_act own = act_of("ann");
    struct trips_link link;
    struct trips_view view;
    int64_t keys;
    (void)state;
    join("bob", TRIPS_VIEWER);
    join("cid", TRIPS_VIEWER);
    assert_int_equal(trips_invite(store, &own, &i), 0);
    assert_int_equal(userdata_erase(store, "cid", 10000, NULL, NULL, &keys), 0);
    assert_int_equal(look("ann", &view), 0);
    assert_int_equal(view.member_count, 1);
    assert_int_equal(userdata_erase(store, "ann", 10000, NULL, NULL, &keys), 0);
    assert_int_equal(look("bob", &view), ERR_NOT_FOUND);
    assert_int_equal(tool_fixture_number("XLEN tp:{bob}:inbox"), 3); /* cid came, cid left, over */
    assert_int_equal(trips_code(store, "bob", i.code, arena, &link), ERR_NOT_FOUND);
    assert_int_equal(tool_fixture_number("ZCARD tp:hint:trips"), 0);
    assert_int_equal(tool_fixture_number("EVAL return(#redis.call('KEYS','tp:{ann}:*')) 0"), 0);
}

/* The first worker's fault may have taken its code back: the repeated call puts it there again. */
static void a_repeated_invitations_code_is_good(void **state)
{
    struct trips_act own = act_of("ann"), bob = act_of("bob");
    struct trips_invitation i = invitation_of(TRIPS_VIEWER, NULL), again = i;
    struct trips_link link;
    enum trips_role role;
    bool already;
    (void)state;
    own.mark = "c1";
    assert_int_equal(trips_invite(store, &own, &i), 0);
    assert_int_equal(link_command(store->link, NULL, "EVAL %s 0",
                         "for _,k in ipairs(redis.call('KEYS','tp:invite:*')) do "
                         "redis.call('DEL',k) end"),
        0);
    trips_invitation_new(&again);
    assert_int_equal(trips_invite(store, &own, &again), 0);
    assert_string_equal(again.code, i.code);
    assert_int_equal(trips_code(store, "bob", i.code, arena, &link), 0);
    assert_int_equal(trips_code_is_good(store, "bob", i.code, &link), 0);
    assert_int_equal(trips_join(store, &bob, i.code, &role, &already), 0);
    assert_int_equal(trips_code_is_good(store, "bob", i.code, &link), 0);
    assert_int_equal(trips_code_is_good(store, "eva", i.code, &link), ERR_NOT_FOUND); /* used up */
}

/* Who joins the last trip that fits, and again, is told the role. */
static void a_full_list_joins_again_what_it_has(void **state)
{
    struct trips_act own = act_of("ann"), bob = act_of("bob");
    struct trips_invitation i = invitation_of(TRIPS_VIEWER, NULL);
    enum trips_role role;
    bool already;
    (void)state;
    i.uses = 3;
    assert_int_equal(trips_invite(store, &own, &i), 0);
    for (int k = 1; k < TRIPS_JOINED_MAX; k++)
        assert_int_equal(link_command(store->link, NULL, "HSET tp:{bob}:joined o%d %s", k,
                             "1 viewer eva 1\nOther"),
            0);
    assert_int_equal(trips_join(store, &bob, i.code, &role, &already), 0);
    assert_int_equal(trips_join(store, &bob, i.code, &role, &already), 0);
    assert_true(already);
}

/* Then the erasure has to be asked for again, and is no fault. */
static void an_erasure_waits_for_a_hand_over(void **state)
{
    int64_t keys;
    (void)state;
    join("bob", TRIPS_VIEWER);
    assert_int_equal(link_command(store->link, NULL, "HSET tp:{ann}:share:t1 to bob"), 0);
    assert_int_equal(userdata_erase(store, "bob", 10000, NULL, NULL, &keys), ERR_MORE);
    assert_int_equal(userdata_erase(store, "ann", 10000, NULL, NULL, &keys), ERR_MORE);
    assert_int_equal(link_command(store->link, NULL, "HDEL tp:{ann}:share:t1 to"), 0);
    assert_int_equal(userdata_erase(store, "bob", 10000, NULL, NULL, &keys), 0);
    assert_int_equal(userdata_erase(store, "ann", 10000, NULL, NULL, &keys), 0);
}

static void what_is_no_id_is_no_trip(void **state)
{
    struct trips_view view;
    struct trips_act own = act_of("ann");
    (void)state;
    assert_int_equal(trips_look(store, "ann", "a b", arena, &view), ERR_NOT_FOUND);
    assert_int_equal(trips_look(store, "ann", "t{2}", arena, &view), ERR_NOT_FOUND);
    own.trip = "t{2}";
    assert_int_equal(trips_end(store, &own), ERR_NOT_FOUND);
    assert_int_equal(link_command(store->link, NULL, "HSET tp:{bob}:joined t1 torn"), 0);
    assert_int_equal(look("bob", &view), ERR_NOT_FOUND);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(every_cell_of_the_rights, empty, tidy),
        cmocka_unit_test_setup_teardown(a_member_sees_the_trip_until_removed, empty, tidy),
        cmocka_unit_test_setup_teardown(all_are_told_once, empty, tidy),
        cmocka_unit_test_setup_teardown(a_death_before_the_delivery_loses_nothing, empty, tidy),
        cmocka_unit_test_setup_teardown(a_repeated_call_acts_once, empty, tidy),
        cmocka_unit_test_setup_teardown(a_fenced_owner_writes_nothing, empty, tidy),
        cmocka_unit_test_setup_teardown(invitations, empty, tidy),
        cmocka_unit_test_setup_teardown(guessing_is_slowed, empty, tidy),
        cmocka_unit_test_setup_teardown(a_trip_has_room_for_so_many, empty, tidy),
        cmocka_unit_test_setup_teardown(the_trip_is_handed_over, empty, tidy),
        cmocka_unit_test_setup_teardown(a_death_while_it_is_handed_over, empty, tidy),
        cmocka_unit_test_setup_teardown(an_erased_owner_ends_the_trip, empty, tidy),
        cmocka_unit_test_setup_teardown(a_repeated_invitations_code_is_good, empty, tidy),
        cmocka_unit_test_setup_teardown(a_full_list_joins_again_what_it_has, empty, tidy),
        cmocka_unit_test_setup_teardown(an_erasure_waits_for_a_hand_over, empty, tidy),
        cmocka_unit_test_setup_teardown(what_is_no_id_is_no_trip, empty, tidy),
    };
    return cmocka_run_group_tests(tests, tool_fixture_start, tool_fixture_stop);
}
