/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Random conversations of everything that models, clients and older versions have stored: whatever
 * stands in them, the requests made of them break no rule of a vendor, and have the user's last
 * words. ANY_CONTENT_SEED and ANY_CONTENT_RUNS choose others.
 */
#include "agent/model/request.h"
#include "agent/summary.h"
#include "base/clock.h"
#include "base/err.h"
#include "tests/unit/cm.h"
#include "tests/unit/request_strict.h"
#include "tests/unit/request_strict_tools.h"
#include "tools/engine/tools.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define RUNS 12000
#define TIME_MS 25000 /* slow builds do fewer */
#define PICK(list) ((list)[below(sizeof(list) / sizeof *(list))])

static uint64_t seed;

/* xorshift64*: the same cases for the same seed. */
static uint64_t next(void)
{
    seed ^= seed >> 12;
    seed ^= seed << 25;
    seed ^= seed >> 27;
    return seed * UINT64_C(2685821657736338717);
}

static size_t below(size_t n)
{
    return (size_t)((next() >> 33) % n);
}

static bool one_in(size_t n)
{
    return below(n) == 0;
}

/* ---- what is stored ---- */

static const char *const texts[] = {"", " ", "\n\n", "\xc2\xa0", "\xe3\x80\x80", "\xe2\x80\xa8",
    "\xe2\x80\x8b\xef\xbb\xbf", "\t\r\n", "\x01\x02", "\xef\xbf\xbd", "\xf0\x9f\x90\x8b", "plain",
    "\"quoted\" \\ back", "</record>", "<situation>now</situation>", "{\"untrusted\":true,\"x\":1}",
    "data: [DONE]", "\xd7\xa9\xd7\x9c\xd7\x95\xd7\x9d \xe2\x80\xae", "e\xcc\x81"};
static const char *const ids[] = {"same", "", "call.with.dots", "a b", "\xc3\xa9t\xc3\xa9",
    "chatcmpl-tool-0123456789abcdef0123456789abcdef0123456789", "c1", "c2", "c3", "toolu_01", "-",
    "tc_00000000000000000000000000000000"};
static const char *const names[] = {"get_current_time", "multi_tool_use.parallel",
    "functions.get_time now", "ui.showMap", "", "\xe5\x90\x8d\xe5\x89\x8d", "7zip", "-x",
    "find_tools", "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"};
static const char *const args[] = {"{}", "", "{\"timezone\": \"Australia/Syd", "[1,2]", "null",
    "\"{\\\"a\\\":1}\"", "{\"a\":1,\"a\":2}", "{\"a\":1}", "nonsense", "{\"a\":1e999}",
    "{\"a\":NaN}", "\"\\ud83d\"", "{\"a\":\"\\ud83d\"}", "{\"\\uDE00\":1}",
    "\"{\\\"a\\\":\\\"\\\\ud83d\\\"}\"", " {} ", "{}{}"};
static const char *const seals[] = {NULL, "", "anthropic:signature:c2ln", "anthropic:signature:",
    "anthropic:redacted:ZGF0YQ==", "openai-00000000:reasoning_content:", "nobody:knows:this",
    "openai-00000000:call:{\"call\":{\"extra\":1}}", "openai-x:call:nonsense"};
static const char *const orders[] = {NULL, "", "r c t2 r c ", "c t1 c ", "zzz",
    "t99999999999999999999 c", "rrrrrr", "c c c c c c c c", "t3 t3 t3", "\x01"};
static const char *const roles[] = {"system", "developer", "activity", "function", ""};
static const char *const schemas[] = {"{}", "{\"type\":\"object\"}", "{\"type\":\"any\"}",
    "{\"type\":\"array\"}", "null", "[]", "true", "\"string\"",
    "{\"type\":\"object\",\"properties\":{\"list\":{\"type\":\"array\"},\"deep\":{\"anyOf\":[{\"type\":\"array\"},{\"type\":[\"array\",\"null\"]}]}}}",
    "{\"anyOf\":[{\"type\":\"object\",\"properties\":{\"a\":{\"type\":\"string\"}},\"required\":[\"a\"]},{\"type\":\"object\",\"properties\":{\"b\":{\"type\":\"any\"}}}]}",
    "{\"type\":\"object\",\"properties\":{\"n\":{\"type\":\"number\",\"minimum\":0,\"exclusiveMinimum\":true}}}",
    "{\"type\":\"object\",\"properties\":{\"pair\":{\"type\":\"array\",\"items\":[{\"type\":\"string\"},{\"type\":\"number\"}]}}}",
    "{\"$ref\":\"#/definitions/A\",\"definitions\":{\"A\":{\"type\":\"object\",\"properties\":{\"x\":{\"$ref\":\"#/definitions/A\"}}}}}",
    "{\"type\":\"object\",\"properties\":{\"na\xc3\xafve key\":{\"type\":\"string\"},\"ok\":true},\"required\":[\"na\xc3\xafve key\",\"ok\",\"ok\",7]}",
    "{\"type\":\"object\",\"properties\":{\"t\":{\"prefixItems\":[{\"type\":\"array\"}],\"items\":false}},\"additionalProperties\":{\"type\":\"array\"}}",
    "{\"type\":\"object\",\"properties\":{\"m\":{\"type\":\"string\",\"pattern\":\"^(?!a)b\"},\"e\":{\"enum\":[\"x\",\"x\"]}},\"patternProperties\":{\"^(.*)$\":{}}}",
    "{\"oneOf\":[{\"$ref\":\"https://example.com/b\"},{\"$ref\":\"#/$defs/a\"}],\"$defs\":{\"a\":{\"properties\":{\"z\":{\"type\":[]}}}}}",
    "{\"type\":[\"object\",\"null\"],\"properties\":7,\"required\":\"all\",\"not\":{},\"enum\":[]}"};
static const char *const tool_names[] = {"ui.showMap", "show map", "get_current_time", "a", "a",
    "A", "plan_trip", "\xe5\xa5\xbd", "7zip", "-x", "find_tools",
    "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"};

static void put_text(struct buf *json, const char *also)
{
    struct buf text = {0};

    buf_puts(&text, PICK(texts));
    if (one_in(3))
        buf_puts(&text, PICK(texts));
    if (one_in(40))
        for (size_t i = below(60000); i > 0; i--)
            buf_putc(&text, 'x');
    if (one_in(10)) /* bytes that are no text */
        for (size_t i = below(8); i > 0; i--)
            buf_putc(&text, (char)(0x80 + below(0x80)));
    buf_puts(&text, also);
    buf_json_string(json, buf_text(&text), text.len);
    buf_free(&text);
}

static void put_member(struct buf *json, const char *name, const char *text)
{
    if (!text)
        return;
    buf_printf(json, ",\"%s\":", name);
    buf_json_text(json, text);
}

static void put_calls(struct buf *json)
{
    buf_puts(json, ",\"toolCalls\":[");
    for (size_t i = 0, count = 1 + below(4); i < count; i++) {
        buf_puts(json, i ? ",{\"id\":" : "{\"id\":");
        buf_json_text(json, PICK(ids));
        buf_puts(json, ",\"type\":\"function\",\"function\":{\"name\":");
        buf_json_text(json, PICK(names));
        buf_puts(json, ",\"arguments\":");
        buf_json_text(json, PICK(args));
        buf_putc(json, '}');
        put_member(json, "encryptedValue", PICK(seals));
        if (one_in(4)) {
            buf_puts(json, ",\"metadata\":{\"alias\":");
            buf_json_text(json, PICK(names));
            buf_putc(json, '}');
        }
        buf_putc(json, '}');
    }
    buf_puts(json, "]");
}

static void put_content(struct buf *json, const char *also)
{
    if (!one_in(6)) {
        put_text(json, also);
        return;
    }
    buf_puts(json, "[");
    for (size_t i = below(3); i > 0; i--) {
        buf_puts(json, "{\"type\":\"text\",\"text\":");
        put_text(json, "");
        buf_puts(json,
            one_in(2) ? "}," :
                        "},{\"type\":\"image\",\"source\":{\"type\":\"url\",\"value\":\"x\"}},");
    }
    buf_puts(json, "{\"type\":\"text\",\"text\":");
    put_text(json, also);
    buf_puts(json, "}]");
}

/* marker: stands in the text of a user. */
static void put_message(struct buf *json, const char *marker)
{
    size_t kind = *marker ? 0 : 1 + below(5);

    buf_puts(json, "{\"id\":");
    buf_json_text(json, PICK(ids));
    buf_puts(json, ",\"role\":");
    buf_json_text(json,
        kind == 0     ? "user" :
            kind == 1 ? "assistant" :
            kind == 2 ? "tool" :
            kind == 3 ? "reasoning" :
            kind == 4 ? PICK(roles) :
                        "assistant");
    buf_puts(json, ",\"content\":");
    put_content(json, marker);
    if (kind == 2) {
        put_member(json, "toolCallId", PICK(ids));
        if (one_in(4))
            put_member(json, "error", "failed");
    }
    if (kind == 3)
        put_member(json, "encryptedValue", PICK(seals));
    if (kind == 5) {
        const char *order = PICK(orders);
        put_calls(json);
        if (order) {
            buf_puts(json, ",\"metadata\":{\"order\":");
            buf_json_text(json, order);
            buf_putc(json, '}');
        }
    }
    buf_putc(json, '}');
}

/* ---- one case ---- */

struct some {
    struct conf conf;
    struct arena *arena;
    struct input input;
    struct chat chat;
    struct context_frame frame;
    struct context_limits limits;
    struct context context;
    struct quirks quirks;
    char last[24]; /* marker of the last message of a user */
    jdoc *agui;
};

static void make_tools(struct some *s)
{
    struct buf json = {0};
    size_t count = one_in(3) ? below(one_in(10) ? 200 : 8) : 0;

    buf_puts(&json, "{\"tools\":[");
    for (size_t i = 0; i < count; i++) {
        buf_puts(&json, i ? ",{\"name\":" : "{\"name\":");
        if (count < 20) {
            buf_json_text(&json, PICK(tool_names));
        } else {
            buf_printf(&json, "\"ui.tool %zu\"", i);
        }
        buf_puts(&json, ",\"description\":");
        buf_json_text(&json, PICK(texts));
        buf_printf(&json, ",\"parameters\":%s}", PICK(schemas));
    }
    buf_puts(&json, "]}");
    assert_int_equal(jdoc_parse(buf_text(&json), json.len, &s->agui, NULL, 0), 0);
    s->input.agui = s->agui;
    buf_free(&json);
}

static void make_chat(struct some *s)
{
    struct buf json = {0};
    size_t count = below(one_in(20) ? 120 : 14);

    chat_init(&s->chat, s->arena);
    s->last[0] = 0;
    for (size_t i = 0; i <= count; i++) {
        bool user = i == count ? !one_in(8) : one_in(4);
        int error;
        if (user)
            snprintf(s->last, sizeof s->last, "marker-%zu-", i);
        buf_reset(&json);
        put_message(&json, user ? s->last : "");
        error = chat_parse(&s->chat, buf_text(&json), json.len);
        assert_true(!error || error == ERR_INVALID);
        assert_int_equal(error && user, 0);
    }
    buf_free(&json);
}

/* As a turn makes one: in front of a message of a user, pairs on one side. */
static void make_summary(struct some *s)
{
    struct summary_cuts cuts;
    struct buf question = {0}, text = {0};
    size_t to;

    if (!one_in(3))
        return;
    assert_int_equal(summary_find_cuts(&s->chat, s->arena, &cuts), 0);
    to = summary_choose(&s->chat, &cuts, below(5000), 1 + below(100));
    if (to == s->chat.covered)
        return;
    size_t most = 500 + below(one_in(2) ? 3000 : 200000);
    assert_int_equal(summary_question(&s->chat, one_in(2) ? "before" : NULL, 0, to, most,
                         &question),
        0);
    assert_true(question.len <= most);
    assert_true(utf8_valid(buf_text(&question), question.len));
    if (summary_clean(buf_text(&question), question.len, 1 + below(4000), one_in(2), &text))
        buf_puts(&text, "something");
    s->chat.summary = summary_shown(buf_text(&text), s->arena);
    s->chat.covered = to;
    buf_free(&question);
    buf_free(&text);
}

static void make_limits(struct some *s)
{
    s->conf.model_context_tokens = 1000 + (int64_t)below(one_in(2) ? 2000 : 60000);
    s->conf.model_tools_max = one_in(4) ? 32 : 128;
    s->limits = (struct context_limits){.room = one_in(3) ? 1 + (int64_t)below(20000) : 0,
        .overhead = below(9000),
        .keep_thoughts = one_in(4),
        .no_thoughts = one_in(4),
        .reduced = one_in(5)};
    s->quirks = (struct quirks){0};
    static const uint64_t flags[] = {QUIRKS_SHORT_IDS, QUIRKS_SYSTEM_AS_USER, QUIRKS_NEED_REASONING,
        QUIRKS_TEXT_CONTENT, QUIRKS_ANSWER_RESULTS, QUIRKS_PLAIN_SCHEMAS, QUIRKS_NO_CALL_EXTRA,
        QUIRKS_SHORT_DESCRIPTIONS, QUIRKS_NO_CACHE_CONTROL, QUIRKS_NO_TOOL_CHOICE,
        QUIRKS_NO_DEFERRED};
    for (size_t i = below(4); i > 0; i--)
        s->quirks.flags |= PICK(flags);
}

static void look(struct some *s, const struct provider *p)
{
    struct provider_request q = {.conf = &s->conf,
        .context = &s->context,
        .no_tools = one_in(4),
        .max_tokens = 100,
        .quirks = s->quirks};
    struct provider_http http = {0};
    jdoc *body = NULL;
    const char *why;

    assert_int_equal(p->request(&q, provider_tools(p), &http), 0);
    assert_true(utf8_valid(buf_text(&http.body), http.body.len));
    int error = jdoc_parse(buf_text(&http.body), http.body.len, &body, NULL, 0);
    if (error)
        fail_msg("%s: %s", p->name, buf_text(&http.body));
    why = p == &provider_openai ? request_strict_openai(body) : request_strict_anthropic(body);
    if (!why && request_strict_halves(buf_text(&http.body)))
        why = "half of a surrogate pair";
    if (!why)
        why = request_strict_tools(body, (size_t)s->conf.model_tools_max);
    if (!why)
        why = request_strict_references(body);
    if (!why && *s->last && !strstr(buf_text(&http.body), s->last))
        why = "the user's last words left";
    if (why) { /* cmocka cuts what is long */
        fprintf(stderr, "%s\n", buf_text(&http.body));
        fail_msg("%s: %s", p->name, why);
    }
    jdoc_free(body);
    buf_free(&http.url);
    buf_free(&http.body);
    buf_free(&http.header_text);
}

static void one_case(struct some *s)
{
    s->arena = arena_new();
    s->input = (struct input){.run_id = "r", .text = "", .zone = "", .locale = ""};
    make_tools(s);
    make_chat(s);
    make_summary(s);
    make_limits(s);
    assert_int_equal(context_frame_init(&s->frame, &s->conf, &s->input, NULL, 1795313100000,
                         s->arena),
        0);
    assert_int_equal(context_build(&s->frame, &s->chat, &s->limits, s->arena, &s->context), 0);
    look(s, &provider_anthropic);
    look(s, &provider_openai);
    jdoc_free(s->agui);
    s->agui = NULL;
    arena_free(s->arena);
}

static void test_any_content(void **state)
{
    const char *given = getenv("ANY_CONTENT_SEED"), *runs = getenv("ANY_CONTENT_RUNS");
    uint64_t first = given ? strtoull(given, NULL, 10) : (uint64_t)clock_real_ms();
    const size_t count = runs ? strtoul(runs, NULL, 10) : RUNS;
    const int64_t until = clock_mono_ms() + TIME_MS;
    struct some s = {0};
    size_t i;

    (void)state;
    assert_int_equal(conf_init(&s.conf), 0);
    for (i = 0; i < count && (runs || clock_mono_ms() < until); i++) {
        seed = (first + i) * UINT64_C(0x9E3779B97F4A7C15) | 1;
        fprintf(stderr, i ? "" : "ANY_CONTENT_SEED=%llu\n", (unsigned long long)first);
        if (getenv("ANY_CONTENT_EACH"))
            fprintf(stderr, "ANY_CONTENT_SEED=%llu\n", (unsigned long long)(first + i));
        one_case(&s);
    }
    assert_true(i > 100);
    printf("%zu conversations\n", i);
    conf_fini(&s.conf);
}

static int prepare(void **state)
{
    static struct context_tool core[40];
    size_t count = 0;

    (void)state;
    assert_int_equal(tools_global_init(), 0);
    for (size_t i = 0; i < tools_count() && count < 30; i++)
        if (tools_at(i)->core)
            core[count++] = (struct context_tool){.name = tools_at(i)->name,
                .description = tools_at(i)->description,
                .schema = tools_at(i)->arguments_schema};
    return provider_prepare(core, count);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_any_content)};
    return cmocka_run_group_tests(tests, prepare, NULL);
}
