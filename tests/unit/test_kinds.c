/* SPDX-License-Identifier: BSD-2-Clause */
/* Every kind that a family declares is listed, found, changed, deleted, restored, undone. */
#include "base/err.h"
#include "store/records.h"
#include "tests/unit/cm.h"
#include "tests/unit/tool_fixture.h"
#include "tools/engine/kinds.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SEED_MS INT64_C(1795000000000)

/* What the tools that change a kind themselves are given. */
static const char *const delegated[][2] = {
    {"event", "{\"title\":\"Changed\"}"},
    {"repeating_event", "{\"title\":\"Changed\"}"},
    {"fuel_entry", "{\"notes\":\"Changed\"}"},
    {"maintenance", "{\"notes\":\"Changed\"}"},
    {"medication", "{\"instructions\":\"Changed\"}"},
    {"list", "{\"name\":\"Changed\"}"},
    {"contact", "{\"notes\":\"Changed\"}"},
    {"document", "{\"notes\":\"Changed\"}"},
    {"medical_record", "{\"summary\":\"Changed\"}"},
};

static const char *id_of(const struct kind *kind, char out[64])
{
    jdoc *example = NULL;
    int64_t number;
    assert_int_equal(jdoc_parse(kind->example, strlen(kind->example), &example, NULL, 0), 0);
    if (jdoc_get_int(example, "id", &number) == 0)
        snprintf(out, 64, "%lld", (long long)number);
    else
        snprintf(out, 64, "%s", jdoc_text_or(example, "id", ""));
    jdoc_free(example);
    return out;
}

static void stored(const struct kind *kind, const char *id, char *out, size_t size)
{
    struct link_reply *reply = NULL;
    assert_int_equal(link_command(bench.context.store->link, &reply, "HGET tp:{ann}:r:%s %s",
                         kind->family, id),
        0);
    snprintf(out, size, "%s", link_reply_text(reply, NULL));
    link_reply_free(reply);
}

__attribute__((format(printf, 2, 3))) static jdoc *ok(const char *tool, const char *format, ...)
{
    char args[2048];
    va_list ap;
    va_start(ap, format);
    vsnprintf(args, sizeof args, format, ap);
    va_end(ap);
    return tool_ok(&bench, tool, args);
}

/* A value that is right for the member, and not that of the example. */
static bool new_value(const jdoc *schema, char out[100])
{
    const char *type = jdoc_text_or(schema, "type", "");
    const jdoc *members = jdoc_get(schema, "enum");
    if (jdoc_has(schema, "pattern"))
        return false;
    if (members)
        snprintf(out, 100, "\"%s\"", jdoc_string(jdoc_at(members, jdoc_length(members) - 1), NULL));
    else if (strcmp(type, "string") == 0)
        snprintf(out, 100, "\"Changed\"");
    else if (strcmp(type, "boolean") == 0)
        snprintf(out, 100, "true");
    else
        snprintf(out, 100, "%g", jdoc_double_or(schema, "minimum", 3) + 1);
    return true;
}

/* Changes of the kind, {} when it has none. */
static void changes_of_kind(const struct kind *kind, char out[2000])
{
    jdoc *schema = NULL;
    struct jdoc_iter it = {0};
    const char *key;
    jdoc *member;
    size_t len = 1;
    snprintf(out, 2000, "{");
    for (size_t i = 0; kind->changer.name && i < sizeof delegated / sizeof *delegated; i++)
        if (strcmp(delegated[i][0], kind->name) == 0) {
            snprintf(out, 2000, "%s", delegated[i][1]);
            return;
        }
    if (!kind->change) {
        snprintf(out, 2000, "{}");
        return;
    }
    assert_int_equal(jdoc_parse(kind->change, strlen(kind->change), &schema, NULL, 0), 0);
    while (jdoc_next(jdoc_get(schema, "properties"), &it, &key, &member)) {
        char value[100];
        if (new_value(member, value))
            len += (size_t)snprintf(out + len, 2000 - len, "%s\"%s\":%s", len > 1 ? "," : "", key,
                value);
    }
    snprintf(out + len, 2000 - len, "}");
    jdoc_free(schema);
}

static void seed(const struct kind *kind)
{
    char id[64];
    tool_seed(&bench, kind->family, id_of(kind, id), SEED_MS, kind->example);
}

static void lists_and_finds(const struct kind *kind, const char *id)
{
    jdoc *r = ok("list_records", "{\"kind\":\"%s\"}", kind->name);
    assert_int_equal(number_at(r, "/total"), 1);
    assert_string_equal(text_at(r, "/records/0/id"), id);
    char title[200];
    snprintf(title, sizeof title, "%s", text_at(r, "/records/0/title"));
    jdoc_free(r);
    r = ok("find_records", "{\"words\":\"%s\",\"kind\":\"%s\"}", title, kind->name);
    assert_string_equal(text_at(r, "/records/0/id"), id);
    jdoc_free(r);
    r = ok("get_record", "{\"kind\":\"%s\",\"name\":\"%s\"}", kind->name, title);
    assert_string_equal(text_at(r, "/kind"), kind->name);
    jdoc_free(r);
}

static void changes_and_undoes(const struct kind *kind, const char *id)
{
    char changes[2000], before[4000], changed[4000], now[4000];
    changes_of_kind(kind, changes);
    if (strcmp(changes, "{}") == 0) {
        tool_refused(&bench, "change_record",
            "{\"kind\":\"timer\",\"name\":\"last\",\"changes\":{\"label\":\"x\"}}",
            strcmp(kind->name, "timer") == 0 ? "invalid_argument" : "not_found", NULL);
        return;
    }
    stored(kind, id, before, sizeof before);
    jdoc_free(ok("change_record", "{\"kind\":\"%s\",\"id\":\"%s\",\"changes\":%s}", kind->name, id,
        changes));
    stored(kind, id, changed, sizeof changed);
    assert_string_not_equal(before, changed);
    jdoc_free(ok("undo_change", "{}"));
    stored(kind, id, now, sizeof now);
    assert_string_equal(now, before);
    tool_refused(&bench, "undo_change", "{}", "not_found", NULL);
    jdoc_free(ok("undo_change", "{\"redo\":true}"));
    stored(kind, id, now, sizeof now);
    assert_string_equal(now, changed);
    jdoc_free(ok("undo_change", "{}"));
    jdoc *r = ok("get_record", "{\"kind\":\"%s\",\"id\":\"%s\",\"history\":true}", kind->name, id);
    assert_int_equal(jdoc_length(at(r, "/history")), 4);
    jdoc_free(r);
}

static void deletes_and_restores(const struct kind *kind, const char *id)
{
    char before[4000], now[4000];
    stored(kind, id, before, sizeof before);
    jdoc_free(ok("delete_record", "{\"kind\":\"%s\",\"id\":\"%s\"}", kind->name, id));
    stored(kind, id, now, sizeof now);
    assert_string_equal(now, "");
    jdoc *r = ok("list_records", "{\"kind\":\"%s\",\"deleted\":true}", kind->name);
    assert_string_equal(text_at(r, "/records/0/id"), id);
    jdoc_free(r);
    jdoc_free(ok("restore_record", "{\"kind\":\"%s\",\"id\":\"%s\"}", kind->name, id));
    stored(kind, id, now, sizeof now);
    assert_string_equal(now, before);
    jdoc_free(ok("delete_record", "{\"kind\":\"%s\",\"id\":\"%s\"}", kind->name, id));
    jdoc_free(ok("undo_change", "{}"));
    stored(kind, id, now, sizeof now);
    assert_string_equal(now, before);
}

static void every_kind_has_it_all(void **state)
{
    char id[64];
    (void)state;
    assert_true(kinds_count() >= 18);
    for (size_t i = 0; i < kinds_count(); i++) {
        const struct kind *kind = kinds_at(i);
        printf("%s\n", kind->name);
        assert_int_equal(link_command(bench.context.store->link, NULL, "FLUSHALL"), 0);
        seed(kind);
        id_of(kind, id);
        lists_and_finds(kind, id);
        if (!kind->final) {
            changes_and_undoes(kind, id);
            deletes_and_restores(kind, id);
        }
        assert_ptr_equal(kinds_find(kind->name), kind);
        assert_ptr_equal(kinds_of_family(kind->family), kind);
    }
    assert_null(kinds_find("nothing"));
    assert_null(kinds_at(kinds_count()));
}

static void put_expense(const char *id, const char *what, int day, int64_t ms)
{
    char json[400];
    snprintf(json, sizeof json,
        "{\"id\":\"%s\",\"amount\":4.5,\"amount_minor\":450,\"currency\":\"AUD\",\"category\":\"food\","
        "\"description\":\"%s\",\"date\":\"2026-11-%02d\",\"timezone\":\"Australia/Sydney\",\"time_ms\":"
        "%lld,\"created_at\":\"2026-11-01T02:00:00Z\"}",
        id, what, day, (long long)ms);
    tool_seed(&bench, "expense", id, ms, json);
}

static void asks_which_one_is_meant(void **state)
{
    (void)state;
    put_expense("e1", "Coffee in Eden", 20, SEED_MS);
    put_expense("e2", "Coffee in Bega", 21, SEED_MS + 1);
    jdoc *r =
        tool_call(&bench, "delete_record", NULL, "{\"kind\":\"expense\",\"name\":\"the coffee\"}");
    assert_string_equal(text_at(r, "/error/code"), "ambiguous");
    assert_non_null(
        strstr(text_at(r, "/message"), "\"Coffee in Eden\", 4.50 AUD, 2026-11-20 (id e1)"));
    assert_non_null(strstr(text_at(r, "/message"), "e2"));
    jdoc_free(r);
    r = ok("delete_record", "{\"kind\":\"expense\",\"name\":\"that coffee in bega\"}");
    assert_string_equal(text_at(r, "/record/id"), "e2");
    jdoc_free(r);
    r = ok("restore_record", "{\"kind\":\"expense\",\"name\":\"bega\"}");
    assert_string_equal(text_at(r, "/record/id"), "e2");
    jdoc_free(r);
    r = ok("change_record",
        "{\"kind\":\"expense\",\"name\":\"last\",\"changes\":{\"amount\":5.25,\"date\":\"2026-11-19\"}}");
    assert_string_equal(text_at(r, "/record/id"), "e2");
    assert_int_equal(number_at(r, "/record/amount_minor"), 525);
    assert_string_equal(text_at(r, "/record/date"), "2026-11-19");
    jdoc_free(r);
    tool_refused(&bench, "get_record", "{\"kind\":\"expense\",\"name\":\"petrol\"}", "not_found",
        NULL);
    tool_refused(&bench, "get_record", "{\"kind\":\"expense\"}", "invalid_argument", "/id");
}

static void refuses_what_cannot_be(void **state)
{
    (void)state;
    put_expense("e1", "Coffee", 20, SEED_MS);
#define CHANGE(what) "{\"kind\":\"expense\",\"id\":\"e1\",\"changes\":" what "}"
    tool_refused(&bench, "change_record", CHANGE("{}"), "invalid_argument", "/changes");
    tool_refused(&bench, "change_record", CHANGE("{\"amount\":-1}"), "invalid_argument",
        "/changes/amount");
    tool_refused(&bench, "change_record", CHANGE("{\"amount\":1.234}"), "invalid_argument",
        "/changes/amount");
    tool_refused(&bench, "change_record", CHANGE("{\"amount\":null}"), "invalid_argument",
        "/changes/amount");
    tool_refused(&bench, "change_record", CHANGE("{\"time_ms\":1}"), "invalid_argument",
        "/changes/time_ms");
    tool_refused(&bench, "change_record", CHANGE("{\"date\":\"2026-11-31\"}"), "invalid_argument",
        "/changes/date");
    tool_refused(&bench, "change_record", CHANGE("{\"date\":\"2027-01-01\"}"), "invalid_argument",
        "/changes/date");
    tool_refused(&bench, "list_records", "{\"kind\":\"expense\",\"where\":{\"color\":\"red\"}}",
        "invalid_argument", "/where/color");
    tool_refused(&bench, "list_records", "{\"kind\":\"expense\",\"cursor\":\"nonsense\"}",
        "invalid_argument", "/cursor");
    for (const char *const *bad = (const char *const[]){"1-/a", "1e/a", "e/a", NULL}; *bad; bad++) {
        char args[80];
        snprintf(args, sizeof args, "{\"kind\":\"expense\",\"cursor\":\"%s\"}", *bad);
        tool_refused(&bench, "list_records", args, "invalid_argument", "/cursor");
    }
    tool_refused(&bench, "list_records",
        "{\"kind\":\"expense\",\"from\":\"2026-11-20\",\"to\":\"2026-11-19\"}", "invalid_argument",
        "/to");
    tool_refused(&bench, "list_records", "{\"kind\":\"nothing\"}", "invalid_argument", "/kind");
    tool_refused(&bench, "undo_change", "{\"change_id\":\"1\"}", "not_found", NULL);
    jdoc *r = ok("change_record", "%s", CHANGE("{\"description\":\"Tea\",\"location\":\"Eden\"}"));
    assert_string_equal(text_at(r, "/record/location"), "Eden");
    jdoc_free(r);
    r = ok("change_record", "%s", CHANGE("{\"location\":null}"));
    assert_null(jdoc_get(at(r, "/record"), "location"));
    jdoc_free(r);
#undef CHANGE
    tool_seed(&bench, "event", "v1", SEED_MS,
        "{\"id\":\"v1\",\"title\":\"Vet\",\"start_date\":\"2026-12-01T14:00:00+11:00\",\"all_day\":false,"
        "\"timezone\":\"Australia/Sydney\",\"start_ms\":1796094000000,\"event_type\":\"personal\","
        "\"reminder_minutes\":[]}");
    tool_refused(&bench, "change_record",
        "{\"kind\":\"event\",\"id\":\"v1\",\"changes\":{\"event_id\":\"v2\"}}", "invalid_argument",
        "/changes/event_id");
    tool_seed(&bench, "recipe", "r1", SEED_MS,
        "{\"id\":\"r1\",\"name\":\"Soup\",\"ingredients\":[],\"instructions\":[],\"visibility\":\"public\"}");
    tool_refused(&bench, "delete_record", "{\"kind\":\"recipe\",\"name\":\"soup\"}", "conflict",
        NULL);
}

static void pages_stay_right(void **state)
{
    char cursor[200];
    (void)state;
    for (int i = 0; i < 30; i++) {
        char id[16];
        snprintf(id, sizeof id, "e%02d", i);
        put_expense(id, "Coffee", 20, SEED_MS + i / 4); /* several at the same time */
    }
    jdoc *r = ok("list_records", "{\"kind\":\"expense\",\"limit\":10}");
    assert_string_equal(text_at(r, "/records/0/id"), "e29");
    assert_string_equal(text_at(r, "/records/9/id"), "e20");
    snprintf(cursor, sizeof cursor, "%s", text_at(r, "/cursor"));
    jdoc_free(r);
    put_expense("new", "Tea", 21, SEED_MS + 1000);
    jdoc_free(ok("delete_record", "{\"kind\":\"expense\",\"id\":\"e20\"}")); /* where it stands */
    r = ok("list_records", "{\"kind\":\"expense\",\"limit\":10,\"cursor\":\"%s\"}", cursor);
    assert_string_equal(text_at(r, "/records/0/id"), "e19");
    assert_string_equal(text_at(r, "/records/9/id"), "e10");
    snprintf(cursor, sizeof cursor, "%s", text_at(r, "/cursor"));
    jdoc_free(r);
    r = ok("list_records", "{\"kind\":\"expense\",\"limit\":10,\"cursor\":\"%s\"}", cursor);
    assert_string_equal(text_at(r, "/records/9/id"), "e00");
    assert_false(jdoc_has(r, "cursor"));
    jdoc_free(r);
    r = ok("list_records", "{\"kind\":\"expense\",\"order\":\"oldest\",\"limit\":10}");
    assert_string_equal(text_at(r, "/records/0/id"), "e00");
    snprintf(cursor, sizeof cursor, "%s", text_at(r, "/cursor"));
    jdoc_free(r);
    r = ok("list_records",
        "{\"kind\":\"expense\",\"order\":\"oldest\",\"limit\":10,\"cursor\":\"%s\"}", cursor);
    assert_string_equal(text_at(r, "/records/0/id"), "e10");
    jdoc_free(r);
    r = ok("list_records", "{\"kind\":\"expense\",\"where\":{\"category\":\"gas\"}}");
    assert_int_equal(jdoc_length(at(r, "/records")), 0);
    assert_false(jdoc_has(r, "cursor"));
    jdoc_free(r);
}

static void undo_and_redo_by_the_same_id(void **state)
{
    char id[64];
    (void)state;
    jdoc_free(ok("create_expense", "{\"amount\":45,\"category\":\"gas\"}"));
    jdoc *r = ok("undo_change", "{}");
    snprintf(id, sizeof id, "%s", text_at(r, "/change_id"));
    jdoc_free(r);
    jdoc_free(ok("undo_change", "{\"change_id\":\"%s\",\"redo\":true}", id));
    assert_int_equal(tool_fixture_number("HLEN tp:{ann}:r:expense"), 1);
    jdoc_free(ok("undo_change", "{\"change_id\":\"%s\"}", id));
    assert_int_equal(tool_fixture_number("HLEN tp:{ann}:r:expense"), 0);
}

/* Those that were deleted long before, too, by their id. */
static void restores_an_early_deletion(void **state)
{
    char first[64] = "", id[64];
    (void)state;
    for (int i = 0; i < 60; i++) {
        jdoc *r = ok("create_expense", "{\"amount\":%d,\"category\":\"gas\"}", i + 1);
        snprintf(id, sizeof id, "%s", text_at(r, "/expense/id"));
        jdoc_free(r);
        if (i == 0)
            snprintf(first, sizeof first, "%s", id);
        jdoc_free(ok("delete_record", "{\"kind\":\"expense\",\"id\":\"%s\"}", id));
    }
    jdoc_free(ok("restore_record", "{\"kind\":\"expense\",\"id\":\"%s\"}", first));
    assert_int_equal(tool_fixture_number("HLEN tp:{ann}:r:expense"), 1);
}

static void undoes_what_other_tools_wrote(void **state)
{
    (void)state;
    jdoc_free(ok("create_expense", "{\"amount\":45,\"category\":\"gas\"}"));
    jdoc *r = ok("undo_change", "{}");
    assert_string_equal(text_at(r, "/records/0/now"), "gone");
    assert_non_null(strstr(text_at(r, "/message"), "45.00 AUD"));
    jdoc_free(r);
    r = ok("get_spending_summary", "{\"period\":\"month\"}");
    assert_int_equal(number_at(r, "/summary/total_minor"), 0);
    jdoc_free(r);
    jdoc_free(ok("undo_change", "{\"redo\":true}"));
    r = ok("get_spending_summary", "{\"period\":\"month\"}");
    assert_int_equal(number_at(r, "/summary/total_minor"), 4500);
    jdoc_free(r);
    r = ok("create_calendar_event",
        "{\"title\":\"Dentist\",\"start_date\":\"2026-12-01T14:00\",\"reminder_minutes\":30}");
    char id[64];
    snprintf(id, sizeof id, "%s", text_at(r, "/event/id"));
    jdoc_free(r);
    jdoc_free(ok("delete_calendar_event", "{\"event_id\":\"%s\"}", id));
    assert_int_equal(tool_fixture_number("ZCARD tp:hint:timers"), 0);
    jdoc_free(ok("undo_change", "{}"));
    assert_int_equal(tool_fixture_number("HLEN tp:{ann}:r:event"), 1);
    assert_int_equal(tool_fixture_number("ZCARD tp:hint:timers"), 1); /* it rings again */
    jdoc_free(ok("set_timer_or_alarm", "{\"action\":\"create\",\"duration\":\"10 minutes\"}"));
    jdoc_free(ok("delete_record", "{\"kind\":\"timer\",\"name\":\"last\"}"));
    assert_int_equal(link_command(bench.context.store->link, NULL, "DEL tp:hint:timers"), 0);
    jdoc_free(ok("restore_record", "{\"kind\":\"timer\",\"name\":\"timer\"}"));
    assert_int_equal(tool_fixture_number("ZCARD tp:hint:timers"), 1);
}

static void refuses_to_undo_what_changed_since(void **state)
{
    (void)state;
    char id[64];
    jdoc_free(ok("update_budget", "{\"category\":\"food\",\"amount\":500}"));
    jdoc *r = ok("get_record", "{\"kind\":\"budget\",\"id\":\"food\",\"history\":true}");
    snprintf(id, sizeof id, "%s", text_at(r, "/history/0/change_id"));
    jdoc_free(r);
    jdoc_free(ok("update_budget", "{\"category\":\"food\",\"amount\":600}"));
    r = tool_call(&bench, "undo_change", NULL, "{}");
    assert_non_null(r);
    jdoc_free(r);
    jdoc_free(ok("update_budget", "{\"category\":\"food\",\"amount\":700}"));
    char args[200];
    snprintf(args, sizeof args, "{\"change_id\":\"%s\"}", id);
    tool_refused(&bench, "undo_change", args, "conflict", NULL);
    assert_int_equal(tool_fixture_number("HLEN tp:{ann}:r:budget"), 1);
}

static void refuses_to_undo_what_others_saw(void **state)
{
    (void)state;
    jdoc_free(ok("create_expense", "{\"amount\":45,\"category\":\"gas\"}"));
    jdoc_free(ok("create_post", "{\"content\":\"Hello\"}"));
    tool_refused(&bench, "undo_change", "{}", "forbidden", NULL);
    assert_int_equal(tool_fixture_number("HLEN tp:{ann}:r:expense"), 1);
}

static void takes_down_what_the_user_published(void **state)
{
    (void)state;
    jdoc_free(ok("create_post", "{\"content\":\"Hello\",\"title\":\"Sunrise at Eden\"}"));
    jdoc *r = ok("list_records", "{\"kind\":\"community_entry\",\"where\":{\"kind\":\"post\"}}");
    assert_string_equal(text_at(r, "/records/0/title"), "Sunrise at Eden");
    jdoc_free(r);
    assert_int_equal(tool_fixture_number("HLEN tp:{community}:r:post"), 1);
    bench.context.uid = "bob";
    tool_refused(&bench, "delete_record", "{\"kind\":\"community_entry\",\"name\":\"sunrise\"}",
        "not_found", NULL);
    bench.context.uid = "ann";
    static const char sunrise[] = "{\"kind\":\"community_entry\",\"name\":\"sunrise\"}";
    jdoc *a = tool_call(&bench, "delete_record", "c1", sunrise),
         *b = tool_call(&bench, "delete_record", "c1", sunrise);
    assert_string_equal(text_at(a, "/record/kind"), "post");
    assert_string_equal(text_at(b, "/record/kind"), "post");
    jdoc_free(a);
    jdoc_free(b);
    assert_int_equal(tool_fixture_number("HLEN tp:{community}:r:post"), 0);
    tool_refused(&bench, "undo_change", "{}", "forbidden", NULL);
    tool_refused(&bench, "restore_record", sunrise, "invalid_argument", "/kind");
}

static void a_repeated_call_does_it_once(void **state)
{
    (void)state;
    put_expense("e1", "Coffee", 20, SEED_MS);
    put_expense("e2", "Coffee", 20, SEED_MS);
    static const char change[] = "{\"kind\":\"expense\",\"id\":\"e1\",\"changes\":{\"amount\":9}}";
    jdoc_free(tool_call(&bench, "change_record", "c1", change));
    jdoc_free(tool_call(&bench, "change_record", "c2",
        "{\"kind\":\"expense\",\"id\":\"e2\",\"changes\":"
        "{\"amount\":8}}"));
    jdoc *a = tool_call(&bench, "undo_change", "c3", "{}");
    jdoc *b = tool_call(&bench, "undo_change", "c3", "{}");
    assert_string_equal(text_at(a, "/records/0/id"), "e2");
    assert_string_equal(text_at(b, "/records/0/id"), "e2");
    assert_string_equal(text_at(a, "/change_id"), text_at(b, "/change_id"));
    jdoc_free(a);
    jdoc_free(b);
    jdoc *r = ok("get_record", "{\"kind\":\"expense\",\"id\":\"e1\"}");
    assert_int_equal(number_at(r, "/record/amount"), 9);
    jdoc_free(r);
    static const char event[] = "{\"kind\":\"event\",\"name\":\"dentist\"}";
    jdoc_free(
        ok("create_calendar_event", "{\"title\":\"Dentist\",\"start_date\":\"2026-12-01T14:00\"}"));
    a = tool_call(&bench, "delete_record", "c4", event);
    b = tool_call(&bench, "delete_record", "c4", event);
    assert_string_equal(text_at(a, "/record/title"), "Dentist");
    assert_string_equal(text_at(b, "/record/title"), "Dentist");
    jdoc_free(a);
    jdoc_free(b);
}

static void expense(const char *id, const char *currency, int minor, const char *more)
{
    char json[400];
    snprintf(json, sizeof json,
        "{\"id\":\"%s\",\"amount\":%g,\"amount_minor\":%d,\"currency\":\"%s\",\"category\":\"gas\","
        "\"date\":\"2026-11-01\"%s}",
        id, minor / 100.0, minor, currency, more);
    tool_seed(&bench, "expense", id, SEED_MS, json);
}

static void ids_are(const jdoc *result, const char *ids)
{
    char all[200] = "";
    const jdoc *records = at(result, "/records");
    for (size_t i = 0; i < jdoc_length(records); i++)
        snprintf(all + strlen(all), sizeof all - strlen(all), "%s%s", i ? " " : "",
            jdoc_text_or(jdoc_at(records, i), "id", ""));
    assert_string_equal(all, ids);
}

static void by_amount_in_the_users_money(void **state)
{
    (void)state;
    const char *own = bench.context.currency;
    char converted[120];
    snprintf(converted, sizeof converted,
        ",\"converted\":90,\"converted_minor\":9000,\"converted_currency\":\"%s\"", own);
    expense("e1", own, 1000, "");
    expense("e2", own, 8000, "");
    expense("e3", "JPY", 500000, converted);
    expense("e4", own, 3000, "");
    expense("e5", "CHF", 99900, ""); /* nobody knows what it is */
    jdoc *r = ok("list_records", "{\"kind\":\"expense\",\"order\":\"largest\",\"limit\":3}");
    ids_are(r, "e3 e2 e4");
    assert_int_equal(number_at(r, "/total"), 5);
    assert_non_null(strstr(text_at(r, "/message"), "1 in other money"));
    jdoc_free(r);
    r = ok("list_records", "{\"kind\":\"expense\",\"order\":\"smallest\"}");
    ids_are(r, "e1 e4 e2 e3 e5");
    jdoc_free(r);
    tool_refused(&bench, "list_records", "{\"kind\":\"favorite_spot\",\"order\":\"largest\"}",
        "invalid_argument", "/order");
    tool_refused(&bench, "list_records",
        "{\"kind\":\"expense\",\"order\":\"largest\",\"cursor\":\"1795179600000/e1\"}",
        "invalid_argument", "/cursor");
}

static void has_no_file(const jdoc *result)
{
    struct buf text = {0};
    jdoc_write(result, &text);
    assert_null(strstr(buf_text(&text), "secret-name.ics"));
    assert_null(strstr(buf_text(&text), "X-KEPT"));
    buf_free(&text);
}

static void what_is_for_the_program_alone_is_not_shown(void **state)
{
    (void)state;
    static const char *const calls[] = {"get_record", "change_record", "get_record",
        "delete_record", "restore_record"};
    tool_seed(&bench, "event", "ev1", SEED_MS,
        "{\"id\":\"ev1\",\"title\":\"Dentist\",\"start_date\":\"2026-12-01T14:00:00+11:00\","
        "\"all_day\":false,\"timezone\":\"Australia/Sydney\",\"start_ms\":1796094000000,"
        "\"event_type\":\"personal\",\"reminder_minutes\":[],\"file_name\":\"secret-name.ics\","
        "\"kept\":[\"X-KEPT:1\"],\"created_at\":\"2026-11-01T02:00:00Z\","
        "\"updated_at\":\"2026-11-01T02:00:00Z\"}");
    for (size_t i = 0; i < sizeof calls / sizeof *calls; i++) {
        jdoc *r = ok(calls[i], "{\"kind\":\"event\",\"id\":\"ev1\"%s}",
            i == 1     ? ",\"changes\":{\"title\":\"Doctor\"}" :
                i == 2 ? ",\"history\":true" :
                         "");
        has_no_file(r);
        jdoc_free(r);
    }
    char now[2000];
    const struct kind *kind = kinds_find("event");
    stored(kind, "ev1", now, sizeof now); /* and it is still there */
    assert_non_null(strstr(now, "secret-name.ics"));
}

static void put_medication(const char *id, const char *name, const char *dosage)
{
    char json[400];
    snprintf(json, sizeof json,
        "{\"id\":\"%s\",\"name\":\"%s\",\"active\":true,\"as_needed\":true,\"dosage\":\"%s\","
        "\"frequency\":\"when needed\",\"prescriber\":\"Dr Lee\",\"remind\":false,"
        "\"timezone\":\"Australia/Sydney\",\"created_at\":\"2026-11-01T02:00:00Z\","
        "\"updated_at\":\"2026-11-01T02:00:00Z\"}",
        id, name, dosage);
    tool_seed(&bench, "medication", id, SEED_MS, json);
}

/* It is asked about, and the question names the one that is there. */
static void is_asked(const char *tool, const char *said, const char *more, const char *there)
{
    char args[300];
    snprintf(args, sizeof args, "{\"kind\":\"medication\",\"name\":\"%s\"%s}", said, more);
    jdoc *r = tool_call(&bench, tool, NULL, args);
    assert_string_equal(text_at(r, "/error/code"), "ambiguous");
    assert_non_null(strstr(text_at(r, "/message"), there));
    jdoc_free(r);
}

static void a_medicine_is_not_one_of_a_like_name(void **state)
{
    static const char dose[] = ",\"changes\":{\"dosage\":\"9 mg\"}";
    char before[1000], now[1000];
    (void)state;
    put_medication("m1", "Quinine", "300 mg");
    put_medication("m2", "Prednisolone", "5 mg");
    stored(kinds_find("medication"), "m1", before, sizeof before);
    is_asked("change_record", "quinidine", dose, "\"Quinine\", 300 mg, when needed (id m1)");
    is_asked("delete_record", "prednisone", "", "m2");
    is_asked("get_record", "prednisone", "", "m2");
    is_asked("delete_record", "Dr Lee", "", "m1"); /* who prescribes it is none */
    is_asked("delete_record", "quinine 200 mg", "", "m1");
    stored(kinds_find("medication"), "m1", now, sizeof now);
    assert_string_equal(now, before);
    jdoc *r = ok("find_records", "{\"words\":\"quinidine\",\"kind\":\"medication\"}");
    assert_non_null(strstr(text_at(r, "/message"), "ask whether it is meant"));
    jdoc_free(r);
    r = ok("find_records", "{\"words\":\"quinine\",\"kind\":\"medication\"}");
    assert_null(strstr(text_at(r, "/message"), "ask whether it is meant"));
    jdoc_free(r);
    jdoc_free(ok("change_record", "{\"kind\":\"medication\",\"name\":\"my quinine\"%s}", dose));
    jdoc_free(ok("delete_record", "{\"kind\":\"medication\",\"name\":\"predniso\"}"));
    assert_int_equal(tool_fixture_number("HLEN tp:{ann}:r:medication"), 1);
    is_asked("restore_record", "prednisone", "", "m2");
    assert_int_equal(tool_fixture_number("HLEN tp:{ann}:r:medication"), 1);
    jdoc_free(ok("restore_record", "{\"kind\":\"medication\",\"name\":\"prednisolone\"}"));
    assert_int_equal(tool_fixture_number("HLEN tp:{ann}:r:medication"), 2);
}

/* The user is asked about one of two of the same name: which one is told. */
static void two_of_one_name_are_told_apart(void **state)
{
    static const char args[] = "{\"kind\":\"medication\",\"id\":\"m2\"}";
    (void)state;
    put_medication("m1", "Metformin", "500 mg");
    put_medication("m2", "Metformin", "850 mg");
    is_asked("delete_record", "metformin", "", "\"Metformin\", 850 mg, when needed (id m2)");
    struct tools_run run = {.context = &bench.context,
        .spec = tools_find("delete_record"),
        .arena = arena_new()};
    assert_int_equal(tools_preview(&run, args, strlen(args)), 0);
    assert_null(run.result);
    assert_non_null(strstr(run.preview, "Metformin (850 mg), when needed"));
    tools_fini(&run);
    arena_free(run.arena);
}

static void commit_of_group(const char *json, const char *group)
{
    struct arena *arena = arena_new();
    const char *prior;
    struct records_fence fence = {.uid = "ann", .tool = "import_expenses"};
    struct records_write w = {.family = "expense", .id = "e1", .json = json, .time_ms = SEED_MS};
    assert_int_equal(
        records_commit(bench.context.store, &fence,
            &(struct records_batch){.writes = &w, .count = 1, .result = "", .group = group}, arena,
            &prior),
        0);
    arena_free(arena);
}

/* Something came between two commits of a change: undo tells what it has undone. */
static void an_undo_that_broke_off_says_so(void **state)
{
    char id[64], now[200];
    (void)state;
    commit_of_group("{\"id\":\"e1\",\"description\":\"1\"}", "g1");
    commit_of_group("{\"id\":\"e1\",\"description\":\"2\"}", NULL);
    commit_of_group("{\"id\":\"e1\",\"description\":\"3\"}", "g1");
    jdoc *r = ok("get_record", "{\"kind\":\"expense\",\"id\":\"e1\",\"history\":true}");
    snprintf(id, sizeof id, "{\"change_id\":\"%s\"}", text_at(r, "/history/0/change_id"));
    jdoc_free(r);
    r = tool_call(&bench, "undo_change", NULL, id);
    assert_string_equal(text_at(r, "/error/code"), "conflict");
    assert_non_null(strstr(text_at(r, "/message"), "was undone: 1 of its 2 records"));
    assert_non_null(strstr(text_at(r, "/message"), "change_id"));
    jdoc_free(r);
    stored(kinds_find("expense"), "e1", now, sizeof now);
    assert_non_null(strstr(now, "\"2\""));
    r = tool_call(&bench, "undo_change", NULL, id); /* nothing more: now that is true */
    assert_non_null(strstr(text_at(r, "/message"), "was not undone"));
    jdoc_free(r);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup(f, tool_fixture_empty)
    const struct CMUnitTest tests[] = {
        T(every_kind_has_it_all),
        T(asks_which_one_is_meant),
        T(refuses_what_cannot_be),
        T(pages_stay_right),
        T(undo_and_redo_by_the_same_id),
        T(restores_an_early_deletion),
        T(undoes_what_other_tools_wrote),
        T(refuses_to_undo_what_changed_since),
        T(refuses_to_undo_what_others_saw),
        T(takes_down_what_the_user_published),
        T(a_repeated_call_does_it_once),
        T(by_amount_in_the_users_money),
        T(what_is_for_the_program_alone_is_not_shown),
        T(a_medicine_is_not_one_of_a_like_name),
        T(two_of_one_name_are_told_apart),
        T(an_undo_that_broke_off_says_so),
    };
    return cmocka_run_group_tests(tests, tool_fixture_start, tool_fixture_stop);
}
