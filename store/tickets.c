#include "store/tickets.h"

#include "base/err.h"
#include "base/ident.h"
#include "store/keys.h"

#include <stdio.h>
#include <string.h>

#define TICKETS_SCAN 2000

static int tickets_read(struct store *s, const char *command, const char *key, struct buf *value)
{
    const struct link_arg args[2] = {link_text(command), link_text(key)};
    struct link_reply *r = NULL;
    size_t len = 0;
    int error = link_call(s->link, args, 2, &r);

    if (!error && link_reply_type(r) != LINK_STRING)
        error = ERR_NOT_FOUND;
    if (!error) {
        const char *text = link_reply_text(r, &len);
        buf_put(value, text, len);
        error = buf_error(value);
    }
    link_reply_free(r);
    return error;
}

int tickets_take(struct store *s, const char *ticket, struct buf *value)
{
    char key[KEYS_MAX];

    keys_ticket(key, ticket);
    return tickets_read(s, "GETDEL", key, value);
}

int tickets_granted(struct store *s, const char *ticket, struct buf *value)
{
    char key[KEYS_MAX];

    keys_grant(key, ticket);
    return tickets_read(s, "GET", key, value);
}

int tickets_grant(struct store *s, const char *ticket, const char *session, const char *value,
    int64_t life_ms)
{
    char key[KEYS_MAX], life[24];
    struct buf text = {0};
    int error;

    keys_grant(key, ticket);
    snprintf(life, sizeof life, "%lld", (long long)life_ms);
    buf_printf(&text, "%s %s", session, value);
    error = buf_error(&text);
    if (!error) {
        const struct link_arg args[5] = {link_text("SET"), link_text(key), {text.data, text.len},
            link_text("PX"), link_text(life)};
        error = link_call(s->link, args, 5, NULL);
    }
    buf_free(&text);
    return error;
}

/* value: "UID ...", of a grant "SESSION UID ...". */
static bool tickets_is_of(const char *key, const char *value, const char *uid)
{
    size_t len = strlen(uid);

    if (keys_is_grant(key)) {
        value += strcspn(value, " ");
        value += *value == ' ';
    }
    return strncmp(value, uid, len) == 0 && value[len] == ' ';
}

static int tickets_erase_one(struct store *s, const char *key, const char *uid, int64_t *erased)
{
    struct link_reply *r = NULL;
    int error = link_command(s->link, &r, "GET %s", key);
    bool theirs = !error && tickets_is_of(key, link_reply_text(r, NULL), uid);

    link_reply_free(r);
    if (!theirs)
        return error;
    ++*erased;
    return link_command(s->link, NULL, "UNLINK %s", key);
}

int tickets_erase(struct store *s, const char *uid, char cursor[TICKETS_CURSOR_SIZE],
    int64_t *erased)
{
    struct link_reply *r = NULL;
    const struct link_reply *keys;
    /* One pattern for both: a step looks at all kinds of keys anyway. */
    int error = link_command(s->link, &r, "SCAN %s MATCH " KEYS_TICKETS_PATTERN " COUNT %d", cursor,
        TICKETS_SCAN);

    keys = link_reply_at(r, 1);
    for (size_t i = 0; !error && i < link_reply_count(keys); i++)
        error = tickets_erase_one(s, link_reply_text(link_reply_at(keys, i), NULL), uid, erased);
    if (!error)
        snprintf(cursor, TICKETS_CURSOR_SIZE, "%s", link_reply_text(link_reply_at(r, 0), NULL));
    link_reply_free(r);
    return error;
}

int tickets_new(struct store *s, const struct tickets_owner *of, const char *origin,
    char ticket[TICKETS_SIZE])
{
    char key[KEYS_MAX], life[24];
    struct buf value = {0};
    struct link_arg args[5];
    int error;

    ident_token(32, ticket);
    keys_ticket(key, ticket);
    snprintf(life, sizeof life, "%lld", (long long)s->conf->ticket_ms);
    buf_printf(&value, "%s %s %s %lld %s %u", of->uid, of->role, origin ? origin : "-",
        (long long)of->expires_ms, of->mark, of->scopes);
    error = buf_error(&value);
    if (!error) {
        args[0] = link_text("SET");
        args[1] = link_text(key);
        args[2] = (struct link_arg){value.data, value.len};
        args[3] = link_text("PX");
        args[4] = link_text(life);
        error = link_call(s->link, args, 5, NULL);
    }
    buf_free(&value);
    return error;
}
