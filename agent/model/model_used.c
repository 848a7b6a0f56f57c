/* SPDX-License-Identifier: BSD-2-Clause */
#include "agent/model/model_parts.h"

#include <string.h>

#define TOKEN_BYTES 4

/* Did the server begin with an answer? When the turn ends from our side it has, once it took the
 * request. */
static bool model_used_is_begun(const struct model_attempt *t, int error,
    const struct answer *answer, size_t said)
{
    return !error || said || answer->call_count ||
        (model_is_final(error) && model_is_success(t->status));
}

/* A file costs what its vendor says, not what its base64 has of bytes. */
static int64_t model_used_input(const struct provider_http *http)
{
    return (int64_t)((http->body_len - http->deferred_bytes - http->file_bytes) / TOKEN_BYTES +
        http->file_tokens);
}

static struct model_used *model_used_row(const struct provider *p, struct model_result *r)
{
    struct model_used *u;

    for (size_t i = 0; i < r->used_count; i++)
        if (r->used[i].provider == p && !strcmp(r->used[i].model, r->model))
            return &r->used[i];
    if (r->used_count == MODEL_USED_MAX)
        return &r->used[MODEL_USED_MAX - 1];
    u = &r->used[r->used_count++];
    memset(u, 0, sizeof *u);
    u->provider = p;
    provider_copy(u->model, sizeof u->model, r->model);
    return u;
}

void model_used_add(const struct model_attempt *t, int error, const struct answer *answer,
    size_t before, struct model_result *r)
{
    struct provider_usage usage = t->m->stream.usage;
    const size_t bytes = answer_bytes(answer), said = bytes > before ? bytes - before : 0;
    const int64_t output = (int64_t)(said / TOKEN_BYTES) + (said > 0);

    if (t->provider->start) /* without a server */
        return;
    if (model_used_is_begun(t, error, answer, said)) {
        if (!usage.input)
            usage.input = model_used_input(&t->m->http);
        if ((error || !usage.output) && usage.output < output)
            usage.output = output;
    }
    if (usage.input || usage.output)
        provider_usage_add(&model_used_row(t->provider, r)->usage, &usage);
}
