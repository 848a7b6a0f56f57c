/* SPDX-License-Identifier: BSD-2-Clause */
#include "workers/housekeeper/mcp_desk.h"

#include "base/backoff.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/file.h"
#include "base/log.h"
#include "store/keys.h"
#include "tools/remote/dynamic.h"
#include "tools/remote/dynamic_file.h"
#include "tools/remote/mcp.h"
#include "tools/remote/mcp_define.h"
#include "tools/remote/outside.h"
#include "wire/http/http.h"
#include "workers/housekeeper/desk_guard.h"
#include "workers/housekeeper/mcp_verdict.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PAGES_MAX 50  /* of one list */
#define TOOLS_MAX 500 /* of one server */
#define ENTRY_MAX ((size_t)4 << 20)
#define LIST_MS 30000 /* for all pages */
#define RETRY_MIN_MS 2000
#define RETRY_MAX_MS 60000
#define COMPOSE_RETRY_MS 2000
#define FAR ((int64_t)3600000)

struct desk_server {
    struct mcp_desk *desk;
    const struct mcp_server *server;
    struct mcp_peer *peer;
    struct mcp_op *op; /* a page under way */
    jdoc *tools;       /* of the list under way */
    size_t bytes;      /* of them, about */
    unsigned pages, failures;
    struct mcp_verdict verdict;
    struct desk_guard_mark guard; /* while a list is under way */
    int64_t due_ms, until_ms;
};

struct mcp_desk {
    struct store *store;
    struct reactor *reactor;
    struct http_client *http;
    struct desk_server *servers;
    size_t count;
    int64_t compose_ms; /* when the file is to be written; FAR away = not */
    bool compose;
    char *written; /* what the file holds */
    ino_t inode;   /* of the file */
};

/* ---- what Redis keeps ---- */

static int mcp_desk_hash_get(struct mcp_desk *d, const char *key, const char *field, char **out)
{
    struct link_reply *reply = NULL;
    size_t len = 0;
    *out = NULL;
    int error = link_command(d->store->link, &reply, "HGET %s %s", key, field);
    if (error == 0 && link_reply_type(reply) != LINK_STRING)
        error = ERR_NOT_FOUND;
    if (error == 0) {
        const char *text = link_reply_text(reply, &len);
        *out = strndup(text, len);
        error = *out ? 0 : ERR_NOMEM;
    }
    link_reply_free(reply);
    return error;
}

static int mcp_desk_keep_entry(struct desk_server *s, jdoc *entry)
{
    struct buf text;
    buf_init(&text, ENTRY_MAX);
    jdoc_write(entry, &text);
    int error = buf_error(&text);
    if (error == 0)
        error = link_command(s->desk->store->link, NULL, "HSET " KEYS_MCP_SERVERS " %s %b",
            s->server->name, buf_text(&text), text.len);
    buf_free(&text);
    return error;
}

/* ---- the file for workers ---- */

/* 0 = may be used; ERR_NOT_FOUND = not accepted; ERR_CONFLICT = changed since; or a fault. */
static int mcp_desk_check_pin(struct desk_server *s, const jdoc *tool)
{
    char field[200], hash[IDENT_SHA256_SIZE], *pin = NULL;
    struct mcp_desk *d = s->desk;
    snprintf(field, sizeof field, "%s/%s", s->server->name, jdoc_text_or(tool, "name", ""));
    int error = mcp_define_hash(tool, hash);
    if (error == 0)
        error = mcp_desk_hash_get(d, KEYS_MCP_PINS, field, &pin);
    if (error == ERR_NOT_FOUND && d->store->conf->mcp_trust_first) {
        log_info("MCP tool %s is accepted as it was first seen (mcp.trust_first)", field);
        error = link_command(d->store->link, NULL, "HSETNX " KEYS_MCP_PINS " %s %s", field, hash);
        free(pin);
        return error;
    }
    if (error == 0 && strcmp(pin, hash) != 0)
        error = ERR_CONFLICT;
    free(pin);
    return error;
}

static int mcp_desk_select_tools(struct desk_server *s, const jdoc *entry, jdoc *out)
{
    const jdoc *tools = jdoc_get(entry, "tools");
    unsigned fresh = 0, changed = 0;
    int error = 0;
    for (size_t i = 0; error == 0 && i < jdoc_length(tools); i++) {
        const jdoc *tool = jdoc_at(tools, i);
        struct mcp_policy policy;
        char why[160];
        mcp_servers_policy(s->server, tool, &policy);
        if (!policy.allowed || !mcp_define_usable(tool, why, sizeof why))
            continue;
        error = mcp_desk_check_pin(s, tool);
        fresh += error == ERR_NOT_FOUND;
        changed += error == ERR_CONFLICT;
        if (error == ERR_NOT_FOUND || error == ERR_CONFLICT) {
            error = 0;
            continue;
        }
        jdoc *copy = error == 0 ? jdoc_dup(tool) : NULL;
        if (error == 0)
            error = copy ? jdoc_push(out, copy) : ERR_NOMEM;
    }
    if (error == 0 && (fresh > 0 || changed > 0))
        log_warn("MCP server %s: %u tools are new, %u have changed: they are not used until "
                 "`turnpike mcp accept` takes them",
            s->server->name, fresh, changed);
    return error;
}

/* What the server last said. ERR_NOT_FOUND: nothing, or another server of this name did. */
static int mcp_desk_load_entry(struct desk_server *s, jdoc **entry)
{
    char *text = NULL;
    int error = mcp_desk_hash_get(s->desk, KEYS_MCP_SERVERS, s->server->name, &text);
    *entry = NULL;
    if (error == 0 && text)
        error = jdoc_parse(text, strlen(text), entry, NULL, 0);
    free(text);
    if (error == ERR_INVALID ||
        (error == 0 && strcmp(jdoc_text_or(*entry, "url", ""), s->server->url) != 0))
        error = ERR_NOT_FOUND;
    return error;
}

/* The tools that workers get: selected, and read without harm. */
static int mcp_desk_safe_tools(struct desk_server *s, const jdoc *entry, jdoc *out)
{
    jdoc *tools = jdoc_new_array();
    int error = tools ? mcp_desk_select_tools(s, entry, tools) : ERR_NOMEM;
    if (error == 0)
        error = mcp_verdict_take(&s->verdict, s->desk->store->conf, s->server->name, tools, out);
    jdoc_free(tools);
    return error;
}

static int mcp_desk_fill_entry(struct desk_server *s, const jdoc *entry, jdoc *out)
{
    jdoc *tools = jdoc_new_array();
    int error = tools ? mcp_desk_safe_tools(s, entry, tools) : ERR_NOMEM;
    if (error == 0)
        error = jdoc_set_string(out, "name", s->server->name);
    if (error == 0)
        error = jdoc_set_string(out, "url", s->server->url);
    if (error == 0)
        error = jdoc_set_string(out, "era", jdoc_text_or(entry, "era", "auto"));
    if (error == 0)
        return jdoc_set(out, "tools", tools);
    jdoc_free(tools);
    return error;
}

static int mcp_desk_compose_server(struct desk_server *s, jdoc *list)
{
    jdoc *entry, *out = NULL;
    int error = mcp_desk_load_entry(s, &entry);
    if (error == 0 && !(out = jdoc_new_object()))
        error = ERR_NOMEM;
    if (error == 0)
        error = mcp_desk_fill_entry(s, entry, out);
    if (error == 0) {
        error = jdoc_push(list, out);
        out = NULL;
    }
    jdoc_free(entry);
    jdoc_free(out);
    return error == ERR_NOT_FOUND ? 0 : error;
}

static int mcp_desk_write_file(struct mcp_desk *d, const char *text, size_t len)
{
    char path[256];
    snprintf(path, sizeof path, "%s/" DYNAMIC_FILE, d->store->conf->run_dir);
    return file_replace(path, text, len, &d->inode);
}

static int mcp_desk_compose(struct mcp_desk *d)
{
    jdoc *list = jdoc_new_array();
    struct buf text;
    int error = list ? 0 : ERR_NOMEM;
    buf_init(&text, DYNAMIC_FILE_MAX);
    for (size_t i = 0; error == 0 && i < d->count; i++)
        error = mcp_desk_compose_server(&d->servers[i], list);
    if (error == 0)
        error = dynamic_file_put(&text, list);
    if (error == 0 && (!d->written || strcmp(d->written, buf_text(&text)) != 0)) {
        error = mcp_desk_write_file(d, buf_text(&text), text.len);
        free(d->written);
        d->written = error == 0 ? buf_take(&text, NULL) : NULL;
    }
    buf_free(&text);
    jdoc_free(list);
    return error;
}

/* The housekeeper before us may still have written its own; the folder may have been cleared. */
static void mcp_desk_check_file(struct mcp_desk *d)
{
    char path[256];
    struct stat st;
    snprintf(path, sizeof path, "%s/" DYNAMIC_FILE, d->store->conf->run_dir);
    if (!d->written || (stat(path, &st) == 0 && st.st_ino == d->inode))
        return;
    free(d->written);
    d->written = NULL;
    d->compose = true;
    d->compose_ms = 0;
}

static void mcp_desk_compose_step(struct mcp_desk *d, int64_t now)
{
    if (!d->compose || now < d->compose_ms)
        return;
    int error = mcp_desk_compose(d);
    d->compose = error != 0;
    d->compose_ms = now + COMPOSE_RETRY_MS;
    if (error != 0)
        log_limited(LOG_LEVEL_WARN, "the tools of MCP servers cannot be written down: %s",
            err_text(error));
}

static void mcp_desk_compose_soon(struct mcp_desk *d)
{
    d->compose = true;
    d->compose_ms = 0;
}

/* ---- listing ---- */

static void mcp_desk_list_end(struct desk_server *s)
{
    jdoc_free(s->tools);
    s->tools = NULL;
    desk_guard_settle(&s->guard);
    mcp_peer_leave(s->peer, s->desk->http);
}

static void mcp_desk_list_failed(struct desk_server *s, const char *what, const char *why)
{
    int64_t refresh = s->desk->store->conf->mcp_refresh_ms;
    int64_t most = refresh < RETRY_MAX_MS ? refresh : RETRY_MAX_MS;
    s->due_ms = clock_mono_ms() + backoff_delay(RETRY_MIN_MS, most, ++s->failures);
    log_limited(LOG_LEVEL_WARN, "MCP server %s: its tools cannot be listed: %s %s", s->server->name,
        what, why);
    mcp_desk_list_end(s);
}

static void mcp_desk_list_done(struct desk_server *s)
{
    char now[CLOCK_RFC3339_SIZE];
    jdoc *entry = jdoc_new_object();
    size_t count = jdoc_length(s->tools);
    int error = entry ? 0 : ERR_NOMEM;
    clock_rfc3339(clock_real_ms(), now);
    if (error == 0)
        error = jdoc_set_string(entry, "url", s->server->url);
    if (error == 0)
        error = jdoc_set_string(entry, "era", mcp_era_name(mcp_peer_era(s->peer)));
    if (error == 0)
        error = jdoc_set_string(entry, "listed_at", now);
    if (error == 0) {
        error = jdoc_set(entry, "tools", s->tools);
        s->tools = NULL;
    }
    if (error == 0)
        error = mcp_desk_keep_entry(s, entry);
    jdoc_free(entry);
    if (error != 0) {
        mcp_desk_list_failed(s, err_text(error), "");
        return;
    }
    log_debug("MCP server %s: %zu tools", s->server->name, count);
    s->failures = 0;
    s->due_ms = clock_mono_ms() + s->desk->store->conf->mcp_refresh_ms;
    mcp_desk_compose_soon(s->desk);
    mcp_desk_list_end(s);
}

static int mcp_desk_ask_page(struct desk_server *s, const char *cursor);

/* Page after page of large definitions must not pile up before the list is found too large. A tool
 * that repeats the credential which the list was asked for with would bring it to models. */
static int mcp_desk_look_at(struct desk_server *s, const jdoc *tool, const char *bearer,
    bool *repeats)
{
    struct buf text;
    buf_init(&text, ENTRY_MAX);
    jdoc_write(tool, &text);
    int error = buf_error(&text);
    *repeats = error == 0 && outside_repeats(bearer, buf_text(&text));
    s->bytes += text.len;
    buf_free(&text);
    return error == 0 && s->bytes > ENTRY_MAX ? ERR_LIMIT : error;
}

static int mcp_desk_take_tool(struct desk_server *s, const jdoc *definition, const char *bearer)
{
    bool repeats = false;
    jdoc *tool = mcp_define_trim(definition);
    int error = tool ? mcp_desk_look_at(s, tool, bearer, &repeats) : ERR_NOMEM;
    if (error == 0 && !repeats)
        return jdoc_push(s->tools, tool);
    if (repeats)
        log_limited(LOG_LEVEL_WARN, "MCP server %s: a tool is left out: it repeats a credential",
            s->server->name);
    jdoc_free(tool);
    return error;
}

static int mcp_desk_take_page(struct desk_server *s, const jdoc *result, const char *bearer)
{
    const jdoc *tools = jdoc_get(result, "tools");
    int error = jdoc_type(tools) == JDOC_ARRAY ? 0 : ERR_PROTOCOL;
    for (size_t i = 0; error == 0 && i < jdoc_length(tools); i++) {
        if (jdoc_type(jdoc_at(tools, i)) != JDOC_OBJECT)
            error = ERR_PROTOCOL;
        else if (jdoc_length(s->tools) >= TOOLS_MAX)
            error = ERR_LIMIT;
        else
            error = mcp_desk_take_tool(s, jdoc_at(tools, i), bearer);
    }
    return error;
}

static void mcp_desk_on_page(void *arg, const struct mcp_answer *answer)
{
    struct desk_server *s = arg;
    s->op = NULL;
    if (answer->error != 0) {
        mcp_desk_list_failed(s, answer->text[0] != '\0' ? answer->text : err_text(answer->error),
            answer->why);
        return;
    }
    int error =
        mcp_desk_take_page(s, answer->result, answer->bearer ? answer->bearer : s->server->header);
    const char *next = jdoc_string(jdoc_get(answer->result, "nextCursor"), NULL);
    if (error == 0 && next && next[0] != '\0')
        error = ++s->pages < PAGES_MAX ? mcp_desk_ask_page(s, next) : ERR_LIMIT;
    else if (error == 0) {
        mcp_desk_list_done(s);
        return;
    }
    if (error != 0)
        mcp_desk_list_failed(s, err_text(error), "of the list");
}

static int mcp_desk_ask_page(struct desk_server *s, const char *cursor)
{
    jdoc *params = jdoc_new_object();
    if (!params || (cursor && jdoc_set_string(params, "cursor", cursor) != 0)) {
        jdoc_free(params);
        return ERR_NOMEM;
    }
    struct mcp_call call = {.http = s->desk->http,
        .reactor = s->desk->reactor,
        .method = "tools/list",
        .params = params,
        .until_ms = s->until_ms,
        .done = mcp_desk_on_page,
        .arg = s};
    return mcp_op_start(&s->op, s->peer, &call);
}

static void mcp_desk_list_begin(struct desk_server *s, int64_t now)
{
    if (!desk_guard_await(&s->guard, "the list of an MCP server", s->server->name)) {
        s->due_ms = now + RETRY_MAX_MS;
        return;
    }
    s->due_ms = now + FAR; /* until it ends */
    s->until_ms = now + LIST_MS;
    s->pages = 0;
    s->bytes = 0;
    s->tools = jdoc_new_array();
    int error = s->tools ? mcp_desk_ask_page(s, NULL) : ERR_NOMEM;
    if (error != 0)
        mcp_desk_list_failed(s, err_text(error), "");
}

/* ---- the desk ---- */

int mcp_desk_new(struct mcp_desk **out, struct store *store, struct reactor *reactor)
{
    const struct mcp_servers *known = dynamic_servers();
    struct mcp_desk *d = calloc(1, sizeof *d);
    if (!d)
        return ERR_NOMEM;
    d->store = store;
    d->reactor = reactor;
    d->servers = calloc(known->count + 1, sizeof *d->servers);
    int error = d->servers ? 0 : ERR_NOMEM;
    if (error == 0 && known->count > 0)
        error = http_new(&d->http, reactor);
    for (size_t i = 0; error == 0 && i < known->count; i++) {
        struct desk_server *s = &d->servers[d->count];
        struct mcp_peer_settings settings = mcp_settings(&known->list[i], store);
        settings.breaker = NULL; /* it has its own pace, and does not take the place of a call */
        *s = (struct desk_server){.desk = d, .server = &known->list[i]};
        error = mcp_peer_new(&s->peer, &settings);
        d->count += error == 0;
    }
    if (error != 0) {
        mcp_desk_free(d);
        return error;
    }
    mcp_desk_compose_soon(d); /* what earlier lists and pins say, before any server answers */
    *out = d;
    return 0;
}

void mcp_desk_free(struct mcp_desk *d)
{
    if (!d)
        return;
    for (size_t i = 0; i < d->count; i++) {
        if (d->servers[i].op)
            mcp_op_cancel(d->servers[i].op);
        jdoc_free(d->servers[i].tools);
        mcp_verdict_free(&d->servers[i].verdict);
        desk_guard_settle(&d->servers[i].guard);
        mcp_peer_free(d->servers[i].peer);
    }
    http_free(d->http);
    free(d->servers);
    free(d->written);
    free(d);
}

void mcp_desk_wake(struct mcp_desk *d, bool list)
{
    mcp_desk_compose_soon(d);
    for (size_t i = 0; list && i < d->count; i++)
        if (!d->servers[i].op)
            d->servers[i].due_ms = 0;
}

int64_t mcp_desk_step(struct mcp_desk *d, int64_t now)
{
    int64_t next = now + FAR;
    if (d->count == 0)
        return next;
    for (size_t i = 0; i < d->count; i++) {
        struct desk_server *s = &d->servers[i];
        if (!s->op && now >= s->due_ms)
            mcp_desk_list_begin(s, now);
        next = s->due_ms < next ? s->due_ms : next;
    }
    mcp_desk_check_file(d);
    mcp_desk_compose_step(d, now);
    return d->compose && d->compose_ms < next ? d->compose_ms : next;
}
