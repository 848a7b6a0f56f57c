/* SPDX-License-Identifier: BSD-2-Clause */
#include "tools/remote/dynamic.h"

#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "base/task.h"
#include "base/utf8.h"
#include "tools/remote/dynamic_file.h"
#include "tools/remote/entry_file.h"
#include "tools/remote/foreign_schema.h"
#include "tools/remote/mcp.h"
#include "tools/remote/mcp_define.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define DESCRIPTION_MAX 2000
#define PIECE_US 1000 /* of a file of tools that is read while turns run */

static const char declared_result[] =
    "{\"type\":\"object\",\"properties\":{\"success\":{\"const\":true},"
    "\"message\":{\"type\":\"string\"},\"data\":{\"description\":\"What the service answered.\"},"
    "\"text\":{\"type\":\"string\"},\"truncated\":{\"type\":\"boolean\"}},"
    "\"required\":[\"success\",\"message\"],\"additionalProperties\":false}";
static const char mcp_result_text[] =
    "{\"type\":\"object\",\"properties\":{\"success\":{\"const\":true},"
    "\"message\":{\"type\":\"string\"},\"content\":{\"type\":\"string\"},"
    "\"structured\":{\"type\":\"object\"},\"truncated\":{\"type\":\"boolean\"}},"
    "\"required\":[\"success\",\"message\"],\"additionalProperties\":false}";
static const char *const nothing[] = {NULL};

/* Read before the fork, the same for a generation of workers. */
static struct declared_list declared;
static struct dynamic_tool *declared_rows;
static struct mcp_servers servers;

/* What one reading of the file of servers' tools brought. */
struct rows {
    struct arena *arena;
    struct dynamic_tool *list;
    size_t count;
};

/* The servers' tools as this process has read them. */
static struct {
    struct rows rows;
    unsigned generation;
    struct timespec changed;
    ino_t inode;
    bool seen;
    bool reading; /* by a request that lets others run meanwhile */
} remote;

/* Requests that began with the same rows, and then the rows that the next epoch replaced. */
struct epoch {
    unsigned ticket;      /* one above that of the epoch before */
    size_t requests;      /* under way */
    struct rows replaced; /* free once this epoch and all before it have no request */
    struct epoch *next;
};
static struct epoch current;                   /* dynamic_enter counts into it */
static struct epoch *past, **past_end = &past; /* oldest first */

static jdoc *result_schemas[2];
static dynamic_taken *dynamic_is_registered; /* dynamic_load's taken */

/* ---- declared tools ---- */

static void dynamic_fill_declared(struct dynamic_tool *row, const struct declared *d)
{
    *row = (struct dynamic_tool){.declared = d,
        .remote_name = d->name,
        .schema = d->schema_text,
        .spec = {.name = d->name,
            .family = "http",
            .description = d->description,
            .arguments_schema = d->arguments_text,
            .result_schema = declared_result,
            .effect = d->effect,
            .approval = d->approval,
            .timeout_ms = d->timeout_ms,
            .idempotent = d->effect == TOOLS_READ || d->idempotency_header,
            .examples = d->examples,
            .entity = "data",
            .handler = declared_tool,
            .example_arguments = d->example_arguments,
            .keywords = d->keywords,
            .untrusted = true,
            .reaches_others = d->effect != TOOLS_READ,
            .outside = d->vouched ? NULL : "*",
            .dynamic = row}};
}

static int dynamic_check_names(const struct declared_list *list, char *why, size_t why_size)
{
    for (size_t i = 0; i < list->count; i++)
        if (dynamic_is_registered(list->list[i].name)) {
            snprintf(why, why_size, "http_tools.dir: name: \"%s\" is a tool of Turnpike's own",
                list->list[i].name);
            return ERR_CONFIG;
        }
    return 0;
}

static void dynamic_free_rows(struct rows *rows)
{
    for (size_t i = 0; i < rows->count; i++)
        jdoc_free(rows->list[i].check);
    if (rows->arena)
        arena_free(rows->arena);
    *rows = (struct rows){0};
}

/* Frees what no request can hold any more: from the oldest epoch up to one that has requests. */
static void dynamic_free_past(void)
{
    while (past && past->requests == 0) {
        struct epoch *gone = past;
        past = gone->next;
        if (!past)
            past_end = &past;
        dynamic_free_rows(&gone->replaced);
        free(gone);
    }
}

/* The new rows are what tools are from now on; those before stay for the requests that began. */
static int dynamic_replace_remote(const struct rows *rows)
{
    struct epoch *ended = malloc(sizeof *ended);
    if (!ended)
        return ERR_NOMEM;
    *ended = current;
    ended->replaced = remote.rows;
    ended->next = NULL;
    *past_end = ended;
    past_end = &ended->next;
    current = (struct epoch){.ticket = current.ticket + 1};
    remote.rows = *rows;
    remote.generation++;
    dynamic_free_past();
    return 0;
}

/* For the end of a configuration: no request is under way. */
static void dynamic_drop_remote(void)
{
    while (past) {
        past->requests = 0;
        dynamic_free_past();
    }
    current = (struct epoch){.ticket = current.ticket + 1};
    dynamic_free_rows(&remote.rows);
    remote.generation++;
}

static void dynamic_drop_declared(void)
{
    for (size_t i = 0; i < declared.count; i++)
        jdoc_free(declared_rows[i].check);
    free(declared_rows);
    declared_rows = NULL;
    declared_free(&declared);
}

static int dynamic_load_all(const struct conf *conf, struct declared_list *list,
    struct mcp_servers *known, struct dynamic_tool **rows, char *why, size_t why_size)
{
    int error = declared_load(list, conf->http_tools_dir, true, why, why_size);
    if (error == 0)
        error = dynamic_check_names(list, why, why_size);
    struct entry_file rest = {.path = "", .why = why, .why_size = why_size};
    if (error == ERR_CONFIG) { /* what is wrong in the other file is told, too */
        entry_file_next(&rest);
        err_ignore(mcp_servers_load(known, conf, true, rest.why, rest.why_size));
        return error;
    }
    if (error == 0)
        error = mcp_servers_load(known, conf, true, why, why_size);
    if (error == 0) {
        *rows = calloc(list->count + 1, sizeof **rows);
        error = *rows ? 0 : ERR_NOMEM;
    }
    return error;
}

int dynamic_load(const struct conf *conf, dynamic_taken *taken, char *why, size_t why_size)
{
    dynamic_is_registered = taken;
    struct declared_list list = {.count = 0};
    struct mcp_servers known = {.count = 0};
    struct dynamic_tool *rows = NULL;
    int error = dynamic_load_all(conf, &list, &known, &rows, why, why_size);
    if (error != 0) {
        mcp_servers_free(&known);
        declared_free(&list);
        return error;
    }
    dynamic_unload();
    declared = list;
    declared_rows = rows;
    servers = known;
    for (size_t i = 0; i < declared.count; i++)
        dynamic_fill_declared(&declared_rows[i], &declared.list[i]);
    return 0;
}

void dynamic_unload(void)
{
    dynamic_drop_remote();
    remote.seen = false;
    dynamic_drop_declared();
    mcp_servers_free(&servers);
    jdoc_free(result_schemas[0]);
    jdoc_free(result_schemas[1]);
    result_schemas[0] = result_schemas[1] = NULL;
}

const struct mcp_servers *dynamic_servers(void)
{
    return &servers;
}

/* ---- tools of servers ---- */

static const char *dynamic_text_of(struct arena *arena, jdoc *value)
{
    struct buf text = {0};
    const char *copy = NULL;
    if (value)
        jdoc_write(value, &text);
    if (value && buf_error(&text) == 0)
        copy = arena_memdup(arena, buf_text(&text), text.len);
    buf_free(&text);
    return copy;
}

/* What the server says of the tool, with where it comes from; cut at a whole character. */
static const char *dynamic_description_of(struct arena *arena, const char *server,
    const jdoc *definition)
{
    const char *text = jdoc_text_or(definition, "description", "");
    size_t len = strlen(text);
    if (len > DESCRIPTION_MAX)
        len = utf8_cut(text, DESCRIPTION_MAX);
    return arena_printf(arena, "%.*s%s(From the server \"%s\".)", (int)len, text,
        len > 0 ? " " : "", server);
}

static int dynamic_fill_remote(struct arena *arena, struct dynamic_tool *row,
    const struct mcp_server *server, enum mcp_era era, jdoc *definition)
{
    char name[MCP_DEFINE_NAME_SIZE];
    struct mcp_policy policy;
    jdoc *schema = jdoc_get(definition, "inputSchema"), *shown = foreign_schema_model(schema);
    mcp_servers_policy(server, definition, &policy);
    mcp_define_name(server->name, jdoc_text_or(definition, "name", ""), name);
    *row = (struct dynamic_tool){.server = server,
        .era = era,
        .remote_name = arena_strdup(arena, jdoc_text_or(definition, "name", "")),
        .schema = dynamic_text_of(arena, schema),
        .spec = {.name = arena_strdup(arena, name),
            .family = "mcp",
            .description = dynamic_description_of(arena, server->name, definition),
            .arguments_schema = dynamic_text_of(arena, shown),
            .result_schema = mcp_result_text,
            .effect = policy.effect,
            .approval = policy.approval,
            .timeout_ms = policy.timeout_ms,
            .idempotent = policy.effect == TOOLS_READ,
            .examples = nothing,
            .entity = "content",
            .handler = mcp_tool,
            .example_arguments = nothing,
            .keywords = arena_strdup(arena, policy.keywords),
            .untrusted = true,
            .reaches_others = policy.effect != TOOLS_READ,
            .outside = server->vouched ? NULL : "*",
            .dynamic = row}};
    jdoc_free(shown);
    if (!row->schema || !row->remote_name || !row->spec.name || !row->spec.description ||
        !row->spec.arguments_schema || !row->spec.keywords)
        return ERR_NOMEM;
    row->has_headers = strstr(row->schema, "\"x-mcp-header\"") != NULL;
    return 0;
}

static int dynamic_compare_rows(const void *a, const void *b)
{
    const struct dynamic_tool *x = a, *y = b;
    return strcmp(x->spec.name, y->spec.name);
}

/* A name of ours, or one that came before: the model could not tell them apart. */
static bool dynamic_is_taken(const struct dynamic_tool *rows, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(rows[i].spec.name, name) == 0)
            return true;
    return dynamic_is_registered(name);
}

/* A reading under way, by one request; the others go on with the rows that there are. */
struct reading {
    struct dynamic_file file;
    struct rows rows;
    int64_t tools;    /* that the file says it has and that have not been read */
    int64_t since_us; /* this piece of it */
    bool in_pieces;
};

/* Lets the other tasks of the process run when a piece has taken long enough. */
static void dynamic_pause_reading(struct reading *r)
{
    if (!r->in_pieces || clock_mono_us() - r->since_us < PIECE_US)
        return;
    task_yield(NULL);
    r->since_us = clock_mono_us();
}

/* One that is not used is read over. Returns 0, ERR_INVALID or ERR_NOMEM. */
static int dynamic_read_tool(struct reading *r, const struct mcp_server *server, enum mcp_era era)
{
    struct rows *rows = &r->rows;
    jdoc *definition;
    int error = dynamic_file_next(&r->file, &definition);
    if (error == 0 && server && rows->count < DYNAMIC_TOOLS_MAX) {
        struct dynamic_tool *row = &rows->list[rows->count];
        error = dynamic_fill_remote(rows->arena, row, server, era, definition);
        if (error == 0 && !dynamic_is_taken(rows->list, rows->count, row->spec.name))
            rows->count++;
    }
    jdoc_free(definition);
    r->tools--;
    dynamic_pause_reading(r);
    return error;
}

static int dynamic_read_server(struct reading *r)
{
    jdoc *entry;
    int64_t tools = 0;
    int error = dynamic_file_next(&r->file, &entry);
    if (error == 0 && (jdoc_get_int(entry, "tools", &tools) != 0 || tools < 0 || tools > r->tools))
        error = ERR_INVALID;
    const struct mcp_server *server = mcp_servers_find(&servers, jdoc_text_or(entry, "name", ""));
    int era = mcp_era_of(jdoc_text_or(entry, "era", "auto"));
    if (server && strcmp(server->url, jdoc_text_or(entry, "url", "")) != 0)
        server = NULL; /* of another configuration */
    jdoc_free(entry);
    size_t first = r->rows.count;
    while (error == 0 && tools-- > 0)
        error = dynamic_read_tool(r, server, era < 0 ? MCP_ERA_UNKNOWN : (enum mcp_era)era);
    struct dynamic_tool *rows = r->rows.list;
    qsort(rows + first, r->rows.count - first, sizeof *rows, dynamic_compare_rows);
    for (size_t i = first; i < r->rows.count; i++)
        rows[i].spec.dynamic = &rows[i];
    return error;
}

static int dynamic_read_rows(struct reading *r)
{
    jdoc *head;
    int64_t count = 0;
    int error = dynamic_file_next(&r->file, &head);
    if (error == 0 &&
        (jdoc_get_int(head, "servers", &count) != 0 ||
            jdoc_get_int(head, "tools", &r->tools) != 0 || r->tools < 0))
        error = ERR_INVALID;
    jdoc_free(head);
    if (error != 0)
        return error;
    size_t most = r->tools < DYNAMIC_TOOLS_MAX ? (size_t)r->tools : DYNAMIC_TOOLS_MAX;
    r->rows.list = arena_array(r->rows.arena, most + 1, sizeof *r->rows.list);
    if (!r->rows.list)
        return ERR_NOMEM;
    while (error == 0 && count-- > 0)
        error = dynamic_read_server(r);
    return error == 0 && r->tools != 0 ? ERR_INVALID : error;
}

static void dynamic_read_remote(const char *path, bool in_pieces)
{
    char why[CONF_WHY_SIZE] = "it is cut, or not the housekeeper's";
    struct reading r = {.rows = {.arena = arena_new()},
        .since_us = clock_mono_us(),
        .in_pieces = in_pieces};
    int error = r.rows.arena ? dynamic_file_open(&r.file, path, why, sizeof why) : ERR_NOMEM;
    if (error == 0)
        error = dynamic_read_rows(&r);
    dynamic_file_close(&r.file);
    if (error == 0)
        error = dynamic_replace_remote(&r.rows);
    if (error != 0) {
        log_error("the tools of MCP servers cannot be read: %s",
            error == ERR_CONFIG || error == ERR_INVALID ? why : err_text(error));
        dynamic_free_rows(&r.rows);
        return; /* the older ones stay */
    }
}

/* Again, when the housekeeper has written them anew. */
static void dynamic_refresh(const struct conf *conf)
{
    char path[256];
    struct stat st;
    if (servers.count == 0 || remote.reading)
        return;
    snprintf(path, sizeof path, "%s/" DYNAMIC_FILE, conf->run_dir);
    if (stat(path, &st) != 0 ||
        (remote.seen && st.st_ino == remote.inode && st.st_mtim.tv_sec == remote.changed.tv_sec &&
            st.st_mtim.tv_nsec == remote.changed.tv_nsec))
        return;
    /* Nobody goes on without the first rows. */
    bool in_pieces = remote.seen && task_self();
    remote.seen = true;
    remote.inode = st.st_ino;
    remote.changed = st.st_mtim;
    remote.reading = true;
    dynamic_read_remote(path, in_pieces);
    remote.reading = false;
}

unsigned dynamic_enter(const struct conf *conf)
{
    dynamic_refresh(conf);
    current.requests++;
    return current.ticket;
}

void dynamic_leave(unsigned ticket)
{
    struct epoch *e = past;
    while (e && e->ticket != ticket)
        e = e->next;
    if (!e)
        e = &current;
    if (e->ticket == ticket && e->requests > 0)
        e->requests--;
    else
        log_error("a request leaves tools that it never entered");
    dynamic_free_past();
}

size_t dynamic_replaced(void)
{
    size_t count = 0;
    for (const struct epoch *e = past; e; e = e->next)
        count++;
    return count;
}

/* ---- all ---- */

size_t dynamic_declared_count(void)
{
    return declared.count;
}

size_t dynamic_count(void)
{
    return declared.count + remote.rows.count;
}

const struct tools_spec *dynamic_at(size_t index)
{
    if (index < declared.count)
        return &declared_rows[index].spec;
    index -= declared.count;
    return index < remote.rows.count ? &remote.rows.list[index].spec : NULL;
}

unsigned dynamic_generation(void)
{
    return remote.generation;
}

static int dynamic_parse_check(struct dynamic_tool *tool)
{
    jdoc *schema = NULL;
    int error = jdoc_parse(tool->schema, strlen(tool->schema), &schema, NULL, 0);
    if (error == 0 && tool->declared)
        tool->check = schema;
    else if (error == 0) {
        tool->check = foreign_schema_check(schema);
        jdoc_free(schema);
    }
    return error == 0 && !tool->check ? ERR_NOMEM : error;
}

int dynamic_schemas(const struct tools_spec *spec, const jdoc **arguments, const jdoc **result)
{
    struct dynamic_tool *tool = spec->dynamic;
    size_t kind = tool->declared ? 0 : 1;
    int error = !tool->check ? dynamic_parse_check(tool) : 0;
    if (error == 0 && !result_schemas[kind])
        error = jdoc_parse(spec->result_schema, strlen(spec->result_schema), &result_schemas[kind],
            NULL, 0);
    *arguments = tool->check;
    *result = result_schemas[kind];
    return error;
}
