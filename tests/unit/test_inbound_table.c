/* SPDX-License-Identifier: BSD-2-Clause */
/* inbound: every kind of record in every state, by the table and on the wire. */
#include "base/err.h"
#include "tests/unit/inbound_bench.h"
#include "wire/fastcgi/inbound_parts.h"

#include <string.h>

#define ACTIVE 7
#define OTHER 8

struct cell {
    enum inbound_state state;
    enum inbound_kind kind;
    enum inbound_deed deed;
};

static const struct cell cells[] = {
    {INBOUND_WAIT, INBOUND_IS_BEGIN, INBOUND_REFUSE},
    {INBOUND_WAIT, INBOUND_IS_OTHERS, INBOUND_OPEN},
    {INBOUND_WAIT, INBOUND_IS_ABORT, INBOUND_DROP},
    {INBOUND_WAIT, INBOUND_IS_PARAMS, INBOUND_DROP},
    {INBOUND_WAIT, INBOUND_IS_STDIN, INBOUND_DROP},
    {INBOUND_WAIT, INBOUND_IS_ODD, INBOUND_DROP},
    {INBOUND_PARAMS, INBOUND_IS_BEGIN, INBOUND_REFUSE},
    {INBOUND_PARAMS, INBOUND_IS_OTHERS, INBOUND_TWICE},
    {INBOUND_PARAMS, INBOUND_IS_ABORT, INBOUND_ABORT},
    {INBOUND_PARAMS, INBOUND_IS_PARAMS, INBOUND_PARAM},
    {INBOUND_PARAMS, INBOUND_IS_STDIN, INBOUND_REFUSE},
    {INBOUND_PARAMS, INBOUND_IS_ODD, INBOUND_REFUSE},
    {INBOUND_STDIN, INBOUND_IS_BEGIN, INBOUND_REFUSE},
    {INBOUND_STDIN, INBOUND_IS_OTHERS, INBOUND_TWICE},
    {INBOUND_STDIN, INBOUND_IS_ABORT, INBOUND_ABORT},
    {INBOUND_STDIN, INBOUND_IS_PARAMS, INBOUND_REFUSE},
    {INBOUND_STDIN, INBOUND_IS_STDIN, INBOUND_INPUT},
    {INBOUND_STDIN, INBOUND_IS_ODD, INBOUND_REFUSE},
    {INBOUND_WORK, INBOUND_IS_BEGIN, INBOUND_HOLD},
    {INBOUND_WORK, INBOUND_IS_OTHERS, INBOUND_TWICE},
    {INBOUND_WORK, INBOUND_IS_ABORT, INBOUND_ABORT},
    {INBOUND_WORK, INBOUND_IS_PARAMS, INBOUND_REFUSE},
    {INBOUND_WORK, INBOUND_IS_STDIN, INBOUND_REFUSE},
    {INBOUND_WORK, INBOUND_IS_ODD, INBOUND_REFUSE},
};

static void the_table_has_every_cell(void **state)
{
    (void)state;
    assert_int_equal(sizeof cells / sizeof cells[0], INBOUND_SENT * INBOUND_KINDS);
    for (size_t n = 0; n < sizeof cells / sizeof cells[0]; n++)
        assert_int_equal(inbound_deed_of(cells[n].state, cells[n].kind), cells[n].deed);
}

/* A fresh connection that is brought into this state by its peer, with FCGI_KEEP_CONN. */
static void bring(struct bench *b, enum inbound_state state)
{
    struct buf bytes = {0};

    bench_open(b);
    if (state >= INBOUND_PARAMS)
        bench_begin(&bytes, ACTIVE, FASTCGI_RESPONDER, FASTCGI_KEEP_CONN);
    if (state >= INBOUND_STDIN)
        fastcgi_record_put(&bytes, FASTCGI_PARAMS, ACTIVE, NULL, 0);
    if (state >= INBOUND_WORK)
        fastcgi_record_put(&bytes, FASTCGI_STDIN, ACTIVE, NULL, 0);
    if (bytes.len > 0)
        bench_send(b, bytes.data, bytes.len);
    buf_free(&bytes);
    assert_int_equal(b->in->state, state);
}

static void say(struct bench *b, int type, unsigned id)
{
    static const unsigned char begin[8] = {0, FASTCGI_RESPONDER, FASTCGI_KEEP_CONN};
    struct buf bytes = {0};

    if (type == FASTCGI_BEGIN_REQUEST)
        fastcgi_record_put(&bytes, type, id, begin, sizeof begin);
    else
        fastcgi_record_put(&bytes, type, id, NULL, 0);
    bench_send(b, bytes.data, bytes.len);
    buf_free(&bytes);
}

/* Whether the deed was done: what the peer, the owner and the state show of it. */
static void expect_deed(struct bench *b, enum inbound_state before, enum inbound_deed deed)
{
    bool work = before == INBOUND_WORK;

    switch (deed) {
    case INBOUND_REFUSE:
        assert_int_equal(b->closed, !work);
        assert_int_equal(b->gone, work);
        return;
    case INBOUND_OPEN:
        assert_int_equal(b->in->state, INBOUND_PARAMS);
        break;
    case INBOUND_PARAM:
        assert_int_equal(b->in->state, INBOUND_STDIN);
        break;
    case INBOUND_INPUT:
        assert_int_equal(b->requests, 1);
        break;
    case INBOUND_ABORT:
        assert_int_equal(b->in->state, work ? INBOUND_WORK : INBOUND_WAIT);
        assert_int_equal(b->gone, work);
        bench_expect(b, "", !work, FASTCGI_REQUEST_COMPLETE);
        return;
    case INBOUND_TWICE:
        assert_int_equal(b->in->state, before);
        bench_expect(b, "", 1, FASTCGI_CANT_MPX_CONN);
        return;
    case INBOUND_HOLD:
        assert_int_equal(b->requests, 1);
        assert_int_equal(inbound_finish(b->in, "\r\n", 2, "", 0), 0);
        bench_settle(b);
        assert_int_equal(b->in->state, INBOUND_PARAMS);
        return;
    default: /* dropped */
        assert_int_equal(b->in->state, before);
    }
    assert_int_equal(b->gone + b->closed, 0);
    bench_expect(b, "", 0, 0);
}

static void the_wire_follows_the_table(void **state)
{
    static const int types[INBOUND_KINDS] = {FASTCGI_BEGIN_REQUEST, FASTCGI_BEGIN_REQUEST,
        FASTCGI_ABORT_REQUEST, FASTCGI_PARAMS, FASTCGI_STDIN, FASTCGI_STDOUT};
    struct bench *b = *state;

    for (size_t n = 0; n < sizeof cells / sizeof cells[0]; n++) {
        const struct cell *c = &cells[n];
        if (c->state == INBOUND_WAIT && c->kind == INBOUND_IS_BEGIN)
            continue; /* no request is active, so that none can begin again */
        bring(b, c->state);
        say(b, types[c->kind], c->kind == INBOUND_IS_OTHERS ? OTHER : ACTIVE);
        expect_deed(b, c->state, c->deed);
    }
}

static void records_of_no_request_of_ours_are_dropped_in_every_state(void **state)
{
    static const int types[] = {0, FASTCGI_ABORT_REQUEST, FASTCGI_END_REQUEST, FASTCGI_PARAMS,
        FASTCGI_STDIN, FASTCGI_STDOUT, FASTCGI_STDERR, 8, FASTCGI_GET_VALUES, 12, 255};
    struct bench *b = *state;

    for (int at = INBOUND_WAIT; at < INBOUND_SENT; at++) {
        bring(b, (enum inbound_state)at);
        for (size_t n = 0; n < sizeof types / sizeof types[0]; n++)
            say(b, types[n], OTHER);
        expect_deed(b, (enum inbound_state)at, INBOUND_DROP);
    }
}

static void odd_types_of_our_request_are_refused(void **state)
{
    static const int types[] = {0, FASTCGI_END_REQUEST, FASTCGI_STDERR, 8, FASTCGI_GET_VALUES,
        FASTCGI_UNKNOWN_TYPE, 12, 255};
    struct bench *b = *state;

    for (int at = INBOUND_PARAMS; at < INBOUND_SENT; at++) {
        for (size_t n = 0; n < sizeof types / sizeof types[0]; n++) {
            bring(b, (enum inbound_state)at);
            say(b, types[n], ACTIVE);
            expect_deed(b, (enum inbound_state)at, INBOUND_REFUSE);
        }
    }
}

static void management_is_answered_in_every_state(void **state)
{
    struct bench *b = *state;

    for (int at = INBOUND_WAIT; at < INBOUND_SENT; at++) {
        struct bench_seen seen;
        bring(b, (enum inbound_state)at);
        say(b, 99, 0);
        bench_receive(b);
        bench_seen(b, &seen);
        assert_int_equal(seen.last_type, FASTCGI_UNKNOWN_TYPE);
        assert_int_equal((unsigned char)b->got.data[8], 99);
        say(b, FASTCGI_GET_VALUES, 0);
        bench_receive(b);
        bench_seen(b, &seen);
        assert_int_equal(seen.last_type, FASTCGI_GET_VALUES_RESULT);
        assert_int_equal(b->in->state, at);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_table_has_every_cell),
        cmocka_unit_test_setup_teardown(the_wire_follows_the_table, bench_setup, bench_teardown),
        cmocka_unit_test_setup_teardown(records_of_no_request_of_ours_are_dropped_in_every_state,
            bench_setup, bench_teardown),
        cmocka_unit_test_setup_teardown(odd_types_of_our_request_are_refused, bench_setup,
            bench_teardown),
        cmocka_unit_test_setup_teardown(management_is_answered_in_every_state, bench_setup,
            bench_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
