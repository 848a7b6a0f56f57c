/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* SOCK_CLOEXEC */
#endif
#include "workers/supervisor/metrics_desk.h"

#include "base/address.h"
#include "base/clock.h"
#include "base/log.h"
#include "workers/supervisor/metrics_http.h"
#include "workers/supervisor/reply_server.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define METRICS_DESK_TEXT_MAX (8u << 20)
#define METRICS_DESK_FORMS 2

struct metrics_desk {
    struct reply_server *server;
    metrics_desk_view_fn *view;
    void *arg;
    int listener;      /* while it listens */
    char address[256]; /* that is listened at, or was tried; "" = none */
    bool listens, warned;
    int64_t again_ms, file_ms;
    char file[512]; /* that was written last */
    struct buf text[METRICS_DESK_FORMS];
    int64_t text_ms[METRICS_DESK_FORMS]; /* when it was made; 0 = never */
};

static const struct buf *metrics_desk_text(struct metrics_desk *d, enum metrics_form form)
{
    int64_t now = clock_mono_ms();
    struct status_view view;
    if (d->text_ms[form] != 0 && now - d->text_ms[form] < METRICS_DESK_FRESH_MS)
        return &d->text[form];
    buf_reset(&d->text[form]);
    d->view(d->arg, &view);
    metrics_write(&view, form, &d->text[form]);
    d->text_ms[form] = now;
    return &d->text[form];
}

/* --- scrapers --- */

static bool metrics_desk_answer(void *arg, int fd, char *head, size_t len, struct buf *reply)
{
    static const struct buf none;
    struct metrics_ask ask;

    (void)fd;
    metrics_http_read(head, len, &ask);
    const struct buf *body = ask.status == 200 ? metrics_desk_text(arg, ask.form) : &none;
    if (buf_error(body) != 0)
        return false;
    metrics_http_reply(&ask, body->len, reply);
    if (!ask.head)
        buf_put(reply, buf_text(body), body->len);
    return true;
}

static const struct reply_rules metrics_desk_rules = {.name = "metrics.listen",
    .clients = METRICS_DESK_CLIENTS,
    .ask_max = METRICS_DESK_HEAD,
    .reply_max = METRICS_DESK_TEXT_MAX,
    .time_ms = METRICS_DESK_TIME_MS,
    .lingers = true,
    .whole = metrics_http_whole,
    .answer = metrics_desk_answer};

/* --- the address --- */

static void metrics_desk_close(struct metrics_desk *d)
{
    if (!d->listens)
        return;
    reply_server_unlisten(d->server);
    close(d->listener);
    if (d->address[0] == '/')
        unlink(d->address);
    d->listens = false;
}

/* A socket that a supervisor before us has left; one that somebody listens at stays. */
static void metrics_desk_clear_path(const struct sockaddr_storage *address, socklen_t len)
{
    struct sockaddr_un path;
    struct stat st;
    if (address->ss_family != AF_UNIX)
        return;
    memcpy(&path, address, sizeof path);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return;
    if (connect(fd, (const struct sockaddr *)address, len) != 0 && errno == ECONNREFUSED &&
        lstat(path.sun_path, &st) == 0 && S_ISSOCK(st.st_mode))
        unlink(path.sun_path);
    close(fd);
}

static int metrics_desk_bind(const struct sockaddr_storage *address, socklen_t len)
{
    int fd = socket(address->ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), one = 1;
    if (fd < 0)
        return -1;
    metrics_desk_clear_path(address, len);
    if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one) == 0 &&
        bind(fd, (const struct sockaddr *)address, len) == 0 &&
        listen(fd, METRICS_DESK_CLIENTS) == 0)
        return fd;
    int saved = errno;
    close(fd);
    errno = saved;
    return -1;
}

static void metrics_desk_listen(struct metrics_desk *d)
{
    struct sockaddr_storage address;
    socklen_t len;
    if (address_parse(d->address, &address, &len) != 0)
        return;
    int fd = metrics_desk_bind(&address, len);
    if (fd < 0) {
        if (!d->warned)
            log_warn("metrics.listen: %s: %s; tried again every %d s", d->address, strerror(errno),
                METRICS_DESK_AGAIN_MS / 1000);
        d->warned = true;
        return;
    }
    if (reply_server_listen(d->server, fd) != 0) {
        close(fd);
        return;
    }
    d->listener = fd;
    d->listens = true;
    log_info("metrics at %s", d->address);
}

static void metrics_desk_follow(struct metrics_desk *d, const char *address, int64_t now_ms)
{
    if (strcmp(d->address, address) != 0) {
        metrics_desk_close(d);
        snprintf(d->address, sizeof d->address, "%s", address);
        d->warned = false;
        d->again_ms = 0;
    }
    if (d->address[0] == '\0' || d->listens || now_ms < d->again_ms)
        return;
    d->again_ms = now_ms + METRICS_DESK_AGAIN_MS;
    metrics_desk_listen(d);
}

/* --- the file --- */

static bool metrics_desk_write(const char *path, const struct buf *text)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0644);
    if (fd < 0)
        return false;
    size_t done = 0;
    while (done < text->len) {
        ssize_t n = write(fd, text->data + done, text->len - done);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            break;
        done += (size_t)n;
    }
    (void)fchmod(fd, 0644); /* the collector is another user */
    int saved = errno;
    bool whole = close(fd) == 0 && done == text->len;
    errno = saved;
    return whole;
}

/* The collector reads files that end with .prom: it sees a whole one, or the one before. */
static void metrics_desk_file(struct metrics_desk *d, const char *path, int64_t now_ms)
{
    char beside[sizeof d->file + 8];
    if (d->file[0] != '\0' && strcmp(d->file, path) != 0)
        unlink(d->file);
    snprintf(d->file, sizeof d->file, "%s", path);
    if (d->file[0] == '\0')
        return;
    snprintf(beside, sizeof beside, "%s.new", d->file);
    const struct buf *text = metrics_desk_text(d, METRICS_TEXT);
    if (buf_error(text) != 0 || !metrics_desk_write(beside, text) || rename(beside, d->file) != 0) {
        log_limited(LOG_LEVEL_WARN, "metrics.file: %s cannot be written: %s", d->file,
            strerror(errno));
        unlink(beside);
    }
    d->file_ms = now_ms + METRICS_DESK_FILE_MS;
}

/* --- interface --- */

int metrics_desk_new(struct metrics_desk **out, struct reactor *reactor, metrics_desk_view_fn *view,
    void *arg)
{
    struct metrics_desk *d = calloc(1, sizeof *d);
    *out = d;
    if (!d)
        return ERR_NOMEM;
    d->view = view;
    d->arg = arg;
    for (int form = 0; form < METRICS_DESK_FORMS; form++)
        buf_init(&d->text[form], METRICS_DESK_TEXT_MAX);
    return reply_server_new(&d->server, reactor, &metrics_desk_rules, d);
}

int64_t metrics_desk_step(struct metrics_desk *d, const struct conf *conf, int64_t now_ms)
{
    metrics_desk_follow(d, conf->metrics_listen, now_ms);
    if (now_ms >= d->file_ms || strcmp(d->file, conf->metrics_file) != 0)
        metrics_desk_file(d, conf->metrics_file, now_ms);
    int64_t next = d->file[0] != '\0' ? d->file_ms : INT64_MAX;
    if (d->address[0] != '\0' && !d->listens && d->again_ms < next)
        next = d->again_ms;
    return next;
}

void metrics_desk_free(struct metrics_desk *d)
{
    if (!d)
        return;
    metrics_desk_close(d);
    if (d->file[0] != '\0')
        unlink(d->file);
    reply_server_free(d->server);
    for (int form = 0; form < METRICS_DESK_FORMS; form++)
        buf_free(&d->text[form]);
    free(d);
}
