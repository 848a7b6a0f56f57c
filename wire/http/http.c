#include "wire/http/http.h"

#include "base/address.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/task.h"

#include <curl/curl.h>
#include <openssl/crypto.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>

#define DEFAULT_CONNECT_MS 5000
#define DEFAULT_MAX_BYTES ((size_t)64 << 20)
#define KEPT_CONNECTIONS 8
#define RECEIVE_BYTES 4096 /* of a transfer at once; a token is shorter */
#define RETRY_AFTER_MAX_MS ((int64_t)86400000)
#define CA_DIRECTORY "/etc/ssl/certs"

/* A descriptor that curl wants watched. */
struct http_socket {
    struct reactor_source source;
    struct http_client *client;
    struct http_socket *next, **back;
};

struct http_client {
    CURLM *multi;
    struct reactor *reactor;
    struct reactor_timer timer;
    struct http_socket *sockets;
    struct http_transfer *transfers;
    CURL *spare;  /* http_prepare */
    bool in_curl; /* a callback of curl may be running: handles must not be added or removed */
    bool unsettled; /* a transfer is dead or waits to be added */
};

struct http_transfer {
    struct http_client *client;
    CURL *easy;
    struct curl_slist *headers;
    char *body;
    size_t body_len;
    struct http_transfer *next, **back;
    struct reactor_timer deadline;
    int64_t first_byte_ms, idle_ms, total_ms;
    int64_t started_ms, last_ms; /* monotonic; last = of the body, 0 = none yet */
    size_t max_bytes, received;
    unsigned redirects_left;
    bool public_only, same_origin, same_host, added, dead, refused, has_location;
    unsigned layers; /* of compression of the reply */
    bool may_repeat; /* a GET whose reply has not been asked for undecoded */
    const char *wanted;
    int error; /* why a callback of ours ended it */
    http_body_fn *on_body;
    http_done_fn *on_done;
    void *arg;
    struct task_ref task; /* that began it: acted for, and woken by its end */
    struct http_result result;
    char curl_why[CURL_ERROR_SIZE];
};

static bool global_ready;

int http_global_init(void)
{
    if (global_ready)
        return 0;
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
        return ERR_INTERNAL;
    /* What OpenSSL would load at the first use in each worker. */
    OPENSSL_init_crypto(OPENSSL_INIT_LOAD_CONFIG | OPENSSL_INIT_LOAD_CRYPTO_STRINGS |
            OPENSSL_INIT_ADD_ALL_CIPHERS | OPENSSL_INIT_ADD_ALL_DIGESTS, NULL);
    global_ready = true;
    return 0;
}

/* ---- descriptors and time: curl's socket interface on the reactor ---- */

static void http_settle(struct http_client *client);

static void http_act(struct http_client *client, curl_socket_t fd, int events)
{
    int running;

    client->in_curl = true;
    curl_multi_socket_action(client->multi, fd, events, &running);
    client->in_curl = false;
    http_settle(client);
}

static void http_on_ready(struct reactor_source *source, uint32_t events)
{
    struct http_socket *s = source->arg;
    int mask = 0;

    if (events & (EPOLLIN | EPOLLHUP | EPOLLRDHUP))
        mask |= CURL_CSELECT_IN;
    if (events & EPOLLOUT)
        mask |= CURL_CSELECT_OUT;
    if (events & EPOLLERR)
        mask |= CURL_CSELECT_ERR;
    http_act(s->client, source->fd, mask);
}

static void http_socket_free(struct http_socket *s)
{
    reactor_unwatch(s->client->reactor, &s->source);
    *s->back = s->next;
    if (s->next)
        s->next->back = s->back;
    free(s);
}

static struct http_socket *http_socket_new(struct http_client *client)
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

static int http_on_socket(CURL *easy, curl_socket_t fd, int what, void *arg, void *socket_arg)
{
    struct http_client *client = arg;
    struct http_socket *s = socket_arg;
    uint32_t events = 0;

    (void)easy;
    if (what == CURL_POLL_REMOVE) {
        if (s)
            http_socket_free(s);
        curl_multi_assign(client->multi, fd, NULL);
        return 0;
    }
    if (what & CURL_POLL_IN)
        events |= EPOLLIN;
    if (what & CURL_POLL_OUT)
        events |= EPOLLOUT;
    if (!s && !(s = http_socket_new(client)))
        return -1;
    curl_multi_assign(client->multi, fd, s);
    return reactor_watch(client->reactor, &s->source, fd, events, http_on_ready, s) ? -1 : 0;
}

static void http_on_timer(struct reactor_timer *timer)
{
    http_act(timer->arg, CURL_SOCKET_TIMEOUT, 0);
}

static int http_on_timeout(CURLM *multi, long timeout_ms, void *arg)
{
    struct http_client *client = arg;

    (void)multi;
    if (timeout_ms < 0) {
        reactor_timer_clear(client->reactor, &client->timer);
        return 0;
    }
    /* One more than asked, because the clock's milliseconds are cut off, not rounded. */
    reactor_timer_set(client->reactor, &client->timer,
        clock_mono_ms() + timeout_ms + (timeout_ms > 0), http_on_timer, client);
    return 0;
}

int http_new(struct http_client **out, struct reactor *reactor)
{
    struct http_client *client;
    int error = http_global_init();

    if (error)
        return error;
    client = calloc(1, sizeof *client);
    if (!client)
        return ERR_NOMEM;
    client->reactor = reactor;
    client->multi = curl_multi_init();
    if (!client->multi) {
        free(client);
        return ERR_NOMEM;
    }
    curl_multi_setopt(client->multi, CURLMOPT_SOCKETFUNCTION, http_on_socket);
    curl_multi_setopt(client->multi, CURLMOPT_SOCKETDATA, client);
    curl_multi_setopt(client->multi, CURLMOPT_TIMERFUNCTION, http_on_timeout);
    curl_multi_setopt(client->multi, CURLMOPT_TIMERDATA, client);
    curl_multi_setopt(client->multi, CURLMOPT_MAXCONNECTS, (long)KEPT_CONNECTIONS);
    *out = client;
    return 0;
}

/* ---- life of a transfer ---- */

static void http_destroy(struct http_transfer *t)
{
    struct http_client *client = t->client;

    reactor_timer_clear(client->reactor, &t->deadline);
    if (t->added)
        curl_multi_remove_handle(client->multi, t->easy);
    if (t->back) {
        *t->back = t->next;
        if (t->next)
            t->next->back = t->back;
    }
    if (t->easy)
        curl_easy_cleanup(t->easy);
    curl_slist_free_all(t->headers);
    free(t->body);
    free(t);
}

void http_keep(struct http_client *client, size_t connections)
{
    curl_multi_setopt(client->multi, CURLMOPT_MAXCONNECTS, (long)connections);
}

void http_free(struct http_client *client)
{
    if (!client)
        return;
    while (client->transfers)
        http_destroy(client->transfers);
    if (client->spare)
        curl_easy_cleanup(client->spare);
    curl_multi_cleanup(client->multi);
    while (client->sockets)
        http_socket_free(client->sockets);
    reactor_timer_clear(client->reactor, &client->timer);
    free(client);
}

bool http_is_idle(const struct http_client *client)
{
    return client->transfers == NULL;
}

void http_cancel(struct http_transfer *t)
{
    if (!t->client->in_curl) {
        http_destroy(t);
        return;
    }
    t->dead = true;
    t->client->unsettled = true;
}

/* The transfer is taken apart first, so on_done may start others or cancel them. */
static void http_finish(struct http_transfer *t, int error, const char *why)
{
    struct http_result result = t->result;
    http_done_fn *on_done = t->on_done;
    struct task_ref task = t->task;
    void *arg = t->arg;

    long sent = 0;
    curl_easy_getinfo(t->easy, CURLINFO_REQUEST_SIZE, &sent);
    result.sent = sent > 0;
    result.error = error;
    snprintf(result.why, sizeof result.why, "%s", error ? why : "");
    http_destroy(t);
    if (!on_done)
        return;
    struct task *acted = task_ref_act(task);
    on_done(arg, &result);
    task_act(acted);
    task_ref_wake(task);
}

static int64_t http_earlier(int64_t a, int64_t b)
{
    return a && a < b ? a : b;
}

/* When the next deadline passes unless bytes come; INT64_MAX = never. */
static int64_t http_due(const struct http_transfer *t)
{
    int64_t due = INT64_MAX, idle_from = t->last_ms;

    if (t->total_ms)
        due = t->started_ms + t->total_ms;
    if (!t->last_ms && t->first_byte_ms)
        due = http_earlier(t->started_ms + t->first_byte_ms, due);
    if (!t->last_ms && !t->first_byte_ms)
        idle_from = t->started_ms;
    if (t->idle_ms && idle_from)
        due = http_earlier(idle_from + t->idle_ms, due);
    return due;
}

static void http_on_deadline(struct reactor_timer *timer);

static void http_deadline_set(struct http_transfer *t)
{
    int64_t due = http_due(t);
    if (due != INT64_MAX)
        reactor_timer_set(t->client->reactor, &t->deadline, due, http_on_deadline, t);
}

/* Bytes only note their time; the timer finds out here whether it is still early. */
static void http_on_deadline(struct reactor_timer *timer)
{
    struct http_transfer *t = timer->arg;
    int64_t now = clock_mono_ms();
    const char *why = "no byte came within the idle timeout";

    if (http_due(t) > now) {
        http_deadline_set(t);
        return;
    }
    if (t->total_ms && now >= t->started_ms + t->total_ms)
        why = "total timeout";
    else if (!t->last_ms)
        why = "first byte timeout";
    http_finish(t, ERR_DEADLINE, why);
}

static int http_add(struct http_transfer *t)
{
    if (curl_multi_add_handle(t->client->multi, t->easy) != CURLM_OK)
        return ERR_NOMEM;
    t->added = true;
    return 0;
}

/* ---- the reply ---- */

static bool http_will_redirect(const struct http_transfer *t)
{
    long s = t->result.status;
    return t->redirects_left && t->has_location &&
        (s == 301 || s == 302 || s == 303 || s == 307 || s == 308);
}

/* The answer has begun: what was sent to the end is needed no more. */
static void http_body_done(struct http_transfer *t)
{
    curl_off_t sent = 0;

    if (!t->body || t->result.status < 200 || t->result.status > 299 ||
        curl_easy_getinfo(t->easy, CURLINFO_SIZE_UPLOAD_T, &sent) ||
        sent < (curl_off_t)t->body_len)
        return;
    curl_easy_setopt(t->easy, CURLOPT_POSTFIELDS, NULL);
    free(t->body);
    t->body = NULL;
}

static size_t http_on_body(char *bytes, size_t size, size_t count, void *arg)
{
    struct http_transfer *t = arg;
    size_t len = size * count;

    if (t->dead)
        return CURL_WRITEFUNC_ERROR;
    if (len == 0 || http_will_redirect(t))
        return len;
    bool first = t->last_ms == 0;
    t->last_ms = clock_mono_ms();
    if (first) {
        http_deadline_set(t);
        http_body_done(t);
    }
    if (len > t->max_bytes - t->received) {
        t->error = ERR_LIMIT;
        return CURL_WRITEFUNC_ERROR;
    }
    t->received += len;
    if (t->on_body) {
        struct task *acted = task_ref_act(t->task);
        t->error = t->on_body(t->arg, t->result.status, bytes, len);
        task_act(acted);
    }
    return t->error || t->dead ? CURL_WRITEFUNC_ERROR : len;
}

static void http_headers_clear(struct http_transfer *t)
{
    t->result = (struct http_result){ .retry_after_ms = -1, .should_retry = -1 };
    t->has_location = false;
    t->layers = 0;
}

/* Whole milliseconds of a decimal number of `scale` milliseconds; -1 = no number. */
static int64_t http_parse_wait(const char *value, double scale)
{
    char *end;

    if (!(*value >= '0' && *value <= '9'))
        return -1;
    double ms = strtod(value, &end) * scale;
    if (*end || !(ms >= 0))
        return -1;
    return ms > (double)RETRY_AFTER_MAX_MS ? RETRY_AFTER_MAX_MS : (int64_t)ms;
}

static void http_on_retry_after(struct http_result *result, const char *value)
{
    int64_t ms = http_parse_wait(value, 1000);

    if (ms < 0) {
        time_t when = curl_getdate(value, NULL);
        if (when == -1)
            return;
        ms = (int64_t)when * 1000 - clock_real_ms();
        ms = ms < 0 ? 0 : ms > RETRY_AFTER_MAX_MS ? RETRY_AFTER_MAX_MS : ms;
    }
    if (result->retry_after_ms < 0) /* retry-after-ms is more exact and wins */
        result->retry_after_ms = ms;
}

/* Counts the codings of a list: "gzip, br" are two. */
static unsigned http_layers(const char *value)
{
    unsigned count = 0;

    for (size_t n; *(value += strspn(value, " \t,")); value += n) {
        n = strcspn(value, " \t,");
        bool plain = (n == 7 && !strncasecmp(value, "chunked", n)) ||
            (n == 8 && !strncasecmp(value, "identity", n));
        count += !plain;
    }
    return count;
}

static void http_on_field(struct http_transfer *t, const char *name, const char *value)
{
    struct http_result *r = &t->result;

    if (strcasecmp(name, "location") == 0) {
        t->has_location = true;
    } else if (strcasecmp(name, "content-encoding") == 0 ||
        strcasecmp(name, "transfer-encoding") == 0) {
        t->layers += http_layers(value);
    } else if (strcasecmp(name, "content-type") == 0) {
        snprintf(r->content_type, sizeof r->content_type, "%s", value);
    } else if (strcasecmp(name, "request-id") == 0 ||
        (strcasecmp(name, "x-request-id") == 0 && !r->request_id[0])) {
        snprintf(r->request_id, sizeof r->request_id, "%s", value);
    } else if (strcasecmp(name, "x-should-retry") == 0) {
        r->should_retry = strcasecmp(value, "true") == 0 ? 1 :
            strcasecmp(value, "false") == 0 ? 0 : -1;
    } else if (strcasecmp(name, "retry-after-ms") == 0) {
        int64_t ms = http_parse_wait(value, 1);
        if (ms >= 0)
            r->retry_after_ms = ms;
    } else if (strcasecmp(name, "retry-after") == 0) {
        http_on_retry_after(r, value);
    }
    if (t->wanted && strcasecmp(name, t->wanted) == 0 && strlen(value) < sizeof r->wanted)
        snprintf(r->wanted, sizeof r->wanted, "%s", value);
}

/* One header line; a line too long to be of interest is cut. */
static size_t http_on_header(char *bytes, size_t size, size_t count, void *arg)
{
    struct http_transfer *t = arg;
    size_t len = size * count, n = len;
    char line[640];

    if (n >= sizeof line)
        n = sizeof line - 1;
    memcpy(line, bytes, n);
    while (n > 0 && (line[n - 1] == '\r' || line[n - 1] == '\n' || line[n - 1] == ' '))
        n--;
    line[n] = 0;
    if (strncmp(line, "HTTP/", 5) == 0) { /* also after 1xx and of each redirect */
        http_headers_clear(t);
        const char *space = strchr(line, ' ');
        t->result.status = space ? strtol(space, NULL, 10) : 0;
        return len;
    }
    char *colon = strchr(line, ':');
    if (colon) {
        *colon++ = 0;
        colon += strspn(colon, " \t");
        http_on_field(t, line, colon);
    }
    /* Each layer grows a thousandfold, and an inner one may give nothing: max_bytes would not see
     * it, and curl decodes a whole read in one go. Nobody compresses twice in good faith. */
    if (t->layers > 1) {
        t->error = ERR_NET;
        return 0;
    }
    return len;
}

static int http_error_of(const struct http_transfer *t, CURLcode code)
{
    if (code == CURLE_OK)
        return 0;
    if (t->error)
        return t->error;
    if (t->refused)
        return ERR_FORBIDDEN;
    switch (code) {
    case CURLE_OPERATION_TIMEDOUT:
        return ERR_DEADLINE;
    case CURLE_OUT_OF_MEMORY:
        return ERR_NOMEM;
    default:
        return ERR_NET;
    }
}

/* ---- redirects: followed here, since curl would send the caller's headers to any host ---- */

static bool http_header_is(const char *header, const char *name)
{
    size_t len = strlen(name);
    return strncasecmp(header, name, len) == 0 && (header[len] == ':' || header[len] == ';');
}

/* Keeps only what is no secret of the caller, or `all`; `body`: and what describes the body. */
static int http_headers_reduce(struct http_transfer *t, bool all, bool body)
{
    struct curl_slist *kept = NULL, *grown;

    for (const struct curl_slist *h = t->headers; h; h = h->next) {
        bool of_body = http_header_is(h->data, "Content-Type");
        bool harmless = http_header_is(h->data, "Accept") || http_header_is(h->data, "Expect") ||
            http_header_is(h->data, "Accept-Language");
        if (of_body ? !body : !all && !harmless)
            continue;
        if (!(grown = curl_slist_append(kept, h->data))) {
            curl_slist_free_all(kept);
            return ERR_NOMEM;
        }
        kept = grown;
    }
    curl_slist_free_all(t->headers);
    t->headers = kept;
    curl_easy_setopt(t->easy, CURLOPT_HTTPHEADER, kept);
    return 0;
}

static int http_redirect(struct http_transfer *t, const char **why)
{
    char from[512], to[512];
    char *old_url = NULL, *new_url = NULL, *copy;

    curl_easy_getinfo(t->easy, CURLINFO_EFFECTIVE_URL, &old_url);
    curl_easy_getinfo(t->easy, CURLINFO_REDIRECT_URL, &new_url);
    *why = "redirect without a usable URL";
    if (!old_url || !new_url || !http_url_origin(old_url, from, sizeof from) ||
        !http_url_origin(new_url, to, sizeof to))
        return ERR_NET;
    *why = "redirect from https to another scheme";
    if (strncmp(from, "https:", 6) == 0 && strncmp(to, "https:", 6) != 0)
        return ERR_FORBIDDEN;
    *why = "redirect to another origin";
    if (t->same_origin && strcmp(from, to) != 0)
        return ERR_FORBIDDEN;
    bool keep_headers = strcmp(from, to) == 0;
    if (t->same_host) {
        *why = "redirect to another host";
        if (!http_same_host(old_url, new_url))
            return ERR_FORBIDDEN;
        keep_headers = true;
    }
    *why = "out of memory";
    bool keep_body = t->result.status == 307 || t->result.status == 308 ||
        (t->same_host && t->result.status != 303);
    if (!keep_body && t->body) {
        curl_easy_setopt(t->easy, CURLOPT_CUSTOMREQUEST, NULL);
        curl_easy_setopt(t->easy, CURLOPT_HTTPGET, 1L);
    }
    int error = http_headers_reduce(t, keep_headers, keep_body);
    if (error)
        return error;
    if (!(copy = strdup(new_url))) /* curl's own lives in the handle that is changed */
        return ERR_NOMEM;
    curl_multi_remove_handle(t->client->multi, t->easy);
    t->added = false;
    error = curl_easy_setopt(t->easy, CURLOPT_URL, copy) == CURLE_OK ? 0 : ERR_NOMEM;
    free(copy);
    t->redirects_left--;
    http_headers_clear(t);
    return error ? error : http_add(t);
}

/*
 * Content-Encoding names what the body is not ("utf-8", or gzip in front of plain text): a page is
 * asked for once more and taken as it comes. Only a GET, and only before its first byte was given on.
 */
static bool http_take_plain(struct http_transfer *t, CURLcode code)
{
    if (code != CURLE_BAD_CONTENT_ENCODING || !t->may_repeat || t->received || t->error)
        return false;
    t->may_repeat = false;
    curl_multi_remove_handle(t->client->multi, t->easy);
    t->added = false;
    curl_easy_setopt(t->easy, CURLOPT_ACCEPT_ENCODING, NULL);
    http_headers_clear(t);
    t->curl_why[0] = 0;
    return !http_add(t);
}

static void http_on_message(struct http_transfer *t, CURLcode code)
{
    if (http_take_plain(t, code))
        return;
    const char *why = t->curl_why[0] ? t->curl_why : curl_easy_strerror(code);
    int error = http_error_of(t, code);

    if (code == CURLE_OK && http_will_redirect(t)) {
        error = http_redirect(t, &why);
        if (!error)
            return;
    } else if (t->layers > 1) {
        why = "the reply is compressed more than once";
    } else if (error == ERR_LIMIT) {
        why = "the reply is larger than allowed";
    } else if (error == ERR_FORBIDDEN && t->refused) {
        why = "the address is not a public one";
    }
    http_finish(t, error, why);
}

/* What may not be done inside a callback of curl. */
static void http_settle_transfers(struct http_client *client)
{
    struct http_transfer *t = client->transfers;

    client->unsettled = false;
    while (t) {
        struct http_transfer *next = t->next;
        if (t->dead) {
            http_destroy(t);
        } else if (!t->added && http_add(t) != 0) {
            http_finish(t, ERR_NOMEM, "out of memory");
            next = client->transfers; /* on_done may have changed the list */
        }
        t = next;
    }
}

static void http_settle(struct http_client *client)
{
    struct http_transfer *t;
    CURLMsg *message;
    int left;

    while ((message = curl_multi_info_read(client->multi, &left))) {
        CURLcode code = message->data.result;
        if (message->msg != CURLMSG_DONE ||
            curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &t) != CURLE_OK)
            continue;
        if (!t->dead)
            http_on_message(t, code);
    }
    if (client->unsettled)
        http_settle_transfers(client);
}

/* ---- the request ---- */

static curl_socket_t http_on_open(void *arg, curlsocktype purpose, struct curl_sockaddr *address)
{
    struct http_transfer *t = arg;

    (void)purpose;
    if (t->public_only && !address_is_public(&address->addr)) {
        t->refused = true;
        return CURL_SOCKET_BAD;
    }
    return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

/* Sees kept connections too, which an earlier transfer without public_only may have opened. */
static int http_on_connected(void *arg, char *peer, char *local, int peer_port, int local_port)
{
    struct http_transfer *t = arg;

    (void)local;
    (void)peer_port;
    (void)local_port;
    if (!t->public_only || address_text_is_public(peer))
        return CURL_PREREQFUNC_OK;
    t->refused = true;
    return CURL_PREREQFUNC_ABORT;
}

static int http_header_add(struct http_transfer *t, const char *header)
{
    struct curl_slist *grown = curl_slist_append(t->headers, header);
    if (!grown)
        return ERR_NOMEM;
    t->headers = grown;
    return 0;
}

static int http_setup_headers(struct http_transfer *t, const struct http_request *request)
{
    bool has_type = false;
    int error = http_header_add(t, "Expect:"); /* no waiting for 100 Continue */

    /* Nothing compressed is asked for; a server that compresses all the same is read, since curl
     * decodes whatever comes once an encoding is set. */
    curl_easy_setopt(t->easy, CURLOPT_ACCEPT_ENCODING, "identity");

    for (const char *const *h = request->headers; !error && h && *h; h++) {
        if (strpbrk(*h, "\r\n"))
            return ERR_INVALID;
        if (http_header_is(*h, "Accept-Encoding")) {
            /* Only this way does curl decompress, too. */
            const char *value = *h + strlen("Accept-Encoding:");
            curl_easy_setopt(t->easy, CURLOPT_ACCEPT_ENCODING, value + strspn(value, " "));
            continue;
        }
        has_type = has_type || http_header_is(*h, "Content-Type");
        error = http_header_add(t, *h);
    }
    if (!error && !has_type)
        error = http_header_add(t, "Content-Type:");
    curl_easy_setopt(t->easy, CURLOPT_HTTPHEADER, t->headers);
    return error;
}

static int http_setup_body(struct http_transfer *t, const struct http_request *request)
{
    bool has_body = request->body || request->own_body;
    const char *method = request->method ? request->method : has_body ? "POST" : "GET";

    if (request->body) {
        if (!(t->body = malloc(request->body_len + 1)))
            return ERR_NOMEM;
        memcpy(t->body, request->body, request->body_len);
        t->body[request->body_len] = 0;
    }
    if (t->body) {
        curl_easy_setopt(t->easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)request->body_len);
        curl_easy_setopt(t->easy, CURLOPT_POSTFIELDS, t->body);
    }
    if (strcmp(method, "HEAD") == 0)
        curl_easy_setopt(t->easy, CURLOPT_NOBODY, 1L);
    else if (strcmp(method, has_body ? "POST" : "GET") != 0)
        return curl_easy_setopt(t->easy, CURLOPT_CUSTOMREQUEST, method) ? ERR_NOMEM : 0;
    return 0;
}

static void http_setup_tls(CURL *easy)
{
    const char *file = getenv("SSL_CERT_FILE"), *directory = getenv("SSL_CERT_DIR");

    /* A directory of hashes: one file is read for each connection, not a bundle of all. */
    curl_easy_setopt(easy, CURLOPT_CAINFO, file && *file ? file : NULL);
    curl_easy_setopt(easy, CURLOPT_CAPATH, directory && *directory ? directory : CA_DIRECTORY);
}

/* A handle with all that is the same for every request. NULL without memory. */
static CURL *http_easy_new(void)
{
    CURL *easy = curl_easy_init();

    if (!easy)
        return NULL;
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_BUFFERSIZE, (long)RECEIVE_BYTES);
    curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L);
    curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(easy, CURLOPT_TCP_NODELAY, 1L);
    curl_easy_setopt(easy, CURLOPT_TCP_KEEPALIVE, 1L);
    curl_easy_setopt(easy, CURLOPT_USERAGENT, "turnpike");
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, http_on_body);
    curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, http_on_header);
    curl_easy_setopt(easy, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
    curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, http_on_open);
    http_setup_tls(easy);
    return easy;
}

void http_prepare(struct http_client *client)
{
    if (!client->spare)
        client->spare = http_easy_new();
}

static int http_setup(struct http_transfer *t, const struct http_request *request)
{
    CURL *easy = t->easy;
    int64_t connect_ms = request->connect_timeout_ms;

    curl_easy_setopt(easy, CURLOPT_PRIVATE, t);
    curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, t->curl_why);
    curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS,
        (long)(connect_ms ? connect_ms : DEFAULT_CONNECT_MS));
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, t);
    curl_easy_setopt(easy, CURLOPT_HEADERDATA, t);
    curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, t);
    if (request->public_only) {
        curl_easy_setopt(easy, CURLOPT_PREREQFUNCTION, http_on_connected);
        curl_easy_setopt(easy, CURLOPT_PREREQDATA, t);
        /* Through a proxy the peer's address could not be checked. */
        curl_easy_setopt(easy, CURLOPT_PROXY, "");
    }
    if (curl_easy_setopt(easy, CURLOPT_URL, request->url) != CURLE_OK)
        return ERR_NOMEM;
    int error = http_setup_headers(t, request);
    return error ? error : http_setup_body(t, request);
}

static struct http_transfer *http_transfer_new(struct http_client *client,
    const struct http_request *request)
{
    struct http_transfer *t = calloc(1, sizeof *t);
    if (!t)
        return NULL;
    t->client = client;
    t->first_byte_ms = request->first_byte_timeout_ms;
    t->idle_ms = request->idle_timeout_ms;
    t->total_ms = request->total_timeout_ms;
    t->max_bytes = request->max_bytes ? request->max_bytes : DEFAULT_MAX_BYTES;
    t->redirects_left = request->max_redirects;
    t->public_only = request->public_only;
    t->same_origin = request->same_origin;
    t->same_host = request->same_host;
    t->may_repeat = !request->body && !request->own_body &&
        (!request->method || !strcmp(request->method, "GET"));
    t->wanted = request->wanted;
    t->on_body = request->on_body;
    t->on_done = request->on_done;
    t->body = request->own_body;
    t->body_len = request->body_len;
    t->arg = request->arg;
    t->task = task_ref_self();
    t->started_ms = clock_mono_ms();
    http_headers_clear(t);
    t->easy = client->spare ? client->spare : http_easy_new();
    client->spare = NULL;
    if (!t->easy) {
        free(t);
        return NULL;
    }
    return t;
}

int http_start(struct http_client *client, const struct http_request *request,
    struct http_transfer **out)
{
    if (!http_url_usable(request->url)) {
        free(request->own_body);
        return ERR_INVALID;
    }
    struct http_transfer *t = http_transfer_new(client, request);
    if (!t) {
        free(request->own_body);
        return ERR_NOMEM;
    }
    int error = http_setup(t, request);
    if (!error && !client->in_curl)
        error = http_add(t);
    if (error) {
        http_destroy(t);
        return error;
    }
    if (client->in_curl)
        client->unsettled = true;
    t->next = client->transfers;
    t->back = &client->transfers;
    if (t->next)
        t->next->back = &t->next;
    client->transfers = t;
    http_deadline_set(t);
    if (out)
        *out = t;
    return 0;
}

const struct http_result *http_head(const struct http_transfer *t)
{
    return &t->result;
}
