/* SPDX-License-Identifier: BSD-2-Clause */
/* Forms of MCP servers: what is taken, what is refused, and what an answer has to be. */
#include "agent/approval.h"
#include "base/arena.h"
#include "base/buf.h"
#include "tests/unit/cm.h"
#include "tools/remote/elicit.h"

#include <string.h>

static struct arena *arena;
static char why[200];

static int set_up(void **state)
{
    (void)state;
    arena = arena_new();
    return arena ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    arena_free(arena);
    return 0;
}

static jdoc *parse(const char *text)
{
    jdoc *doc = NULL;
    assert_int_equal(jdoc_parse(text, strlen(text), &doc, NULL, 0), 0);
    return doc;
}

/* The form of one field. */
static int read_field(const char *name, const char *field, struct tools_question *q)
{
    struct buf text = {0};
    buf_puts(&text, "{\"message\":\"x\",\"requestedSchema\":{\"type\":\"object\",\"properties\":{");
    buf_json_string(&text, name, strlen(name));
    buf_printf(&text, ":%s}}}", field);
    jdoc *params = parse(buf_text(&text));
    int error = elicit_read(params, "sea", arena, q, why, sizeof why);
    jdoc_free(params);
    buf_free(&text);
    return error;
}

static void fields_become_one_shape(void **state)
{
    static const struct {
        const char *given, *kept;
    } rows[] = {
        {"{\"type\":\"string\",\"minLength\":1,\"maxLength\":9,\"format\":\"date\",\"pattern\":\"x\"}",
            "{\"type\":\"string\",\"minLength\":1,\"maxLength\":9,\"format\":\"date\"}"},
        {"{\"type\":\"string\",\"format\":\"color\"}", "{\"type\":\"string\"}"},
        {"{\"type\":\"integer\",\"minimum\":-5,\"maximum\":5,\"default\":9}",
            "{\"type\":\"integer\",\"minimum\":-5,\"maximum\":5}"},
        {"{\"type\":\"number\",\"default\":1.5}", "{\"type\":\"number\",\"default\":1.5}"},
        {"{\"type\":\"boolean\",\"default\":false}", "{\"type\":\"boolean\",\"default\":false}"},
        {"{\"type\":\"string\",\"enum\":[\"a\",\"b\"],\"default\":\"c\"}",
            "{\"type\":\"string\",\"enum\":[\"a\",\"b\"],\"enumNames\":[\"a\",\"b\"]}"},
        {"{\"type\":\"string\",\"enum\":[\"a\"],\"enumNames\":[\"A\"]}",
            "{\"type\":\"string\",\"enum\":[\"a\"],\"enumNames\":[\"A\"]}"},
        {"{\"type\":\"string\",\"oneOf\":[{\"const\":\"a\",\"title\":\"A\"}],\"default\":\"a\"}",
            "{\"type\":\"string\",\"enum\":[\"a\"],\"enumNames\":[\"A\"],\"default\":\"a\"}"},
        {"{\"type\":\"array\",\"minItems\":1,\"items\":{\"anyOf\":[{\"const\":\"a\",\"title\":\"A\"}]}}",
            "{\"type\":\"array\",\"items\":{\"type\":\"string\",\"enum\":[\"a\"],\"enumNames\":[\"A\"]},"
            "\"minItems\":1}"},
        {"{\"type\":\"string\",\"title\":\"a\\u202eb\\u0001c\"}",
            "{\"type\":\"string\",\"title\":\"ab c\"}"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct tools_question q;
        struct buf text = {0};
        assert_int_equal(read_field("f", rows[i].given, &q), 0);
        jdoc *schema = parse(q.schema);
        jdoc_write(jdoc_get(jdoc_get(schema, "properties"), "f"), &text);
        assert_string_equal(buf_text(&text), rows[i].kept);
        jdoc_free(schema);
        buf_free(&text);
    }
}

static void others_are_refused(void **state)
{
    static const struct {
        const char *name, *field;
    } rows[] = {
        {"f", "{\"type\":\"object\"}"},
        {"f", "{\"type\":[\"string\",\"null\"]}"},
        {"f", "{}"},
        {"f", "{\"type\":\"array\",\"items\":{\"type\":\"string\"}}"},
        {"f", "{\"type\":\"string\",\"enum\":[1]}"},
        {"f", "{\"type\":\"string\",\"enum\":[]}"},
        {"f", "{\"type\":\"string\",\"minLength\":\"1\"}"},
        {"f", "{\"type\":\"string\",\"format\":\"password\"}"},
        {"__proto__", "{\"type\":\"string\"}"},
        {"", "{\"type\":\"string\"}"},
        {"a\nb", "{\"type\":\"string\"}"},
        {"password", "{\"type\":\"string\"}"},
        {"userPassword", "{\"type\":\"string\"}"},
        {"API-Key", "{\"type\":\"string\"}"},
        {"apiKey", "{\"type\":\"string\"}"},
        {"x", "{\"type\":\"string\",\"title\":\"Your credit card number\"}"},
        {"x", "{\"type\":\"string\",\"title\":\"Mot de passe\"}"},
        {"x", "{\"type\":\"string\",\"title\":\"PIN\"}"},
        {"x", "{\"type\":\"string\",\"title\":\"Pass\u00adword\"}"},
        {"x", "{\"type\":\"string\",\"title\":\"Pass\u200cword\"}"},
        {"x", "{\"type\":\"string\",\"title\":\"P\u034fIN\"}"},
        {"x", "{\"type\":\"string\",\"title\":\"Pass\u2060word\"}"},
        {"x", "{\"type\":\"string\",\"title\":\"Pass\ufe0fword\"}"},
        {"x", "{\"type\":\"string\",\"description\":\"Type your pass\u00adword.\"}"},
        {"pin_location_pin", "{\"type\":\"string\"}"},
    };
    struct tools_question q;
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        *why = 0;
        assert_int_equal(read_field(rows[i].name, rows[i].field, &q), ERR_INVALID);
        assert_true(*why != 0);
    }
    assert_int_equal(read_field("spinach", "{\"type\":\"string\",\"title\":\"Key West\"}", &q), 0);
    assert_int_equal(read_field("pin_location", "{\"type\":\"string\"}", &q), 0);
    assert_int_equal(read_field("pinLocation", "{\"type\":\"string\"}", &q), 0);
    assert_int_equal(read_field("tokens_of_love", "{\"type\":\"string\"}", &q), 0);
}

static void the_form_itself_is_checked(void **state)
{
    static const char *const bad[] = {"{\"mode\":\"url\",\"url\":\"https://example.org\"}", "{}",
        "{\"requestedSchema\":{\"type\":\"string\"}}",
        "{\"requestedSchema\":{\"type\":\"object\",\"properties\":[]}}",
        "{\"requestedSchema\":{\"type\":\"object\",\"properties\":{},\"required\":[\"a\"]}}"};
    struct tools_question q;
    struct buf text = {0};
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        jdoc *params = parse(bad[i]);
        assert_int_equal(elicit_read(params, "sea", arena, &q, why, sizeof why), ERR_INVALID);
        jdoc_free(params);
    }
    buf_puts(&text, "{\"message\":\"");
    for (int i = 0; i < 4000; i++)
        buf_puts(&text, "ä");
    buf_puts(&text, "\",\"requestedSchema\":{\"type\":\"object\",\"properties\":{}}}");
    jdoc *params = parse(buf_text(&text));
    assert_int_equal(elicit_read(params, "sea", arena, &q, why, sizeof why), 0);
    assert_true(strlen(q.message) < 1510);
    assert_string_equal(q.message + strlen(q.message) - strlen("ä…"), "ä…");
    jdoc_free(params);
    buf_free(&text);
}

static const char *const form =
    "{\"from\":\"sea\",\"message\":\"x\",\"schema\":{\"type\":\"object\",\"properties\":{"
    "\"a\":{\"type\":\"integer\",\"minimum\":1,\"maximum\":5,\"default\":2},"
    "\"m\":{\"type\":\"string\",\"format\":\"email\"}},\"required\":[],"
    "\"additionalProperties\":false}}";

static void answers(void **state)
{
    static const struct {
        const char *payload, *path, *content;
        int event;
    } rows[] = {
        {"{\"action\":\"accept\",\"content\":{\"a\":3}}", NULL, "{\"a\":3}", APPROVALS_APPROVE},
        {"{\"action\":\"accept\"}", NULL, "{\"a\":2}", APPROVALS_APPROVE},
        {"{\"action\":\"accept\",\"content\":{}}", NULL, "{}", APPROVALS_APPROVE},
        {"{\"approved\":true,\"content\":{\"m\":\"a@b\"}}", NULL, "{\"m\":\"a@b\"}",
            APPROVALS_APPROVE},
        {"{\"approved\":false}", NULL, NULL, APPROVALS_DENY},
        {"{\"action\":\"decline\",\"content\":{\"a\":99}}", NULL, NULL, APPROVALS_DENY},
        {"{\"action\":\"cancel\"}", NULL, NULL, APPROVALS_DECLINE},
        {"{\"action\":\"accept\",\"content\":{\"a\":9}}", "/content/a", NULL, 0},
        {"{\"action\":\"accept\",\"content\":{\"m\":\"nobody\"}}", "/content/m", NULL, 0},
        {"{\"action\":\"accept\",\"content\":{\"z\":1}}", "/content/z", NULL, 0},
        {"{\"action\":\"accept\",\"content\":[]}", "/content", NULL, 0},
        {"{\"action\":\"yes\"}", "/action", NULL, 0},
        {"{\"action\":1,\"approved\":true}", "/action", NULL, 0},
        {"{}", "/action", NULL, 0},
        {"{\"action\":\"decline\",\"edited_args\":{}}", "/edited_args", NULL, 0},
        {"[]", "", NULL, 0},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct approvals_answer out = {.id = "x"};
        struct tools_problem problem = {.path = ""};
        jdoc *payload = parse(rows[i].payload);
        int error = approval_form_answer(payload, form, arena, &out, &problem);
        assert_int_equal(error, rows[i].path ? ERR_INVALID : 0);
        if (rows[i].path)
            assert_string_equal(problem.path, rows[i].path);
        else
            assert_int_equal(out.event, rows[i].event);
        if (rows[i].content)
            assert_string_equal(out.content, rows[i].content);
        else
            assert_null(out.content);
        jdoc_free(payload);
    }
}

static void another_content_is_another_answer(void **state)
{
    struct approvals_answer one = {.id = "x"}, two = {.id = "x"};
    struct tools_problem problem;
    jdoc *a = parse("{\"action\":\"accept\",\"content\":{\"a\":3}}");
    jdoc *b = parse("{\"action\":\"accept\",\"content\":{\"a\":4}}");
    (void)state;
    assert_int_equal(approval_form_answer(a, form, arena, &one, &problem), 0);
    assert_int_equal(approval_form_answer(b, form, arena, &two, &problem), 0);
    assert_string_not_equal(one.digest, two.digest);
    assert_int_equal(approval_form_answer(a, form, arena, &two, &problem), 0);
    assert_string_equal(one.digest, two.digest);
    jdoc_free(a);
    jdoc_free(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fields_become_one_shape),
        cmocka_unit_test(others_are_refused),
        cmocka_unit_test(the_form_itself_is_checked),
        cmocka_unit_test(answers),
        cmocka_unit_test(another_content_is_another_answer),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
