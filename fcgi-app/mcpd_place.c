/* SPDX-License-Identifier: BSD-2-Clause */
#include "fcgi-app/mcpd_place.h"

#include "base/ident.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MCPD_COUNT_DIGITS 6

void mcpd_place_put(struct buf *b, const struct mcpd_place *place)
{
    buf_printf(b, "%s.%u.", place->id, place->count);
    for (const char *s = place->call; *s != '\0'; s++)
        buf_printf(b, "%02x", (unsigned)(unsigned char)*s);
}

static int mcpd_place_digit(char c)
{
    return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static int mcpd_place_call(const char *text, char out[MCPD_ID_MAX + 1])
{
    size_t n = 0;
    for (; *text != '\0'; text += 2) {
        int high = mcpd_place_digit(text[0]), low = high < 0 ? -1 : mcpd_place_digit(text[1]);
        if (low < 0 || high + low == 0 || n == MCPD_ID_MAX)
            return ERR_INVALID;
        out[n++] = (char)(high * 16 + low);
    }
    out[n] = '\0';
    return n > 0 ? 0 : ERR_INVALID;
}

int mcpd_place_read(const char *text, struct mcpd_place *out)
{
    size_t len = APPROVALS_ID_SIZE - 1;
    if (strnlen(text, len + 1) <= len || text[len] != '.' || !ident_is_safe(text, len, len) ||
        memchr(text, '.', len))
        return ERR_INVALID;
    memcpy(out->id, text, len);
    out->id[len] = '\0';
    text += len + 1;
    size_t digits = strspn(text, "0123456789");
    if (digits == 0 || digits > MCPD_COUNT_DIGITS || text[digits] != '.')
        return ERR_INVALID;
    out->count = (unsigned)strtoul(text, NULL, 10);
    return mcpd_place_call(text + digits + 1, out->call);
}
