/* SPDX-License-Identifier: BSD-2-Clause */
#include "tools/remote/mcp_peer_parts.h"

#include "base/err.h"
#include "tools/remote/mcp_badge.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const mcp_peer_eras[] = {"auto", "modern", "legacy", "sse"};

int mcp_era_of(const char *name)
{
    for (int i = 0; i < 4; i++)
        if (strcmp(name, mcp_peer_eras[i]) == 0)
            return i;
    return -1;
}

const char *mcp_era_name(enum mcp_era era)
{
    return mcp_peer_eras[era];
}

int mcp_peer_new(struct mcp_peer **out, const struct mcp_peer_settings *settings)
{
    struct mcp_peer *p = calloc(1, sizeof *p);
    if (!p)
        return ERR_NOMEM;
    p->settings = *settings;
    p->era = settings->era;
    if (settings->oauth && oauth_purse_new(&p->purse, settings->oauth, settings->store) != 0) {
        free(p);
        return ERR_NOMEM;
    }
    *out = p;
    return 0;
}

void mcp_peer_free(struct mcp_peer *p)
{
    if (!p)
        return;
    while (p->ops)
        mcp_op_cancel(p->ops);
    mcp_listen_close(p);
    oauth_purse_free(p->purse);
    mcp_badge_wipe(&p->bearer);
    free(p);
}

struct oauth_purse *mcp_peer_purse(struct mcp_peer *p)
{
    return p->purse;
}

enum mcp_era mcp_peer_era(const struct mcp_peer *p)
{
    return p->era;
}

void mcp_peer_hint(struct mcp_peer *p, enum mcp_era era)
{
    if (!p->found && era != MCP_ERA_UNKNOWN && p->settings.era == MCP_ERA_UNKNOWN)
        p->era = era;
}

void mcp_peer_forget_era(struct mcp_peer *p)
{
    p->era = p->settings.era;
    p->found = false;
    mcp_listen_close(p);
    p->version[0] = p->session[0] = '\0';
}

bool mcp_peer_leave(struct mcp_peer *p, struct http_client *http)
{
    char session[600], version[64];
    const char *headers[] = {session, version, p->bearer ? p->bearer : p->settings.header, NULL};
    mcp_listen_close(p);
    if (p->era != MCP_ERA_LEGACY || p->session[0] == '\0')
        return false;
    snprintf(session, sizeof session, "Mcp-Session-Id: %s", p->session);
    snprintf(version, sizeof version, "MCP-Protocol-Version: %s", p->version);
    struct http_request request = {.method = "DELETE",
        .url = p->settings.url,
        .headers = headers,
        .connect_timeout_ms = 1000,
        .total_timeout_ms = 2000,
        .max_bytes = 65536,
        .public_only = p->settings.public_only};
    p->version[0] = p->session[0] = '\0';
    return http_start(http, &request, NULL) == 0;
}
