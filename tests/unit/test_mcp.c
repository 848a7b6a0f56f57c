/* SPDX-License-Identifier: BSD-2-Clause */
/* MCP and declared tools, as far as they need no server: headers, names, pins, schemas of
 * others. */
#include "base/buf.h"
#include "base/err.h"
#include "tests/unit/cm.h"
#include "tools/remote/declared.h"
#include "tools/remote/entry_file.h"
#include "tools/remote/foreign_schema.h"
#include "tools/remote/mcp_define.h"
#include "tools/remote/mcp_peer.h"
#include "tools/remote/mcp_reader.h"
#include "tools/remote/mcp_wire.h"
#include "tools/remote/outside.h"
#include "tools/schema/schema.h"

#include <stdio.h>
#include <string.h>

static jdoc *doc(const char *text)
{
    jdoc *out = NULL;
    if (jdoc_parse(text, strlen(text), &out, NULL, 0) != 0)
        fail_msg("bad JSON in the test: %s", text);
    return out;
}

static void header(const char *text, const char *wanted)
{
    struct buf out = {0};
    mcp_wire_header_value(&out, text, strlen(text));
    assert_string_equal(buf_text(&out), wanted);
    buf_free(&out);
}

static void header_values(void **state)
{
    (void)state;
    header("plain text", "plain text");
    header("", "");
    header(" edge", "=?base64?IGVkZ2U=?=");
    header("edge ", "=?base64?ZWRnZSA=?=");
    header("a\nb", "=?base64?YQpi?=");
    header("é", "=?base64?w6k=?=");
    header("=?base64?YQ==?=", "=?base64?PT9iYXNlNjQ/WVE9PT89?=");
}

static void header_schema(const char *text, bool good)
{
    char why[160] = "";
    jdoc *schema = doc(text);
    if (mcp_wire_headers_valid(schema, why, sizeof why) != good)
        fail_msg("%s: %s", text, why);
    assert_true(good == (why[0] == '\0'));
    jdoc_free(schema);
}

static void header_schemas(void **state)
{
    (void)state;
    header_schema(
        "{\"type\":\"object\",\"properties\":{\"a\":{\"type\":\"string\",\"x-mcp-header\":\"A\"}}}",
        true);
    header_schema(
        "{\"properties\":{\"a\":{\"type\":\"object\",\"properties\":{\"b\":{\"type\":\"boolean\",\"x-mcp-header\":\"B\"}}}}}",
        true);
    header_schema("{\"properties\":{\"x-mcp-header\":{\"type\":\"string\"}}}", true); /* a name */
    header_schema("{\"properties\":{\"a\":{\"enum\":[{\"x-mcp-header\":\"\"}]}}}", true);
    header_schema("{\"properties\":{\"a\":{\"type\":\"string\",\"x-mcp-header\":\"\"}}}", false);
    header_schema("{\"properties\":{\"a\":{\"type\":\"string\",\"x-mcp-header\":1}}}", false);
    header_schema("{\"properties\":{\"a\":{\"type\":\"string\",\"x-mcp-header\":\"A b\"}}}", false);
    header_schema("{\"properties\":{\"a\":{\"type\":\"array\",\"x-mcp-header\":\"A\"}}}", false);
    header_schema(
        "{\"properties\":{\"a\":{\"type\":\"string\",\"x-mcp-header\":\"A\"},\"b\":{\"type\":\"string\",\"x-mcp-header\":\"a\"}}}",
        false);
    header_schema(
        "{\"properties\":{\"a\":{\"type\":\"array\",\"items\":{\"type\":\"string\",\"x-mcp-header\":\"A\"}}}}",
        false);
    header_schema(
        "{\"anyOf\":[{\"properties\":{\"a\":{\"type\":\"string\",\"x-mcp-header\":\"A\"}}}]}",
        false);
}

static void names(void **state)
{
    char name[MCP_DEFINE_NAME_SIZE], other[MCP_DEFINE_NAME_SIZE], long_name[129];
    (void)state;
    mcp_define_name("sea", "add", name);
    assert_string_equal(name, "sea__add");
    mcp_define_name("sea", "a.b", name);
    mcp_define_name("sea", "a_b", other);
    assert_string_equal(other, "sea__a_b");
    assert_string_not_equal(name, other);
    assert_memory_equal(name, "sea__a_b_", 9);
    memset(long_name, 'x', 128);
    long_name[128] = '\0';
    mcp_define_name("sea", long_name, name);
    assert_int_equal(strlen(name), 64);
    long_name[127] = 'y';
    mcp_define_name("sea", long_name, other);
    assert_int_equal(strlen(other), 64);
    assert_string_not_equal(name, other);
}

static void pins(void **state)
{
    static const char *const same[] = {
        "{\"name\":\"a\",\"description\":\"d\",\"inputSchema\":{\"type\":\"object\",\"x\":1}}",
        "{\"inputSchema\":{\"x\":1,\"type\":\"object\"},\"title\":\"T\",\"name\":\"a\",\"description\":\"d\"}"};
    static const char *const others[] = {
        "{\"name\":\"a\",\"description\":\"e\",\"inputSchema\":{\"type\":\"object\",\"x\":1}}",
        "{\"name\":\"a\",\"description\":\"d\",\"inputSchema\":{\"type\":\"object\",\"x\":2}}",
        "{\"name\":\"a\",\"description\":\"d\",\"inputSchema\":{\"type\":\"object\",\"x\":1},\"annotations\":{\"readOnlyHint\":true}}"};
    char first[IDENT_SHA256_SIZE], hash[IDENT_SHA256_SIZE];
    (void)state;
    jdoc *d = doc(same[0]);
    assert_int_equal(mcp_define_hash(d, first), 0);
    jdoc_free(d);
    d = doc(same[1]);
    assert_int_equal(mcp_define_hash(d, hash), 0);
    jdoc_free(d);
    assert_string_equal(first, hash);
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        d = doc(others[i]);
        assert_int_equal(mcp_define_hash(d, hash), 0);
        jdoc_free(d);
        assert_string_not_equal(first, hash);
    }
}

static void check(const char *schema_text, const char *value_text, bool good)
{
    struct tools_problem problem = {.message = ""};
    jdoc *schema = doc(schema_text), *value = doc(value_text), *made = foreign_schema_check(schema);
    assert_non_null(made);
    if ((schema_validate(made, value, &problem) == 0) != good)
        fail_msg("%s against %s: %s", value_text, schema_text, problem.message);
    jdoc_free(made);
    jdoc_free(value);
    jdoc_free(schema);
}

/* What is understood is checked; what is not is left to the server, and never refused by
 * mistake. */
static void schemas_of_others(void **state)
{
    static const char plain[] =
        "{\"$schema\":\"http://json-schema.org/draft-07/schema#\",\"type\":"
        "\"object\",\"properties\":{\"a\":{\"type\":\"integer\",\"minimum\":1}},\"required\":[\"a\",\"z\"]}";
    static const char closed[] =
        "{\"type\":\"object\",\"properties\":{\"a\":{}},\"additionalProperties\":false}";
    static const char open[] =
        "{\"type\":\"object\",\"properties\":{\"a\":{}},\"patternProperties\":{\"^x\":{}},\"additionalProperties\":false}";
    static const char odd[] =
        "{\"type\":\"object\",\"properties\":{\"a\":{\"type\":\"string\",\"pattern\":\"^(?=x)\\\\d+$\"},"
        "\"b\":{\"$ref\":\"https://evil.example/s.json\"},\"c\":{\"type\":\"number\",\"minimum\":3,\"exclusiveMinimum\":true},"
        "\"d\":{\"type\":\"array\",\"prefixItems\":[{\"type\":\"string\"}],\"items\":false},\"e\":{\"not\":{\"type\":\"string\"}},"
        "\"f\":{\"oneOf\":[{\"type\":\"string\"},{\"type\":\"integer\"}]},\"g\":{\"type\":\"any\"},\"h\":true}}";
    (void)state;
    check(plain, "{\"a\":1}", true);
    check(plain, "{\"a\":0}", false);
    check(plain, "{\"a\":\"x\"}", false);
    check(plain, "{}", false);
    check(closed, "{\"b\":1}", false);
    check(open, "{\"x1\":1}", true);
    check(odd,
        "{\"a\":\"anything\",\"b\":[1],\"c\":3,\"d\":[\"x\"],\"e\":1,\"f\":\"s\",\"g\":1,\"h\":{}}",
        true);
    check(odd, "{\"a\":1}", false);
    check(odd, "{\"f\":[]}", false);
    check("{}", "{\"a\":1}", true);
}

static void schemas_for_models(void **state)
{
    struct buf text = {0};
    (void)state;
    jdoc *schema = doc(
        "{\"$schema\":\"s\",\"type\":\"object\",\"oneOf\":[{}],\"properties\":{\"$id\":{\"type\":\"string\","
        "\"$id\":\"q\",\"x-mcp-header\":\"H\"},\"r\":{\"$ref\":\"http://x/\"},\"l\":{\"$ref\":\"#/$defs/l\"}},\"$defs\":{\"l\":{\"$comment\":\"c\",\"type\":\"null\"}}}");
    jdoc *model = foreign_schema_model(schema);
    jdoc_write_canonical(model, &text);
    assert_string_equal(buf_text(&text),
        "{\"$defs\":{\"l\":{\"type\":\"null\"}},\"properties\":{\"$id\":{\"type\":\"string\"},"
        "\"l\":{\"$ref\":\"#/$defs/l\"},\"r\":{}},\"type\":\"object\"}");
    buf_free(&text);
    jdoc_free(model);
    assert_string_equal(foreign_schema_bad_name(schema), "$id");
    jdoc_free(schema);
}

/* What a vendor would refuse the whole request for is not shown. */
static void malformed_schemas_for_models(void **state)
{
    struct buf text = {0};
    (void)state;
    jdoc *schema = doc(
        "{\"type\":\"object\",\"required\":\"a\",\"properties\":{\"a\":{\"type\":\"str\",\"minimum\":3,"
        "\"exclusiveMinimum\":true},\"b\":{\"type\":\"array\",\"items\":[{\"type\":\"string\"}],\"minItems\":-1},"
        "\"c\":{\"type\":[\"string\",\"null\"],\"enum\":[\"x\",null],\"anyOf\":[]},\"d\":{\"properties\":[]}}}");
    jdoc *model = foreign_schema_model(schema);
    jdoc_write_canonical(model, &text);
    assert_string_equal(buf_text(&text),
        "{\"properties\":{\"a\":{\"exclusiveMinimum\":3},\"b\":{\"items\":{},\"prefixItems\":[{\"type\":\"string\"}],\"type\":\"array\"},"
        "\"c\":{\"enum\":[\"x\",null],\"type\":[\"string\",\"null\"]},\"d\":{}},\"type\":\"object\"}");
    buf_free(&text);
    jdoc_free(model);
    jdoc_free(schema);
}

static void model_form(const char *schema_text, const char *want)
{
    struct buf text = {0};
    jdoc *schema = doc(schema_text), *model = foreign_schema_model(schema);
    jdoc_write_canonical(model, &text);
    assert_string_equal(buf_text(&text), want);
    buf_free(&text);
    jdoc_free(model);
    jdoc_free(schema);
}

static void plain_form(const char *schema_text, const char *want)
{
    struct buf text = {0};
    jdoc *schema = doc(schema_text), *plain = foreign_schema_plain(schema);
    jdoc_write_canonical(plain, &text);
    assert_string_equal(buf_text(&text), want);
    buf_free(&text);
    jdoc_free(plain);
    jdoc_free(schema);
}

/* For servers that know few keywords. */
static void plain_schemas(void **state)
{
    char deep[4000] = "{\"type\":\"object\"";
    (void)state;
    plain_form("{}", "{\"type\":\"string\"}");
    plain_form(
        "{\"type\":\"object\",\"additionalProperties\":false,\"required\":[\"a\",\"no name\",\"gone\",7],\"properties\":{"
        "\"a\":{\"type\":[\"null\",\"integer\"],\"minimum\":1},\"no name\":{},\"b\":{\"oneOf\":[{\"type\":\"null\"},{\"allOf\":[{\"type\":\"boolean\"}]}]},"
        "\"c\":{\"type\":\"string\",\"enum\":[\"x\",\"\"]},\"d\":{\"type\":\"integer\",\"enum\":[1]},\"e\":{\"type\":[\"null\"]},"
        "\"f\":{\"type\":\"array\"},\"g\":{\"$ref\":\"#\",\"description\":\"D\"},\"h\":{\"items\":{\"enum\":[\"y\"]}}}}",
        "{\"properties\":{\"a\":{\"type\":\"integer\"},\"b\":{\"type\":\"boolean\"},\"c\":{\"type\":\"string\"},\"d\":{\"type\":\"integer\"},"
        "\"e\":{\"type\":\"string\"},\"f\":{\"items\":{\"type\":\"string\"},\"type\":\"array\"},\"g\":{\"description\":\"D\",\"properties\":{},\"type\":\"object\"},"
        "\"h\":{\"items\":{\"enum\":[\"y\"],\"type\":\"string\"},\"type\":\"array\"}},\"required\":[\"a\"],\"type\":\"object\"}");
    /* It has an end, however deep: both of objects and of choices. */
    for (int i = 0; i < 5; i++)
        strcat(deep, ",\"properties\":{\"p\":{\"anyOf\":[{\"items\":{\"type\":\"object\"");
    for (int i = 0; i < 5; i++)
        strcat(deep, "}}]}}");
    jdoc *schema = doc(strcat(deep, "}")), *plain = foreign_schema_plain(schema);
    assert_non_null(plain);
    jdoc_free(plain);
    jdoc_free(schema);
}

/* What vendors refuse in a pattern leaves; others stay. */
static void patterns_for_models(void **state)
{
    (void)state;
    model_form(
        "{\"patternProperties\":{\"^(.*)$\":{}},\"properties\":{\"a\":{\"pattern\":\"^(?!x)y\"},\"b\":{\"pattern\":\"(a)\\\\1\"},"
        "\"c\":{\"pattern\":\"^(?:a|b)\\\\d+\\\\(?$\"},\"d\":{\"pattern\":\"a\\\\\"}}}",
        "{\"properties\":{\"a\":{},\"b\":{},\"c\":{\"pattern\":\"^(?:a|b)\\\\d+\\\\(?$\"},\"d\":{\"pattern\":\"a\\\\\"}},\"type\":\"object\"}");
}

/* One form that every vendor takes, whatever a schema was written in. */
static void every_schema_becomes_an_object(void **state)
{
    static const char empty[] = "{\"properties\":{},\"type\":\"object\"}";
    (void)state;
    model_form("{}", empty);
    model_form("[]", empty);
    model_form("\"x\"", empty);
    model_form("{\"type\":\"string\"}", empty);
    model_form("{\"type\":\"object\"}", empty);
    model_form("{\"$ref\":\"#/$defs/none\"}", empty);
    model_form("{\"$ref\":\"#\"}", empty);
    model_form(
        "{\"anyOf\":[{\"properties\":{\"a\":{\"type\":\"any\"},\"b\":{\"const\":1}},\"required\":[\"a\",\"b\"]},"
        "{\"properties\":{\"a\":{\"type\":\"any\"},\"b\":{\"const\":2},\"c\":true},\"required\":[\"a\",\"c\"]}],\"required\":[\"c\"]}",
        "{\"properties\":{\"a\":{},\"b\":{\"anyOf\":[{\"const\":1},{\"const\":2}]},\"c\":{}},\"required\":[\"a\",\"c\"],"
        "\"type\":\"object\"}");
    model_form(
        "{\"$ref\":\"#/$defs/p\",\"$defs\":{\"p\":{\"allOf\":[{\"properties\":{\"x\":{\"type\":\"array\"}},"
        "\"required\":[\"x\",\"x\"]}]}}}",
        "{\"$defs\":{\"p\":{\"allOf\":[{\"properties\":{\"x\":{\"items\":{},\"type\":\"array\"}},\"required\":[\"x\"]}]}},"
        "\"properties\":{\"x\":{\"items\":{},\"type\":\"array\"}},\"required\":[\"x\"],\"type\":\"object\"}");
}

static void arrays_have_items_everywhere(void **state)
{
    (void)state;
    model_form(
        "{\"properties\":{\"a\":{\"anyOf\":[{\"type\":[\"null\",\"array\"]},false]},\"b\":{\"additionalProperties\":"
        "{\"type\":\"array\",\"items\":true}},\"c\":{\"type\":\"ARRAY\",\"items\":{\"type\":\"array\",\"items\":[]}},"
        "\"d\":{\"prefixItems\":[{\"type\":\"array\"}],\"items\":false}}}",
        "{\"properties\":{\"a\":{\"anyOf\":[{\"items\":{},\"type\":[\"null\",\"array\"]},{\"not\":{}}]},\"b\":{\"additionalProperties\":"
        "{\"items\":{},\"type\":\"array\"}},\"c\":{\"items\":{\"items\":{},\"type\":\"array\"},\"type\":\"array\"},"
        "\"d\":{\"items\":{},\"prefixItems\":[{\"items\":{},\"type\":\"array\"}]}},\"type\":\"object\"}");
    model_form(
        "{\"properties\":{\"n\":{\"minimum\":1,\"exclusiveMinimum\":false,\"maximum\":9,\"exclusiveMaximum\":true},"
        "\"m\":{\"exclusiveMinimum\":true},\"e\":{\"enum\":[1,1,\"1\"]},\"r\":{\"$ref\":\"#/properties/n\"}}}",
        "{\"properties\":{\"e\":{\"enum\":[1,\"1\"]},\"m\":{},\"n\":{\"exclusiveMaximum\":9,\"minimum\":1},"
        "\"r\":{\"$ref\":\"#/properties/n\"}},\"type\":\"object\"}");
}

/* A pattern that would cost memory or time without end is left to the server. */
static void patterns_of_others(void **state)
{
    static const char *const costly[] = {"((((a{1,200}){1,200}){1,200}){1,200})", "^(a*)*\\\\1$",
        "a{1,9999}", "a{0,400}a{0,400}"};
    char schema[300];
    (void)state;
    for (size_t i = 0; i < sizeof costly / sizeof *costly; i++) {
        snprintf(schema, sizeof schema,
            "{\"properties\":{\"a\":{\"type\":\"string\",\"pattern\":\"%s\"}}}", costly[i]);
        check(schema, "{\"a\":\"no match\"}", true);
    }
    check("{\"properties\":{\"a\":{\"type\":\"string\",\"pattern\":\"^[0-9]{4}-[0-9]{2}$\"}}}",
        "{\"a\":\"x\"}", false);
}

struct counted {
    struct mcp_reader *reader;
    int asked, full;
};

static int count_ask(void *arg, const struct mcp_wire_message *request)
{
    struct counted *c = arg;
    (void)request;
    ++*(c->reader->full ? &c->full : &c->asked);
    return 0;
}

static int feed(struct mcp_reader *r, const char *text, int times)
{
    int error = 0;
    for (int i = 0; i < times && error == 0; i++)
        error = mcp_reader_feed(r, 200, "text/event-stream", text, strlen(text));
    return error;
}

/* A server that asks without end does not make us open a connection for each question; the first
 * ones beyond the limit are refused, so that it need not wait for an answer. */
static void questions_of_a_server(void **state)
{
    static const char ping[] = "data: {\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\"}\n\n";
    static const char form[] =
        "data: {\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"elicitation/create\"}\n\n";
    struct mcp_reader r;
    struct counted c = {.reader = &r};
    (void)state;
    mcp_reader_init(&r, 7, 1 << 20);
    r.ask = count_ask;
    r.arg = &c;
    assert_int_equal(feed(&r, ping, 100), 0); /* they are no questions */
    assert_int_equal(feed(&r, form, MCP_READER_ASKS_MAX + 3), 0);
    assert_int_equal(c.asked, 100 + MCP_READER_ASKS_MAX);
    assert_int_equal(c.full, 3);
    mcp_reader_recount(&r); /* the next call in the same stream */
    assert_int_equal(feed(&r, form, 1), 0);
    assert_int_equal(c.asked, 100 + MCP_READER_ASKS_MAX + 1);
    assert_int_equal(feed(&r, form, 2 * MCP_READER_REPLIES_MAX), ERR_LIMIT);
    assert_int_equal(c.full, 3 + MCP_READER_REPLIES_MAX);
    mcp_reader_fini(&r);
}

/* The operator's word on the era stands above what an earlier list found. */
static void era_hints(void **state)
{
    struct mcp_peer_settings settings = {.name = "s",
        .url = "http://127.0.0.1/",
        .era = MCP_ERA_LEGACY};
    struct mcp_peer *peer;
    (void)state;
    assert_int_equal(mcp_peer_new(&peer, &settings), 0);
    mcp_peer_hint(peer, MCP_ERA_MODERN);
    assert_int_equal(mcp_peer_era(peer), MCP_ERA_LEGACY);
    mcp_peer_free(peer);
    settings.era = MCP_ERA_UNKNOWN;
    assert_int_equal(mcp_peer_new(&peer, &settings), 0);
    mcp_peer_hint(peer, MCP_ERA_MODERN);
    assert_int_equal(mcp_peer_era(peer), MCP_ERA_MODERN);
    mcp_peer_free(peer);
}

static void hidden(const char *header, const char *result, const char *wanted)
{
    struct tools_run run = {.result = doc(result)};
    struct buf text = {0};
    assert_int_equal(outside_hide(&run, header), 0);
    jdoc_write(run.result, &text);
    assert_string_equal(buf_text(&text), wanted);
    buf_free(&text);
    jdoc_free(run.result);
}

static void credentials_are_hidden(void **state)
{
    (void)state;
    hidden("Authorization: Bearer sesame", "{\"a\":[\"Bearer sesame, sesame\"]}",
        "{\"a\":[\"Bearer ******, ******\"]}");
    hidden("X-Key: a\"b\\cdef", "{\"a\":\"a\\\"b\\\\cdef\"}", "{\"a\":\"**********\"}");
    hidden("X-Key: abc", "{\"a\":\"abc\"}", "{\"a\":\"abc\"}"); /* too short to tell from text */
    hidden(NULL, "{\"a\":1}", "{\"a\":1}");
}

static int read_reply(const char *type, long status, const char *text, jdoc **response)
{
    struct mcp_reader r;
    mcp_reader_init(&r, 7, 500);
    int error = mcp_reader_feed(&r, status, type, text, strlen(text));
    if (error == 0 && !r.is_stream)
        error = mcp_reader_end(&r, status, type);
    *response = r.response ? jdoc_dup(r.response) : NULL;
    mcp_reader_fini(&r);
    return error;
}

static void replies(void **state)
{
    static const char good[] = "{\"jsonrpc\":\"2.0\",\"id\":7,\"result\":{}}";
    static const char refused[] =
        "{\"jsonrpc\":\"2.0\",\"id\":null,\"error\":{\"code\":-32600,\"message\":\"m\"}}";
    static const struct {
        const char *type, *text;
        long status;
        int error;
        bool found;
    } cases[] = {
        {"application/json", good, 200, 0, true},
        {"Application/JSON; charset=utf-8", good, 200, 0, true},
        {"application/json", refused, 400, 0, true},
        {"application/json", good, 400, ERR_PROTOCOL, false},
        {"application/jsonp", good, 200, ERR_PROTOCOL, false},
        {"text/html", good, 200, ERR_PROTOCOL, false},
        {"application/json", "{\"jsonrpc\":\"2.0\",\"id\":8,\"result\":{}}", 200, ERR_PROTOCOL,
            false},
        {"application/json", "{\"jsonrpc\":\"1.0\",\"id\":7,\"result\":{}}", 200, ERR_PROTOCOL,
            false},
        {"application/json", "{\"jsonrpc\":\"2.0\",\"id\":7,\"result\":5}", 200, ERR_PROTOCOL,
            false},
        {"application/json", "[]", 200, ERR_PROTOCOL, false},
        {"application/json", "", 200, ERR_PROTOCOL, false},
        {"text/event-stream",
            "id: 1\ndata: \n\ndata: {\"jsonrpc\":\"2.0\",\"id\":7,\"result\":{}}\n\n", 200,
            ERR_CANCELLED, true},
        {"text/event-stream", "event: other\ndata: x\n\n: c\n\n", 200, 0, false},
        {"text/event-stream", "data: {\"jsonrpc\":\n\n", 200, ERR_PROTOCOL, false},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        jdoc *response;
        int error = read_reply(cases[i].type, cases[i].status, cases[i].text, &response);
        if (error != cases[i].error)
            fail_msg("case %zu: %s", i, err_text(error));
        assert_true((response != NULL) == cases[i].found);
        jdoc_free(response);
    }
    char big[800];
    jdoc *response;
    memset(big, 'x', sizeof big - 1);
    big[sizeof big - 1] = '\0';
    assert_int_equal(read_reply("application/json", 200, big, &response), ERR_LIMIT);
    assert_int_equal(read_reply("text/event-stream", 200, big, &response), ERR_LIMIT);
}

static bool names_private(const char *url)
{
    const struct entry_file f = {.path = "f", .why = (char[300]){0}, .why_size = 300};
    bool private = false;
    assert_int_equal(entry_file_url(&f, "url", url, &private), 0);
    return private;
}

static void private_addresses(void **state)
{
    (void)state;
    assert_true(names_private("http://127.0.0.1:80/x"));
    assert_true(names_private("http://[::1]/"));
    assert_true(names_private("https://10.1.2.3/"));
    assert_true(names_private("http://localhost:1/"));
    assert_false(names_private("https://8.8.8.8/"));
    assert_false(names_private("https://localhost.example/"));
    assert_false(names_private("https://mcp.example/127.0.0.1"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(header_values),
        cmocka_unit_test(header_schemas),
        cmocka_unit_test(names),
        cmocka_unit_test(pins),
        cmocka_unit_test(schemas_of_others),
        cmocka_unit_test(schemas_for_models),
        cmocka_unit_test(malformed_schemas_for_models),
        cmocka_unit_test(plain_schemas),
        cmocka_unit_test(patterns_for_models),
        cmocka_unit_test(every_schema_becomes_an_object),
        cmocka_unit_test(arrays_have_items_everywhere),
        cmocka_unit_test(patterns_of_others),
        cmocka_unit_test(questions_of_a_server),
        cmocka_unit_test(era_hints),
        cmocka_unit_test(credentials_are_hidden),
        cmocka_unit_test(replies),
        cmocka_unit_test(private_addresses),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
