/* SPDX-License-Identifier: BSD-2-Clause */
/* Entries of the session log as stream workers get them: published, and read with their id. */
#include "base/jdoc.h"
#include "base/utf8.h"
#include "store/logentry.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What viewers join has to stay the JSON that it was. */
static void join(const struct logentry *e)
{
    struct buf joined = {0};
    jdoc *doc = NULL;
    bool valid = jdoc_parse(e->json, e->json_len, &doc, NULL, 0) == 0;

    jdoc_free(doc);
    doc = NULL;
    buf_put(&joined, e->json, e->json_len);
    if (logentry_join(&joined, e) && valid) {
        if (jdoc_parse(buf_text(&joined), joined.len, &doc, NULL, 0) != 0)
            abort();
        jdoc_free(doc);
    }
    buf_free(&joined);
}

static void look(const struct logentry *e, const char *bytes, size_t size)
{
    struct buf plain = {0};
    const char *text;
    size_t len;

    if (e->json < bytes || e->json + e->json_len > bytes + size || e->run < bytes ||
        e->run + e->run_len > bytes + size)
        abort();
    logentry_is_run(e, "0190a7a0-1111-7abc-8def-0123456789ab");
    if (logentry_delta(e, &text, &len)) {
        if (text < e->json || text + len > e->json + e->json_len)
            abort();
        logentry_unescape(&plain, text, len);
    }
    if (logentry_type(e, &text, &len) && (text < e->json || text + len >= e->json + e->json_len))
        abort();
    buf_free(&plain);
    join(e);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *bytes = (const char *)data, *blank = memchr(bytes, ' ', size);
    struct logentry e;
    struct logentry_id id;
    char text[LOGENTRY_ID_SIZE];

    if (size > 0 && logentry_parse_message(bytes, size, &e) == 0) {
        look(&e, bytes, size);
        if (logentry_id_format(e.id, text) >= sizeof text ||
            logentry_id_parse(text, strlen(text), &id) != 0 || logentry_id_compare(id, e.id) != 0)
            abort();
        if (logentry_id_format_sorted(e.id, text) >= sizeof text ||
            logentry_id_parse(text, strlen(text), &id) != 0 || logentry_id_compare(id, e.id) != 0)
            abort();
    }
    if (blank &&
        logentry_parse_value(bytes, (size_t)(blank - bytes), blank + 1,
            size - (size_t)(blank + 1 - bytes), &e) == 0)
        look(&e, bytes, size);
    return 0;
}
