/* SPDX-License-Identifier: BSD-2-Clause */
#include "fcgi-app/handlers.h"

#include "base/clock.h"
#include "base/err.h"
#include "fcgi-app/feedback_view.h"
#include "fcgi-app/report.h"
#include "fcgi-app/takeaway.h"
#include "store/feedback.h"
#include "store/keys.h"
#include "store/notice.h"

#include <string.h>

#define HANDLERS_FEEDBACK_PAGE 100
#define HANDLERS_FEEDBACK_EXPORT 100 /* entries between two looks at the client */

/* handlers -- what an operator reads: feedback, the report, the self-test. Api workers. */

static int handlers_admin(struct exchange *x)
{
    if (strcmp(x->who.role, "admin") == 0)
        return 0;
    return problem_set(&x->problem, PROBLEM_FORBIDDEN,
        "Only an administrator's credential may read this.");
}

/* ---- feedback ---- */

enum feedback_form { FEEDBACK_PAGE, FEEDBACK_CSV, FEEDBACK_LINES };

/* What one request asks for, and what it has told. */
struct feedback_ask {
    struct exchange *x;
    struct feedback_query query;
    enum feedback_form form;
    size_t told;
};

/* ?rating: "4", "1-2", "4-", or good (4 and 5) and bad (1 and 2). */
static int handlers_admin_rating(struct exchange *x, struct feedback_query *q)
{
    const char *text = request_query(&x->request, "rating");
    q->rating_min = 1;
    q->rating_max = 5;
    if (!text || *text == '\0')
        return 0;
    if (strcmp(text, "good") == 0) {
        q->rating_min = FEEDBACK_GOOD;
    } else if (strcmp(text, "bad") == 0) {
        q->rating_max = 2;
    } else {
        size_t len = strlen(text);
        bool from = len > 0 && text[0] >= '1' && text[0] <= '5';
        bool to = len == 3 && text[1] == '-' && text[2] >= '1' && text[2] <= '5';
        if (!from || !(len == 1 || to))
            return problem_field(&x->problem, "rating",
                "rating must be good, bad, a number from 1 to 5, or two of them as 1-2.");
        q->rating_min = text[0] - '0';
        q->rating_max = text[len - 1] - '0';
    }
    return 0;
}

static int handlers_admin_filters(struct exchange *x, struct feedback_ask *ask)
{
    struct feedback_query *q = &ask->query;
    struct takeaway_period period;
    const char *text = request_query(&x->request, "text");
    int error = takeaway_zone(x, NULL, &period.zone);
    if (error == 0)
        error = takeaway_period(x, request_query(&x->request, "from"),
            request_query(&x->request, "to"), &period);
    if (error == 0)
        error = handlers_admin_rating(x, q);
    if (error != 0)
        return error;
    q->from_ms = period.from_ms > 0 ? period.from_ms : 0;
    q->to_ms = period.until_ms - 1;
    if (text && strcmp(text, "true") != 0 && strcmp(text, "false") != 0)
        return problem_field(&x->problem, "text", "text must be true or false.");
    q->with_text = text && strcmp(text, "true") == 0;
    q->uid = request_query(&x->request, "user");
    if (q->uid && *q->uid == '\0')
        q->uid = NULL;
    q->cursor = request_query(&x->request, "cursor");
    if (q->cursor && *q->cursor == '\0')
        q->cursor = NULL;
    if (q->cursor && !feedback_is_cursor(q->cursor))
        return problem_field(&x->problem, "cursor", "cursor is not one that was given here.");
    return 0;
}

static int handlers_admin_form(struct exchange *x, struct feedback_ask *ask)
{
    const char *form = request_query(&x->request, "format");
    if (!form || strcmp(form, "json") == 0)
        ask->form = FEEDBACK_PAGE;
    else if (strcmp(form, "csv") == 0)
        ask->form = FEEDBACK_CSV;
    else if (strcmp(form, "jsonl") == 0)
        ask->form = FEEDBACK_LINES;
    else
        return problem_field(&x->problem, "format", "format must be json, csv or jsonl.");
    return 0;
}

/* One entry with its turn. Each gets an arena of its own: an export may have thousands. */
static int handlers_admin_tell(void *arg, const struct feedback_entry *entry)
{
    struct feedback_ask *ask = arg;
    struct exchange *x = ask->x;
    struct feedback_turn turn;
    struct arena *arena = arena_new();
    if (!arena)
        return ERR_NOMEM;
    int error = feedback_turn_read(x->app->store, entry, arena, &turn);
    if (error == 0 && ask->form == FEEDBACK_CSV) {
        feedback_view_csv(entry, &turn, &x->reply.body);
    } else if (error == 0) {
        if (ask->form == FEEDBACK_PAGE && ask->told > 0)
            buf_putc(&x->reply.body, ',');
        feedback_view_json(entry, &turn, &x->reply.body);
        if (ask->form == FEEDBACK_LINES)
            buf_putc(&x->reply.body, '\n');
    }
    ask->told++;
    arena_free(arena);
    return error == 0 && ask->form != FEEDBACK_PAGE ? exchange_pass(x) : error;
}

static int handlers_admin_feedback_page(struct exchange *x, struct feedback_ask *ask)
{
    char next[FEEDBACK_CURSOR_SIZE];
    int64_t limit = 0;
    int error = request_query_int(&x->request, "limit",
        &(struct request_bounds){20, 1, HANDLERS_FEEDBACK_PAGE}, &limit, &x->problem);
    if (error != 0)
        return error;
    ask->query.limit = (size_t)limit;
    exchange_json(x, 200);
    buf_puts(&x->reply.body, "{\"feedback\":[");
    error = feedback_read(x->app->store, &ask->query, next, handlers_admin_tell, ask);
    buf_puts(&x->reply.body, "],\"next_cursor\":");
    if (*next)
        buf_json_text(&x->reply.body, next);
    else
        buf_puts(&x->reply.body, "null");
    buf_putc(&x->reply.body, '}');
    return error;
}

static int handlers_admin_feedback_file(struct exchange *x, struct feedback_ask *ask)
{
    bool csv = ask->form == FEEDBACK_CSV;
    char next[FEEDBACK_CURSOR_SIZE] = "", here[FEEDBACK_CURSOR_SIZE];
    int error = exchange_long(x);
    if (error != 0)
        return error;
    exchange_stream(x, csv ? "text/csv; charset=utf-8; header=present" : "application/jsonl");
    exchange_header(x, "Content-Disposition",
        csv ? "attachment; filename=\"feedback.csv\"" : "attachment; filename=\"feedback.jsonl\"");
    if (x->request.head)
        return 0;
    if (csv)
        feedback_view_csv_names(&x->reply.body);
    ask->query.limit = HANDLERS_FEEDBACK_EXPORT;
    do {
        error = feedback_read(x->app->store, &ask->query, next, handlers_admin_tell, ask);
        memcpy(here, next, sizeof here);
        ask->query.cursor = here;
        worker_beat(x->app->worker);
    } while (error == 0 && *next);
    ask->query.cursor = NULL;
    return error;
}

int handlers_admin_feedback(struct exchange *x)
{
    struct feedback_ask ask = {.x = x};
    int error = handlers_admin(x);
    if (error == 0)
        error = handlers_admin_filters(x, &ask);
    if (error == 0)
        error = handlers_admin_form(x, &ask);
    if (error != 0)
        return error;
    if (ask.query.with_text || ask.form != FEEDBACK_PAGE)
        exchange_audit(x,
            (struct audit_act){.act =
                                   ask.form == FEEDBACK_PAGE ? "feedback.read" : "feedback.export",
                .object = ask.query.uid,
                .outcome = "done"});
    return ask.form == FEEDBACK_PAGE ? handlers_admin_feedback_page(x, &ask) :
                                       handlers_admin_feedback_file(x, &ask);
}

/* ---- the report ---- */

/* ?from and ?to; without them the last day. */
int handlers_admin_report(struct exchange *x)
{
    const char *from = request_query(&x->request, "from"), *to = request_query(&x->request, "to");
    struct takeaway_period period;
    struct report *r;
    int64_t now = clock_real_ms();
    int error = handlers_admin(x);
    if (error == 0)
        error = takeaway_zone(x, NULL, &period.zone);
    if (error == 0)
        error = takeaway_period(x, from, to, &period);
    if (error == 0)
        error = exchange_long(x);
    if (error != 0)
        return error;
    int64_t until = to && period.until_ms < now ? period.until_ms : now;
    int64_t since = from ? period.from_ms : until - STATS_DAY_MS;
    r = arena_alloc(x->arena, sizeof *r);
    if (!r)
        return ERR_NOMEM;
    error = report_make(x->app->store, since, until, r);
    if (error == ERR_INVALID)
        error = problem_field(&x->problem, "from",
            "The period must begin before its end and have %d days at most.", REPORT_DAYS_MAX - 1);
    if (error == 0) {
        exchange_json(x, 200);
        report_json(r, &x->reply.body);
    }
    report_free(r);
    return error;
}

/* ---- the self-test: a housekeeper runs it ---- */

int handlers_admin_selftest(struct exchange *x)
{
    char at[CLOCK_RFC3339_SIZE];
    int error = handlers_admin(x);
    if (error == 0)
        error = notice_publish(x->app->store, &(struct notice){.kind = NOTICE_SELFTEST});
    if (error != 0)
        return error;
    exchange_audit(x, (struct audit_act){.act = "selftest", .outcome = "done"});
    clock_rfc3339(clock_real_ms(), at);
    exchange_json(x, 202);
    buf_printf(&x->reply.body, "{\"asked_at\":\"%s\"}", at);
    return 0;
}

int handlers_admin_selftest_get(struct exchange *x)
{
    struct link_reply *reply = NULL;
    int error = handlers_admin(x);
    if (error == 0)
        error = link_command(x->app->store->link, &reply, "GET " KEYS_SELFTEST);
    if (error == 0 && link_reply_type(reply) != LINK_STRING)
        error = problem_set(&x->problem, PROBLEM_NOT_FOUND, "There was no self-test yet.");
    if (error == 0) {
        size_t len;
        const char *text = link_reply_text(reply, &len);
        exchange_json(x, 200);
        buf_put(&x->reply.body, text, len);
    }
    link_reply_free(reply);
    return error;
}
