#include "store/store.h"

#include "base/clock.h"
#include "base/err.h"

#include <stdio.h>
#include <stdlib.h>

/* ---- keys ---- */

void store_key_session(char *out, const char *uid, const char *session)
{
    snprintf(out, STORE_KEY_MAX, "tp:{%s}:s:%s", uid, session);
}

void store_key_session_part(char *out, const char *uid, const char *session, const char *part)
{
    snprintf(out, STORE_KEY_MAX, "tp:{%s}:s:%s:%s", uid, session, part);
}

void store_key_turn(char *out, const char *uid, const char *turn)
{
    snprintf(out, STORE_KEY_MAX, "tp:{%s}:turn:%s", uid, turn);
}

void store_key_user(char *out, const char *uid, const char *rest)
{
    snprintf(out, STORE_KEY_MAX, "tp:{%s}:%s", uid, rest);
}

/* ---- the store itself ---- */

int store_open(struct store **out, const struct conf *conf, struct reactor *reactor,
    const char *owner)
{
    struct store *s = calloc(1, sizeof(*s));
    int error;

    *out = NULL;
    if (!s)
        return ERR_NOMEM;
    s->conf = conf;
    s->reactor = reactor;
    snprintf(s->owner, sizeof(s->owner), "%s", owner);
    error = link_new(&s->link, conf);
    if (error) {
        free(s);
        return error;
    }
    *out = s;
    return 0;
}

void store_close(struct store *s)
{
    if (!s)
        return;
    link_free(s->link);
    free(s);
}

int store_ping(struct store *s, int64_t *ms)
{
    int64_t before = clock_mono_ms();
    int error = link_command(s->link, NULL, "PING");

    if (ms)
        *ms = clock_mono_ms() - before;
    return error;
}

int store_writable(struct store *s)
{
    return link_command(s->link, NULL, "SET %s %s PX %s", "tp:ready", "1", "60000");
}
