#include "store/sentinel.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "base/task.h"
#include "store/dial.h"
#include "store/resp.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define ANSWER_MAX 1024

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
static int open_socket(const char *word, int64_t until_ms)
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

/* What a Sentinel is asked about redis.master, and what reads its answer: 0, ERR_AGAIN (it is
 * incomplete) or another error. */
struct question {
    const char *word;
    int (*parse)(const char *at, const char *end, void *out);
    void *out;
};

static int send_question(int fd, const struct conf *conf, const char *question)
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

/* "$N\r\nTEXT\r\n" at *at. Returns 0, ERR_AGAIN = incomplete, ERR_STORE = not such a thing. */
static int take_text(const char **at, const char *end, char *out, size_t size)
{
    const char *line = memchr(*at, '\n', (size_t)(end - *at));
    long n;

    if (!line)
        return ERR_AGAIN;
    if (**at != '$')
        return ERR_STORE;
    n = strtol(*at + 1, NULL, 10);
    if (n < 1 || (size_t)n >= size)
        return ERR_STORE;
    if (end - line - 1 < n + 2)
        return ERR_AGAIN;
    memcpy(out, line + 1, (size_t)n);
    out[n] = 0;
    *at = line + 1 + n + 2;
    return 0;
}

static int parse_address(const char *at, const char *end, void *arg)
{
    struct sentinel_address *out = arg;
    const char *line = memchr(at, '\n', (size_t)(end - at));
    char port[8];
    int error;

    if (!line)
        return ERR_AGAIN;
    if (!strncmp(at, "*-1", 3) || !strncmp(at, "$-1", 3))
        return ERR_NOT_FOUND;
    if (*at == '-')
        log_limited(LOG_LEVEL_WARN, "sentinel refuses: %.*s", (int)(line - at), at);
    if (strncmp(at, "*2\r", 3) != 0)
        return ERR_STORE;
    at = line + 1;
    if ((error = take_text(&at, end, out->host, sizeof(out->host))) ||
        (error = take_text(&at, end, port, sizeof(port))))
        return error;
    out->port = atoi(port);
    return out->port > 0 && out->port < 65536 ? 0 : ERR_STORE;
}

/* "+OK" or an error, whose text goes to out, which has SENTINEL_WORD_SIZE. */
static int parse_status(const char *at, const char *end, void *out)
{
    const char *line = memchr(at, '\r', (size_t)(end - at));

    if (!line)
        return ERR_AGAIN;
    if (*at != '+' && *at != '-')
        return ERR_STORE;
    snprintf(out, SENTINEL_WORD_SIZE, "%.*s", (int)(line - at - 1), at + 1);
    return *at == '+' ? 0 : ERR_CONFLICT;
}

/* in: so far, ends with NUL. */
static int parse(const char *in, size_t len, bool with_auth, const struct question *q)
{
    const char *at = in, *end = in + len;

    if (with_auth) {
        const char *line = memchr(at, '\n', len);

        if (!line)
            return ERR_AGAIN;
        if (*at == '-') {
            log_limited(LOG_LEVEL_WARN, "sentinel refuses: %.*s", (int)(line - at), at);
            return ERR_STORE;
        }
        at = line + 1;
    }
    return at < end ? q->parse(at, end, q->out) : ERR_AGAIN;
}

static int ask(const struct conf *conf, const char *word, int64_t until_ms,
    const struct question *q)
{
    char in[ANSWER_MAX + 1];
    size_t len = 0;
    int fd = open_socket(word, until_ms), error;

    if (fd < 0)
        return ERR_STORE;
    error = send_question(fd, conf, q->word);
    if (!error)
        error = ERR_AGAIN;
    while (error == ERR_AGAIN) {
        ssize_t n = len < ANSWER_MAX && !task_wait_fd(fd, POLLIN, until_ms)
                        ? recv(fd, in + len, ANSWER_MAX - len, 0)
                        : 0;

        if (n < 0 && (errno == EINTR || errno == EAGAIN))
            continue;
        if (n <= 0) {
            error = ERR_STORE;
            break;
        }
        len += (size_t)n;
        in[len] = 0;
        error = parse(in, len, conf->redis_sentinel_password[0] != 0, q);
    }
    close(fd);
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

/*
 * From one to the next until one has an answer: 0, or ERR_CONFLICT, which no other one changes. Each
 * task goes its own way round, as two that ask at once must not make each other pass one over.
 */
static int ask_each(const struct conf *conf, int64_t budget_ms, const struct question *q)
{
    unsigned count = sentinel_known(conf), first = answered_last, at = first;
    int64_t end_ms = clock_mono_ms() + budget_ms;
    int result = ERR_STORE;

    for (unsigned left = count; left; left--) {
        const char *list = conf->redis_sentinels;
        char word[SENTINEL_WORD_SIZE] = "";
        int64_t now = clock_mono_ms(), share = (end_ms - now) / left;
        int error;

        if (at >= count)
            at = 0;
        for (unsigned i = 0; i <= at; i++)
            sentinel_word(&list, word);
        error = ask(conf, word, now + (share > 1 ? share : 1), q);
        if (!error || error == ERR_CONFLICT) {
            if (answered_last == first) /* nobody else has moved it meanwhile */
                answered_last = at;
            return error;
        }
        log_limited(LOG_LEVEL_WARN, "sentinel %s: %s", word,
            error == ERR_NOT_FOUND ? "does not know redis.master" : "no answer");
        if (error == ERR_NOT_FOUND)
            result = error;
        at++;
    }
    return result;
}

int sentinel_master(const struct conf *conf, int64_t budget_ms, struct sentinel_address *out)
{
    const struct question q = {"get-master-addr-by-name", parse_address, out};

    return ask_each(conf, budget_ms, &q);
}

void sentinel_next(void)
{
    answered_last++;
}

int sentinel_failover(const struct conf *conf, int64_t budget_ms, char why[SENTINEL_WORD_SIZE])
{
    const struct question q = {"failover", parse_status, why};

    why[0] = 0;
    return ask_each(conf, budget_ms, &q);
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
        const struct question q = {"get-master-addr-by-name", parse_address, &now};

        if (ask(conf, word, clock_mono_ms() + each_ms, &q))
            continue;
        answered++;
        if (!sentinel_same(&now, old)) {
            ++*others;
            *other = now;
        }
    }
    return answered;
}
