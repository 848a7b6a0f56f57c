/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * http -- what it knows of URLs that are called, by curl's own parser, so that no two opinions on
 * one can differ. What may be written down as an address to call at all is decided before
 * (base/url.h).
 */
#include "wire/http/http.h"

#include "base/err.h"

#include <curl/curl.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

bool http_url_origin(const char *url, char *out, size_t size)
{
    CURLU *u = curl_url();
    char *scheme = NULL, *host = NULL, *port = NULL;
    bool ok = u && curl_url_set(u, CURLUPART_URL, url, 0) == CURLUE_OK &&
        curl_url_get(u, CURLUPART_SCHEME, &scheme, 0) == CURLUE_OK &&
        curl_url_get(u, CURLUPART_HOST, &host, 0) == CURLUE_OK &&
        curl_url_get(u, CURLUPART_PORT, &port, CURLU_DEFAULT_PORT) == CURLUE_OK &&
        (size_t)snprintf(out, size, "%s://%s:%s", scheme, host, port) < size;

    curl_free(scheme);
    curl_free(host);
    curl_free(port);
    curl_url_cleanup(u);
    return ok;
}

bool http_url_usable(const char *url)
{
    char origin[512];
    return url && http_url_origin(url, origin, sizeof origin) &&
        (strncmp(origin, "http:", 5) == 0 || strncmp(origin, "https:", 6) == 0);
}

bool http_same_origin(const char *a, const char *b)
{
    char from[512], to[512];
    return http_url_origin(a, from, sizeof from) && http_url_origin(b, to, sizeof to) &&
        strcmp(from, to) == 0;
}

bool http_same_host(const char *a, const char *b)
{
    char from[256], to[256];
    return !http_url_host(a, from, sizeof from) && !http_url_host(b, to, sizeof to) &&
        strcasecmp(from, to) == 0;
}

static int http_url_part(const char *base, const char *relative, CURLUPart part, char *out,
    size_t size)
{
    CURLU *u = curl_url();
    char *text = NULL;
    int error = ERR_INVALID;

    if (u && curl_url_set(u, CURLUPART_URL, base, 0) == CURLUE_OK &&
        (!relative || curl_url_set(u, CURLUPART_URL, relative, 0) == CURLUE_OK) &&
        curl_url_get(u, part, &text, 0) == CURLUE_OK &&
        (size_t)snprintf(out, size, "%s", text) < size)
        error = 0;
    curl_free(text);
    curl_url_cleanup(u);
    return error;
}

int http_url_join(const char *base, const char *relative, char *out, size_t size)
{
    int error = http_url_part(base, relative, CURLUPART_URL, out, size);
    return error ? error : http_url_usable(out) ? 0 : ERR_INVALID;
}

int http_url_host(const char *url, char *out, size_t size)
{
    if (!http_url_usable(url) || http_url_part(url, NULL, CURLUPART_HOST, out, size) != 0)
        return ERR_INVALID;
    size_t len = strlen(out);
    if (len > 2 && out[0] == '[' && out[len - 1] == ']') {
        memmove(out, out + 1, len - 2);
        out[len - 2] = 0;
    }
    return 0;
}

const char *http_reason(int status)
{
    static const struct {
        int status;
        const char *text;
    } reasons[] = {{200, "OK"}, {201, "Created"}, {202, "Accepted"}, {204, "No Content"},
        {207, "Multi-Status"}, {304, "Not Modified"}, {400, "Bad Request"}, {401, "Unauthorized"},
        {403, "Forbidden"}, {404, "Not Found"}, {405, "Method Not Allowed"},
        {406, "Not Acceptable"}, {408, "Request Timeout"}, {409, "Conflict"}, {410, "Gone"},
        {412, "Precondition Failed"}, {413, "Content Too Large"}, {415, "Unsupported Media Type"},
        {421, "Misdirected Request"}, {422, "Unprocessable Content"}, {426, "Upgrade Required"},
        {429, "Too Many Requests"}, {431, "Request Header Fields Too Large"},
        {500, "Internal Server Error"}, {501, "Not Implemented"}, {502, "Bad Gateway"},
        {503, "Service Unavailable"}, {504, "Gateway Timeout"}, {507, "Insufficient Storage"}};

    for (size_t i = 0; i < sizeof reasons / sizeof reasons[0]; i++)
        if (reasons[i].status == status)
            return reasons[i].text;
    return "Status";
}
