/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Replies of MCP servers. The response that is found must be the same however the bytes are cut,
 * and whatever it holds must become a result within its bounds. First byte: how to cut; second:
 * what the reply says that it is.
 */
#include "base/arena.h"
#include "base/err.h"
#include "tools/remote/foreign_schema.h"
#include "tools/remote/mcp.h"
#include "tools/remote/mcp_define.h"
#include "tools/remote/mcp_reader.h"
#include "tools/schema/schema.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const types[] = {"text/event-stream", "application/json",
    "text/event-stream; charset=utf-8", "text/html"};

static int read_reply(const uint8_t *data, size_t size, size_t step, unsigned kind,
    struct mcp_reader *r)
{
    long status = kind & 4 ? 400 : 200;
    const char *type = types[kind & 3];
    int error = 0;
    mcp_reader_init(r, 7, 4096);
    for (size_t at = 0; error == 0 && at < size; at += step) {
        size_t n = size - at < step ? size - at : step;
        struct buf piece = {0}; /* what was borrowed must not be read after the call */
        buf_put(&piece, data + at, n);
        error = mcp_reader_feed(r, status, type, buf_text(&piece), n);
        buf_free(&piece);
    }
    if (error == 0 && !r->is_stream)
        error = mcp_reader_end(r, status, type);
    return error;
}

static void use_result(const jdoc *result)
{
    struct conf conf = {.tool_result_max = 4096};
    struct tools_context context = {.conf = &conf};
    struct tools_run run = {.context = &context, .arena = arena_new()};
    struct buf text = {0};
    if (!run.arena)
        return;
    if (mcp_result(&run, "sea", result, 1000) == 0) {
        jdoc_write(run.result, &text);
        if (buf_error(&text) == 0 && text.len > 8192)
            abort();
    }
    buf_free(&text);
    jdoc_free(run.result);
    arena_free(run.arena);
}

static void use_definition(const jdoc *tool)
{
    char name[MCP_DEFINE_NAME_SIZE], hash[IDENT_SHA256_SIZE], why[160];
    struct tools_problem problem;
    if (!mcp_define_usable(tool, why, sizeof why) || mcp_define_hash(tool, hash) != 0)
        return;
    mcp_define_name("sea", jdoc_text_or(tool, "name", ""), name);
    if (strlen(name) > 64)
        abort();
    jdoc *check = foreign_schema_check(jdoc_get(tool, "inputSchema"));
    jdoc *model = foreign_schema_model(jdoc_get(tool, "inputSchema"));
    jdoc *plain = model ? foreign_schema_plain(model) : NULL;
    if (!check || !plain || schema_well_formed(check, &problem) != 0)
        abort();
    jdoc_free(plain);
    jdoc_free(check);
    jdoc_free(model);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct mcp_reader whole, cut;
    if (size < 3)
        return 0;
    int error_whole = read_reply(data + 2, size - 2, size, data[1], &whole);
    int error_cut = read_reply(data + 2, size - 2, 1 + data[0] % 64, data[1], &cut);
    if ((whole.response != NULL) != (cut.response != NULL) && error_whole != ERR_LIMIT &&
        error_cut != ERR_LIMIT)
        abort();
    if (whole.response) {
        const jdoc *result = jdoc_get(whole.response, "result"), *tools = jdoc_get(result, "tools");
        use_result(result);
        for (size_t i = 0; jdoc_type(tools) == JDOC_ARRAY && i < jdoc_length(tools); i++)
            use_definition(jdoc_at(tools, i));
    }
    mcp_reader_fini(&whole);
    mcp_reader_fini(&cut);
    return 0;
}
