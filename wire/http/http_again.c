/* SPDX-License-Identifier: BSD-2-Clause */
/* Requests that are made once more: redirects, a page that is not compressed. */
#include "wire/http/http_parts.h"

#include "base/err.h"

#include <stdlib.h>
#include <string.h>

/* Keeps only what is no secret of the caller, or `all`; `body`: and what describes the body. */
static int http_again_reduce(struct http_transfer *t, bool all, bool body)
{
    struct curl_slist *kept = NULL, *grown;

    for (const struct curl_slist *h = t->headers; h; h = h->next) {
        bool of_body = http_request_header_is(h->data, "Content-Type");
        bool harmless = http_request_header_is(h->data, "Accept") ||
            http_request_header_is(h->data, "Expect") ||
            http_request_header_is(h->data, "Accept-Language");
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

/* Redirects are followed here: curl itself would send the caller's headers to any host. */
int http_again_redirect(struct http_transfer *t, const char **why)
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
    int error = http_again_reduce(t, keep_headers, keep_body);
    if (error)
        return error;
    if (!(copy = strdup(new_url))) /* curl's own lives in the handle that is changed */
        return ERR_NOMEM;
    curl_multi_remove_handle(t->client->multi, t->easy);
    t->added = false;
    error = curl_easy_setopt(t->easy, CURLOPT_URL, copy) == CURLE_OK ? 0 : ERR_NOMEM;
    free(copy);
    t->redirects_left--;
    http_reply_clear(t);
    return error ? error : http_transfer_add(t);
}

bool http_again_plain(struct http_transfer *t, CURLcode code)
{
    if (code != CURLE_BAD_CONTENT_ENCODING || !t->may_repeat || t->received || t->error)
        return false;
    t->may_repeat = false;
    curl_multi_remove_handle(t->client->multi, t->easy);
    t->added = false;
    curl_easy_setopt(t->easy, CURLOPT_ACCEPT_ENCODING, NULL);
    http_reply_clear(t);
    t->curl_why[0] = 0;
    return !http_transfer_add(t);
}
