/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* accept4 */
#endif
#include "tools/remote/oauth_redirect.h"

#include "base/clock.h"
#include "base/ident.h"
#include "tools/remote/oauth_wire.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#define REDIRECT_VISITORS 8 /* browsers open connections ahead */
#define REDIRECT_MAX 8192   /* bytes of a request, or of a pasted line */

struct redirect_text {
    char text[REDIRECT_MAX + 1];
    size_t len;
};
struct redirect_visitor {
    struct oauth_redirect *redirect;
    struct reactor_source source; /* watched = in use */
    struct redirect_text in;
};
struct oauth_redirect {
    struct reactor *reactor;
    struct reactor_source listener, input;
    struct redirect_text line;
    struct redirect_visitor visitors[REDIRECT_VISITORS];
    int port;
    const char *state;
    char query[REDIRECT_MAX + 1];
    bool come;
};

/* ---- what came ---- */

/* Is it the answer to our request? Keeps the query then. */
static bool oauth_redirect_take(struct oauth_redirect *r, const char *query, size_t len)
{
    char state[128];

    if (len > REDIRECT_MAX || r->come || !r->state)
        return false;
    snprintf(r->query, sizeof r->query, "%.*s", (int)len, query);
    r->come = oauth_query(r->query, "state", state, sizeof state) == 0 &&
        ident_equal_secret(state, r->state);
    return r->come;
}

static void oauth_redirect_drop(struct redirect_visitor *v)
{
    int fd = v->source.fd;

    reactor_unwatch(v->redirect->reactor, &v->source);
    close(fd);
    memset(&v->in, 0, sizeof v->in);
}

/* A page without anything of the request in it. */
static void oauth_redirect_reply(struct redirect_visitor *v, const char *status, const char *words)
{
    char page[600];
    int n = snprintf(page, sizeof page,
        "HTTP/1.1 %s\r\nContent-Type: text/html; charset=utf-8\r\nCache-Control: no-store\r\n"
        "Referrer-Policy: no-referrer\r\nContent-Security-Policy: default-src 'none'\r\n"
        "Connection: close\r\n\r\n<!doctype html><title>turnpike mcp login</title><p>%s</p>\n",
        status, words);

    /* A browser that does not read it has told us all the same. */
    if (send(v->source.fd, page, (size_t)n, MSG_NOSIGNAL | MSG_DONTWAIT) < 0)
        v->in.len = 0;
    oauth_redirect_drop(v);
}

static void oauth_redirect_on_request(struct redirect_visitor *v)
{
    static const char get[] = "GET " OAUTH_REDIRECT_PATH "?";
    const char *query = v->in.text + strlen(get);

    if (strncmp(v->in.text, get, strlen(get)) != 0)
        oauth_redirect_reply(v, "404 Not Found", "There is nothing here.");
    else if (oauth_redirect_take(v->redirect, query, strcspn(query, " \r\n#")))
        oauth_redirect_reply(v, "200 OK", "Turnpike has got its answer. You may close this page.");
    else
        oauth_redirect_reply(v, "400 Bad Request",
            "This is not the answer to the login that is under way.");
}

static void oauth_redirect_on_visitor(struct reactor_source *source, uint32_t events)
{
    struct redirect_visitor *v = source->arg;
    ssize_t n = recv(source->fd, v->in.text + v->in.len, REDIRECT_MAX - v->in.len, MSG_DONTWAIT);

    (void)events;
    if (n <= 0) {
        oauth_redirect_drop(v);
        return;
    }
    v->in.len += (size_t)n;
    v->in.text[v->in.len] = '\0';
    if (strstr(v->in.text, "\r\n\r\n"))
        oauth_redirect_on_request(v);
    else if (v->in.len == REDIRECT_MAX)
        oauth_redirect_reply(v, "431 Request Header Fields Too Large", "That is too long.");
}

static void oauth_redirect_on_listener(struct reactor_source *source, uint32_t events)
{
    struct oauth_redirect *r = source->arg;
    int fd = accept4(source->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    struct redirect_visitor *v = r->visitors;

    (void)events;
    while (v < r->visitors + REDIRECT_VISITORS && v->source.watched)
        v++;
    if (v == r->visitors + REDIRECT_VISITORS) /* the oldest has had its time */
        oauth_redirect_drop(v = r->visitors);
    v->redirect = r;
    if (fd >= 0 &&
        reactor_watch(r->reactor, &v->source, fd, EPOLLIN, oauth_redirect_on_visitor, v) != 0)
        close(fd);
}

static void oauth_redirect_on_input(struct reactor_source *source, uint32_t events)
{
    struct oauth_redirect *r = source->arg;
    struct redirect_text *line = &r->line;
    ssize_t n = read(source->fd, line->text + line->len, REDIRECT_MAX - line->len);

    (void)events;
    if (n <= 0) { /* nobody is there: the port is left */
        reactor_unwatch(r->reactor, source);
        return;
    }
    line->len += (size_t)n;
    line->text[line->len] = '\0';
    if (!strchr(line->text, '\n') && line->len < REDIRECT_MAX)
        return;
    const char *query = strchr(line->text, '?');
    if (!query || !oauth_redirect_take(r, query + 1, strcspn(query + 1, " \t\r\n#")))
        fputs("turnpike: this is not the address of the redirect; it begins with http://127.0.0.1 "
              "and holds state=...\n",
            stderr);
    memset(line, 0, sizeof *line);
}

/* ---- its life ---- */

static int oauth_redirect_listen(struct oauth_redirect *r, int port)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
        .sin_port = htons((uint16_t)port),
        .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof address;
    int one = 1, fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

    if (fd >= 0 && setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one) == 0 &&
        bind(fd, (struct sockaddr *)&address, len) == 0 && listen(fd, REDIRECT_VISITORS) == 0 &&
        getsockname(fd, (struct sockaddr *)&address, &len) == 0 &&
        reactor_watch(r->reactor, &r->listener, fd, EPOLLIN, oauth_redirect_on_listener, r) == 0) {
        r->port = ntohs(address.sin_port);
        return 0;
    }
    if (fd >= 0)
        close(fd);
    return ERR_IO;
}

int oauth_redirect_open(struct oauth_redirect **out, struct reactor *reactor, int port, int input)
{
    struct oauth_redirect *r = calloc(1, sizeof *r);

    if (!r)
        return ERR_NOMEM;
    r->reactor = reactor;
    int error = oauth_redirect_listen(r, port);
    if (error) {
        free(r);
        return error;
    }
    /* A file cannot be watched: then there is only the port. */
    if (input >= 0)
        err_ignore(reactor_watch(reactor, &r->input, input, EPOLLIN, oauth_redirect_on_input, r));
    *out = r;
    return 0;
}

int oauth_redirect_port(const struct oauth_redirect *r)
{
    return r->port;
}

int oauth_redirect_wait(struct oauth_redirect *r, const char *state, int64_t until_ms,
    const char **query)
{
    r->state = state;
    while (!r->come && clock_mono_ms() < until_ms) {
        int n = reactor_step(r->reactor, until_ms, NULL);
        if (n < 0)
            return n;
    }
    *query = r->query;
    return r->come ? 0 : ERR_DEADLINE;
}

void oauth_redirect_close(struct oauth_redirect *r)
{
    if (!r)
        return;
    for (size_t i = 0; i < REDIRECT_VISITORS; i++)
        if (r->visitors[i].source.watched)
            oauth_redirect_drop(&r->visitors[i]);
    if (r->input.watched)
        reactor_unwatch(r->reactor, &r->input);
    int fd = r->listener.fd;
    reactor_unwatch(r->reactor, &r->listener);
    close(fd);
    explicit_bzero(r, sizeof *r);
    free(r);
}
