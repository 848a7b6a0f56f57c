/* SPDX-License-Identifier: BSD-2-Clause */
/* viewer and logentry: every cell of the table; every entry once and in order, whatever is lost. */
#include "base/err.h"
#include "tests/unit/cm.h"
#include "workers/stream/hub_runs.h"
#include "workers/stream/viewer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- the table ---- */

static void track(struct hub_run **open, const char *run, char flag)
{
    struct logentry e = {.run = run, .run_len = strlen(run), .flag = flag};
    hub_runs_track(open, &e);
}

static void runs_that_began_and_did_not_end(void **state)
{
    struct hub_run *open = NULL, *run;
    (void)state;
    track(&open, "a", LOGENTRY_TEXT);
    track(&open, "a", LOGENTRY_FINAL);
    assert_null(open);
    track(&open, "a", LOGENTRY_START);
    track(&open, "a", LOGENTRY_START); /* begun again by another worker */
    track(&open, "b", LOGENTRY_START);
    track(&open, "ab", LOGENTRY_START);
    track(&open, "b", LOGENTRY_FINAL);
    run = hub_runs_take(&open, "ab", 2);
    assert_string_equal(run->id, "a");
    free(run);
    assert_null(hub_runs_take(&open, "ab", 2));
    track(&open, "c", LOGENTRY_START);
    hub_runs_free(&open);
    assert_null(open);
}

static void every_cell_is_sound(void **state)
{
    (void)state;
    for (int s = 0; s < VIEWER_STATES; s++) {
        for (int e = 0; e < VIEWER_EVENTS; e++) {
            struct viewer v = {.state = (enum viewer_state)s};
            enum viewer_action action = viewer_step(&v, (enum viewer_event)e);
            assert_in_range(v.state, 0, VIEWER_STATES - 1);
            if (s == VIEWER_ENDED)
                assert_int_equal(v.state, VIEWER_ENDED);
            if (e == VIEWER_ON_LOST && s != VIEWER_ENDED)
                assert_int_equal(v.state, VIEWER_WAITING);
            if (e == VIEWER_ON_FINAL)
                assert_int_equal(v.state, VIEWER_ENDED);
            /* Only a live viewer hands published entries on. */
            if (action == VIEWER_DELIVER)
                assert_true(s == VIEWER_LIVE && e == VIEWER_ON_NEXT && v.state == VIEWER_LIVE);
            /* Who asks is in the state that waits for the answer. */
            if (action == VIEWER_READ)
                assert_int_equal(v.state, VIEWER_READING);
            if (action == VIEWER_LOCATE)
                assert_int_equal(v.state, VIEWER_LOCATING);
            if (action == VIEWER_ASK_SNAPSHOT)
                assert_int_equal(v.state, VIEWER_SNAPSHOT);
            /* Who waits for an answer does not ask again but for the next page. */
            if (s == VIEWER_READING && action == VIEWER_READ)
                assert_int_equal(e, VIEWER_ON_PAGE_MORE);
            /* A published entry that is not delivered is noted or known. */
            if ((e == VIEWER_ON_NEXT || e == VIEWER_ON_GAP) && s != VIEWER_LIVE &&
                s != VIEWER_ENDED)
                assert_int_equal(action, VIEWER_NOTE);
        }
    }
}

static void names_are_told(void **state)
{
    (void)state;
    assert_string_equal(viewer_state_name(VIEWER_LIVE), "live");
    assert_string_equal(viewer_event_name(VIEWER_ON_GAP), "gap");
    assert_string_equal(viewer_state_name(VIEWER_STATES), "?");
}

/* ---- a small world: a log, a lossy channel, a slow connection ---- */

#define WORLD_ENTRIES 300
#define WORLD_PAGE 5

struct world {
    struct viewer v;
    struct logentry_id log[WORLD_ENTRIES];
    size_t logged, seen;
    bool page_due, locate_due, subscribed;
    size_t page_top; /* what the log held when the page was read */
    int room;        /* entries that the connection takes now */
    bool restart;    /* read again: the answer in flight was forgotten */
};

static void act(struct world *w, enum viewer_event event);

static void take(struct world *w, struct logentry_id id)
{
    assert_true(w->seen < w->logged);
    assert_int_equal(logentry_id_compare(w->log[w->seen], id), 0);
    w->seen++;
    w->room--;
    w->v.cursor = id;
}

static void act(struct world *w, enum viewer_event event)
{
    switch (viewer_step(&w->v, event)) {
    case VIEWER_LOCATE:
        w->locate_due = true;
        break;
    case VIEWER_READ:
        if (w->room <= 0) {
            act(w, VIEWER_ON_FULL);
        } else {
            w->page_due = true;
            w->page_top = w->logged;
        }
        break;
    case VIEWER_FORGET:
        w->page_due = w->locate_due = false;
        break;
    default:
        break;
    }
}

static void answer_page(struct world *w)
{
    size_t first = 0, n = 0;

    w->page_due = false;
    while (first < w->page_top && logentry_id_compare(w->log[first], w->v.cursor) <= 0)
        first++;
    for (; n < WORLD_PAGE && first + n < w->page_top; n++) {
        if (w->room <= 0) {
            act(w, VIEWER_ON_FULL);
            return;
        }
        take(w, w->log[first + n]);
    }
    act(w, viewer_page_result(&w->v, n == WORLD_PAGE, n > 0));
}

static void publish(struct world *w, bool lost)
{
    struct logentry_id last = w->logged ? w->log[w->logged - 1] : (struct logentry_id){0, 0};
    struct logentry e = {.prev = last};

    if (w->logged == 0 || rand() % 20 == 0)
        e.id = (struct logentry_id){last.epoch + 1 + (uint64_t)(rand() % 3), 1};
    else
        e.id = (struct logentry_id){last.epoch, last.n + 1};
    w->log[w->logged++] = e.id;
    if (lost || !w->subscribed)
        return;
    enum viewer_event event = viewer_classify(&w->v, &e);
    enum viewer_state before = w->v.state;
    if (before == VIEWER_LIVE && event == VIEWER_ON_NEXT && w->room <= 0) {
        viewer_note(&w->v, e.id);
        act(w, VIEWER_ON_FULL);
        return;
    }
    switch (viewer_step(&w->v, event)) {
    case VIEWER_DELIVER:
        take(w, e.id);
        break;
    case VIEWER_NOTE:
        viewer_note(&w->v, e.id);
        break;
    case VIEWER_READ:
        viewer_note(&w->v, e.id);
        w->v.state = before;
        act(w, event);
        break;
    default:
        break;
    }
}

static void random_step(struct world *w)
{
    switch (rand() % 8) {
    case 0:
    case 1:
    case 2:
        if (w->logged < WORLD_ENTRIES)
            publish(w, rand() % 4 == 0);
        break;
    case 3:
        if (w->page_due)
            answer_page(w);
        break;
    case 4:
        if (rand() % 6 == 0 && w->subscribed) {
            w->subscribed = false;
            act(w, VIEWER_ON_LOST);
        } else if (!w->subscribed) {
            w->subscribed = true;
            act(w, VIEWER_ON_CONFIRMED);
        }
        break;
    case 5:
        w->room = rand() % 4 == 0 ? 0 : 20;
        if (w->room > 0)
            act(w, VIEWER_ON_DRAINED);
        break;
    case 6:
        if (w->page_due && rand() % 5 == 0) {
            w->page_due = false;
            act(w, VIEWER_ON_FAILED);
        } else if (w->v.state == VIEWER_WAITING && w->subscribed) {
            act(w, VIEWER_ON_CONFIRMED);
        }
        break;
    default: /* the look of every five seconds */
        if (w->v.state == VIEWER_LIVE && w->logged > 0 &&
            logentry_id_compare(w->v.cursor, w->log[w->logged - 1]) < 0) {
            viewer_note(&w->v, w->log[w->logged - 1]);
            act(w, VIEWER_ON_GAP);
        }
        break;
    }
}

static void every_entry_once_and_in_order(void **state)
{
    (void)state;
    for (unsigned seed = 1; seed <= 500; seed++) {
        struct world w = {.v = {.state = VIEWER_WAITING, .located = true}, .room = 20};
        srand(seed);
        for (int i = 0; i < 2000; i++)
            random_step(&w);
        /* Peace: everything must arrive. */
        for (int i = 0; i < 2000 && w.seen < w.logged; i++) {
            w.room = 1000;
            if (!w.subscribed) {
                w.subscribed = true;
                act(&w, VIEWER_ON_CONFIRMED);
            }
            if (w.v.state == VIEWER_WAITING)
                act(&w, VIEWER_ON_CONFIRMED);
            act(&w, VIEWER_ON_DRAINED);
            if (w.page_due)
                answer_page(&w);
            else if (w.v.state == VIEWER_LIVE) {
                viewer_note(&w.v, w.log[w.logged - 1]);
                act(&w, VIEWER_ON_GAP);
            }
        }
        assert_int_equal(w.seen, w.logged);
    }
}

/* ---- entries ---- */

#define MESSAGE "1700000000000-3 1700000000000-2 run-1 T {\"type\":\"x\",\"delta\":\"a\\n\\\"b\"}"

static void a_message_is_read(void **state)
{
    struct logentry e;
    const char *text;
    size_t len;

    (void)state;
    assert_int_equal(logentry_parse_message(MESSAGE, strlen(MESSAGE), &e), 0);
    assert_true(e.id.epoch == 1700000000000 && e.id.n == 3 && e.prev.n == 2);
    assert_true(logentry_is_run(&e, "run-1") && !logentry_is_run(&e, "run"));
    assert_int_equal(e.flag, 'T');
    assert_true(logentry_delta(&e, &text, &len));
    assert_int_equal(len, 6);
    struct buf b = {0};
    logentry_unescape(&b, text, len);
    assert_string_equal(buf_text(&b), "a\n\"b");
    buf_free(&b);
}

static void what_is_no_message_is_refused(void **state)
{
    static const char *const bad[] = {"", " ", "1-1", "1-1 0-0 r T", "1-1 0-0 r T x",
        "1-1 0-0 r TT {}", "1 0-0 r T {}", "-1 0-0 r T {}", "1- 0-0 r T {}", "1-1-1 0-0 r T {}",
        "a-1 0-0 r T {}", "1-1 x r T {}", "1-1  r T {}", "1-1 0-0 r T {",
        "12345678901234567890-1 0-0 r T {}"};
    struct logentry e;

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_int_equal(logentry_parse_message(bad[i], strlen(bad[i]), &e), ERR_INVALID);
    assert_int_equal(logentry_parse_message("1-1 0-0 r T {}", 14, &e), 0);
}

static void put_entry(struct logentry *e, const char *json)
{
    memset(e, 0, sizeof *e);
    e->json = json;
    e->json_len = strlen(json);
    e->flag = 'T';
}

static void deltas_of_one_message_join(void **state)
{
    struct logentry e;
    struct buf b = {0};

    (void)state;
    buf_puts(&b, "{\"type\":\"C\",\"messageId\":\"m\",\"delta\":\"one\"}");
    put_entry(&e, "{\"type\":\"C\",\"messageId\":\"m\",\"delta\":\" \\\"two\\\"\"}");
    assert_true(logentry_join(&b, &e));
    assert_string_equal(buf_text(&b),
        "{\"type\":\"C\",\"messageId\":\"m\",\"delta\":\"one \\\"two\\\"\"}");
    put_entry(&e, "{\"type\":\"C\",\"messageId\":\"n\",\"delta\":\"x\"}");
    assert_false(logentry_join(&b, &e));
    put_entry(&e, "{\"type\":\"C\",\"messageId\":\"m\",\"delta\":\"x\",\"more\":1}");
    assert_false(logentry_join(&b, &e));
    put_entry(&e, "{\"type\":\"C\",\"messageId\":\"m\"}");
    assert_false(logentry_join(&b, &e));
    buf_free(&b);
}

static void escapes_become_text(void **state)
{
    static const struct {
        const char *in, *out;
    } cases[] = {{"", ""}, {"plain", "plain"}, {"\\\\\\/\\b\\f\\n\\r\\t", "\\/\b\f\n\r\t"},
        {"\\u00e9\\u20ac", "\xc3\xa9\xe2\x82\xac"}, {"\\ud83d\\ude00", "\xf0\x9f\x98\x80"},
        {"\\ud83d!", "\xef\xbf\xbd!"}, {"\\ude00", "\xef\xbf\xbd"}, {"cut\\", "cut"},
        {"cut\\u12", "cut"}};

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct buf b = {0};
        logentry_unescape(&b, cases[i].in, strlen(cases[i].in));
        assert_string_equal(buf_text(&b), cases[i].out);
        buf_free(&b);
    }
}

static void ids_are_written_as_they_are_read(void **state)
{
    static const char *const ids[] = {"0-0", "1700000000000-1", "999999999999999999-12"};

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        struct logentry_id id;
        char out[LOGENTRY_ID_SIZE];
        assert_int_equal(logentry_id_parse(ids[i], strlen(ids[i]), &id), 0);
        assert_int_equal(logentry_id_format(id, out), strlen(ids[i]));
        assert_string_equal(out, ids[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_cell_is_sound),
        cmocka_unit_test(runs_that_began_and_did_not_end),
        cmocka_unit_test(names_are_told),
        cmocka_unit_test(every_entry_once_and_in_order),
        cmocka_unit_test(a_message_is_read),
        cmocka_unit_test(what_is_no_message_is_refused),
        cmocka_unit_test(deltas_of_one_message_join),
        cmocka_unit_test(escapes_become_text),
        cmocka_unit_test(ids_are_written_as_they_are_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
