/* SPDX-License-Identifier: BSD-2-Clause */
/* The name of a kept answer: a digest of the question and of all that shapes its answer. */
#include "config.h"

#include "agent/turn_parts.h"

#include "agent/impersonal.h"
#include "base/err.h"
#include "base/ident.h"

#include <stdio.h>
#include <string.h>

#define TURN_CACHE_FORM "2" /* of what is digested here, and of the neutral situation */

/* Of what no turn changes: the prompt, the tools of the build and of the operator, the settings of
 * models. Before the fork. */
static char turn_cache_site[IDENT_SHA256_SIZE];

static bool turn_cache_shapes(const char *setting)
{
    static const char *const begins[] = {"model.", "anthropic.", "openai.", "responses."};

    for (size_t i = 0; i < sizeof begins / sizeof *begins; i++)
        if (!strncmp(setting, begins[i], strlen(begins[i])))
            return true;
    return false;
}

#define TURN_CACHE_INT(value) buf_printf(b, "%lld\n", (long long)(value))
#define TURN_CACHE_MODE TURN_CACHE_INT
#define TURN_CACHE_MS TURN_CACHE_INT
#define TURN_CACHE_SIZE TURN_CACHE_INT
#define TURN_CACHE_BOOL TURN_CACHE_INT
#define TURN_CACHE_TEXT(value) buf_printf(b, "%s\n", value)
#define TURN_CACHE_SECRET(value) ((void)(value))
#define TURN_CACHE_ROW_(field, type, name, def, min, max, help) \
    if (turn_cache_shapes(name)) { \
        buf_puts(b, name "="); \
        TURN_CACHE_##type(conf->field); \
    }
static void turn_cache_settings(const struct conf *conf, struct buf *b)
{
    CONF_TABLE(TURN_CACHE_ROW_)
}

static void turn_cache_tool(const struct tools_spec *spec, struct buf *b)
{
    buf_printf(b, "%s\n%s\n%s\n", spec->name, spec->description, spec->arguments_schema);
}

int turn_cache_prepare(const struct conf *conf)
{
    struct buf b = {0};
    int error;

    if (!conf->cache_answers)
        return 0;
    buf_printf(&b, "%s\n%s\n%s\n", TURN_CACHE_FORM, PACKAGE_VERSION, context_system());
    turn_cache_settings(conf, &b);
    for (size_t i = 0; i < tools_count(); i++)
        turn_cache_tool(tools_at(i), &b);
    error = buf_error(&b);
    if (!error)
        ident_sha256_hex(b.data, b.len, turn_cache_site);
    buf_free(&b);
    return error;
}

/* MCP servers' tools may change while the process lives. */
static void turn_cache_foreign(struct buf *b)
{
    for (size_t i = 0; i < tools_count(); i++)
        if (!tools_registered(tools_at(i)->name))
            turn_cache_tool(tools_at(i), b);
}

int turn_cache_name(const struct turn *t, char entry[IDENT_SHA256_SIZE],
    char mark[TURN_CACHE_MARK_SIZE])
{
    const struct context_frame *f = &t->frame;
    char units[UNITS_PACKED_SIZE], digest[IDENT_SHA256_SIZE];
    struct buf b = {0};
    int error;

    units_pack(&f->units, units);
    buf_printf(&b, "%s\n%s\n%s\n%s\n%s\n%s\n%s\n", turn_cache_site, f->locale, f->zone, f->currency,
        units, t->input.cls ? t->input.cls : "", t->input.role);
    turn_cache_foreign(&b);
    error = impersonal_form(t->input.text, strlen(t->input.text), &b);
    if (!error) {
        ident_sha256_hex(b.data, b.len, entry);
        /* Without the question nobody can tell whose mark it is, nor find it in another entry. */
        buf_printf(&b, "\n%s", t->start->uid);
        error = buf_error(&b);
    }
    if (!error) {
        ident_sha256_hex(b.data, b.len, digest);
        snprintf(mark, TURN_CACHE_MARK_SIZE, "%.16s", digest);
    }
    buf_free(&b);
    return error;
}
