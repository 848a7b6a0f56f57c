/* SPDX-License-Identifier: BSD-2-Clause */
#include "workers/housekeeper/mcp_verdict.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/log.h"
#include "tools/remote/mcp_trial.h"

#include <stdbool.h>
#include <string.h>

#define TRIAL_MS 500      /* of one definition */
#define TRIALS_FIRST 2000 /* of all at once */
#define TRIALS_MS 10000   /* of all that are tried alone; the housekeeper gives no beat meanwhile */

/* The trial itself could not be made: that says nothing about the definitions. */
static bool mcp_verdict_is_fault(int error)
{
    return error == ERR_NOMEM || error == ERR_IO;
}

static int mcp_verdict_add(jdoc *out, const jdoc *tool)
{
    jdoc *copy = jdoc_dup(tool);

    return copy ? jdoc_push(out, copy) : ERR_NOMEM;
}

static int mcp_verdict_add_all(jdoc *out, const jdoc *tools)
{
    int error = 0;

    for (size_t i = 0; !error && i < jdoc_length(tools); i++)
        error = mcp_verdict_add(out, jdoc_at(tools, i));
    return error;
}

static void mcp_verdict_tell(const char *server, const jdoc *tool, int error)
{
    log_error("MCP server %s: its tool %.64s is not used: its definition %s", server,
        jdoc_text_or(tool, "name", ""),
        error == ERR_DEADLINE   ? "takes too long to read" :
            error == ERR_REMOTE ? "ends the process that reads it" :
                                  "cannot be read, or takes too much memory");
}

/* One of them ends its reader, or all of them together compute for too long: each alone. */
static int mcp_verdict_try_each(const struct conf *conf, const char *server, const jdoc *tools,
    jdoc *out)
{
    int64_t until = clock_mono_ms() + TRIALS_MS;
    int error = 0;

    for (size_t i = 0; !error && i < jdoc_length(tools); i++) {
        jdoc *alone = jdoc_new_array();

        error = alone ? mcp_verdict_add(alone, jdoc_at(tools, i)) : ERR_NOMEM;
        if (!error)
            error = clock_mono_ms() < until ? mcp_trial(conf, alone, TRIAL_MS) : ERR_DEADLINE;
        jdoc_free(alone);
        if (!error) {
            error = mcp_verdict_add(out, jdoc_at(tools, i));
        } else if (!mcp_verdict_is_fault(error)) {
            mcp_verdict_tell(server, jdoc_at(tools, i), error);
            error = 0;
        }
    }
    return error;
}

static int mcp_verdict_try(const struct conf *conf, const char *server, const jdoc *tools,
    jdoc *out)
{
    int error = jdoc_length(tools) > 0 ? mcp_trial(conf, tools, TRIALS_FIRST) : 0;

    if (!error)
        return mcp_verdict_add_all(out, tools);
    return mcp_verdict_is_fault(error) ? error : mcp_verdict_try_each(conf, server, tools, out);
}

static int mcp_verdict_digest(const jdoc *tools, char out[IDENT_SHA256_SIZE])
{
    struct buf text = {0};
    int error;

    jdoc_write(tools, &text);
    error = buf_error(&text);
    if (!error)
        ident_sha256_hex(text.data, text.len, out);
    buf_free(&text);
    return error;
}

int mcp_verdict_take(struct mcp_verdict *v, const struct conf *conf, const char *server,
    const jdoc *tools, jdoc *out)
{
    char digest[IDENT_SHA256_SIZE];
    int error = mcp_verdict_digest(tools, digest);
    jdoc *safe;

    if (error)
        return error;
    if (v->safe && strcmp(v->digest, digest) == 0 &&
        (v->until_ms == 0 || clock_mono_ms() < v->until_ms))
        return mcp_verdict_add_all(out, v->safe);
    safe = jdoc_new_array();
    error = safe ? mcp_verdict_try(conf, server, tools, safe) : ERR_NOMEM;
    if (error) {
        jdoc_free(safe);
        return error;
    }
    mcp_verdict_free(v);
    v->safe = safe;
    memcpy(v->digest, digest, sizeof digest);
    if (jdoc_length(safe) < jdoc_length(tools))
        v->until_ms = clock_mono_ms() + MCP_VERDICT_KEEP_MS;
    return mcp_verdict_add_all(out, safe);
}

void mcp_verdict_free(struct mcp_verdict *v)
{
    jdoc_free(v->safe);
    memset(v, 0, sizeof *v);
}
