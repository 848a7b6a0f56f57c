/* SPDX-License-Identifier: BSD-2-Clause */
#include "wire/http/http_parts.h"

#include "base/address.h"
#include "base/err.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>

#define DEFAULT_CONNECT_MS 5000
#define RECEIVE_BYTES 4096 /* of a transfer at once; a token is shorter */
#define CA_DIRECTORY "/etc/ssl/certs"

/* ---- the guard of addresses ---- */

static curl_socket_t http_request_on_open(void *arg, curlsocktype purpose,
    struct curl_sockaddr *address)
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
static int http_request_on_connected(void *arg, char *peer, char *local, int peer_port,
    int local_port)
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

/* ---- headers and body ---- */

bool http_request_header_is(const char *header, const char *name)
{
    size_t len = strlen(name);
    return strncasecmp(header, name, len) == 0 && (header[len] == ':' || header[len] == ';');
}

static int http_request_add(struct http_transfer *t, const char *header)
{
    struct curl_slist *grown = curl_slist_append(t->headers, header);
    if (!grown)
        return ERR_NOMEM;
    t->headers = grown;
    return 0;
}

static int http_request_headers(struct http_transfer *t, const struct http_request *request)
{
    bool has_type = false;
    int error = http_request_add(t, "Expect:"); /* no waiting for 100 Continue */

    /* Nothing compressed is asked for; a server that compresses all the same is read, since curl
     * decodes whatever comes once an encoding is set. */
    curl_easy_setopt(t->easy, CURLOPT_ACCEPT_ENCODING, "identity");

    for (const char *const *h = request->headers; !error && h && *h; h++) {
        if (strpbrk(*h, "\r\n"))
            return ERR_INVALID;
        if (http_request_header_is(*h, "Accept-Encoding")) {
            /* Only this way does curl decompress, too. */
            const char *value = *h + strlen("Accept-Encoding:");
            curl_easy_setopt(t->easy, CURLOPT_ACCEPT_ENCODING, value + strspn(value, " "));
            continue;
        }
        has_type = has_type || http_request_header_is(*h, "Content-Type");
        error = http_request_add(t, *h);
    }
    if (!error && !has_type)
        error = http_request_add(t, "Content-Type:");
    curl_easy_setopt(t->easy, CURLOPT_HTTPHEADER, t->headers);
    return error;
}

static int http_request_body(struct http_transfer *t, const struct http_request *request)
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

/* ---- the handle ---- */

static void http_request_tls(CURL *easy)
{
    const char *file = getenv("SSL_CERT_FILE"), *directory = getenv("SSL_CERT_DIR");

    /* A directory of hashes: one file is read for each connection, not a bundle of all. */
    curl_easy_setopt(easy, CURLOPT_CAINFO, file && *file ? file : NULL);
    curl_easy_setopt(easy, CURLOPT_CAPATH, directory && *directory ? directory : CA_DIRECTORY);
}

CURL *http_request_handle(void)
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
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, http_reply_on_body);
    curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, http_reply_on_header);
    curl_easy_setopt(easy, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
    curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, http_request_on_open);
    http_request_tls(easy);
    return easy;
}

int http_request_set(struct http_transfer *t, const struct http_request *request)
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
        curl_easy_setopt(easy, CURLOPT_PREREQFUNCTION, http_request_on_connected);
        curl_easy_setopt(easy, CURLOPT_PREREQDATA, t);
        /* Through a proxy the peer's address could not be checked. */
        curl_easy_setopt(easy, CURLOPT_PROXY, "");
    }
    if (curl_easy_setopt(easy, CURLOPT_URL, request->url) != CURLE_OK)
        return ERR_NOMEM;
    int error = http_request_headers(t, request);
    return error ? error : http_request_body(t, request);
}
