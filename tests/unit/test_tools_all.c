/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Every tool of the registry is called with each of its examples, and its result matches its schema
 * (tool_call checks that). A new tool needs no line here, only examples that work for a user whose
 * records are those of `prepare`.
 */
#include "base/err.h"
#include "tests/unit/cm.h"
#include "tests/unit/shared_seeds.h"
#include "tests/unit/tool_fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Ids that examples use for records that must be there. */
#define EXAMPLE_EVENT "0192f0c1-2345-7abc-8def-0123456789ab"

static int start(void **state)
{
    tool_fixture_start(state);
    shared_seeds_start(&bench);
    return 0;
}

static int stop(void **state)
{
    shared_seeds_stop(&bench);
    return tool_fixture_stop(state);
}

#define STAMPS "\"created_at\":\"2026-11-01T02:00:00Z\",\"updated_at\":\"2026-11-01T02:00:00Z\""
/* Records that examples of families fuel, maintenance, profile, transition and medical need. */
static const struct {
    const char *family, *id;
    int64_t time_ms;
    const char *json;
} seeds[] = {
    {"vehicle", "van", 1, "{\"id\":\"van\",\"name\":\"Rosie\"," STAMPS "}"},
    {"vehicle_primary", "me", 1, "{\"id\":\"me\",\"vehicle_id\":\"van\"}"},
    {"fuel", "0192f0c1-2345-7abc-8def-0123456789a1", 1794229200000,
        "{\"id\":"
        "\"0192f0c1-2345-7abc-8def-0123456789a1\",\"odometer\":84000,\"volume\":55,\"price\":1.8,"
        "\"price_millis\":1800,\"total\":99,\"total_minor\":9900,\"currency\":\"AUD\",\"filled_to_top\":"
        "true,\"entry_date\":\"2026-11-10\",\"timezone\":\"Australia/Sydney\",\"time_ms\":1794229200000,"
        "\"vehicle_id\":\"van\"," STAMPS "}"},
    {"maintenance", "1795000000000001", 1796821200000,
        "{\"id\":1795000000000001,\"task\":"
        "\"Brake service\",\"service_date\":\"2026-12-10\",\"timezone\":\"Australia/Sydney\",\"time_ms\":"
        "1796821200000,\"status\":\"scheduled\"," STAMPS "}"},
    {"transition_task", "0192f0c1-2345-7abc-8def-0123456789a2", 1,
        "{\"id\":"
        "\"0192f0c1-2345-7abc-8def-0123456789a2\",\"title\":\"Cancel the lease\",\"category\":\"legal\","
        "\"priority\":\"high\",\"status\":\"pending\"," STAMPS "}"},
    {"equipment", "0192f0c1-2345-7abc-8def-0123456789a3", 1,
        "{\"id\":"
        "\"0192f0c1-2345-7abc-8def-0123456789a3\",\"name\":\"Recovery tracks\",\"category\":\"recovery\","
        "\"is_essential\":true,\"priority\":\"medium\",\"is_purchased\":false," STAMPS "}"},
    {"shakedown_trip", "0192f0c1-2345-7abc-8def-0123456789a4", 1,
        "{\"id\":"
        "\"0192f0c1-2345-7abc-8def-0123456789a4\",\"trip_type\":\"weekend\",\"start_date\":\"2026-11-14\","
        "\"end_date\":\"2026-11-15\",\"nights\":1," STAMPS "}"},
    {"expense", "0192f0c1-2345-7abc-8def-0123456789b1", 1795179600000,
        "{\"id\":"
        "\"0192f0c1-2345-7abc-8def-0123456789b1\",\"amount\":45,\"amount_minor\":4500,\"currency\":"
        "\"AUD\",\"category\":\"gas\",\"date\":\"2026-11-21\",\"timezone\":\"Australia/Sydney\","
        "\"time_ms\":1795179600000," STAMPS "}"},
    {"community", "post:own-post", 1,
        "{\"id\":\"post:own-post\",\"kind\":\"post\",\"ref\":\"own-post\",\"text\":\"Sunrise\","
        "\"created_at\":\"2026-11-01T02:00:00Z\"}"},
    {"budget", "food", 1,
        "{\"id\":\"food\",\"category\":\"food\",\"amount\":600,\"amount_minor\":60000,"
        "\"currency\":\"AUD\",\"period\":\"monthly\"," STAMPS "}"},
    {"equipment", "stove", 1,
        "{\"id\":\"stove\",\"name\":\"Camp stove\",\"category\":\"kitchen\",\"is_essential\":true,"
        "\"priority\":\"low\",\"is_purchased\":true," STAMPS "}"},
    {"equipment", "tent", 1,
        "{\"id\":\"tent\",\"name\":\"Tent\",\"category\":\"other\",\"is_essential\":true,"
        "\"priority\":\"low\",\"is_purchased\":true," STAMPS "}"},
    {"medication", "0192f0c1-2345-7abc-8def-0123456789a5", 1,
        "{\"id\":\"0192f0c1-2345-7abc-8def-0123456789a5\",\"name\":\"Perindopril\",\"active\":true,"
        "\"dosage\":\"5 mg\",\"times\":[\"08:00\"],\"frequency\":\"at 08:00 every day\",\"stock\":20,"
        "\"timezone\":\"Australia/Sydney\",\"start_date\":\"2026-11-01\"," STAMPS "}"},
    {"list", "0192f0c1-2345-7abc-8def-0123456789a6", 1,
        "{\"id\":\"0192f0c1-2345-7abc-8def-0123456789a6\",\"name\":\"Camping\",\"kind\":\"packing\","
        "\"items\":[{\"id\":\"i1\",\"text\":\"torch\",\"done\":false},{\"id\":\"i2\",\"text\":\"maps\","
        "\"done\":false}],\"next_item\":3,\"timezone\":\"Australia/Sydney\"," STAMPS "}"},
    {"document", "0192f0c1-2345-7abc-8def-0123456789a7", 1,
        "{\"id\":\"0192f0c1-2345-7abc-8def-0123456789a7\",\"name\":\"Passport\",\"kind\":\"passport\","
        "\"number\":\"N1234567\",\"expiry_date\":\"2027-01-12\",\"timezone\":\"Australia/Sydney\"," STAMPS
        "}"},
    {"contact", "0192f0c1-2345-7abc-8def-0123456789a8", 1,
        "{\"id\":\"0192f0c1-2345-7abc-8def-0123456789a8\",\"name\":\"Robin Reed\",\"phones\":"
        "[\"0400 111 000\"]," STAMPS "}"},
    {"emergency_info", "me", 1,
        "{\"id\":\"me\",\"contacts\":[{\"name\":\"Sam\",\"phone\":\"0400 000 000\"}]}"},
    {"trip", "t1", 1,
        "{\"id\":\"t1\",\"origin\":{\"name\":\"Sydney\",\"latitude\":-33.87,\"longitude\":151.21},"
        "\"destination\":{\"name\":\"Brisbane\",\"latitude\":-27.47,\"longitude\":153.03}}"},
    {"medical_record", "m1", 1,
        "{\"id\":\"m1\",\"title\":\"Cholesterol\",\"record_type\":"
        "\"lab_result\",\"date\":\"2026-10-01\",\"text\":\"LDL 2.9\"}"},
    {"memory", "f1", 1,
        "{\"id\":\"f1\",\"text\":\"The user is vegetarian.\",\"topic\":\"food\",\"told_at\":"
        "\"2026-10-01T10:00:00+10:00\",\"told_ms\":1790812800000," STAMPS "}"},
};

/* Trips of the examples of the family together: ann's, with carol as a viewer, the second under
 * way; and one of dan, to which the code leads. */
#define SEED_TRIP "0199f0a2-7c3e-7d10-8a51-3f6f2b1c9d11"
#define SEED_LIVE "0199f0a2-7c3e-7d10-8a51-3f6f2b1c9d22"
#define SEED_WAY \
    "{\"id\":\"t\",\"origin\":{\"name\":\"Sydney\",\"latitude\":-33.87,\"longitude\":151.21}," \
    "\"waypoints\":[],\"destination\":{\"name\":\"Brisbane\",\"latitude\":-27.47,\"longitude\":" \
    "153.03},\"timezone\":\"Australia/Sydney\",\"created_at\":\"2026-11-01T02:00:00Z\"}"
static void prepare_trips(void)
{
    static const char digest[] = "3eb1bd439947eb762998e566ccc2e099c791118b2f40579cc4f7da2b5061b7f9";
    struct link *link = bench.context.store->link;
    tool_seed(&bench, "trip", SEED_TRIP, 1, SEED_WAY);
    tool_seed(&bench, "trip", SEED_LIVE, 1, SEED_WAY);
    err_ignore(link_command(link, NULL, "SADD tp:{ann}:shares " SEED_TRIP " " SEED_LIVE));
    err_ignore(link_command(link, NULL, "HSET tp:{ann}:share:" SEED_TRIP " %s %s %s %s", "m carol",
        "viewer 1", "i " SEED_TRIP, "x viewer 4000000000000 1 -"));
    err_ignore(
        link_command(link, NULL, "HSET tp:{ann}:share:" SEED_LIVE " %s %s", "m carol", "viewer 1"));
    err_ignore(link_command(link, NULL, "SET tp:{ann}:live:" SEED_LIVE " %s",
        "{\"traveller\":\"ann\",\"started\":1,\"ends\":4000000000000,\"next\":1}"));
    err_ignore(link_command(link, NULL, "HSET tp:{dan}:r:trip t %s", SEED_WAY));
    char value[128];
    snprintf(value, sizeof value, "%s viewer 4000000000000 1 -", digest);
    err_ignore(link_command(link, NULL, "HSET tp:{dan}:share:t %s %s", "i 1", value));
    err_ignore(link_command(link, NULL, "SET tp:invite:%s %s", digest, "dan t To Brisbane"));
}

/* What read_result reads on in. */
static int earlier(void *arg, const char *handle, const char **text, size_t *len, bool *others)
{
    static const char result[] = "{\"success\":true,\"events\":[1,2,3]}";
    (void)arg;
    *text = result;
    *len = sizeof result - 1;
    *others = false;
    return strcmp(handle, "call_1") == 0 ? 0 : ERR_NOT_FOUND;
}

static void prepare(void)
{
    static const char event[] =
        "{\"id\":\"" EXAMPLE_EVENT "\",\"title\":\"Dentist\",\"start_date\":"
        "\"2026-12-01T14:00:00+11:00\",\"all_day\":false,\"timezone\":\"Australia/Sydney\",\"start_ms\":"
        "1796094000000,\"event_type\":\"personal\",\"reminder_minutes\":[],\"created_at\":"
        "\"2026-11-22T02:00:00Z\",\"updated_at\":\"2026-11-22T02:00:00Z\"}";
    struct link *link = bench.context.store->link;
    assert_int_equal(link_command(link, NULL, "FLUSHALL"), 0);
    assert_int_equal(link_command(link, NULL, "HSET tp:{ann}:r:event %s %s", EXAMPLE_EVENT, event),
        0);
    assert_int_equal(link_command(link, NULL, "ZADD tp:{ann}:r:event:by-time 1796094000000 %s",
                         EXAMPLE_EVENT),
        0);
    for (size_t i = 0; i < sizeof seeds / sizeof *seeds; i++)
        tool_seed(&bench, seeds[i].family, seeds[i].id, seeds[i].time_ms, seeds[i].json);
    shared_seeds_put(&bench);
    prepare_trips();
    err_ignore(link_command(link, NULL,
        "HSET tp:{ann}:feed:%s url https://x.example/a name Club "
        "state ok created_ms 1 next_ms 4000000000000",
        EXAMPLE_EVENT));
    err_ignore(link_command(link, NULL, "ZADD tp:{ann}:feeds 1 %s", EXAMPLE_EVENT));
    /* Something to restore, to undo and to do again. */
    jdoc_free(tool_ok(&bench, "update_budget", "{\"category\":\"pet\",\"amount\":50}"));
    jdoc_free(tool_ok(&bench, "undo_change", "{}"));
    jdoc_free(tool_ok(&bench, "delete_record", "{\"kind\":\"equipment\",\"id\":\"tent\"}"));
    bench.context.earlier = earlier;
}

/* Places of the examples that the test's gazetteer has not. */
static const char *place(const char *args)
{
    return strstr(args, "Adelaide") || strstr(args, "Canberra") ? "not there" : NULL;
}

/* A tool whose provider is not configured here has its own test with a double of the provider. */
static bool lacks_provider(const struct tools_spec *spec, const jdoc *r)
{
    return spec->provider &&
        strcmp(jdoc_text_or(jdoc_get(r, "error"), "code", ""), "provider_not_configured") == 0;
}

/* Does an argument of this name or form hold an address? Wider than the build's own check. */
static bool is_address(const char *key, const jdoc *schema)
{
    static const char *const words[] = {"url", "uri", "link", "href", "hook", "endpoint", "host",
        "domain", "site_"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strstr(key, words[i]))
            return true;
    return strstr(jdoc_text_or(schema, "format", ""), "ri") ||
        strstr(jdoc_text_or(schema, "pattern", ""), "http");
}

static void look_for_addresses(const struct tools_spec *spec, const jdoc *schema, size_t *found)
{
    struct jdoc_iter it = {0};
    const char *key;
    jdoc *value;
    while (jdoc_next(jdoc_get(schema, "properties"), &it, &key, &value)) {
        if (is_address(key, value)) {
            if (!spec->outside || strcmp(spec->outside, key) != 0)
                fail_msg("%s: %s holds an address, but `outside` does not name it", spec->name,
                    key);
            *found += 1;
        }
        look_for_addresses(spec, value, found);
    }
    if (jdoc_get(schema, "items"))
        look_for_addresses(spec, jdoc_get(schema, "items"), found);
}

static void every_address_is_asked_about(void **state)
{
    size_t found = 0, declared = 0;
    (void)state;
    for (size_t i = 0; i < tools_count(); i++) {
        const struct tools_spec *spec = tools_at(i);
        jdoc *schema = NULL;
        assert_int_equal(jdoc_parse(spec->arguments_schema, strlen(spec->arguments_schema), &schema,
                             NULL, 0),
            0);
        look_for_addresses(spec, schema, &found);
        declared += spec->outside != NULL;
        assert_true(!spec->outside || tools_may_leave(spec));
        jdoc_free(schema);
    }
    assert_int_equal(found, declared);
    assert_true(found >= 5);
}

static void every_tool_answers(void **state)
{
    (void)state;
    for (size_t i = 0; i < tools_count(); i++) {
        const struct tools_spec *spec = tools_at(i);
        bool answered = false;
        for (size_t k = 0; spec->example_arguments[k]; k++) {
            bool success = false;
            prepare();
            jdoc *r = tool_call(&bench, spec->name, "call-1",
                shared_seeds_args(spec->example_arguments[k]));
            jdoc_get_bool(r, "success", &success);
            if (!success && lacks_provider(spec, r))
                answered = true;
            else if (!success && !place(spec->example_arguments[k]))
                fail_msg("%s: %s", spec->name, jdoc_text_or(r, "message", ""));
            if (success)
                assert_non_null(jdoc_get(r, spec->entity));
            answered |= success;
            jdoc_free(r);
        }
        assert_true(answered);
    }
}

/* What a model may send by mistake never ends in a fault of ours, and is always told in form. */
static void every_tool_refuses_nonsense(void **state)
{
    (void)state;
    static const char *const nonsense[] = {"", "null", "[]", "\"x\"", "{", "{\"no_such_field\":1}",
        "{\"title\":{\"a\":[{}]},\"amount\":\"NaN\",\"origin\":[],\"event_id\":{}}",
        "{\"origin\":\"\",\"destination\":\"\"}", "\xff"};
    for (size_t i = 0; i < tools_count(); i++)
        for (size_t k = 0; k < sizeof nonsense / sizeof *nonsense; k++)
            jdoc_free(tool_call(&bench, tools_at(i)->name, NULL, nonsense[k]));
}

static void every_write_happens_once(void **state)
{
    (void)state;
    for (size_t i = 0; i < tools_count(); i++) {
        const struct tools_spec *spec = tools_at(i);
        if (spec->effect == TOOLS_READ)
            continue;
        prepare();
        struct buf first = {0}, second = {0};
        jdoc *a =
            tool_call(&bench, spec->name, "call-1", shared_seeds_args(spec->example_arguments[0]));
        bench.context.now_ms += 1000; /* a retry after a crash comes later */
        jdoc *b =
            tool_call(&bench, spec->name, "call-1", shared_seeds_args(spec->example_arguments[0]));
        jdoc_write_canonical(a, &first);
        jdoc_write_canonical(b, &second);
        assert_string_equal(buf_text(&first), buf_text(&second));
        jdoc_free(a);
        jdoc_free(b);
        buf_free(&first);
        buf_free(&second);
    }
}

/* Those that need a provider: see test_providers, test_shop and test_rates. */
static void no_tool_is_left_out(void **state)
{
    (void)state;
    tool_all_succeeded(NULL, false);
    for (size_t i = 0; i < tools_count(); i++)
        if (tools_at(i)->provider && strcmp(tools_at(i)->family, "travel") != 0 &&
            strcmp(tools_at(i)->family, "shop") != 0 && strcmp(tools_at(i)->family, "money") != 0)
            fail_msg("%s needs a provider that no test has", tools_at(i)->name);
}

/* What the calls of this program took of a task's stack; tool_bench.c bounds it. */
static int by_depth(const void *a, const void *b)
{
    size_t x = tool_depth(*(const char *const *)a), y = tool_depth(*(const char *const *)b);
    return (x < y) - (x > y);
}

static void stacks_stay_shallow(void **state)
{
    const char *names[256];
    size_t count = tools_count();
    (void)state;
    assert_true(count <= sizeof names / sizeof *names);
    for (size_t i = 0; i < count; i++)
        names[i] = tools_at(i)->name;
    qsort(names, count, sizeof *names, by_depth);
    for (size_t i = 0; i < count; i++)
        printf("%6zu bytes of stack: %s\n", tool_depth(names[i]), names[i]);
    assert_true(tool_depth(names[count - 1]) > 0);
}

static void names_are_found(void **state)
{
    (void)state;
    for (size_t i = 0; i < tools_count(); i++)
        assert_ptr_equal(tools_find(tools_at(i)->name), tools_at(i));
    assert_null(tools_find("no_such_tool"));
    assert_null(tools_at(tools_count()));
}

static void deletes_need_approval(void **state)
{
    (void)state;
    for (size_t i = 0; i < tools_count(); i++)
        if (tools_at(i)->effect == TOOLS_DELETE)
            assert_int_equal(tools_at(i)->approval, TOOLS_APPROVAL_ALWAYS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_tool_answers),
        cmocka_unit_test(every_address_is_asked_about),
        cmocka_unit_test(every_tool_refuses_nonsense),
        cmocka_unit_test(every_write_happens_once),
        cmocka_unit_test(no_tool_is_left_out),
        cmocka_unit_test(stacks_stay_shallow),
        cmocka_unit_test(names_are_found),
        cmocka_unit_test(deletes_need_approval),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
