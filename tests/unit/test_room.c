/* SPDX-License-Identifier: BSD-2-Clause */
/* test_room -- bytes that the tasks of a process hold together: bounded, served in their order. */
#include "base/room.h"
#include "tests/unit/cm.h"

static struct room room;
static struct room_ticket a, b, c;

static int fresh(void **state)
{
    (void)state;
    room = (struct room){.max = 10};
    a = b = c = (struct room_ticket){0};
    return 0;
}

static void those_who_fit_are_served_at_once(void **state)
{
    (void)state;
    room_ask(&room, &a, 6);
    room_ask(&room, &b, 4);
    assert_true(a.granted && b.granted);
    room_ask(&room, &c, 1);
    assert_false(c.granted);
    room_leave(&room, &b);
    assert_true(c.granted);
    assert_int_equal(room.used, 7);
}

/* A small one does not pass a large one, which would wait for ever. */
static void nobody_is_passed(void **state)
{
    (void)state;
    room_ask(&room, &a, 6);
    room_ask(&room, &b, 8);
    room_ask(&room, &c, 1);
    assert_false(b.granted || c.granted);
    room_leave(&room, &a);
    assert_true(b.granted && c.granted);
}

static void what_is_larger_than_all_is_served_alone(void **state)
{
    (void)state;
    room_ask(&room, &a, 1);
    room_ask(&room, &b, 50);
    assert_false(b.granted);
    room_leave(&room, &a);
    assert_true(b.granted);
    room_ask(&room, &c, 1);
    assert_false(c.granted);
    room_leave(&room, &b);
    assert_true(c.granted);
}

static void a_part_can_be_given_back(void **state)
{
    (void)state;
    room_ask(&room, &a, 8);
    room_ask(&room, &b, 6);
    room_shrink(&room, &a, 9); /* it holds less */
    assert_false(b.granted);
    room_shrink(&room, &a, 4);
    assert_true(b.granted);
    assert_int_equal(room.used, 10);
    room_leave(&room, &a);
    assert_int_equal(room.used, 6);
}

static void who_waits_no_more_is_forgotten(void **state)
{
    (void)state;
    room_ask(&room, &a, 10);
    room_ask(&room, &b, 10);
    room_ask(&room, &c, 2);
    room_leave(&room, &b);
    room_leave(&room, &b); /* holds nothing */
    assert_int_equal(room.used, 10);
    room_leave(&room, &a);
    assert_true(c.granted);
    room_leave(&room, &c);
    assert_int_equal(room.used, 0);
    assert_null(room.first);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(those_who_fit_are_served_at_once, fresh),
        cmocka_unit_test_setup(nobody_is_passed, fresh),
        cmocka_unit_test_setup(what_is_larger_than_all_is_served_alone, fresh),
        cmocka_unit_test_setup(a_part_can_be_given_back, fresh),
        cmocka_unit_test_setup(who_waits_no_more_is_forgotten, fresh),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
