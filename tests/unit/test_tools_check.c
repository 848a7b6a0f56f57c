/* SPDX-License-Identifier: BSD-2-Clause */
/* Arguments are coerced when the meaning is unambiguous, else refused with path and remedy. */
#include "base/err.h"
#include "tests/unit/cm.h"
#include "tests/unit/tool_bench.h"
#include "tools/schema/schema.h"

#include <string.h>

static jdoc *parse(const char *text)
{
    jdoc *doc = NULL;
    char why[160];
    if (jdoc_parse(text, strlen(text), &doc, why, sizeof why) != 0)
        fail_msg("%s: %s", text, why);
    return doc;
}

/* after NULL: refused at path. */
static void expect(const char *tool, const char *before, const char *after, const char *path)
{
    struct tools_problem problem = {.path = ""};
    jdoc *args = parse(before);
    int result = tools_check(tools_find(tool), args, &problem);
    if (after) {
        if (result != 0)
            fail_msg("%s refused: %s %s", before, problem.path, problem.message);
        struct buf a = {0}, b = {0};
        jdoc *wanted = parse(after);
        jdoc_write_canonical(args, &a);
        jdoc_write_canonical(wanted, &b);
        assert_string_equal(buf_text(&a), buf_text(&b));
        jdoc_free(wanted);
        buf_free(&a);
        buf_free(&b);
    } else {
        assert_int_equal(result, ERR_INVALID);
        assert_string_equal(problem.path, path);
        assert_true(problem.message[0] != '\0' && problem.expected[0] != '\0');
    }
    jdoc_free(args);
}

static void coerces_what_is_clear(void **state)
{
    (void)state;
    expect("create_expense", "{\"amount\":\"45.50\",\"category\":\"Gas\"}",
        "{\"amount\":45.5,\"category\":\"gas\"}", NULL);
    expect("create_expense",
        "{\"amount\":12,\"category\":\" diesel \",\"description\":null,\"date\":\"\"}",
        "{\"amount\":12,\"category\":\"diesel\"}", NULL);
    expect("analyze_budget", "{\"categories\":\"food\"}",
        "{\"categories\":[\"food\"],\"period\":\"month\"}", NULL);
    expect("analyze_budget", "{\"categories\":\"[\\\"food\\\",\\\"GAS\\\"]\",\"period\":\"Week\"}",
        "{\"categories\":[\"food\",\"gas\"],\"period\":\"week\"}", NULL);
    expect("get_calendar_events", "{\"include_past\":\"TRUE\",\"limit\":\"5\"}",
        "{\"include_past\":true,\"limit\":5}", NULL);
    expect("get_calendar_events", "{\"limit\":7.0}", "{\"include_past\":false,\"limit\":7}", NULL);
    expect("delete_calendar_event", "{\"event_id\":5}", "{\"event_id\":\"5\"}", NULL);
    expect("create_calendar_event",
        "{\"title\":\"x\",\"start_date\":\"2026-12-01\",\"reminder_minutes\":\"30\"}",
        "{\"title\":\"x\",\"start_date\":\"2026-12-01\",\"event_type\":\"personal\",\"reminder_minutes\":30}",
        NULL);
    expect("create_calendar_event",
        "{\"title\":\"x\",\"start_date\":\"2026-12-01\",\"reminder_minutes\":[\"30\",60]}",
        "{\"title\":\"x\",\"start_date\":\"2026-12-01\",\"event_type\":\"personal\",\"reminder_minutes\":[30,60]}",
        NULL);
}

/* One meaning only, in the words that people use. */
static void takes_usual_words(void **state)
{
    (void)state;
    expect("create_expense", "{\"amount\":\"1,000\",\"category\":\"Petrol\"}",
        "{\"amount\":1000,\"category\":\"gas\"}", NULL);
    expect("create_expense", "{\"amount\":\"12,500.50\",\"category\":\"repair\"}",
        "{\"amount\":12500.5,\"category\":\"repair\"}", NULL);
    expect("create_expense", "{\"amount\":1,\"category\":\"gas\",\"currency\":\"usd\"}",
        "{\"amount\":1,\"category\":\"gas\",\"currency\":\"USD\"}", NULL);
    expect("create_expense", "{\"amount\":1,\"category\":\"gas\",\"currency\":\"euros\"}",
        "{\"amount\":1,\"category\":\"gas\",\"currency\":\"EUR\"}", NULL);
}

static void refuses_what_is_not(void **state)
{
    (void)state;
    expect("create_expense", "{\"category\":\"gas\"}", NULL, "/amount");
    expect("create_expense", "{\"amount\":null,\"category\":\"gas\"}", NULL, "/amount");
    expect("create_expense", "{\"amount\":\"$45\",\"category\":\"gas\"}", NULL, "/amount");
    expect("create_expense", "{\"amount\":\"1,00\",\"category\":\"gas\"}", NULL, "/amount");
    expect("create_expense", "{\"amount\":\"1,000,00\",\"category\":\"gas\"}", NULL, "/amount");
    expect("create_expense", "{\"amount\":\"0x10\",\"category\":\"gas\"}", NULL, "/amount");
    expect("create_expense", "{\"amount\":true,\"category\":\"gas\"}", NULL, "/amount");
    expect("create_expense", "{\"amount\":0,\"category\":\"gas\"}", NULL, "/amount");
    expect("create_expense", "{\"amount\":10000000000000,\"category\":\"gas\"}", NULL, "/amount");
    expect("create_expense", "{\"amount\":1,\"category\":\"fish\"}", NULL, "/category");
    expect("create_expense", "{\"amount\":1,\"category\":\"gas\",\"currency\":\"XXX\"}", NULL,
        "/currency");
    expect("create_expense", "{\"amount\":1,\"category\":\"gas\",\"currency\":\"DEM\"}", NULL,
        "/currency");
    expect("create_expense", "{\"amount\":1,\"category\":\"gas\",\"currency\":\"$\"}", NULL,
        "/currency");
    expect("create_expense", "{\"amount\":1,\"category\":\"gas\",\"date\":\"tomorrow\"}", NULL,
        "/date");
    expect("create_expense", "{\"amount\":1,\"category\":\"gas\",\"colour\":\"red\"}", NULL,
        "/colour");
    expect("create_expense", "{\"amount\":[1],\"category\":\"gas\"}", NULL, "/amount");
    expect("get_calendar_events", "{\"limit\":7.5}", NULL, "/limit");
    expect("get_calendar_events", "{\"limit\":0}", NULL, "/limit");
    expect("get_calendar_events", "{\"include_past\":\"yes\"}", NULL, "/include_past");
    expect("analyze_budget", "{\"categories\":[\"food\",\"fod\"]}", NULL, "/categories/1");
    expect("analyze_budget", "{\"categories\":[null]}", NULL, "/categories/0");
    expect("create_calendar_event",
        "{\"title\":\"x\",\"start_date\":\"2026-12-01\",\"reminder_minutes\":[1,2,3,4,5,6]}", NULL,
        "/reminder_minutes");
    expect("plan_trip", "{\"origin\":\"a\",\"destination\":\"b\",\"start_date\":\"2026-02-30\"}",
        NULL, "/start_date");
}

/* Lengths are code points, not bytes. */
static void counts_code_points(void **state)
{
    (void)state;
    struct tools_problem problem;
    jdoc *schema = parse("{\"type\":\"string\",\"minLength\":2,\"maxLength\":3}");
    jdoc *fits = parse("\"\xc3\xa4\xf0\x9f\x9a\x90x\""), *short_one = parse("\"\xf0\x9f\x9a\x90\"");
    assert_int_equal(schema_validate(schema, fits, &problem), 0);
    assert_int_equal(schema_validate(schema, short_one, &problem), ERR_INVALID);
    jdoc_free(schema);
    jdoc_free(fits);
    jdoc_free(short_one);
}

static void knows_its_keywords(void **state)
{
    (void)state;
    static const struct {
        const char *schema, *path;
    } wrong[] = {
        {"{\"type\":\"object\",\"patternProperties\":{}}", "/patternProperties"},
        {"{\"type\":\"text\"}", "/type"},
        {"{\"type\":\"object\",\"properties\":{\"a\":{\"typ\":\"string\"}}}", "/properties/a/typ"},
        {"{\"type\":\"integer\",\"minimum\":1,\"default\":0}", "/default"},
        {"{\"type\":\"string\",\"enum\":[\"a\",1]}", "/enum"},
        {"{\"type\":\"string\",\"pattern\":\"\\\\d+\"}", "/pattern"},
        {"{\"type\":\"string\",\"pattern\":\"(\"}", "/pattern"},
        {"{\"type\":\"string\",\"format\":\"email\"}", "/format"},
        {"{\"type\":\"object\",\"properties\":{},\"required\":[\"a\"]}", "/required"},
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        struct tools_problem problem;
        jdoc *schema = parse(wrong[i].schema);
        assert_int_equal(schema_well_formed(schema, &problem), ERR_INVALID);
        assert_string_equal(problem.path, wrong[i].path);
        jdoc_free(schema);
    }
}

static void checks_formats(void **state)
{
    (void)state;
    static const struct {
        const char *format, *value;
        int result;
    } cases[] = {
        {"date", "2024-02-29", 0},
        {"date", "2026-02-29", ERR_INVALID},
        {"date", "2026-12-01T10:00", ERR_INVALID},
        {"time", "23:59", 0},
        {"time", "24:00", ERR_INVALID},
        {"date-time", "2026-12-01T10:00:00Z", 0},
        {"date-time", "2026-12-01T10:00:00", ERR_INVALID},
        {"date-time", "2026-12-01T10:00:00+11:00", 0},
        {"uuid", "0192f0c1-2345-7abc-8def-0123456789ab", 0},
        {"uuid", "0192", ERR_INVALID},
        {"uri", "https://example.org/a?b", 0},
        {"uri", "/a", ERR_INVALID},
        {"uri", "http://a b", ERR_INVALID},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        jdoc *schema = jdoc_new_object();
        jdoc_set_string(schema, "type", "string");
        jdoc_set_string(schema, "format", cases[i].format);
        jdoc *value = jdoc_new_string(cases[i].value, strlen(cases[i].value));
        int result = schema_validate(schema, value, NULL);
        if (result != cases[i].result)
            fail_msg("%s %s: %d", cases[i].format, cases[i].value, result);
        jdoc_free(schema);
        jdoc_free(value);
    }
}

/* A longer text is no way around a pattern. */
static void a_long_text_matches_no_pattern(void **state)
{
    static const char form[] = "{\"type\":\"string\",\"pattern\":\"^[ab]*$\"}";
    char text[5003] = "\"";
    jdoc *schema = parse(form);

    (void)state;
    for (size_t len = 4096; len <= 4097; len++) {
        struct tools_problem problem = {.path = ""};
        memset(text + 1, 'a', len);
        memcpy(text + 1 + len, "\"", 2);
        jdoc *value = parse(text);
        assert_int_equal(schema_validate(schema, value, &problem), len > 4096 ? ERR_INVALID : 0);
        if (len > 4096)
            assert_non_null(strstr(problem.message, "4097 bytes"));
        jdoc_free(value);
    }
    jdoc_free(schema);
}

static void chooses_alternatives(void **state)
{
    (void)state;
    struct tools_problem problem;
    jdoc *schema =
        parse("{\"type\":\"object\",\"properties\":{\"n\":{\"anyOf\":[{\"type\":\"integer\","
              "\"minimum\":1},{\"type\":\"boolean\"}]}},\"additionalProperties\":false}");
    static const struct {
        const char *before;
        int result;
    } cases[] = {
        {"{\"n\":\"4\"}", 0},
        {"{\"n\":\"true\"}", 0},
        {"{\"n\":0}", ERR_INVALID},
        {"{\"n\":\"x\"}", ERR_INVALID},
        {"{}", 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        jdoc *value = parse(cases[i].before);
        assert_int_equal(schema_coerce(schema, value), 0);
        assert_int_equal(schema_validate(schema, value, &problem), cases[i].result);
        jdoc_free(value);
    }
    jdoc_free(schema);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(coerces_what_is_clear),
        cmocka_unit_test(takes_usual_words),
        cmocka_unit_test(refuses_what_is_not),
        cmocka_unit_test(counts_code_points),
        cmocka_unit_test(knows_its_keywords),
        cmocka_unit_test(checks_formats),
        cmocka_unit_test(a_long_text_matches_no_pattern),
        cmocka_unit_test(chooses_alternatives),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
