/* SPDX-License-Identifier: BSD-2-Clause */
#include "fcgi-app/handlers.h"

#include "base/clock.h"
#include "base/err.h"
#include "base/task.h"
#include "store/store.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define HANDLERS_CONTROL_MS 1000
#define HANDLERS_CONTROL_MAX 16384

/* handlers -- health: asks what a message would need, not whether a key is set. Both pools. */

struct handlers_health {
    bool store_ok, supervisor_ok, draining, full;
    int store_write; /* 0, or why it takes no writes */
    int64_t store_ms;
    int running, limit;
};

static int handlers_control_connect(const struct conf *conf)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int n = snprintf(address.sun_path, sizeof address.sun_path, "%s/control.sock", conf->run_dir);
    if (n < 0 || (size_t)n >= sizeof address.sun_path)
        return ERR_CONFIG;
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return ERR_IO;
    if (connect(fd, (const struct sockaddr *)&address, sizeof address) < 0) {
        close(fd);
        return ERR_IO;
    }
    return fd;
}

static int handlers_control_read(int fd, struct buf *out)
{
    int64_t until = clock_mono_ms() + HANDLERS_CONTROL_MS;
    for (;;) {
        int error = task_wait_fd(fd, POLLIN, until);
        if (error < 0)
            return error;
        if (buf_reserve(out, 8192) < 0)
            return buf_error(out);
        ssize_t got = read(fd, out->data + out->len, 8192);
        if (got < 0 && errno == EAGAIN)
            continue;
        if (got < 0)
            return ERR_IO;
        out->len += (size_t)got;
        out->data[out->len] = '\0';
        if (got == 0 || out->data[out->len - 1] == '\n')
            return out->len > 0 ? 0 : ERR_IO;
    }
}

/* The supervisor answers even when every worker is busy. */
static bool handlers_supervisor_answers(const struct conf *conf)
{
    static const char question[] = "ping\n";
    struct buf answer;
    int fd = handlers_control_connect(conf);
    if (fd < 0)
        return false;
    buf_init(&answer, HANDLERS_CONTROL_MAX);
    bool ok = write(fd, question, sizeof question - 1) == (ssize_t)sizeof question - 1 &&
        handlers_control_read(fd, &answer) == 0 && strncmp(buf_text(&answer), "pong", 4) == 0;
    buf_free(&answer);
    close(fd);
    return ok;
}

static void handlers_health_take(struct exchange *x, struct handlers_health *h)
{
    struct scoreboard *board = x->app->worker->board;
    memset(h, 0, sizeof *h);
    h->store_write = store_ping(x->app->store, &h->store_ms);
    h->store_ok = h->store_write == 0;
    if (h->store_ok)
        h->store_write = store_writable(x->app->store);
    h->supervisor_ok = handlers_supervisor_answers(x->app->conf);
    h->draining = atomic_load(&board->draining);
    h->running = atomic_load(&board->running_turns);
    h->limit = atomic_load(&board->turn_limit);
    h->full = h->running >= h->limit;
}

static const char *handlers_store_fault(const struct handlers_health *h)
{
    return h->store_write == ERR_STORE_FULL  ? "Redis is out of memory" :
        h->store_write == ERR_STORE_READONLY ? "Redis is read-only" :
        h->store_ok                          ? "Redis takes no writes" :
                                               "Redis does not answer";
}

int handlers_health_live(struct exchange *x)
{
    exchange_json(x, 200);
    buf_puts(&x->reply.body, "{\"status\":\"alive\"}");
    return 0;
}

int handlers_health_ready(struct exchange *x)
{
    struct handlers_health h;
    handlers_health_take(x, &h);
    if (h.store_write == 0 && h.supervisor_ok && !h.draining) {
        exchange_json(x, 200);
        buf_printf(&x->reply.body, "{\"status\":\"ready\",\"redis_ms\":%lld}",
            (long long)h.store_ms);
        return 0;
    }
    problem_set(&x->problem, PROBLEM_NOT_READY, "%s.",
        h.draining             ? "This machine drains" :
            h.store_write != 0 ? handlers_store_fault(&h) :
                                 "The supervisor does not answer");
    x->problem.retry_after_ms = 1000;
    return ERR_DRAINING;
}

int handlers_health(struct exchange *x)
{
    struct handlers_health h;
    handlers_health_take(x, &h);
    bool usable = h.store_write == 0 && !h.draining;
    const char *status = !usable   ? "unhealthy" :
        h.full || !h.supervisor_ok ? "degraded" :
                                     "healthy";
    char now[CLOCK_RFC3339_SIZE];
    clock_rfc3339(clock_real_ms(), now);
    exchange_json(x, usable ? 200 : 503);
    x->reply.content_type = "application/json";
    buf_printf(&x->reply.body,
        "{\"status\":\"%s\",\"timestamp\":\"%s\",\"checks\":{"
        "\"redis\":{\"ok\":%s,\"writable\":%s,\"ms\":%lld},\"supervisor\":{\"ok\":%s},"
        "\"turns\":{\"running\":%d,\"limit\":%d,\"full\":%s}},\"draining\":%s}",
        status, now, h.store_ok ? "true" : "false", h.store_write == 0 ? "true" : "false",
        (long long)h.store_ms, h.supervisor_ok ? "true" : "false", h.running, h.limit,
        h.full ? "true" : "false", h.draining ? "true" : "false");
    return 0;
}
