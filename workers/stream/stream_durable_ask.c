/* SPDX-License-Identifier: BSD-2-Clause */
#include "workers/stream/stream_durable_ask.h"

#include "base/err.h"
#include "wire/http/stream_http.h"

#include <stdlib.h>
#include <string.h>

static int stream_durable_ask_where(const char *offset, struct stream_durable_ask *out)
{
    out->where = STREAM_DURABLE_START;
    if (strcmp(offset, "-1") == 0)
        return 0;
    out->where = strcmp(offset, "now") == 0 ? STREAM_DURABLE_NOW : STREAM_DURABLE_AT;
    if (out->where == STREAM_DURABLE_NOW)
        return 0;
    return logentry_id_parse(offset, strlen(offset), &out->at);
}

static int stream_durable_ask_live(const char *live, struct stream_durable_ask *out)
{
    static const char *const names[] = {[STREAM_DURABLE_CATCH_UP] = "",
        [STREAM_DURABLE_POLL] = "long-poll",
        [STREAM_DURABLE_SSE] = "sse"};

    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (strcmp(live, names[i]) == 0) {
            out->live = (enum stream_durable_live)i;
            return 0;
        }
    }
    return ERR_INVALID;
}

int stream_durable_ask_read(const char *query, bool head, struct stream_durable_ask *out)
{
    char offset[LOGENTRY_ID_SIZE], live[16], seen[24], form[8];
    int error = stream_handover_read(query, &out->h);

    if (stream_query_get(query, "offset", offset, sizeof offset) <= 0)
        return ERR_INVALID;
    if (stream_query_get(query, "live", live, sizeof live) <= 0)
        live[0] = '\0';
    if (stream_query_get(query, "seen", seen, sizeof seen) <= 0)
        seen[0] = '\0';
    if (stream_query_get(query, "as", form, sizeof form) <= 0)
        form[0] = '\0';
    if (stream_query_get(query, "match", out->match, sizeof out->match) <= 0)
        out->match[0] = '\0';
    out->seen = strtoll(seen, NULL, 10);
    out->text = strcmp(form, "text") == 0;
    out->head = head;
    out->at = (struct logentry_id){0, 0};
    if (error == 0)
        error = stream_durable_ask_where(offset, out);
    if (error == 0)
        error = stream_durable_ask_live(live, out);
    if (head) { /* whatever was asked: the tail is told, at once */
        out->where = STREAM_DURABLE_NOW;
        out->live = STREAM_DURABLE_CATCH_UP;
    }
    return error;
}
