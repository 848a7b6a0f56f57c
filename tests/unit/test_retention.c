/* Ten thousand turns: what they leave is bounded while they run, and gone when its time is over. */
#include "base/clock.h"
#include "own_redis.h"
#include "turn_actors.h"

#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define TURNS 10000
#define SESSIONS 20
#define KEEP_MS 400

static int64_t used_memory(struct store *s)
{
    struct link_reply *r = NULL;
    const char *at;
    int64_t bytes;

    assert_int_equal(link_command(s->link, &r, "INFO memory"), 0);
    at = strstr(link_reply_text(r, NULL), "used_memory:");
    assert_non_null(at);
    bytes = atoll(at + 12);
    link_reply_free(r);
    return bytes;
}

static void one_turn(struct store *s, struct arena *arena, int i)
{
    char session[16], message[64];
    struct turns_start t, next;

    snprintf(session, sizeof session, "s%d", i % SESSIONS);
    snprintf(message, sizeof message, "{\"id\":\"m%d\",\"role\":\"user\",\"content\":\"x\"}", i);
    t = actors_begin(s, arena, session, message);
    assert_int_equal(t.outcome, TURNS_STARTED);
    assert_int_equal(actors_append(s, arena, &t, 2, "X"), 0);
    assert_int_equal(turns_checkpoint(s, &t, "{}", 2), 0);
    assert_int_equal(actors_finish(s, arena, &t, 3, true, &next), 0);
    arena_reset(arena);
}

static void ten_thousand_turns_leave_nothing(void **state)
{
    struct own_redis redis;
    struct conf conf;
    struct store *s = NULL;
    struct arena *arena = arena_new();
    int64_t empty, most_keys = 0, keys, until;

    (void)state;
    own_redis_start(&redis);
    own_redis_conf(&redis, &conf);
    conf.log_keep_ms = conf.turn_keep_ms = conf.seen_keep_ms = KEEP_MS;
    conf.session_keep_ms = 4 * KEEP_MS;
    conf.session_messages_max = 50;
    assert_int_equal(store_open(&s, &conf, NULL, "m/turn/1/1"), 0);
    assert_int_equal(link_command(s->link, NULL, "CONFIG SET appendonly no"), 0);
    empty = used_memory(s);
    for (int i = 0; i < TURNS; i++) {
        one_turn(s, arena, i);
        if (i % 500)
            continue;
        keys = actors_number(s, "DBSIZE%s", "");
        most_keys = keys > most_keys ? keys : most_keys;
        assert_true(actors_number(s, "LLEN tp:{ann}:s:%s:msgs", "s0") <= 50);
    }
    assert_int_equal(actors_number(s, "ZCARD tp:hint:%s", "leases"), 0);
    until = clock_mono_ms() + 30000;
    while ((keys = actors_number(s, "DBSIZE%s", "")) > 0 && clock_mono_ms() < until)
        poll(NULL, 0, 50); /* Redis removes what has expired in its own time */
    printf("%d turns: at most %lld keys at once, %lld left, %lld KiB more in use\n", TURNS,
        (long long)most_keys, (long long)keys, (long long)(used_memory(s) - empty) / 1024);
    assert_int_equal(keys, 0);
    assert_true(most_keys < TURNS);
    assert_true(used_memory(s) - empty < 4 << 20);
    store_close(s);
    arena_free(arena);
    conf_fini(&conf);
    own_redis_stop(&redis);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ten_thousand_turns_leave_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
