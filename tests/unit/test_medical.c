/* SPDX-License-Identifier: BSD-2-Clause */
/* Medical records and emergency information: also filled from elsewhere, nothing taken for
 * granted. */
#include "base/err.h"
#include "tests/unit/cm.h"
#include "tests/unit/tool_fixture.h"
#include "tools/kit/phone.h"

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

/* --- writing --- */

static void records_are_added_changed_and_deleted(void **state)
{
    (void)state;
    jdoc *r = tool_ok(&bench, "add_medical_record",
        "{\"title\":\"Tetanus booster\",\"record_type\":\"vaccination\",\"date\":\"2026-11-20\","
        "\"text\":\"next in 2036\"}");
    assert_string_equal(text_at(r, "/record/date"), "2026-11-20");
    jdoc_free(r);
    jdoc_free(tool_ok(&bench, "add_medical_record", "{\"title\":\"Visit\"}"));
    jdoc_free(tool_ok(&bench, "update_medical_record",
        "{\"title\":\"tetanus\",\"provider\":\"Dr Lee\",\"new_title\":\"Tetanus and polio\"}"));
    r = tool_ok(&bench, "search_medical_records", "{\"query\":\"2036\"}");
    assert_string_equal(text_at(r, "/records/0/title"), "Tetanus and polio");
    assert_string_equal(text_at(r, "/records/0/provider"), "Dr Lee");
    jdoc_free(r);
    tool_refused(&bench, "update_medical_record", "{\"title\":\"tetanus\"}", "invalid_argument",
        NULL);
    tool_refused(&bench, "update_medical_record", "{\"provider\":\"x\"}", "invalid_argument",
        "/title");
    tool_refused(&bench, "add_medical_record", "{\"title\":\"x\",\"date\":\"2026-02-30\"}",
        "invalid_argument", "/date");
    tool_refused(&bench, "delete_medical_record", "{\"title\":\"tetanus\"}", "invalid_argument",
        "/confirm");
    jdoc_free(tool_ok(&bench, "delete_medical_record", "{\"title\":\"tetanus\",\"confirm\":true}"));
    tool_refused(&bench, "delete_medical_record", "{\"title\":\"tetanus\",\"confirm\":true}",
        "not_found", NULL);
    r = tool_ok(&bench, "get_medical_records", "{}");
    assert_int_equal(number_at(r, "/count"), 1);
    jdoc_free(r);
}

static void emergency_facts_are_kept(void **state)
{
    (void)state;
    tool_seed(&bench, "diet", "prefs", 1,
        "{\"id\":\"prefs\",\"allergies\":[\"Peanuts\",\"kiwi\"]}");
    jdoc_free(tool_ok(&bench, "update_emergency_info",
        "{\"blood_type\":\"0 negative\",\"add_allergies\":[\"penicillin\",\"peanuts\"],"
        "\"add_conditions\":[\"asthma\"],\"date_of_birth\":\"1960-05-01\"}"));
    jdoc *r = tool_ok(&bench, "get_emergency_info", "{}");
    assert_string_equal(text_at(r, "/emergency_info/blood_type"), "O-");
    assert_int_equal(jdoc_length(at(r, "/emergency_info/allergies")), 2);
    assert_int_equal(jdoc_length(at(r, "/emergency_info/allergies_of_diet")), 1);
    assert_string_equal(text_at(r, "/emergency_info/allergies_of_diet/0"), "kiwi");
    assert_string_equal(text_at(r, "/country"), "AU");
    assert_string_equal(text_at(r, "/emergency_numbers"), "000 (112 from mobile phones)");
    jdoc_free(r);
    tool_refused(&bench, "update_emergency_info", "{\"remove_allergies\":[\"aspirin\"]}",
        "invalid_argument", "/remove_allergies");
    tool_refused(&bench, "update_emergency_info", "{\"blood_type\":\"green\"}", "invalid_argument",
        "/blood_type");
    tool_refused(&bench, "update_emergency_info", "{\"date_of_birth\":\"2030-01-01\"}",
        "invalid_argument", "/date_of_birth");
    jdoc_free(tool_ok(&bench, "update_emergency_info", "{\"remove_allergies\":[\"Penicillin\"]}"));
    r = tool_ok(&bench, "get_emergency_info", "{}");
    assert_int_equal(jdoc_length(at(r, "/emergency_info/allergies")), 1);
    jdoc_free(r);
}

static void people_to_call_are_kept_in_order(void **state)
{
    (void)state;
    tool_refused(&bench, "set_emergency_contact", "{\"name\":\"Jo\"}", "invalid_argument",
        "/phone");
    tool_refused(&bench, "set_emergency_contact", "{\"name\":\"Jo\",\"phone\":\"call me\"}",
        "invalid_argument", "/phone");
    jdoc_free(tool_ok(&bench, "set_emergency_contact",
        "{\"name\":\"Jo Smith\",\"relationship\":\"sister\",\"phone\":\"0400 123 456\",\"priority\":2}"));
    jdoc_free(tool_ok(&bench, "set_emergency_contact",
        "{\"name\":\"Sam Smith\",\"phone\":\"+44 (0)20 7946 0000\",\"priority\":1}"));
    jdoc *r = tool_ok(&bench, "get_emergency_info", "{}");
    assert_string_equal(text_at(r, "/emergency_info/contacts/0/name"), "Sam Smith");
    assert_string_equal(text_at(r, "/emergency_info/contacts/0/phone_e164"), "+442079460000");
    assert_string_equal(text_at(r, "/emergency_info/contacts/1/phone"), "0400 123 456");
    /* whose country that number belongs to is not known */
    assert_false(jdoc_has(at(r, "/emergency_info/contacts/1"), "phone_e164"));
    jdoc_free(r);
    jdoc_free(tool_ok(&bench, "set_emergency_contact",
        "{\"name\":\"jo smith\",\"phone\":\"0400 999 999\"}"));
    tool_refused(&bench, "set_emergency_contact", "{\"name\":\"smith\",\"phone\":\"0400 999 999\"}",
        "ambiguous", "/name");
    tool_refused(&bench, "remove_emergency_contact", "{\"name\":\"sister\"}", "invalid_argument",
        "/confirm");
    jdoc_free(
        tool_ok(&bench, "remove_emergency_contact", "{\"name\":\"sister\",\"confirm\":true}"));
    tool_refused(&bench, "remove_emergency_contact", "{\"name\":\"jo\",\"confirm\":true}",
        "not_found", NULL);
}

static void a_person_with_a_similar_name_is_not_overwritten(void **state)
{
    (void)state;
    jdoc_free(tool_ok(&bench, "set_emergency_contact",
        "{\"name\":\"Anna Schmidt\",\"phone\":\"+49 171 2345678\"}"));
    jdoc_free(tool_ok(&bench, "set_emergency_contact",
        "{\"name\":\"Marie\",\"phone\":\"+33 6 12 34 56 78\"}"));
    tool_refused(&bench, "set_emergency_contact", "{\"name\":\"Anna\",\"phone\":\"0400 1\"}",
        "ambiguous", "/name");
    tool_refused(&bench, "set_emergency_contact", "{\"name\":\"Maria\",\"phone\":\"0400 1\"}",
        "ambiguous", "/name");
    tool_refused(&bench, "set_emergency_contact",
        "{\"name\":\"Maria\",\"new_name\":\"Maria Rossi\",\"phone\":\"0400 1\"}", "ambiguous",
        "/name");
    tool_refused(&bench, "remove_emergency_contact", "{\"name\":\"Maria\",\"confirm\":true}",
        "ambiguous", "/name");
    jdoc_free(tool_ok(&bench, "set_emergency_contact",
        "{\"name\":\"Maria\",\"phone\":\"+39 06 1234 5678\",\"another\":true}"));
    jdoc_free(tool_ok(&bench, "set_emergency_contact",
        "{\"name\":\"anna\",\"new_name\":\"Anna Meier\"}"));
    jdoc *r = tool_ok(&bench, "get_emergency_info", "{}");
    assert_int_equal(jdoc_length(at(r, "/emergency_info/contacts")), 3);
    assert_string_equal(text_at(r, "/emergency_info/contacts/0/name"), "Anna Meier");
    assert_string_equal(text_at(r, "/emergency_info/contacts/0/phone"), "+49 171 2345678");
    assert_string_equal(text_at(r, "/emergency_info/contacts/1/phone"), "+33 6 12 34 56 78");
    jdoc_free(r);
}

static void numbers_are_read_as_they_are_written(void **state)
{
    static const struct {
        const char *typed, *country, *e164; /* NULL: refused */
    } cases[] = {{"000", "AU", ""}, {"13 11 14", "AU", ""},
        {"(02) 9999 1234", "AU", "+61299991234"}, {"0400123456", "", ""},
        {"(415) 555-2671", "US", "+14155552671"}, {"1-415-555-2671", "US", "+14155552671"},
        {"555-2671", "US", ""}, {"06 1234 5678", "IT", "+390612345678"},
        {"0049 30 123456", "AU", "+4930123456"}, {"+61 400 123 456 ext 5", "", "+61400123456"},
        {"8 (495) 123-45-67", "RU", "+74951234567"}, {"0151/23456789", "DE", "+4915123456789"},
        {"9999 1234", "AU", ""}, {"12", "AU", NULL}, {"+0123456789", "AU", NULL},
        {"1234567890123456", "AU", NULL}, {"++61400123456", "AU", NULL}, {"none", "AU", NULL},
        {"", "AU", NULL}, {"+61", "AU", NULL}};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char e164[PHONE_E164_SIZE];
        int error = phone_read(cases[i].typed, cases[i].country, e164);
        if (error ? cases[i].e164 != NULL : !cases[i].e164 || strcmp(e164, cases[i].e164) != 0)
            fail_msg("%s: %s", cases[i].typed, e164);
    }
    assert_true(phone_same("+61 400 123 456", "0400123456"));
    assert_false(phone_same("000", "000"));
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
        T(records_are_added_changed_and_deleted),
        T(emergency_facts_are_kept),
        T(people_to_call_are_kept_in_order),
        T(a_person_with_a_similar_name_is_not_overwritten),
        T(numbers_are_read_as_they_are_written),
    };
    return cmocka_run_group_tests(tests, tool_fixture_start, tool_fixture_stop);
}
