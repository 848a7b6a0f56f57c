/* SPDX-License-Identifier: BSD-2-Clause */
#include "wire/redis/sentinel.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "wire/redis/dial.h"
#include "wire/redis/link_reply.h"
#include "wire/redis/resp.h"

#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static unsigned answered_last; /* position in the list */

bool sentinel_used(const struct conf *conf)
{
    return conf->redis_sentinels[0] != 0;
}

bool sentinel_same(const struct sentinel_address *a, const struct sentinel_address *b)
{
    return a->port == b->port && !strcmp(a->host, b->host);
}

bool sentinel_word(const char **list, char out[SENTINEL_WORD_SIZE])
{
    static const char between[] = " ,\t";
    size_t len;

    *list += strspn(*list, between);
    len = strcspn(*list, between);
    if (!len)
        return false;
    memcpy(out, *list, len < SENTINEL_WORD_SIZE ? len : SENTINEL_WORD_SIZE - 1);
    out[len < SENTINEL_WORD_SIZE ? len : SENTINEL_WORD_SIZE - 1] = 0;
    *list += len;
    return true;
}

/* "host:port", "[v6]:port" or a path. */
static int sentinel_open_socket(const char *word, int64_t until_ms)
{
    char host[SENTINEL_WORD_SIZE], *colon;

    if (*word == '/')
        return dial_socket(NULL, word, until_ms);
    strcpy(host, *word == '[' ? word + 1 : word);
    colon = strrchr(host, ':');
    if (!colon)
        return -1;
    *colon = 0;
    if (colon > host && colon[-1] == ']')
        colon[-1] = 0;
    return dial_socket(host, colon + 1, until_ms);
}

/* What a Sentinel is asked about redis.master, and what reads its answer: 0 or an error. */
struct question {
    const char *word;
    int (*read)(const struct link_reply *reply, void *out);
    void *out;
};

static int sentinel_send_question(int fd, const struct conf *conf, const char *question)
{
    struct buf out = {0};
    ssize_t n = -1;

    if (conf->redis_sentinel_password[0]) {
        resp_count(&out, '*', 2);
        resp_text(&out, "AUTH");
        resp_text(&out, conf->redis_sentinel_password);
    }
    resp_count(&out, '*', 3);
    resp_text(&out, "SENTINEL");
    resp_text(&out, question);
    resp_text(&out, conf->redis_master);
    if (!buf_error(&out))
        n = send(fd, out.data, out.len, MSG_NOSIGNAL);
    if (n != (ssize_t)out.len)
        n = -1;
    buf_free(&out);
    return n < 0 ? ERR_STORE : 0;
}

static int sentinel_read_address(const struct link_reply *reply, void *arg)
{
    struct sentinel_address *out = arg;
    const struct link_reply *host = link_reply_at(reply, 0), *port = link_reply_at(reply, 1);

    if (link_reply_type(reply) == LINK_NIL)
        return ERR_NOT_FOUND;
    if (link_reply_type(reply) == LINK_ERROR)
        log_limited(LOG_LEVEL_WARN, "sentinel refuses: %s", link_reply_text(reply, NULL));
    if (link_reply_count(reply) != 2 || link_reply_type(host) != LINK_STRING ||
        link_reply_type(port) != LINK_STRING)
        return ERR_STORE;
    if (snprintf(out->host, sizeof out->host, "%s", link_reply_text(host, NULL)) >=
        (int)sizeof out->host)
        return ERR_STORE;
    out->port = (int)link_reply_int(port);
    return *out->host && out->port > 0 && link_reply_int(port) < 65536 ? 0 : ERR_STORE;
}

/* "+OK" or an error, whose text goes to out, which has SENTINEL_WORD_SIZE. */
static int sentinel_read_status(const struct link_reply *reply, void *out)
{
    enum link_type type = link_reply_type(reply);

    if (type != LINK_STATUS && type != LINK_ERROR)
        return ERR_STORE;
    snprintf(out, SENTINEL_WORD_SIZE, "%s", link_reply_text(reply, NULL));
    return type == LINK_STATUS ? 0 : ERR_CONFLICT;
}

/* The reply to AUTH, which goes in front of the question. */
static int sentinel_read_welcome(const struct link_reply *reply, void *out)
{
    (void)out;
    if (link_reply_type(reply) != LINK_ERROR)
        return 0;
    log_limited(LOG_LEVEL_WARN, "sentinel refuses: %s", link_reply_text(reply, NULL));
    return ERR_STORE;
}

static int sentinel_read_one(int fd, struct link_reader *reader, int64_t until_ms,
    int (*read)(const struct link_reply *reply, void *out), void *out)
{
    struct link_reply *reply = NULL;
    int error = dial_reply(fd, reader, until_ms, &reply);

    if (!error)
        error = read(reply, out);
    link_reply_free(reply);
    return error;
}

static int sentinel_ask(const struct conf *conf, const char *word, int64_t until_ms,
    const struct question *q)
{
    struct link_reader *reader = link_reader_new();
    int fd = reader ? sentinel_open_socket(word, until_ms) : -1;
    int error = fd < 0 ? ERR_STORE : sentinel_send_question(fd, conf, q->word);

    if (!error && *conf->redis_sentinel_password)
        error = sentinel_read_one(fd, reader, until_ms, sentinel_read_welcome, NULL);
    if (!error)
        error = sentinel_read_one(fd, reader, until_ms, q->read, q->out);
    if (fd >= 0)
        close(fd);
    link_reader_free(reader);
    return error;
}

unsigned sentinel_known(const struct conf *conf)
{
    const char *list = conf->redis_sentinels;
    char word[SENTINEL_WORD_SIZE] = "";
    unsigned n = 0;

    while (sentinel_word(&list, word))
        n++;
    return n;
}

static void sentinel_nth_word(const char *list, unsigned position, char word[SENTINEL_WORD_SIZE])
{
    for (unsigned i = 0; i <= position; i++)
        sentinel_word(&list, word);
}

/*
 * From one to the next until one has an answer: 0, or ERR_CONFLICT, which no other one changes.
 * Each asks all of them, by a position of its own: tasks that ask at the same time move the common
 * one.
 */
static int sentinel_ask_each(const struct conf *conf, int64_t budget_ms, const struct question *q)
{
    unsigned count = sentinel_known(conf), at = answered_last;
    int64_t end_ms = clock_mono_ms() + budget_ms;
    int result = ERR_STORE;

    for (unsigned left = count; left; left--) {
        char word[SENTINEL_WORD_SIZE] = "";
        int64_t now = clock_mono_ms(), share = (end_ms - now) / left;
        int error;

        at = at < count ? at : 0;
        sentinel_nth_word(conf->redis_sentinels, at++, word);
        error = sentinel_ask(conf, word, now + (share > 1 ? share : 1), q);
        answered_last = !error || error == ERR_CONFLICT ? at - 1 : at;
        if (!error || error == ERR_CONFLICT)
            return error;
        log_limited(LOG_LEVEL_WARN, "sentinel %s: %s", word,
            error == ERR_NOT_FOUND ? "does not know redis.master" : "no answer");
        if (error == ERR_NOT_FOUND)
            result = error;
    }
    return result;
}

int sentinel_master(const struct conf *conf, int64_t budget_ms, struct sentinel_address *out)
{
    const struct question q = {"get-master-addr-by-name", sentinel_read_address, out};

    return sentinel_ask_each(conf, budget_ms, &q);
}

void sentinel_next(void)
{
    answered_last++;
}

int sentinel_failover(const struct conf *conf, int64_t budget_ms, char why[SENTINEL_WORD_SIZE])
{
    const struct question q = {"failover", sentinel_read_status, why};

    why[0] = 0;
    return sentinel_ask_each(conf, budget_ms, &q);
}

unsigned sentinel_count(const struct conf *conf, const struct sentinel_address *old,
    int64_t each_ms, unsigned *others, struct sentinel_address *other)
{
    const char *list = conf->redis_sentinels;
    char word[SENTINEL_WORD_SIZE];
    unsigned answered = 0;

    *others = 0;
    while (sentinel_word(&list, word)) {
        struct sentinel_address now = {.port = 0};
        const struct question q = {"get-master-addr-by-name", sentinel_read_address, &now};

        if (sentinel_ask(conf, word, clock_mono_ms() + each_ms, &q))
            continue;
        answered++;
        if (!sentinel_same(&now, old)) {
            ++*others;
            *other = now;
        }
    }
    return answered;
}
