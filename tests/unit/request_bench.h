/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_TESTS_UNIT_REQUEST_BENCH_H
#define TURNPIKE_TESTS_UNIT_REQUEST_BENCH_H

#include "agent/model/request.h"
#include "base/err.h"
#include "tests/unit/cm.h"
#include "tests/unit/request_strict.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* request_bench -- a conversation, and the request that a provider makes of it. */
struct fixture {
    struct conf conf;
    struct arena *arena;
    struct input input;
    struct context_frame frame;
    struct chat chat;
    struct context context;
    struct context_limits limits;
    struct provider_http http;
    struct quirks quirks;
    const char *must_call;
    jdoc *body, *agui;
};
static struct fixture f;

static inline void set(const char *name, const char *value)
{
    char why[CONF_WHY_SIZE];
    assert_int_equal(conf_set(&f.conf, name, value, why), 0);
}

static inline int set_up(void **state)
{
    (void)state;
    memset(&f, 0, sizeof f);
    assert_int_equal(conf_init(&f.conf), 0);
    set("anthropic.deferred_tools", "off"); /* tests/unit/test_deferred.c */
    set("responses.deferred_tools", "off");
    f.arena = arena_new();
    f.input = (struct input){.run_id = "r", .text = "", .zone = "", .locale = ""};
    chat_init(&f.chat, f.arena);
    return 0;
}

static inline int tear_down(void **state)
{
    (void)state;
    jdoc_free(f.body);
    jdoc_free(f.agui);
    buf_free(&f.http.url);
    buf_free(&f.http.body);
    buf_free(&f.http.header_text);
    conf_fini(&f.conf);
    arena_free(f.arena);
    return 0;
}

static inline void add(const char *json)
{
    assert_int_equal(chat_parse(&f.chat, json, strlen(json)), 0);
}

static inline void user(const char *text)
{
    struct chat_message m = {.role = CHAT_USER, .id = "u", .text = text, .len = strlen(text)};
    assert_int_equal(chat_add(&f.chat, &m), 0);
}

/* The request's body, checked by the vendor's rules. */
static inline const char *ask(const struct provider *p, bool no_tools)
{
    struct provider_request q = {.conf = &f.conf,
        .context = &f.context,
        .no_tools = no_tools,
        .max_tokens = 100,
        .quirks = f.quirks,
        .uid = "ann@example.com",
        .session = "main"};
    const char *why;

    f.input.agui = f.agui;
    assert_int_equal(context_frame_init(&f.frame, &f.conf, &f.input, NULL, 1795313100000, f.arena),
        0);
    f.frame.late = "<late>";
    f.frame.must_call = f.must_call;
    assert_int_equal(context_build(&f.frame, &f.chat, &f.limits, f.arena, &f.context), 0);
    f.context.system = "You are.";
    buf_reset(&f.http.url);
    buf_reset(&f.http.body);
    buf_reset(&f.http.header_text);
    jdoc_free(f.body);
    f.body = NULL;
    assert_int_equal(p->request(&q, provider_tools(p), &f.http), 0);
    assert_int_equal(jdoc_parse(buf_text(&f.http.body), f.http.body.len, &f.body, NULL, 0), 0);
    why = p == &provider_openai  ? request_strict_openai(f.body) :
        p == &provider_responses ? request_strict_responses(f.body) :
                                   request_strict_anthropic(f.body);
    if (why)
        fail_msg("%s: %s", why, buf_text(&f.http.body));
    return buf_text(&f.http.body);
}

static inline void has(const char *body, const char *part)
{
    if (!strstr(body, part))
        fail_msg("not there: %s\nin: %s", part, body);
}

static inline void has_not(const char *body, const char *part)
{
    if (strstr(body, part))
        fail_msg("there: %s\nin: %s", part, body);
}

#endif
