/* SPDX-License-Identifier: BSD-2-Clause */
/* What the figures of a report mean, and how they are shown: JSON, and text for a terminal. */
#include "fcgi-app/report.h"

#include "base/clock.h"
#include "base/jdoc.h"

#include <inttypes.h>
#include <string.h>

#define REPORT_SLOWEST 10 /* tools of the text */
#define REPORT_US 1e6

const char *report_state_name(enum report_state state)
{
    static const char *const names[] = {"too_few", "met", "not_met"};

    return names[state];
}

/* ---- promises ---- */

static enum report_state report_state_of(bool met, uint64_t of, uint64_t least)
{
    return of < least ? REPORT_TOO_FEW : met ? REPORT_MET : REPORT_NOT_MET;
}

bool report_tool_is_down(const struct report_tool *tool)
{
    return tool->times.count >= REPORT_CALLS_MIN && 2 * tool->faults >= tool->times.count;
}

/* The bound is one of a bucket, so the share of turns within it is exact, and so is the answer. */
static void report_promise_response(const struct report *r, double p, struct report_promise *out)
{
    int64_t low, high;
    const struct report_times *t = &r->total.turns;

    out->name = p < 0.9 ? "response_p50" : "response_p95";
    out->target = "2 s";
    out->of = t->count;
    out->value = (double)report_percentile(MEASURE_TURN_TIME, t, p, &low, &high) / REPORT_US;
    out->state = report_state_of(report_share_within(MEASURE_TURN_TIME, t, REPORT_RESPONSE_US) >= p,
        t->count, REPORT_TURNS_MIN);
}

static void report_promise_share(uint64_t part, uint64_t of, struct report_promise *out)
{
    out->of = of;
    out->value = of ? (double)part / (double)of : 0;
}

/* Checks of the last self-test that failed. */
static uint64_t report_failed_checks(const struct report *r, uint64_t *all)
{
    jdoc *doc = NULL;
    uint64_t failed = 0;

    *all = 0;
    if (!r->selftest || jdoc_parse(r->selftest, strlen(r->selftest), &doc, NULL, 0))
        return 0;
    const jdoc *checks = jdoc_get(doc, "checks");
    for (size_t i = 0; i < jdoc_length(checks); i++) {
        const char *state = jdoc_text_or(jdoc_at(checks, i), "state", "");

        failed += strcmp(state, "failed") == 0;
        *all += strcmp(state, "failed") == 0 || strcmp(state, "ok") == 0;
    }
    jdoc_free(doc);
    return failed;
}

static void report_promise_tools(const struct report *r, struct report_promise *out)
{
    uint64_t checks, down = report_failed_checks(r, &checks), used = 0;

    for (size_t i = 0; i < r->tool_count; i++) {
        used += r->tools[i].times.count > 0;
        down += report_tool_is_down(&r->tools[i]);
    }
    out->name = "tools";
    out->target = "all";
    out->value = (double)down;
    out->of = used + checks;
    out->state = report_state_of(down == 0, out->of, 1);
}

bool report_promise(const struct report *r, size_t i, struct report_promise *out)
{
    memset(out, 0, sizeof *out);
    switch (i) {
    case 0:
    case 1:
        report_promise_response(r, i == 0 ? 0.5 : 0.95, out);
        return true;
    case 2:
        out->name = "failures";
        out->target = "1 %";
        report_promise_share(r->total.failed, r->total.ended, out);
        out->state = report_state_of(out->value < REPORT_FAILURES, out->of, REPORT_TURNS_MIN);
        return true;
    case 3:
        out->name = "satisfaction";
        out->target = "85 %";
        report_promise_share((uint64_t)r->good, (uint64_t)r->ratings, out);
        out->state = report_state_of(out->value > REPORT_SATISFACTION, out->of, REPORT_RATINGS_MIN);
        return true;
    case 4:
        report_promise_tools(r, out);
        return true;
    default:
        return false;
    }
}

/* ---- JSON ---- */

static void report_put_seconds(struct buf *out, int64_t us)
{
    if (us < 0)
        buf_puts(out, "null");
    else
        buf_put_double(out, (double)us / REPORT_US);
}

static void report_put_time(struct buf *out, const char *name, int64_t ms)
{
    char text[CLOCK_RFC3339_SIZE];

    clock_rfc3339(ms, text);
    buf_printf(out, "\"%s\":\"%s\"", name, text);
}

/* {"count":N,"p50":S,"p50_between":[S,S],"p95":...,"within_2s":SHARE} */
static void report_put_times(struct buf *out, enum measure_family family,
    const struct report_times *t)
{
    static const double shares[] = {0.5, 0.95};
    static const char *const names[] = {"p50", "p95"};

    buf_printf(out, "{\"count\":%" PRIu64, t->count);
    for (size_t i = 0; i < 2 && t->count; i++) {
        int64_t low, high, at = report_percentile(family, t, shares[i], &low, &high);

        buf_printf(out, ",\"%s\":", names[i]);
        report_put_seconds(out, at);
        buf_printf(out, ",\"%s_between\":[", names[i]);
        report_put_seconds(out, low);
        buf_putc(out, ',');
        report_put_seconds(out, high);
        buf_putc(out, ']');
    }
    if (t->count) {
        buf_puts(out, ",\"within_2s\":");
        buf_put_double(out, report_share_within(family, t, REPORT_RESPONSE_US));
    }
    buf_putc(out, '}');
}

static void report_put_point(struct buf *out, const struct report_point *p)
{
    buf_putc(out, '{');
    report_put_time(out, "at", p->at_ms);
    buf_printf(out, ",\"turns\":%" PRIu64 ",\"failed\":%" PRIu64 ",\"cost_micros\":%" PRId64,
        p->ended, p->failed, p->cost_micros);
    if (p->users >= 0)
        buf_printf(out, ",\"users\":%" PRId64, p->users);
    buf_puts(out, ",\"response\":");
    report_put_times(out, MEASURE_TURN_TIME, &p->turns);
    buf_puts(out, ",\"first_text\":");
    report_put_times(out, MEASURE_FIRST_TOKEN, &p->first);
    buf_putc(out, '}');
}

static void report_put_promises(struct buf *out, const struct report *r)
{
    struct report_promise p;

    buf_puts(out, ",\"promises\":[");
    for (size_t i = 0; report_promise(r, i, &p); i++) {
        buf_printf(out,
            "%s{\"name\":\"%s\",\"target\":\"%s\",\"state\":\"%s\",\"value\":", i ? "," : "",
            p.name, p.target, report_state_name(p.state));
        buf_put_double(out, p.value);
        buf_printf(out, ",\"of\":%" PRIu64 "}", p.of);
    }
    buf_putc(out, ']');
}

static void report_put_tools(struct buf *out, const struct report *r)
{
    buf_puts(out, ",\"tools\":[");
    for (size_t i = 0; i < r->tool_count; i++) {
        const struct report_tool *t = &r->tools[i];

        buf_puts(out, i ? ",{\"name\":" : "{\"name\":");
        buf_json_text(out, t->name);
        buf_printf(out, ",\"errors\":%" PRIu64 ",\"faults\":%" PRIu64, t->errors, t->faults);
        buf_json_member(out, "worst", *t->worst ? t->worst : NULL);
        buf_printf(out, ",\"works\":%s,\"time\":", report_tool_is_down(t) ? "false" : "true");
        report_put_times(out, MEASURE_TOOL_TIME, &t->times);
        buf_putc(out, '}');
    }
    buf_putc(out, ']');
}

static void report_put_named(struct buf *out, const char *name, const struct report_names *list,
    bool money)
{
    buf_printf(out, ",\"%s\":[", name);
    for (size_t i = 0; i < list->count; i++) {
        const struct report_named *row = &list->rows[i];

        buf_puts(out, i ? ",{\"name\":" : "{\"name\":");
        buf_json_text(out, row->name);
        buf_printf(out, ",\"count\":%" PRIu64, row->count);
        if (money)
            buf_printf(out,
                ",\"errors\":%" PRIu64 ",\"input_tokens\":%" PRId64 ",\"output_tokens\":%" PRId64
                ",\"cost_micros\":%" PRId64,
                row->errors, row->input, row->output, row->cost_micros);
        buf_putc(out, '}');
    }
    buf_putc(out, ']');
}

void report_json(const struct report *r, struct buf *out)
{
    buf_putc(out, '{');
    report_put_time(out, "from", r->from_ms);
    buf_putc(out, ',');
    report_put_time(out, "to", r->to_ms);
    buf_printf(out, ",\"unit\":\"%s\"", r->unit_ms == STATS_HOUR_MS ? "hour" : "day");
    report_put_promises(out, r);
    buf_puts(out, ",\"total\":");
    report_put_point(out, &r->total);
    buf_printf(out, ",\"cancelled\":%" PRIu64 ",\"ratings\":%" PRId64 ",\"good\":%" PRId64,
        r->cancelled, r->ratings, r->good);
    buf_printf(out,
        ",\"kept_answers\":{\"looked\":%" PRIu64 ",\"told\":%" PRIu64 ",\"saved_tokens\":%" PRId64
        ",\"saved_micros\":%" PRId64 "}",
        r->kept.looks, r->kept.hits, r->kept.tokens, r->kept.micros);
    report_put_tools(out, r);
    report_put_named(out, "models", &r->models, true);
    report_put_named(out, "classes", &r->classes, true);
    report_put_named(out, "errors", &r->errors, false);
    report_put_named(out, "limits", &r->limits, false);
    buf_puts(out, ",\"points\":[");
    for (size_t i = 0; i < r->point_count; i++) {
        buf_puts(out, i ? "," : "");
        report_put_point(out, &r->points[i]);
    }
    buf_printf(out, "],\"selftest\":%s}", r->selftest ? r->selftest : "null");
}

/* ---- text ---- */

static void report_say_promise(struct buf *out, const struct report_promise *p)
{
    static const struct {
        const char *name, *text, *of;
    } words[] = {{"response_p50", "response time p50 below 2 s", "turns"},
        {"response_p95", "response time p95 below 2 s", "turns"},
        {"failures", "failures below 1 %", "turns"},
        {"satisfaction", "satisfaction above 85 %", "ratings"},
        {"tools", "every tool working", "tools and checks"}};
    size_t i = 0;

    while (strcmp(words[i].name, p->name) != 0)
        i++;
    buf_printf(out, "  %-8s %-28s ",
        p->state == REPORT_MET         ? "met" :
            p->state == REPORT_NOT_MET ? "NOT MET" :
                                         "too few",
        words[i].text);
    if (strncmp(p->name, "response", 8) == 0)
        buf_printf(out, "%.2f s", p->value);
    else if (strcmp(p->name, "tools") == 0)
        buf_printf(out, "%.0f not working", p->value);
    else
        buf_printf(out, "%.2f %%", 100 * p->value);
    buf_printf(out, " (%" PRIu64 " %s)\n", p->of, words[i].of);
}

static void report_say_times(struct buf *out, const char *name, enum measure_family family,
    const struct report_times *t)
{
    int64_t low, high, p50 = report_percentile(family, t, 0.5, &low, &high);
    int64_t p95 = report_percentile(family, t, 0.95, &low, &high);

    if (!t->count)
        return;
    buf_printf(out, "  %-28s p50 %.3f s, p95 %.3f s (between %.3f and ", name,
        (double)p50 / REPORT_US, (double)p95 / REPORT_US, (double)low / REPORT_US);
    if (high < 0)
        buf_puts(out, "any)");
    else
        buf_printf(out, "%.3f)", (double)high / REPORT_US);
    buf_printf(out, ", %" PRIu64 " times\n", t->count);
}

static void report_say_tools(struct buf *out, const struct report *r)
{
    if (r->tool_count)
        buf_puts(out, "Slowest tools, and those that do not work\n");
    for (size_t i = 0; i < r->tool_count; i++) {
        const struct report_tool *t = &r->tools[i];
        bool down = report_tool_is_down(t);

        if (i >= REPORT_SLOWEST && !down)
            continue;
        report_say_times(out, t->name, MEASURE_TOOL_TIME, &t->times);
        if (t->errors)
            buf_printf(out, "  %-28s %s%" PRIu64 " errors, %" PRIu64 " of them faults%s%s\n", "",
                down ? "DOES NOT WORK: " : "", t->errors, t->faults, *t->worst ? ", most: " : "",
                t->worst);
    }
}

static void report_say_money(struct buf *out, const char *title, const struct report_names *list)
{
    if (list->count)
        buf_printf(out, "%s\n", title);
    for (size_t i = 0; i < list->count; i++)
        buf_printf(out,
            "  %-28s %.4f USD, %" PRIu64 " requests, %" PRIu64 " errors, %" PRId64
            " tokens read, %" PRId64 " written\n",
            list->rows[i].name, (double)list->rows[i].cost_micros / 1e6, list->rows[i].count,
            list->rows[i].errors, list->rows[i].input, list->rows[i].output);
}

static void report_say_counts(struct buf *out, const char *title, const struct report_names *list)
{
    if (list->count)
        buf_printf(out, "%s\n", title);
    for (size_t i = 0; i < list->count; i++)
        buf_printf(out, "  %-28s %" PRIu64 "\n", list->rows[i].name, list->rows[i].count);
}

/* Of a report by days, one line each. */
static void report_say_days(struct buf *out, const struct report *r)
{
    char at[CLOCK_RFC3339_SIZE];

    if (r->unit_ms != STATS_DAY_MS)
        return;
    buf_puts(out, "Days                 turns     failed      users        USD\n");
    for (size_t i = 0; i < r->point_count; i++) {
        const struct report_point *p = &r->points[i];

        clock_rfc3339(p->at_ms, at);
        buf_printf(out, "  %.10s %12" PRIu64 " %10" PRIu64 " %10" PRId64 " %10.4f\n", at, p->ended,
            p->failed, p->users, (double)p->cost_micros / 1e6);
    }
}

void report_text(const struct report *r, struct buf *out)
{
    char from[CLOCK_RFC3339_SIZE], to[CLOCK_RFC3339_SIZE];
    struct report_promise p;

    clock_rfc3339(r->from_ms, from);
    clock_rfc3339(r->to_ms, to);
    buf_printf(out, "%.16s to %.16s UTC\nPromises\n", from, to);
    for (size_t i = 0; report_promise(r, i, &p); i++)
        report_say_promise(out, &p);
    buf_printf(out,
        "Turns\n  %" PRIu64 " ended, %" PRIu64 " of them failed, %" PRIu64 " stopped; %" PRId64
        " users; %.4f USD\n",
        r->total.ended, r->total.failed, r->cancelled, r->total.users,
        (double)r->total.cost_micros / 1e6);
    report_say_times(out, "response", MEASURE_TURN_TIME, &r->total.turns);
    report_say_times(out, "first text", MEASURE_FIRST_TOKEN, &r->total.first);
    if (r->kept.looks)
        buf_printf(out,
            "Kept answers\n  told %" PRIu64 " of %" PRIu64 " times (%.1f %%), saved %" PRId64
            " tokens, %.4f USD\n",
            r->kept.hits, r->kept.looks, 100 * (double)r->kept.hits / (double)r->kept.looks,
            r->kept.tokens, (double)r->kept.micros / 1e6);
    report_say_tools(out, r);
    report_say_money(out, "Models", &r->models);
    report_say_money(out, "Classes of users", &r->classes);
    report_say_counts(out, "Errors of turns", &r->errors);
    report_say_counts(out, "Limits hit", &r->limits);
    report_say_days(out, r);
}
