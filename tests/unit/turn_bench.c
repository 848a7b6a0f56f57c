/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/unit/turn_bench.h"

#include "agent/events.h"
#include "agent/input.h"
#include "base/clock.h"
#include "base/err.h"
#include "store/keys.h"
#include "tests/unit/cm.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PATIENCE_MS 60000

static void on_stage(void *arg, enum stage stage)
{
    struct turn_bench *b = arg;
    b->stage_count[stage]++;
    task_guard(false); /* what a test does there another process does */
    if (b->on_stage)
        b->on_stage(b, stage);
    task_guard(true);
}

void turn_bench_start(struct turn_bench *b)
{
    const struct tasks_settings tasks = {.stack_bytes = 262144, .stacks_kept = 2};

    memset(b, 0, sizeof *b);
    own_redis_start(&b->redis);
    own_redis_conf(&b->redis, &b->conf);
    b->conf.offline_word_ms = 0;
    b->conf.redis_timeout_ms = 500;
    assert_int_equal(reactor_new(&b->reactor), 0);
    assert_int_equal(tasks_open(b->reactor, &tasks), 0);
    assert_int_equal(http_new(&b->http, b->reactor), 0);
    assert_int_equal(store_open(&b->store, &b->conf, b->reactor, "m/turn/1/1"), 0);
    link_attach(b->store->link, b->reactor);
    assert_int_equal(listen_new(&b->listen, b->store->link), 0);
    assert_int_equal(store_open(&b->onlooker, &b->conf, NULL, "m/turn/2/1"), 0);
    assert_int_equal(eventlog_new(&b->log, b->store), 0);
    assert_int_equal(turn_global_init(&b->conf), 0);
    b->env = (struct turn_env){.conf = &b->conf,
        .reactor = b->reactor,
        .store = b->store,
        .http = b->http,
        .eventlog = b->log,
        .breakers = b->breakers,
        .on_stage = on_stage,
        .arg = b,
        .abort_now = &b->abort_now,
        .listen = b->listen};
    turn_bench_new_session(b);
}

static void drop_turn(struct turn_bench *b)
{
    if (b->arena)
        arena_free(b->arena);
    b->arena = NULL;
    buf_free(&b->result.reply);
    turn_title_free(b->result.title);
    b->result.title = NULL;
    if (b->result.next_arena)
        arena_free(b->result.next_arena);
    memset(&b->result, 0, sizeof b->result);
}

void turn_bench_stop(struct turn_bench *b)
{
    drop_turn(b);
    listen_free(b->listen);
    eventlog_free(b->log);
    http_free(b->http);
    store_close(b->store);
    store_close(b->onlooker);
    if (tasks_deepest())
        printf("%zu bytes of a task's stack\n", tasks_deepest());
    tasks_close();
    reactor_free(b->reactor);
    conf_fini(&b->conf);
    own_redis_stop(&b->redis);
}

void turn_bench_set(struct turn_bench *b, const char *name, const char *value)
{
    char why[CONF_WHY_SIZE];
    assert_int_equal(conf_set(&b->conf, name, value, why), 0);
}

void turn_bench_model(struct turn_bench *b, const struct model_double *m, const char *provider)
{
    char url[64], name[32];

    snprintf(url, sizeof url, "http://127.0.0.1:%d%s", m->port,
        !strcmp(provider, "openai") ? "/v1" : "");
    snprintf(name, sizeof name, "%s.url", provider);
    turn_bench_set(b, name, url);
    snprintf(name, sizeof name, "%s.key", provider);
    turn_bench_set(b, name, "secret-key");
    turn_bench_set(b, "model.chain", provider);
    memset(b->breakers, 0, sizeof b->breakers);
}

void turn_bench_places(struct turn_bench *b)
{
    static const char places[] =
        "!!turnpike-gazetteer 2\ttest\n!au\tAU\tAustralia\n"
        "brisbane\tp\tBrisbane\tAU\tQueensland\tqueensland|qld\t-27.46794\t153.02809\t2189878\t"
        "Australia/Brisbane\n"
        "sydney\tp\tSydney\tAU\tNew South Wales\tnew south wales|nsw\t-33.86785\t151.20732\t"
        "4627345\tAustralia/Sydney\n";
    char path[160];

    snprintf(path, sizeof path, "%s/places.tsv", b->redis.dir);
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    fputs(places, f);
    fclose(f);
    turn_bench_set(b, "gazetteer.file", path);
}

void turn_bench_new_session(struct turn_bench *b)
{
    static int n;
    snprintf(b->session, sizeof b->session, "s%d", ++n);
}

static char *write_input(const struct input *in)
{
    struct buf json = {0};
    assert_int_equal(input_write(in, &json), 0);
    return buf_take(&json, NULL);
}

/* Something that waits, as a worker does it: in a task. */
struct job {
    struct turn_bench *bench;
    int (*fn)(struct turn_bench *b, const void *what);
    const void *what;
    int error;
    bool done;
};

static void work(void *arg)
{
    struct job *job = arg;

    job->error = job->fn(job->bench, job->what);
    job->done = true;
}

static int in_task(struct turn_bench *b, int (*fn)(struct turn_bench *b, const void *what),
    const void *what)
{
    struct job job = {.bench = b, .fn = fn, .what = what};

    assert_int_equal(task_spawn(work, &job, 0, NULL), 0);
    while (!job.done)
        (void)task_wait(b->reactor, clock_mono_ms() + PATIENCE_MS, NULL);
    return job.error;
}

static int begin(struct turn_bench *b, const void *request)
{
    return turns_begin(b->store, request, b->arena, &b->start);
}

static int run(struct turn_bench *b, const void *unused)
{
    (void)unused;
    return turn_run(&b->env, &b->start, b->given, &b->result);
}

void turn_bench_begin(struct turn_bench *b, const char *text, const char *agui,
    const char *const *messages, size_t message_count)
{
    char id[IDENT_UUID_SIZE], message_id[IDENT_UUID_SIZE];
    struct input in = {.run_id = id,
        .text = text ? text : "",
        .message_id = message_id,
        .zone = "Australia/Sydney",
        .locale = "en-AU",
        .source = "chat",
        .traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"};
    struct buf first = {0}, message = {0};
    const char *list[16];
    size_t count = 0;
    jdoc *parts = NULL;

    drop_turn(b);
    ident_uuid7(id);
    ident_uuid7(message_id);
    if (agui)
        assert_int_equal(jdoc_parse(agui, strlen(agui), &parts, NULL, 0), 0);
    in.agui = parts;
    for (size_t i = 0; i < message_count; i++)
        list[count++] = messages[i];
    if (text) {
        buf_printf(&message, "{\"id\":\"%s\",\"role\":\"user\",\"content\":", message_id);
        buf_json_string(&message, text, strlen(text));
        buf_putc(&message, '}');
        list[count++] = buf_text(&message);
    }
    assert_int_equal(events_run_started(&in, b->session, &first), 0);
    char *input = write_input(&in);
    struct turns_request q = {.uid = "ann",
        .session = b->session,
        .turn = id,
        .body_hash = "h",
        .messages = list,
        .message_count = count,
        .first_event = buf_text(&first),
        .input = input,
        .may_run = true,
        .history_limit = 100};
    b->arena = arena_new();
    assert_int_equal(in_task(b, begin, &q), 0);
    assert_int_equal(b->start.outcome, TURNS_STARTED);
    free(input);
    buf_free(&first);
    buf_free(&message);
    jdoc_free(parts);
}

int turn_bench_run_begun(struct turn_bench *b)
{
    memset(b->stage_count, 0, sizeof b->stage_count);
    return in_task(b, run, NULL);
}

int turn_bench_run(struct turn_bench *b, const char *text)
{
    turn_bench_begin(b, text, NULL, NULL, 0);
    return turn_bench_run_begun(b);
}

jdoc *turn_bench_events(struct turn_bench *b)
{
    char key[KEYS_MAX];
    struct link_reply *reply = NULL;
    jdoc *list = jdoc_new_array();

    keys_session_log(key, "ann", b->session);
    assert_int_equal(link_command(b->onlooker->link, &reply, "XRANGE %s - +", key), 0);
    for (size_t i = 0; i < link_reply_count(reply); i++) {
        const struct link_reply *fields = link_reply_at(link_reply_at(reply, i), 1);
        size_t len;
        const char *value = link_reply_text(link_reply_at(fields, 1), &len);
        jdoc *event = NULL;
        if (strncmp(value, b->start.turn, strlen(b->start.turn)))
            continue;
        size_t lead = strlen(b->start.turn) + 3;
        assert_int_equal(jdoc_parse(value + lead, len - lead, &event, NULL, 0), 0);
        const char *type = jdoc_text_or(event, "type", "");
        char flag = value[strlen(b->start.turn) + 1];
        if (!strcmp(type, "RUN_FINISHED") || !strcmp(type, "RUN_ERROR"))
            assert_int_equal(flag, 'F');
        jdoc_push(list, event);
    }
    link_reply_free(reply);
    return list;
}

/* Ordering rules: what is open by kind and id, as a text of "kind:id;" pieces. */
struct open_things {
    struct buf text;
};

static bool is_open(struct open_things *o, const char *kind, const char *id)
{
    char piece[200];
    snprintf(piece, sizeof piece, "%s:%s;", kind, id);
    return o->text.len && strstr(buf_text(&o->text), piece);
}

static void open_thing(struct open_things *o, const char *kind, const char *id)
{
    assert_false(is_open(o, kind, id));
    buf_printf(&o->text, "%s:%s;", kind, id);
}

static void close_thing(struct open_things *o, const char *kind, const char *id)
{
    char piece[200], *at;
    assert_true(is_open(o, kind, id));
    snprintf(piece, sizeof piece, "%s:%s;", kind, id);
    at = strstr(o->text.data, piece);
    memmove(at, at + strlen(piece), strlen(at + strlen(piece)) + 1);
    o->text.len -= strlen(piece);
}

static void check_order(struct open_things *o, const char *type, const jdoc *e)
{
    const char *message = jdoc_text_or(e, "messageId", ""),
               *call = jdoc_text_or(e, "toolCallId", "");

    if (!strcmp(type, "TEXT_MESSAGE_START"))
        open_thing(o, "text", message);
    else if (!strcmp(type, "TEXT_MESSAGE_CONTENT"))
        assert_true(is_open(o, "text", message));
    else if (!strcmp(type, "TEXT_MESSAGE_END"))
        close_thing(o, "text", message);
    else if (!strcmp(type, "TOOL_CALL_START"))
        open_thing(o, "call", call);
    else if (!strcmp(type, "TOOL_CALL_ARGS"))
        assert_true(is_open(o, "call", call));
    else if (!strcmp(type, "TOOL_CALL_END"))
        close_thing(o, "call", call);
    else if (!strcmp(type, "REASONING_START"))
        open_thing(o, "span", message);
    else if (!strcmp(type, "REASONING_END"))
        close_thing(o, "span", message);
    else if (!strcmp(type, "REASONING_MESSAGE_START"))
        open_thing(o, "thought", message);
    else if (!strcmp(type, "REASONING_MESSAGE_CONTENT"))
        assert_true(is_open(o, "thought", message));
    else if (!strcmp(type, "REASONING_MESSAGE_END"))
        close_thing(o, "thought", message);
    else if (!strcmp(type, "RUN_FINISHED"))
        assert_int_equal(o->text.len, 0);
}

char *turn_bench_types(struct turn_bench *b)
{
    jdoc *events = turn_bench_events(b);
    struct open_things open = {0};
    struct buf out = {0};
    const char *before = "", *type = "";

    for (size_t i = 0; i < jdoc_length(events); i++) {
        const jdoc *e = jdoc_at(events, i);
        type = jdoc_text_or(e, "type", "");
        check_order(&open, type, e);
        if (jdoc_has(e, "delta") && !strcmp(type, before))
            continue;
        buf_printf(&out, "%s%s", out.len ? " " : "", type);
        before = type;
    }
    assert_true(!strcmp(type, "RUN_FINISHED") || !strcmp(type, "RUN_ERROR"));
    jdoc_free(events);
    buf_free(&open.text);
    return buf_take(&out, NULL);
}

char *turn_bench_deltas(struct turn_bench *b, const char *type)
{
    jdoc *events = turn_bench_events(b);
    struct buf out = {0};

    buf_puts(&out, "");
    for (size_t i = 0; i < jdoc_length(events); i++) {
        const jdoc *e = jdoc_at(events, i);
        if (!strcmp(jdoc_text_or(e, "type", ""), type))
            buf_puts(&out, jdoc_text_or(e, "delta", ""));
    }
    jdoc_free(events);
    return buf_take(&out, NULL);
}

jdoc *turn_bench_messages(struct turn_bench *b)
{
    char key[KEYS_MAX];
    struct link_reply *reply = NULL;
    jdoc *list = jdoc_new_array();

    keys_session_messages(key, "ann", b->session);
    assert_int_equal(link_command(b->onlooker->link, &reply, "LRANGE %s 0 -1", key), 0);
    for (size_t i = 0; i < link_reply_count(reply); i++) {
        size_t len;
        const char *text = link_reply_text(link_reply_at(reply, i), &len);
        jdoc *message = NULL;
        assert_int_equal(jdoc_parse(text, len, &message, NULL, 0), 0);
        jdoc_push(list, message);
    }
    link_reply_free(reply);
    return list;
}

jdoc *turn_bench_reply(struct turn_bench *b)
{
    jdoc *doc = NULL;
    assert_int_equal(jdoc_parse(buf_text(&b->result.reply), b->result.reply.len, &doc, NULL, 0), 0);
    return doc;
}
