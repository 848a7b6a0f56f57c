/* SPDX-License-Identifier: BSD-2-Clause */
#include "tools/remote/mcp_define.h"

#include "base/buf.h"
#include "base/err.h"
#include "tools/remote/foreign_schema.h"
#include "tools/remote/mcp_wire.h"

#include <stdio.h>
#include <string.h>

#define HASH_DIGITS 8

void mcp_define_name(const char *server, const char *tool, char out[MCP_DEFINE_NAME_SIZE])
{
    static const char good[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-";
    char digest[IDENT_SHA256_SIZE];
    int len = snprintf(out, MCP_DEFINE_NAME_SIZE, "%s__%s", server, tool);
    bool same = len < MCP_DEFINE_NAME_SIZE;
    for (char *c = out; *c != '\0'; c++)
        if (!strchr(good, *c)) {
            *c = '_';
            same = false;
        }
    if (same)
        return;
    ident_sha256_hex(tool, strlen(tool), digest);
    size_t used = strlen(out), most = MCP_DEFINE_NAME_SIZE - 2 - HASH_DIGITS;
    snprintf(out + (used < most ? used : most), HASH_DIGITS + 2, "_%.*s", HASH_DIGITS, digest);
}

jdoc *mcp_define_trim(const jdoc *definition)
{
    static const char *const keys[] = {"name", "description", "inputSchema", "annotations"};
    jdoc *out = jdoc_new_object();
    for (size_t i = 0; out && i < sizeof keys / sizeof *keys; i++) {
        const jdoc *value = jdoc_get(definition, keys[i]);
        jdoc *copy = value ? jdoc_dup(value) : NULL;
        if (!value)
            continue;
        if (!copy || jdoc_set(out, keys[i], copy) != 0) {
            jdoc_free(out);
            out = NULL;
        }
    }
    return out;
}

int mcp_define_hash(const jdoc *definition, char out[IDENT_SHA256_SIZE])
{
    struct buf text = {0};
    jdoc *pinned = mcp_define_trim(definition);
    int error = pinned ? 0 : ERR_NOMEM;
    if (error == 0) {
        jdoc_write_canonical(pinned, &text);
        error = buf_error(&text);
    }
    if (error == 0)
        ident_sha256_hex(buf_text(&text), text.len, out);
    buf_free(&text);
    jdoc_free(pinned);
    return error;
}

static bool mcp_define_is_name(const char *name)
{
    static const char good[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.-/";
    size_t len = strlen(name);
    return len > 0 && len <= 128 && strspn(name, good) == len;
}

static bool mcp_define_is_small(const jdoc *definition)
{
    struct buf text;
    buf_init(&text, MCP_DEFINE_MAX);
    jdoc_write(definition, &text);
    bool small = buf_error(&text) == 0;
    buf_free(&text);
    return small;
}

bool mcp_define_usable(const jdoc *definition, char *why, size_t why_size)
{
    const jdoc *schema = jdoc_get(definition, "inputSchema"),
               *description = jdoc_get(definition, "description");
    const char *bad;
    if (!mcp_define_is_name(jdoc_text_or(definition, "name", "")))
        snprintf(why, why_size, "its name is not 1 to 128 of A-Z a-z 0-9 _ . - /");
    else if (description && !jdoc_string(description, NULL))
        snprintf(why, why_size, "its description is no text");
    else if (strcmp(jdoc_text_or(schema, "type", ""), "object") != 0)
        snprintf(why, why_size, "its inputSchema is not of type object");
    else if (!mcp_define_is_small(definition))
        snprintf(why, why_size, "its definition is above %d bytes", MCP_DEFINE_MAX);
    else if ((bad = foreign_schema_bad_name(schema)))
        snprintf(why, why_size, "models do not take its argument \"%.64s\"", bad);
    else
        return mcp_wire_headers_valid(schema, why, why_size);
    return false;
}
