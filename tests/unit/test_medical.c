/* SPDX-License-Identifier: BSD-2-Clause */
/* Medical records: read only, filled from elsewhere, nothing in them taken for granted. */
#include "base/err.h"
#include "tests/unit/cm.h"
#include "tests/unit/tool_fixture.h"

#include <stdio.h>
#include <string.h>

static void empty_is_empty(void **state)
{
    (void)state;
    jdoc *r = tool_ok(&bench, "get_medical_records", "{}");
    assert_int_equal(number_at(r, "/count"), 0);
    jdoc_free(r);
    r = tool_ok(&bench, "search_medical_records", "{\"query\":\"knee\"}");
    assert_int_equal(number_at(r, "/count"), 0);
    jdoc_free(r);
    r = tool_ok(&bench, "get_medications", "{}");
    assert_int_equal(number_at(r, "/count"), 0);
    jdoc_free(r);
    r = tool_ok(&bench, "get_emergency_info", "{}");
    assert_int_equal(jdoc_length(at(r, "/emergency_info")), 0);
    jdoc_free(r);
}

static void seed(void)
{
    tool_seed(&bench, "medical_record", "a", 1,
        "{\"id\":\"a\",\"title\":\"Cholesterol\",\"record_type\":"
        "\"lab_result\",\"date\":\"2026-10-01\",\"provider\":\"Dr Lee\",\"text\":\"LDL 2.9, knee fine\","
        "\"tags\":[\"blood\",7]}");
    tool_seed(&bench, "medical_record", "b", 2,
        "{\"id\":\"b\",\"title\":\"Knee\",\"record_type\":"
        "\"imaging\",\"date\":\"2026-11-01\",\"provider\":\"Dr Lee\",\"summary\":\"MRI of the left knee\"}");
    tool_seed(&bench, "medical_record", "c", 3,
        "{\"id\":7,\"title\":[],\"secret\":\"x\",\"text\":{}}");
}

static void lists_and_searches(void **state)
{
    (void)state;
    seed();
    jdoc *r = tool_ok(&bench, "get_medical_records", "{}");
    assert_int_equal(number_at(r, "/count"), 3);
    assert_int_equal(jdoc_length(at(r, "/records/0")), 1); /* has_text alone */
    assert_string_equal(text_at(r, "/records/1/title"), "Knee");
    assert_int_equal(jdoc_length(at(r, "/records/2/tags")), 1);
    jdoc_free(r);
    r = tool_ok(&bench, "get_medical_records", "{\"record_type\":\"imaging\",\"limit\":\"1\"}");
    assert_int_equal(number_at(r, "/count"), 1);
    jdoc_free(r);
    r = tool_ok(&bench, "search_medical_records", "{\"query\":\"Lee, KNEE?\"}");
    assert_int_equal(number_at(r, "/count"), 2);
    assert_string_equal(text_at(r, "/records/0/id"), "b");
    assert_string_equal(text_at(r, "/records/1/snippet"), "LDL 2.9, knee fine");
    jdoc_free(r);
    r = tool_ok(&bench, "search_medical_records", "{\"query\":\"lee\",\"limit\":1}");
    assert_int_equal(number_at(r, "/count"), 1);
    jdoc_free(r);
    tool_refused(&bench, "get_medical_records", "{\"limit\":51}", "invalid_argument", "/limit");
    tool_refused(&bench, "search_medical_records", "{\"query\":\"\"}", "invalid_argument",
        "/query");
    tool_refused(&bench, "search_medical_records", "{}", "invalid_argument", "/query");
    bench.context.uid = "bob";
    r = tool_ok(&bench, "search_medical_records", "{\"query\":\"knee\"}");
    assert_int_equal(number_at(r, "/count"), 0);
    jdoc_free(r);
}

static void many_hits_keep_the_best(void **state)
{
    (void)state;
    char id[16], json[200];
    for (int i = 0; i < 120; i++) {
        snprintf(id, sizeof id, "r%d", i);
        snprintf(json, sizeof json, "{\"id\":\"%s\",\"title\":\"Visit\",\"text\":\"knee%s\"}", id,
            i == 3 ? " swollen left" : "");
        tool_seed(&bench, "medical_record", id, i, json);
    }
    jdoc *r =
        tool_ok(&bench, "search_medical_records", "{\"query\":\"left knee swollen\",\"limit\":50}");
    assert_int_equal(number_at(r, "/count"), 50);
    assert_string_equal(text_at(r, "/records/0/id"), "r3");
    assert_string_equal(text_at(r, "/records/1/id"), "r119");
    jdoc_free(r);
}

static void warns_of_refills(void **state)
{
    (void)state;
    tool_seed(&bench, "medication", "a", 1, "{\"id\":\"a\",\"name\":\"Old\",\"active\":false}");
    tool_seed(&bench, "medication", "b", 2,
        "{\"id\":\"b\",\"name\":\"Ended\",\"end_date\":\"2026-11-21\"}");
    tool_seed(&bench, "medication", "c", 3,
        "{\"id\":\"c\",\"name\":\"Late\",\"refill_date\":\"2026-11-20\"}");
    tool_seed(&bench, "medication", "d", 4,
        "{\"id\":\"d\",\"name\":\"Soon\",\"refill_date\":\"2026-11-29\"}");
    tool_seed(&bench, "medication", "e", 5,
        "{\"id\":\"e\",\"name\":\"Later\",\"refill_date\":\"2026-11-30\","
        "\"end_date\":\"2026-11-22\",\"refills_left\":2}");
    tool_seed(&bench, "medication", "f", 6,
        "{\"id\":\"f\",\"name\":\"Odd\",\"refill_date\":\"soon\",\"dosage\":5}");
    jdoc *r = tool_ok(&bench, "get_medications", "{}");
    assert_int_equal(number_at(r, "/count"), 4);
    assert_int_equal(jdoc_length(at(r, "/refill_warnings")), 2);
    assert_string_equal(text_at(r, "/refill_warnings/1/status"), "overdue");
    assert_int_equal(number_at(r, "/refill_warnings/1/days_left"), -2);
    jdoc_free(r);
    r = tool_ok(&bench, "get_medications", "{\"active_only\":false}");
    assert_int_equal(number_at(r, "/count"), 6);
    jdoc_free(r);
}

static void tells_what_helpers_need(void **state)
{
    (void)state;
    tool_seed(&bench, "emergency_info", "me", 1,
        "{\"id\":\"me\",\"blood_type\":\"0-\",\"allergies\":"
        "[\"penicillin\",null],\"contacts\":[{\"name\":\"Jo\",\"phone\":\"+61 400\",\"pin\":\"1\"},5],"
        "\"doctor\":{\"name\":\"Lee\",\"age\":3},\"secret\":\"x\"}");
    jdoc *r = tool_ok(&bench, "get_emergency_info", "{}");
    assert_string_equal(text_at(r, "/emergency_info/blood_type"), "0-");
    assert_int_equal(jdoc_length(at(r, "/emergency_info/allergies")), 1);
    assert_int_equal(jdoc_length(at(r, "/emergency_info/contacts")), 1);
    assert_int_equal(jdoc_length(at(r, "/emergency_info/contacts/0")), 2);
    assert_null(jdoc_get(at(r, "/emergency_info"), "secret"));
    jdoc_free(r);
    tool_refused(&bench, "get_emergency_info", "{\"user\":\"bob\"}", "invalid_argument", NULL);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup(f, tool_fixture_empty)
    const struct CMUnitTest tests[] = {
        T(empty_is_empty),
        T(lists_and_searches),
        T(many_hits_keep_the_best),
        T(warns_of_refills),
        T(tells_what_helpers_need),
    };
    return cmocka_run_group_tests(tests, tool_fixture_start, tool_fixture_stop);
}
