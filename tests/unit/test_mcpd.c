/* SPDX-License-Identifier: BSD-2-Clause */
/* The MCP server as far as it needs no store: eras, sessions, places in streams, messages. */
#include "base/err.h"
#include "fcgi-app/handlers.h"
#include "fcgi-app/mcpd.h"
#include "fcgi-app/mcpd_place.h"
#include "tests/unit/cm.h"
#include "tests/unit/request_memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ENVELOPE \
    "\"_meta\":{\"io.modelcontextprotocol/protocolVersion\":\"2026-07-28\"," \
    "\"io.modelcontextprotocol/clientCapabilities\":{}}"

/* ---- eras ---- */

struct judged {
    struct mcpd_terms terms;
    struct mcpd_error error;
    int result;
};

static struct judged judge(const char *text, const struct mcpd_said *said)
{
    struct mcp_wire_message message;
    struct judged j = {.result = 0};
    jdoc *doc = NULL;
    assert_int_equal(jdoc_parse(text, strlen(text), &doc, NULL, 0), 0);
    mcp_wire_read(doc, &message);
    assert_null(mcpd_era_malformed(doc, &message));
    j.result = mcpd_era_judge(said, "ann", &message, &j.terms, &j.error);
    j.terms.version = j.result == 0 ? j.terms.version : NULL; /* borrowed */
    jdoc_free(doc);
    return j;
}

static void header_and_body_agree(void **state)
{
    static const char call[] = "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/call\",\"params\":"
                               "{\"name\":\"a b\"," ENVELOPE "}}";
    static const struct {
        struct mcpd_said said;
        int64_t code;
    } rows[] = {
        {{"2026-07-28", "tools/call", "a b", NULL}, 0},
        {{"2026-07-28", " tools/call\t", " a b ", NULL}, 0},
        {{"2026-07-28", "tools/call", "=?base64?YSBi?=", NULL}, 0},
        {{"2026-07-28", "tools/call", "=?base64?YSBj?=", NULL}, MCP_WIRE_HEADER_MISMATCH},
        {{"2026-07-28", "tools/call", NULL, NULL}, MCP_WIRE_HEADER_MISMATCH},
        {{"2026-07-28", "tools/list", "a b", NULL}, MCP_WIRE_HEADER_MISMATCH},
        {{"2026-07-28", NULL, "a b", NULL}, MCP_WIRE_HEADER_MISMATCH},
        {{"2025-11-25", "tools/call", "a b", NULL}, MCP_WIRE_HEADER_MISMATCH},
        {{NULL, "tools/call", "a b", NULL}, MCP_WIRE_HEADER_MISMATCH},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct judged j = judge(call, &rows[i].said);
        assert_int_equal(j.error.code, rows[i].code);
        assert_int_equal(j.result, rows[i].code == 0 ? 0 : ERR_INVALID);
        assert_true(j.result != 0 || j.terms.modern);
        assert_true(j.result == 0 || (j.error.status == 400 && j.error.message[0] != '\0'));
    }
}

static void versions_with_sessions(void **state)
{
    static const char ping[] = "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\"}";
    char session[MCPD_SESSION_SIZE], other[MCPD_SESSION_SIZE];
    (void)state;
    mcpd_session_make(&(struct mcpd_agreed){"2025-11-25", true, true}, "ann", session);
    mcpd_session_make(&(struct mcpd_agreed){"2025-06-18", true, true}, "ann", other);
    struct judged j = judge(ping, &(struct mcpd_said){0});
    assert_int_equal(j.result, 0);
    assert_string_equal(j.terms.version, "2025-03-26");
    assert_false(j.terms.elicits);
    j = judge(ping, &(struct mcpd_said){.session = session});
    assert_string_equal(j.terms.version, "2025-11-25");
    assert_true(j.terms.elicits);
    assert_false(j.terms.holds);
    j = judge(ping, &(struct mcpd_said){.session = other});
    assert_true(j.terms.elicits);
    assert_true(j.terms.holds); /* its client would not come back to a closed stream */
    mcpd_session_make(&(struct mcpd_agreed){"2025-11-25", true, false}, "ann", session);
    j = judge(ping, &(struct mcpd_said){.session = session});
    assert_true(j.terms.elicits && j.terms.holds);
    mcpd_session_make(&(struct mcpd_agreed){"2025-03-26", true, true}, "ann", session);
    j = judge(ping, &(struct mcpd_said){.session = session});
    assert_false(j.terms.elicits || j.terms.holds);
    j = judge(ping, &(struct mcpd_said){.version = "2099-01-01"});
    assert_int_equal(j.error.code, MCP_WIRE_VERSION);
    assert_true(j.error.lists_versions);
    j = judge(ping, &(struct mcpd_said){.session = "nonsense"});
    assert_int_equal(j.error.status, 404);
    assert_string_equal(mcpd_era_answer("2025-06-18"), "2025-06-18");
    assert_string_equal(mcpd_era_answer("2031-01-01"), "2025-11-25");
}

static void a_session_is_of_one_user(void **state)
{
    char id[MCPD_SESSION_SIZE];
    struct mcpd_agreed agreed;
    (void)state;
    mcpd_session_make(&(struct mcpd_agreed){.version = "2025-06-18"}, "::auth0_7c5f7c88", id);
    assert_int_equal(mcpd_session_read(id, "::auth0_7c5f7c88", &agreed), 0);
    assert_string_equal(agreed.version, "2025-06-18");
    assert_false(agreed.forms);
    assert_int_equal(mcpd_session_read(id, "bob", &agreed), ERR_INVALID);
    for (size_t i = 0; i < strlen(id); i++) {
        char changed[MCPD_SESSION_SIZE];
        memcpy(changed, id, sizeof changed);
        changed[i] = changed[i] == 'a' ? 'b' : 'a';
        assert_int_equal(mcpd_session_read(changed, "::auth0_7c5f7c88", &agreed), ERR_INVALID);
    }
    assert_int_equal(mcpd_session_read("", "ann", &agreed), ERR_INVALID);
}

static void forms(void **state)
{
    static const struct {
        const char *capabilities;
        bool shows;
    } rows[] = {{"{}", false}, {"{\"elicitation\":{}}", true},
        {"{\"elicitation\":{\"form\":{}}}", true}, {"{\"elicitation\":{\"url\":{}}}", false},
        {"{\"elicitation\":{\"url\":{},\"form\":{}}}", true}, {"{\"elicitation\":true}", false}};
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        jdoc *doc = NULL;
        assert_int_equal(jdoc_parse(rows[i].capabilities, strlen(rows[i].capabilities), &doc, NULL,
                             0),
            0);
        assert_int_equal(mcpd_era_forms(doc), rows[i].shows);
        jdoc_free(doc);
    }
}

/* ---- places in a stream ---- */

static void places(void **state)
{
    struct mcpd_place place = {.id = "0123456789abcdef0123456789abcdef",
        .count = 12,
        .call = "\"call-\xc3\xa9\""};
    struct mcpd_place back;
    struct buf b = {0};
    static const char *const wrong[] = {"", "x", "0123456789abcdef0123456789abcdef",
        "0123456789abcdef0123456789abcdef.1.", "0123456789abcdef0123456789abcdef.1.3",
        "0123456789abcdef0123456789abcdef.1.00", "0123456789abcdef0123456789abcdef..31",
        "0123456789abcdef0123456789abcdef.1234567.31", "0123456789abcdef0123456789abcde/.1.31",
        "0123456789abcdef0123456789abcd.f.1.31", "0123456789abcdef0123456789abcdef.1.3G"};
    (void)state;
    mcpd_place_put(&b, &place);
    assert_int_equal(mcpd_place_read(buf_text(&b), &back), 0);
    assert_string_equal(back.id, place.id);
    assert_string_equal(back.call, place.call);
    assert_int_equal(back.count, 12);
    buf_free(&b);
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        assert_int_equal(mcpd_place_read(wrong[i], &back), ERR_INVALID);
}

/* ---- messages ---- */

static struct conf conf;
static struct app app = {.conf = &conf};
static struct request_memory memory;
static struct request_source source;
static struct exchange x;

static int set_up(void **state)
{
    (void)state;
    return conf_init(&conf);
}

static int tear_down(void **state)
{
    (void)state;
    conf_fini(&conf);
    return 0;
}

/* Answers one POST; the status. The exchange is to be ended. */
static int post(const char *body)
{
    memory = (struct request_memory){.params = {"CONTENT_TYPE", "application/json"}, .body = body};
    source = request_memory_source(&memory);
    assert_int_equal(exchange_init(&x, &app, &source), 0);
    snprintf(x.who.user, sizeof x.who.user, "ann");
    assert_int_equal(request_body(&x.request, 1 << 20, &x.problem), 0);
    assert_int_equal(handlers_mcp_post(&x), 0);
    return x.reply.status;
}

static void expect(const char *body, int status, const char *wanted)
{
    assert_int_equal(post(body), status);
    if (!strstr(buf_text(&x.reply.body), wanted))
        fail_msg("%s: %s", body, buf_text(&x.reply.body));
    exchange_fini(&x);
}

static void messages(void **state)
{
    (void)state;
    expect("{\"jsonrpc\":\"2.0\",\"id\":\"a\",\"method\":\"ping\"}", 200,
        "{\"jsonrpc\":\"2.0\",\"id\":\"a\",\"result\":{}}");
    expect("{\"jsonrpc\":\"2.0\",\"method\":\"notifications/cancelled\"}", 202, "");
    expect("{\"jsonrpc\":\"2.0\",\"id\":9007199254740993,\"method\":\"ping\"}", 200,
        "\"id\":9007199254740993");
    expect("{\"jsonrpc\":\"2.0\",\"id\":18446744073709551616,\"method\":\"ping\"}", 400, "-32600");
    expect("{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{}}", 202, "");
    expect("{\"jsonrpc\":\"2.0\",\"id\":\"approval:x\",\"error\":{\"code\":1,\"message\":\"\"}}",
        202, "");
    expect("{\"jsonrpc\":\"2.0\",\"id\":1", 400, "-32700");
    expect("[{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\"},1,"
           "{\"jsonrpc\":\"2.0\",\"id\":2,\"method\":\"no\"}]",
        200, "[{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{}},{\"jsonrpc\":\"2.0\",\"id\":null,");
    expect("[{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"initialize\",\"params\":{}}]", 200,
        "stands alone");
    expect("{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"initialize\",\"params\":{\"capabilities\":"
           "{},\"protocolVersion\":\"2025-06-18\",\"clientInfo\":{}}}",
        200, "\"protocolVersion\":\"2025-06-18\"");
}

/* Every page of the list, by its cursors; what is not provided is not there. */
static void pages(void **state)
{
    char body[256], cursor[128] = "";
    size_t count = 0, provided = 0;
    (void)state;
    for (size_t i = 0; i < tools_count(); i++)
        provided += tools_is_provided(&conf, tools_at(i));
    assert_true(provided < tools_count());
    do {
        jdoc *doc = NULL;
        snprintf(body, sizeof body,
            "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/list\",\"params\":{%s%s%s}}",
            cursor[0] != '\0' ? "\"cursor\":\"" : "", cursor, cursor[0] != '\0' ? "\"" : "");
        assert_int_equal(post(body), 200);
        assert_int_equal(jdoc_parse(buf_text(&x.reply.body), x.reply.body.len, &doc, NULL, 0), 0);
        const jdoc *result = jdoc_get(doc, "result");
        count += jdoc_length(jdoc_get(result, "tools"));
        assert_true(jdoc_length(jdoc_get(result, "tools")) <= MCPD_PAGE);
        snprintf(cursor, sizeof cursor, "%s", jdoc_text_or(result, "nextCursor", ""));
        jdoc_free(doc);
        exchange_fini(&x);
    } while (cursor[0] != '\0');
    assert_int_equal(count, provided);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(header_and_body_agree),
        cmocka_unit_test(versions_with_sessions),
        cmocka_unit_test(a_session_is_of_one_user),
        cmocka_unit_test(forms),
        cmocka_unit_test(places),
        cmocka_unit_test_setup_teardown(messages, set_up, tear_down),
        cmocka_unit_test_setup_teardown(pages, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
