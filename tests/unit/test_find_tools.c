/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Choosing tools: for what travellers say (phrasings*.tsv) the needed tool is offered from the
 * start or among what find_tools finds for the very words, in four languages; and for what no tool
 * is for nothing is found.
 */
#include "base/err.h"
#include "tests/unit/cm.h"
#include "tests/unit/tool_bench.h"
#include "tools/engine/finder.h"
#include "tools/engine/finder_stem.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LIMIT 8   /* as the model asks for with a vague wish */
#define WANTED 98 /* percent */
#define WANTED_SLIPS 93

struct count {
    size_t all, good, core, first;
    bool *covered;
};

static bool is_found(const char *name, const char *said, size_t limit)
{
    const struct tools_spec *found[FINDER_MAX];
    size_t count;
    assert_int_equal(finder_search(said, limit, found, &count), 0);
    for (size_t i = 0; i < count; i++)
        if (strcmp(found[i]->name, name) == 0)
            return true;
    return false;
}

static void show_miss(const char *said, const char *name)
{
    const struct tools_spec *found[FINDER_MAX];
    size_t count;
    assert_int_equal(finder_search(said, LIMIT, found, &count), 0);
    print_message("missed: \"%s\" needs %s; found:", said, name);
    for (size_t i = 0; i < count; i++)
        print_message(" %s", found[i]->name);
    print_message("\n");
}

/* NAME or NAME|NAME: either will do. */
static void take_names(const char *names, const char *said, struct count *c, bool *core,
    bool *first, bool *found)
{
    char copy[256], *rest = NULL;
    snprintf(copy, sizeof copy, "%s", names);
    for (char *name = strtok_r(copy, "|", &rest); name; name = strtok_r(NULL, "|", &rest)) {
        const struct tools_spec *spec = tools_find(name);
        if (!spec)
            fail_msg("phrasings: there is no tool %s", name);
        for (size_t i = 0; i < tools_count(); i++)
            c->covered[i] |= tools_at(i) == spec;
        *core |= spec->core;
        *first |= is_found(name, said, 1);
        *found |= is_found(name, said, LIMIT);
    }
}

static void take_line(char *line, struct count *c)
{
    char *names = strchr(line, '\t'), *rest = NULL;
    bool good = true, core = true, first = true;
    assert_non_null(names);
    *names++ = '\0';
    names[strcspn(names, "\n")] = '\0';
    for (char *name = strtok_r(names, ",", &rest); name; name = strtok_r(NULL, ",", &rest)) {
        bool one_core = false, one_first = false, one_found = false;
        take_names(name, line, c, &one_core, &one_first, &one_found);
        core &= one_core;
        first &= one_first;
        if (!one_core && !one_found) {
            good = false;
            show_miss(line, name);
        }
    }
    c->all++;
    c->good += good;
    c->core += core;
    c->first += first;
}

static FILE *open_phrasings(const char *name)
{
    const char *root = getenv("srcdir");
    char path[512];
    snprintf(path, sizeof path, "%s/tests/unit/%s", root ? root : ".", name);
    FILE *in = fopen(path, "r");
    if (!in)
        fail_msg("%s cannot be read (srcdir is not set?)", path);
    return in;
}

static void show(const char *part, const struct count *c)
{
    if (c->all == 0)
        return;
    print_message(
        "%s: of %zu phrasings the needed tool is offered or found for %zu (%.1f %%); for %zu "
        "it is core, for %zu the first one found\n",
        part, c->all, c->good, 100.0 * (double)c->good / (double)c->all, c->core, c->first);
}

static void end_part(const char *part, struct count *c, struct count *whole)
{
    show(part, c);
    whole->all += c->all;
    whole->good += c->good;
    whole->core += c->core;
    whole->first += c->first;
    c->all = c->good = c->core = c->first = 0;
}

/* How many of a file's phrasings find what they need, and which tools any of them needs. */
static struct count take_file(const char *name, bool *covered)
{
    struct count c = {.covered = covered}, whole = {0};
    char line[512], part[64] = "";
    FILE *in = open_phrasings(name);
    while (fgets(line, sizeof line, in)) {
        if (line[0] != '#')
            take_line(line, &c);
        if (line[0] != '#' || line[1] != '#')
            continue;
        end_part(part, &c, &whole);
        snprintf(part, sizeof part, "%.*s", (int)strcspn(line + 3, "\n"), line + 3);
    }
    end_part(part, &c, &whole);
    show(name, &whole);
    fclose(in);
    return whole;
}

static void needed_tools_are_offered_or_found(void **state)
{
    (void)state;
    static const struct {
        const char *file;
        size_t wanted, least; /* percent; phrasings */
    } rows[] = {{"phrasings.tsv", WANTED, 700}, {"phrasings.more.tsv", 95, 100},
        {"phrasings.de.tsv", 95, 150}, {"phrasings.es.tsv", 95, 150},
        {"phrasings.fr.tsv", 95, 150}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        bool *covered = calloc(tools_count(), sizeof *covered);
        assert_non_null(covered);
        struct count whole = take_file(rows[i].file, covered);
        for (size_t k = 0; i == 0 && k < tools_count(); k++)
            if (!covered[k])
                fail_msg("no phrasing needs %s", tools_at(k)->name);
        free(covered);
        assert_true(whole.all >= rows[i].least);
        assert_true(whole.good * 100 >= whole.all * rows[i].wanted);
    }
}

#define WANTED_NONE 90 /* percent */

static void what_no_tool_is_for_finds_none(void **state)
{
    (void)state;
    const struct tools_spec *found[FINDER_MAX];
    char line[512];
    size_t all = 0, good = 0, count;
    FILE *in = open_phrasings("phrasings.none.tsv");
    while (fgets(line, sizeof line, in)) {
        line[strcspn(line, "\n")] = '\0';
        if (line[0] == '#')
            continue;
        assert_int_equal(finder_search(line, LIMIT, found, &count), 0);
        if (count > 0)
            print_message("\"%s\" finds %s\n", line, found[0]->name);
        all++;
        good += count == 0;
    }
    fclose(in);
    print_message("of %zu wishes that no tool is for %zu find none\n", all, good);
    assert_true(all >= 100 && good * 100 >= all * WANTED_NONE);
}

/* Accents, endings, compounds, pronouns behind a verb, a missing key, a slip. */
static void other_languages_are_understood(void **state)
{
    (void)state;
    static const char *const rows[][2] = {{"Ölwechsel", "get_maintenance_schedule"},
        {"Oelwechsel", "get_maintenance_schedule"}, {"ÖLWECHSEL", "get_maintenance_schedule"},
        {"Tankstellenpreise", "find_cheap_gas"}, {"Einkaufslisten", "generate_shopping_list"},
        {"recetas", "search_recipes"}, {"RECETAS con arroz", "search_recipes"},
        {"mandale un mensaje", "message_friend"}, {"mándaselo a mi amiga", "message_friend"},
        {"l’itinéraire selon la saison", "suggest_seasonal_route"},
        {"medicaments", "get_medications"}, {"Medikamnete", "get_medications"}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (!is_found(rows[i][1], rows[i][0], LIMIT))
            fail_msg("\"%s\" does not find %s", rows[i][0], rows[i][1]);
}

/* Two letters of the longest word exchanged. */
static void slip(char *said)
{
    size_t at = 0, best = 0;
    for (char *p = said; *p != '\0'; p += strcspn(p, " ") + (p[strcspn(p, " ")] != '\0'))
        if (strcspn(p, " ") > best) {
            best = strcspn(p, " ");
            at = (size_t)(p - said);
        }
    if (best < 5)
        return;
    char c = said[at + best / 2];
    said[at + best / 2] = said[at + best / 2 - 1];
    said[at + best / 2 - 1] = c;
}

static void slips_of_the_finger_cost_little(void **state)
{
    (void)state;
    char line[512];
    size_t all = 0, good = 0;
    FILE *in = open_phrasings("phrasings.tsv");
    while (fgets(line, sizeof line, in)) {
        struct count unused = {.covered = calloc(tools_count(), sizeof(bool))};
        bool core = false, first = false, found = false;
        char *names = strchr(line, '\t');
        if (line[0] != '#' && names && !strchr(names, ',')) {
            *names++ = '\0';
            names[strcspn(names, "\n")] = '\0';
            slip(line);
            take_names(names, line, &unused, &core, &first, &found);
            all++;
            good += core || found;
        }
        free(unused.covered);
    }
    fclose(in);
    print_message("with a slip in the longest word: %.1f %%\n", 100.0 * (double)good / (double)all);
    assert_true(good * 100 >= all * WANTED_SLIPS);
}

static void what_is_said_of_a_tool_finds_it(void **state)
{
    (void)state;
    for (size_t i = 0; i < tools_count(); i++) {
        const struct tools_spec *spec = tools_at(i);
        assert_true(is_found(spec->name, spec->name, 1));
        assert_true(is_found(spec->name, spec->description, LIMIT));
    }
}

static void odd_queries_are_borne(void **state)
{
    (void)state;
    const struct tools_spec *found[FINDER_MAX];
    size_t count;
    char long_text[5000];
    static const char *const empty[] = {"", " ", "the of and", "12345 67", "?!"};
    for (size_t i = 0; i < sizeof empty / sizeof *empty; i++) {
        assert_int_equal(finder_search(empty[i], LIMIT, found, &count), 0);
        assert_int_equal(count, 0);
    }
    /* A word that no tool knows is no reason to offer what searches by any words. */
    static const char *const broken[] = {"qwxzzv \xff\xfe", "\xc3", "\xc3\xc3 \xc5", "\xe2\x80",
        "\xc2", "_ _ '", "l' d' qu'"};
    for (size_t i = 0; i < sizeof broken / sizeof *broken; i++) {
        assert_int_equal(finder_search(broken[i], LIMIT, found, &count), 0);
        assert_int_equal(count, 0);
    }
    assert_true(is_found("web_search", "search the web for qwxzzv", LIMIT));
    for (size_t i = 0; i + 1 < sizeof long_text; i++)
        long_text[i] = i % 7 == 0 ? ' ' : (char)('a' + i * i % 26);
    long_text[sizeof long_text - 1] = '\0';
    assert_int_equal(finder_search(long_text, LIMIT, found, &count), 0);
    memset(long_text, 'd', sizeof long_text - 1);
    assert_int_equal(finder_search(long_text, LIMIT, found, &count), 0);
    assert_int_equal(finder_search("fuel recipe trip doctor", 99, found, &count), 0);
    assert_int_equal(count, FINDER_MAX);
}

static void endings_and_slips(void **state)
{
    (void)state;
    static const char *const same[][2] = {{"prices", "pricing"}, {"stopped", "stopping"},
        {"diary", "diaries"}, {"fill", "filled"}, {"beach", "beaches"}, {"paid", "paying"},
        {"saves", "saving"}, {"tyre", "tyres"}, {"tried", "tries"}, {"roads", "road"}};
    for (size_t i = 0; i < sizeof same / sizeof *same; i++) {
        const char *a = same[i][0], *b = same[i][1];
        char first[FINDER_TERM], second[FINDER_TERM];
        assert_true(finder_stem_next(&a, first) && finder_stem_next(&b, second));
        assert_string_equal(first, second);
    }
    assert_true(finder_stem_near("calender", "calendar"));
    assert_true(finder_stem_near("diesle", "diesel"));
    assert_true(finder_stem_near("campgrund", "campground"));
    assert_true(finder_stem_near("recippe", "recipe"));
    assert_false(finder_stem_near("gas", "gap"));
    assert_false(finder_stem_near("water", "later"));
    assert_false(finder_stem_near("road", "rodeo"));
    assert_true(is_found("get_fuel_log", "list of my fil ups", LIMIT));
    assert_true(is_found("find_cheap_gas", "cheap disel", LIMIT));
}

static void the_tool_answers(void **state)
{
    struct tool_bench *bench = *state;
    jdoc *r = tool_ok(bench, "find_tools", "{\"query\":\"a recipe with potatoes\"}");
    assert_int_equal(jdoc_length(jdoc_get(r, "tools")) <= 5, 1);
    assert_string_equal(text_at(r, "/tools/0/name"), "search_recipes");
    assert_string_equal(text_at(r, "/tools/0/family"), "meals");
    jdoc_free(r);
    r = tool_ok(bench, "find_tools", "{\"query\":\"the of\",\"limit\":\"10\"}");
    assert_int_equal(jdoc_length(jdoc_get(r, "tools")), 0);
    jdoc_free(r);
    tool_refused(bench, "find_tools", "{\"query\":\"\"}", "invalid_argument", "/query");
    tool_refused(bench, "find_tools", "{\"query\":\"x\",\"limit\":11}", "invalid_argument",
        "/limit");
}

static void what_cannot_work_here_is_named_with_the_reason(void **state)
{
    struct tool_bench *bench = *state;
    jdoc *r = tool_ok(bench, "find_tools", "{\"query\":\"where is diesel cheapest\"}");
    for (size_t i = 0; i < jdoc_length(jdoc_get(r, "tools")); i++)
        assert_true(tools_is_provided(&bench->conf,
            tools_find(jdoc_text_or(jdoc_at(jdoc_get(r, "tools"), i), "name", ""))));
    assert_string_equal(text_at(r, "/not_available/0/name"), "find_cheap_gas");
    assert_string_equal(text_at(r, "/not_available/0/reason"),
        "It needs a service of fuel prices, which is not set up here.");
    assert_false(jdoc_has(jdoc_at(jdoc_get(r, "not_available"), 0), "setting"));
    jdoc_free(r);
    bench->context.role = "admin";
    r = tool_ok(bench, "find_tools", "{\"query\":\"where is diesel cheapest\"}");
    assert_string_equal(text_at(r, "/not_available/0/setting"), "fuel.url");
    jdoc_free(r);
    bench->context.role = NULL;
    r = tool_ok(bench, "find_tools", "{\"query\":\"xyzzy\"}");
    assert_int_equal(jdoc_length(jdoc_get(r, "tools")), 0);
    assert_false(jdoc_has(r, "not_available"));
    assert_non_null(strstr(text_at(r, "/message"), "Nothing fits"));
    jdoc_free(r);
}

static void approval_is_by_the_arguments(void **state)
{
    (void)state;
    const struct tools_spec *pantry = tools_find("manage_pantry");
    const struct tools_spec *event = tools_find("delete_calendar_event");
    static const struct {
        const char *args;
        bool needed;
    } rows[] = {
        {"{\"action\":\"list\"}", false},
        {"{\"action\":\"remove\",\"ingredient_name\":\"x\"}", true},
        {"{\"action\":\"Remove\",\"ingredient_name\":\"x\"}", true}, /* coerced */
        {"\"{\\\"action\\\":\\\"remove\\\",\\\"ingredient_name\\\":\\\"x\\\"}\" \n", true},
        {"{\"action\":\"burn\"}", false}, {"{", false}, /* refused by tools_start */
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        assert_int_equal(tools_call_needs_approval(pantry, rows[i].args, strlen(rows[i].args)),
            rows[i].needed);
    assert_true(tools_call_needs_approval(event, "{", 1));
    assert_false(tools_call_needs_approval(tools_find("create_expense"), "{}", 2));
}

static int start(void **state)
{
    static struct tool_bench bench;
    tool_bench_start(&bench);
    *state = &bench;
    return 0;
}

static int stop(void **state)
{
    tool_bench_stop(*state);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(needed_tools_are_offered_or_found),
        cmocka_unit_test(what_no_tool_is_for_finds_none),
        cmocka_unit_test(other_languages_are_understood),
        cmocka_unit_test(slips_of_the_finger_cost_little),
        cmocka_unit_test(what_is_said_of_a_tool_finds_it),
        cmocka_unit_test(odd_queries_are_borne),
        cmocka_unit_test(endings_and_slips),
        cmocka_unit_test(the_tool_answers),
        cmocka_unit_test(what_cannot_work_here_is_named_with_the_reason),
        cmocka_unit_test(approval_is_by_the_arguments),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
