/* SPDX-License-Identifier: BSD-2-Clause */
#include "fcgi-app/handlers.h"

#include "base/err.h"
#include "fcgi-app/mcpd.h"

#include <string.h>

/*
 * handlers -- the MCP server as a protected resource of OAuth (RFC 9728; MCP 2025-11-25 and
 * 2026-07-28, basic/authorization). Tokens are those of every route (process/auth.h); who issues
 * them, the setting jwt.issuer says. Api workers.
 */

static bool handlers_host_plain(const char *host)
{
    static const char good[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
                               ".-_:[]";
    return host && *host != '\0' && host[strspn(host, good)] == '\0';
}

void mcpd_put_url(const struct exchange *x, const char *well_known, struct buf *b)
{
    const struct request *r = &x->request;
    const char *host = request_header(r, "HTTP_HOST");
    const char *scheme = request_header(r, "REQUEST_SCHEME");
    const char *forwarded = request_header(r, "HTTP_X_FORWARDED_PROTO");
    bool https =
        (scheme && strcmp(scheme, "https") == 0) || (forwarded && strcmp(forwarded, "https") == 0);
    buf_printf(b, "%s://%s%s%s" MCPD_PATH, https ? "https" : "http",
        handlers_host_plain(host) ? host : "localhost", well_known, x->app->conf->public_base);
}

/* The path with which RFC 9728, section 3.1 names the MCP route; also without it. */
int handlers_mcp_metadata(struct exchange *x)
{
    const struct conf *conf = x->app->conf;
    const char *path = x->params[0] ? x->params[0] : "";
    size_t base = strlen(conf->public_base);
    bool ours = *path == '\0' ||
        (strncmp(path, conf->public_base, base) == 0 && strcmp(path + base, MCPD_PATH) == 0);
    if (!ours || *conf->jwt_issuer == '\0')
        return problem_set(&x->problem, PROBLEM_NOT_FOUND,
            !ours ? "No protected resource of this service has this path." :
                    "This service names no issuer of tokens (setting jwt.issuer).");
    exchange_json(x, 200);
    struct buf *b = &x->reply.body, url = {0};
    mcpd_put_url(x, "", &url);
    buf_puts(b, "{\"resource\":");
    buf_json_text(b, buf_text(&url));
    buf_puts(b, ",\"authorization_servers\":[");
    buf_json_text(b, conf->jwt_issuer);
    buf_puts(b, "],\"bearer_methods_supported\":[\"header\"],\"resource_name\":\"PAM\"}");
    int error = buf_error(&url);
    buf_free(&url);
    return error;
}

const char *handlers_mcp_challenge(struct exchange *x)
{
    const struct conf *conf = x->app->conf;
    size_t base = strlen(conf->public_base);
    struct buf b = {0};
    if (*conf->jwt_issuer == '\0' || !x->request.path ||
        strncmp(x->request.path, conf->public_base, base) != 0 ||
        strcmp(x->request.path + base, MCPD_PATH) != 0)
        return NULL;
    buf_puts(&b, "Bearer resource_metadata=\"");
    mcpd_put_url(x, MCPD_WELL_KNOWN, &b);
    buf_putc(&b, '"');
    const char *text = buf_error(&b) ? NULL : arena_strdup(x->arena, buf_text(&b));
    buf_free(&b);
    return text;
}
