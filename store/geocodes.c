/* SPDX-License-Identifier: BSD-2-Clause */
#include "store/geocodes.h"

#include "base/buf.h"
#include "base/err.h"
#include "store/keys.h"

#include <string.h>

static unsigned geocodes_place(const char *question)
{
    uint32_t hash = 2166136261u; /* FNV-1a */
    for (const char *c = question; *c; c++)
        hash = (hash ^ (unsigned char)*c) * 16777619u;
    return hash % GEOCODES_COUNT;
}

int geocodes_get(struct store *s, const char *question, struct arena *arena, const char **answer)
{
    char key[KEYS_MAX];
    struct link_reply *r = NULL;
    size_t len = strlen(question);

    keys_geocode(key, geocodes_place(question));
    int error = link_command(s->link, &r, "GET %s", key);
    const char *text = error ? "" : link_reply_text(r, NULL);
    if (!error && (strncmp(text, question, len) != 0 || text[len] != '\n'))
        error = ERR_NOT_FOUND;
    if (!error && !(*answer = arena_strdup(arena, text + len + 1)))
        error = ERR_NOMEM;
    link_reply_free(r);
    return error;
}

int geocodes_put(struct store *s, const char *question, const char *answer, int64_t keep_ms)
{
    char key[KEYS_MAX];
    struct buf text;

    if (strlen(question) + strlen(answer) > GEOCODES_BYTES || strchr(question, '\n'))
        return 0;
    keys_geocode(key, geocodes_place(question));
    buf_init(&text, GEOCODES_BYTES + 16);
    buf_printf(&text, "%s\n%s", question, answer);
    int error = buf_error(&text);
    if (!error)
        error = link_command(s->link, NULL, "SET %s %s PX %lld", key, buf_text(&text),
            (long long)keep_ms);
    buf_free(&text);
    return error;
}

int geocodes_turn(struct store *s, int64_t interval_ms)
{
    struct link_reply *r = NULL;

    if (interval_ms <= 0)
        return 0;
    int error =
        link_command(s->link, &r, "SET " KEYS_GEOCODE_TURN " 1 NX PX %lld", (long long)interval_ms);
    if (!error && link_reply_type(r) == LINK_NIL)
        error = ERR_BUSY;
    link_reply_free(r);
    return error;
}
