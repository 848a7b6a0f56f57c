/* SPDX-License-Identifier: BSD-2-Clause */
#include "wire/redis/link_reply.h"

#include "base/err.h"
#include "base/log.h"

#include <hiredis/hiredis.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* A reply says how long it is before it comes: no length that is a lie takes the process's memory
 * or time. Ours are far below. */
#define REPLY_ELEMENTS_MAX (1 << 22)
#define REPLY_BYTES_MAX ((size_t)512 << 20)

static const redisReply *link_reply_in(const struct link_reply *r)
{
    return (const redisReply *)(const void *)r;
}

static struct link_reply *link_reply_out(void *r)
{
    return r;
}

/* ---- the reader ---- */

static redisReader *link_reply_reader_in(const struct link_reader *r)
{
    return (redisReader *)(uintptr_t)r;
}

/* hiredis before 1.0 refuses replies that are nested deeper; later ones do not, and free them by
 * recursion. */
#define LINK_REPLY_DEPTH 8
#if HIREDIS_MAJOR >= 1
typedef size_t link_reply_count_type;
#else
typedef int link_reply_count_type;
#endif
static redisReplyObjectFunctions link_reply_functions;
static void *(*link_reply_array_of_hiredis)(const redisReadTask *task, link_reply_count_type count);

static void *link_reply_array(const redisReadTask *task, link_reply_count_type count)
{
    unsigned depth = 0;

    for (const redisReadTask *at = task; at; at = at->parent)
        depth++;
    if (depth > LINK_REPLY_DEPTH || count > REPLY_ELEMENTS_MAX)
        return NULL;
    return link_reply_array_of_hiredis(task, count);
}

struct link_reader *link_reader_new(void)
{
    redisReader *reader = redisReaderCreate();

    if (!reader)
        return NULL;
    if (!link_reply_array_of_hiredis) {
        link_reply_functions = *reader->fn;
        link_reply_array_of_hiredis = link_reply_functions.createArray;
        link_reply_functions.createArray = link_reply_array;
    }
    reader->fn = &link_reply_functions;
    return (struct link_reader *)(void *)reader;
}

void link_reader_free(struct link_reader *r)
{
    if (r)
        redisReaderFree(link_reply_reader_in(r));
}

int link_reader_feed(struct link_reader *r, const char *bytes, size_t len)
{
    if (link_reply_reader_in(r)->err || link_reply_reader_in(r)->len > REPLY_BYTES_MAX)
        return ERR_STORE;
    return redisReaderFeed(link_reply_reader_in(r), bytes, len) == REDIS_OK ? 0 : ERR_NOMEM;
}

int link_reader_next(struct link_reader *r, struct link_reply **out)
{
    void *reply = NULL;

    *out = NULL;
    if (redisReaderGetReply(link_reply_reader_in(r), &reply) != REDIS_OK) {
        log_limited(LOG_LEVEL_WARN, "redis' reply: %s", link_reply_reader_in(r)->errstr);
        return ERR_STORE;
    }
    *out = link_reply_out(reply);
    return 0;
}

bool link_reader_is_idle(const struct link_reader *r)
{
    const redisReader *reader = link_reply_reader_in(r);

    return reader->ridx == -1 && reader->pos >= reader->len;
}

int link_reply_command(struct buf *out, const char *format, va_list ap)
{
    char *command = NULL;
    int len = redisvFormatCommand(&command, format, ap);

    if (len < 0)
        return len == -1 ? ERR_NOMEM : ERR_INVALID;
    buf_put(out, command, (size_t)len);
    redisFreeCommand(command);
    return buf_error(out);
}

/* ---- replies ---- */

void link_reply_free(struct link_reply *r)
{
    if (r)
        freeReplyObject(r);
}

enum link_type link_reply_type(const struct link_reply *r)
{
    if (!r)
        return LINK_NIL;
    switch (link_reply_in(r)->type) {
    case REDIS_REPLY_STATUS:
        return LINK_STATUS;
    case REDIS_REPLY_ERROR:
        return LINK_ERROR;
    case REDIS_REPLY_INTEGER:
        return LINK_INT;
    case REDIS_REPLY_STRING:
        return LINK_STRING;
    case REDIS_REPLY_ARRAY:
        return LINK_ARRAY;
    default:
        return LINK_NIL;
    }
}

int64_t link_reply_int(const struct link_reply *r)
{
    enum link_type type = link_reply_type(r);

    if (type == LINK_INT)
        return link_reply_in(r)->integer;
    if (type == LINK_STRING || type == LINK_STATUS)
        return strtoll(link_reply_in(r)->str, NULL, 10);
    return 0;
}

const char *link_reply_text(const struct link_reply *r, size_t *len)
{
    enum link_type type = link_reply_type(r);
    bool text = type == LINK_STRING || type == LINK_STATUS || type == LINK_ERROR;

    if (len)
        *len = text ? (size_t)link_reply_in(r)->len : 0;
    return text ? link_reply_in(r)->str : "";
}

size_t link_reply_count(const struct link_reply *r)
{
    return link_reply_type(r) == LINK_ARRAY ? link_reply_in(r)->elements : 0;
}

bool link_reply_says(const struct link_reply *r, const char *word)
{
    return !strcmp(link_reply_text(link_reply_at(r, 0), NULL), word);
}

const struct link_reply *link_reply_at(const struct link_reply *r, size_t i)
{
    return i < link_reply_count(r) ? link_reply_out(link_reply_in(r)->element[i]) : NULL;
}

struct link_arg link_text(const char *s)
{
    return (struct link_arg){s, strlen(s)};
}

/* What Redis' error texts mean to a caller. Scripts put their own text around some of them. */
static const struct {
    const char *text;
    bool anywhere;
    int error;
} link_errors[] = {
    {"NOSCRIPT", false, ERR_NOSCRIPT},
    {"OOM ", false, ERR_STORE_FULL},
    {"OOM command not allowed", true, ERR_STORE_FULL},
    {"READONLY", false, ERR_STORE_READONLY},
    {"READONLY You can't write", true, ERR_STORE_READONLY},
    {"NOREPLICAS", false, ERR_STORE_READONLY},
    {"NOREPLICAS Not enough", true, ERR_STORE_READONLY},
    {"MISCONF", false, ERR_STORE_READONLY},
    {"MISCONF Redis is configured", true, ERR_STORE_READONLY},
    {"MASTERDOWN", false, ERR_STORE},
    {"LOADING", false, ERR_STORE},
    {"BUSY", false, ERR_STORE},
    {"CLUSTERDOWN", false, ERR_STORE},
    {"TRYAGAIN", false, ERR_STORE},
    {"NOAUTH", false, ERR_STORE},
    {"WRONGPASS", false, ERR_STORE},
    {"NOPERM", false, ERR_STORE},
};

int link_reply_error(const char *text)
{
    for (size_t i = 0; i < sizeof link_errors / sizeof *link_errors; i++) {
        const char *t = link_errors[i].text;

        if (link_errors[i].anywhere ? strstr(text, t) != NULL : !strncmp(text, t, strlen(t))) {
            if (link_errors[i].error != ERR_NOSCRIPT)
                log_limited(LOG_LEVEL_WARN, "redis refuses: %s", text);
            return link_errors[i].error;
        }
    }
    log_limited(LOG_LEVEL_ERROR, "redis: %s", text);
    return ERR_INTERNAL;
}

bool link_reply_is_master(const struct link_reply *r)
{
    const struct link_reply *role = link_reply_at(r, 0);

    return link_reply_type(role) != LINK_STRING || !strcmp(link_reply_text(role, NULL), "master");
}
