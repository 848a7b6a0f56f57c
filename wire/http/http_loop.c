/* SPDX-License-Identifier: BSD-2-Clause */
#include "wire/http/http_parts.h"

#include "base/clock.h"

#include <stdlib.h>
#include <sys/epoll.h>

/* A descriptor that curl wants watched. */
struct http_socket {
    struct reactor_source source;
    struct http_client *client;
    struct http_socket *next, **back;
};

void http_loop_act(struct http_client *client, curl_socket_t fd, int events)
{
    int running;

    client->in_curl = true;
    curl_multi_socket_action(client->multi, fd, events, &running);
    client->in_curl = false;
    http_transfer_settle(client);
}

static void http_loop_on_ready(struct reactor_source *source, uint32_t events)
{
    struct http_socket *s = source->arg;
    int mask = 0;

    if (events & (EPOLLIN | EPOLLHUP | EPOLLRDHUP))
        mask |= CURL_CSELECT_IN;
    if (events & EPOLLOUT)
        mask |= CURL_CSELECT_OUT;
    if (events & EPOLLERR)
        mask |= CURL_CSELECT_ERR;
    http_loop_act(s->client, source->fd, mask);
}

static void http_loop_socket_free(struct http_socket *s)
{
    reactor_unwatch(s->client->reactor, &s->source);
    *s->back = s->next;
    if (s->next)
        s->next->back = s->back;
    free(s);
}

static struct http_socket *http_loop_socket_new(struct http_client *client)
{
    struct http_socket *s = calloc(1, sizeof *s);
    if (!s)
        return NULL;
    s->client = client;
    s->next = client->sockets;
    s->back = &client->sockets;
    if (s->next)
        s->next->back = &s->next;
    client->sockets = s;
    return s;
}

static int http_loop_on_socket(CURL *easy, curl_socket_t fd, int what, void *arg, void *socket_arg)
{
    struct http_client *client = arg;
    struct http_socket *s = socket_arg;
    uint32_t events = 0;

    (void)easy;
    if (what == CURL_POLL_REMOVE) {
        if (s)
            http_loop_socket_free(s);
        curl_multi_assign(client->multi, fd, NULL);
        return 0;
    }
    if (what & CURL_POLL_IN)
        events |= EPOLLIN;
    if (what & CURL_POLL_OUT)
        events |= EPOLLOUT;
    if (!s && !(s = http_loop_socket_new(client)))
        return -1;
    curl_multi_assign(client->multi, fd, s);
    return reactor_watch(client->reactor, &s->source, fd, events, http_loop_on_ready, s) ? -1 : 0;
}

static void http_loop_on_timer(struct reactor_timer *timer)
{
    http_loop_act(timer->arg, CURL_SOCKET_TIMEOUT, 0);
}

static int http_loop_on_timeout(CURLM *multi, long timeout_ms, void *arg)
{
    struct http_client *client = arg;

    (void)multi;
    if (timeout_ms < 0) {
        reactor_timer_clear(client->reactor, &client->timer);
        return 0;
    }
    /* One more than asked, because the clock's milliseconds are cut off, not rounded. */
    reactor_timer_set(client->reactor, &client->timer,
        clock_mono_ms() + timeout_ms + (timeout_ms > 0), http_loop_on_timer, client);
    return 0;
}

void http_loop_open(struct http_client *client)
{
    curl_multi_setopt(client->multi, CURLMOPT_SOCKETFUNCTION, http_loop_on_socket);
    curl_multi_setopt(client->multi, CURLMOPT_SOCKETDATA, client);
    curl_multi_setopt(client->multi, CURLMOPT_TIMERFUNCTION, http_loop_on_timeout);
    curl_multi_setopt(client->multi, CURLMOPT_TIMERDATA, client);
}

void http_loop_close(struct http_client *client)
{
    while (client->sockets)
        http_loop_socket_free(client->sockets);
    reactor_timer_clear(client->reactor, &client->timer);
}
