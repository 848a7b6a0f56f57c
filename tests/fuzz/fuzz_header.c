/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Small words of requests: trace contexts, cursors, cookies, names of users and sessions, encoded
 * and whole addresses. The first byte chooses.
 */
#include "base/err.h"
#include "base/ident.h"
#include "base/url.h"
#include "base/utf8.h"
#include "process/cookie.h"
#include "store/logentry.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define WORDS 6

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void trace(const char *text)
{
    struct ident_trace t, child;

    if (!ident_trace_parse(text, &t))
        return;
    ident_trace_child(&t, &child);
    if (strlen(t.trace_id) != 32 || strlen(t.span_id) != 16 || strcmp(t.trace_id, child.trace_id))
        abort();
}

static void cursor(const char *text, size_t len)
{
    struct logentry_id id, again;
    char out[LOGENTRY_ID_SIZE];

    if (logentry_id_parse(text, len, &id) != 0)
        return;
    size_t n = logentry_id_format(id, out);
    if (logentry_id_parse(out, n, &again) != 0 || logentry_id_compare(id, again) != 0)
        abort();
}

static void cookie(const char *text)
{
    const char *value = NULL;
    size_t len = 0;

    if (cookie_find(text, "tp", &value, &len) == 0 &&
        (value < text || value + len > text + strlen(text)))
        abort();
}

static void decode(const char *text, size_t len)
{
    char out[256];
    long n = url_decode(text, len, true, out, sizeof out);

    if (n >= 0 && ((size_t)n >= sizeof out || strlen(out) > (size_t)n))
        abort();
}

static void address(const char *text, size_t len)
{
    char why[URL_WHY_SIZE] = "";
    struct url url;

    if (url_check(text, len, 0, &url, why) == 0)
        (void)url_names_private(&url);
    else if (why[0] == '\0')
        abort();
}

static void name(const char *text, size_t len)
{
    (void)ident_is_user(text, len);
    (void)ident_is_session(text, len);
    (void)ident_is_safe(text, len, IDENT_CLIENT_MESSAGE_MAX);
    if (ident_is_user(text, len) && !utf8_valid(text, len))
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = size > 0 ? malloc(size) : NULL;

    if (!text)
        return 0;
    memcpy(text, data + 1, size - 1);
    text[size - 1] = '\0';
    switch (data[0] % WORDS) {
    case 0:
        trace(text);
        break;
    case 1:
        cursor(text, size - 1);
        break;
    case 2:
        cookie(text);
        break;
    case 3:
        decode(text, size - 1);
        break;
    case 4:
        address(text, size - 1);
        break;
    default:
        name(text, size - 1);
    }
    free(text);
    return 0;
}
