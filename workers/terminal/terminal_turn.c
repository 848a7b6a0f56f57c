/* SPDX-License-Identifier: BSD-2-Clause */
#include "workers/terminal/terminal_turn.h"

#include "base/backoff.h"
#include "base/clock.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define TURN_FIRST_MS 500
#define TURN_MOST_MS 10000
#define TURN_TRIES 6  /* in a row, where nobody sees that it waits: some 15 s */
#define TURN_SPREAD 4 /* of a delay may be jitter */
#define TURN_ZONE 128
#define TURN_LOCALE 32
#define TURN_WHY 600

/* --- the request --- */

/* The zone of this machine, "" when unknown. */
static void turn_zone(char out[TURN_ZONE])
{
    const char *zone = getenv("TZ"), *mark;
    char path[256];
    out[0] = '\0';
    if (zone && *zone != '\0' && strchr(zone, '/')) {
        snprintf(out, TURN_ZONE, "%s", zone + (*zone == ':'));
        return;
    }
    ssize_t len = readlink("/etc/localtime", path, sizeof path - 1);
    path[len > 0 ? len : 0] = '\0';
    mark = strstr(path, "zoneinfo/");
    if (mark)
        snprintf(out, TURN_ZONE, "%s", mark + 9);
}

/* The language tag of LANG and its like, such as "de-AU"; "" when there is none. */
static void turn_locale(char out[TURN_LOCALE])
{
    static const char *const names[] = {"LC_ALL", "LC_MESSAGES", "LANG"};
    const char *value = NULL;
    for (size_t i = 0; i < sizeof names / sizeof names[0] && (!value || *value == '\0'); i++)
        value = getenv(names[i]);
    out[0] = '\0';
    if (!value || strncmp(value, "C", 2) == 0 || strncmp(value, "C.", 2) == 0 ||
        strcmp(value, "POSIX") == 0)
        return;
    snprintf(out, TURN_LOCALE, "%.*s", (int)strcspn(value, ".@"), value);
    for (char *c = out; *c != '\0'; c++)
        if (*c == '_')
            *c = '-';
}

static int turn_message(struct terminal_turn *turn, const char *text, jdoc *attachments)
{
    char zone[TURN_ZONE], locale[TURN_LOCALE];
    jdoc *doc = jdoc_new_object();
    turn_zone(zone);
    turn_locale(locale);
    ident_uuid7(turn->client_message);
    bool files = jdoc_length(attachments) > 0;
    int error = doc ? 0 : ERR_NOMEM;
    if (error == 0 && *text != '\0')
        error = jdoc_set_string(doc, "message", text);
    if (error == 0)
        error = jdoc_set_string(doc, "session_id", turn->session);
    if (error == 0)
        error = jdoc_set_string(doc, "client_message_id", turn->client_message);
    if (error == 0)
        error = jdoc_set_string(doc, "timezone", zone[0] != '\0' ? zone : NULL);
    if (error == 0)
        error = jdoc_set_string(doc, "locale", locale[0] != '\0' ? locale : NULL);
    if (error == 0 && files)
        error = jdoc_set(doc, "attachments", jdoc_dup(attachments));
    if (error == 0)
        jdoc_write(doc, &turn->body);
    jdoc_free(doc);
    jdoc_free(attachments);
    return error ? error : buf_error(&turn->body);
}

static int turn_answer(struct terminal_turn *turn, bool approved, jdoc *edited)
{
    jdoc *doc = jdoc_new_object();
    int error = doc ? jdoc_set_bool(doc, "approved", approved) : ERR_NOMEM;
    if (error == 0 && edited)
        error = jdoc_set(doc, "edited_args", jdoc_dup(edited));
    if (error == 0)
        jdoc_write(doc, &turn->body);
    jdoc_free(doc);
    return error ? error : buf_error(&turn->body);
}

/* --- waiting --- */

static void turn_on_tick(void *arg)
{
    struct terminal_turn *turn = arg;
    terminal_view_tick(turn->view);
}

static void turn_send_stop(struct terminal_turn *turn)
{
    char path[256] = "/cancel", body[128] = "";
    if (turn->client_message[0] != '\0')
        snprintf(body, sizeof body, "{\"client_message_id\":\"%s\"}", turn->client_message);
    else
        snprintf(path, sizeof path, "/sessions/%s/cancel", turn->session);
    struct terminal_link_request stop = {.method = "POST",
        .path = path,
        .body = body,
        .body_len = strlen(body),
        .timeout_ms = 5000};
    struct terminal_link_reply reply;
    terminal_link_ask(turn->link, &stop, &reply);
    terminal_link_reply_fini(&reply);
}

static bool turn_on_stop(void *arg)
{
    struct terminal_turn *turn = arg;
    if (turn->stopping)
        return true;
    turn->stopping = true;
    turn_send_stop(turn);
    terminal_view_status(turn->view, "Stopping");
    return false;
}

/* --- the turn --- */

static bool turn_may_retry(const struct terminal_link_reply *reply)
{
    if (reply->error != 0)
        return reply->error == ERR_NET || reply->error == ERR_DEADLINE;
    return reply->status == 429 || reply->status >= 502 || reply->status == 200;
}

/* On a terminal the user sees what it waits for, and ends it. A script would wait for ever. */
static bool turn_gives_up(const struct terminal_turn *turn)
{
    return !turn->view->side_rich && turn->failures + 1 >= TURN_TRIES;
}

/* The reply is no stream: the other approvals, or a refusal. */
static void turn_refused(struct terminal_turn *turn, const struct terminal_link_reply *reply)
{
    char why[TURN_WHY];
    if (reply->error == 0 && reply->status == 202) {
        turn->end = TERMINAL_TURN_WAITS;
        return;
    }
    terminal_link_why(reply, why, sizeof why);
    bool cut = reply->error == 0 && reply->status == 200;
    terminal_view_line(turn->view, TERMINAL_BAD, "%s",
        cut ? "The connection ended before the answer did." : why);
    if (reply->status == 401)
        terminal_view_line(turn->view, TERMINAL_DIM,
            "Put a key or token of the site into the variable TURNPIKE_TOKEN.");
    turn->end = TERMINAL_TURN_FAILED;
}

static void turn_again(struct terminal_turn *turn, const struct terminal_link_reply *reply,
    const struct terminal_link_request *request)
{
    int64_t delay = backoff_delay(TURN_FIRST_MS, TURN_MOST_MS, ++turn->failures);
    if (reply->retry_after_ms > delay)
        delay = reply->retry_after_ms;
    if (turn->view->rich) /* elsewhere the text goes on where it was cut */
        terminal_view_end_line(turn->view);
    terminal_view_status(turn->view,
        reply->status == 429 || reply->status == 503 ? "The server is busy, trying again" :
                                                       "No connection, trying again");
    if (terminal_link_pause(turn->link, backoff_spread(delay, delay / TURN_SPREAD), request) &&
        turn_on_stop(turn))
        turn->end = TERMINAL_TURN_LEFT;
    if (turn->stopping && !turn->accepted)
        turn->end = TERMINAL_TURN_STOPPED;
}

static void turn_once(struct terminal_turn *turn)
{
    struct terminal_link_request request = {.method = "POST",
        .path = turn->path,
        .body = buf_text(&turn->body),
        .body_len = turn->body.len,
        .last_event = turn->cursor,
        .on_event = terminal_events_on,
        .on_tick = turn_on_tick,
        .on_stop = turn_on_stop,
        .arg = turn};
    struct terminal_link_reply reply;
    terminal_link_ask(turn->link, &request, &reply);
    if (turn->end == TERMINAL_TURN_OPEN) {
        if (reply.error == ERR_CANCELLED)
            turn->end = TERMINAL_TURN_LEFT;
        else if (turn_may_retry(&reply) && !turn_gives_up(turn))
            turn_again(turn, &reply, &request);
        else
            turn_refused(turn, &reply);
    }
    terminal_link_reply_fini(&reply);
}

static enum terminal_turn_end turn_run(struct terminal_turn *turn, int error)
{
    if (error != 0) {
        terminal_view_line(turn->view, TERMINAL_BAD, "%s", err_text(error));
        return TERMINAL_TURN_FAILED;
    }
    terminal_view_status(turn->view, "Working");
    while (turn->end == TERMINAL_TURN_OPEN)
        turn_once(turn);
    terminal_view_status(turn->view, "");
    terminal_view_end_line(turn->view);
    if (turn->end == TERMINAL_TURN_STOPPED)
        terminal_view_line(turn->view, TERMINAL_DIM, "Stopped.");
    else if (turn->end == TERMINAL_TURN_LEFT)
        terminal_view_line(turn->view, TERMINAL_DIM, "Left; the session keeps the answer.");
    return turn->end;
}

/* What the turn before has left is forgotten. */
static void turn_clear(struct terminal_turn *turn)
{
    terminal_turn_fini(turn);
    turn->client_message[0] = turn->cursor[0] = '\0';
    turn->end = TERMINAL_TURN_OPEN;
    turn->accepted = turn->resumed = turn->stopping = turn->thinking = false;
    turn->failures = 0;
    memset(turn->calls, 0, sizeof turn->calls);
    turn->said_count = 0;
}

enum terminal_turn_end terminal_turn_say(struct terminal_turn *turn, const char *text,
    jdoc *attachments)
{
    turn_clear(turn);
    snprintf(turn->path, sizeof turn->path, "/chat");
    return turn_run(turn, turn_message(turn, text, attachments));
}

enum terminal_turn_end terminal_turn_answer(struct terminal_turn *turn, const char *approval,
    bool approved, jdoc *edited)
{
    turn_clear(turn);
    snprintf(turn->path, sizeof turn->path, "/approvals/%.200s", approval);
    return turn_run(turn, turn_answer(turn, approved, edited));
}

static int turn_fill(struct terminal_turn *turn, const char *action, const jdoc *content)
{
    jdoc *doc = jdoc_new_object();
    int error = doc ? jdoc_set_string(doc, "action", action) : ERR_NOMEM;
    if (error == 0 && content)
        error = jdoc_set(doc, "content", jdoc_dup(content));
    if (error == 0)
        jdoc_write(doc, &turn->body);
    jdoc_free(doc);
    return error ? error : buf_error(&turn->body);
}

enum terminal_turn_end terminal_turn_fill(struct terminal_turn *turn, const char *approval,
    const char *action, const jdoc *content)
{
    turn_clear(turn);
    snprintf(turn->path, sizeof turn->path, "/approvals/%.200s", approval);
    return turn_run(turn, turn_fill(turn, action, content));
}

void terminal_turn_fini(struct terminal_turn *turn)
{
    buf_free(&turn->body);
    jdoc_free(turn->interrupts);
    turn->interrupts = NULL;
}
