/* SPDX-License-Identifier: BSD-2-Clause */
#include "workers/supervisor/mcp_login_command.h"

#include "base/clock.h"
#include "store/mcp_logins.h"
#include "store/notice.h"
#include "tools/remote/oauth_entry.h"
#include "tools/remote/oauth_login.h"
#include "tools/remote/oauth_token.h"
#include "wire/http/http.h"
#include "workers/supervisor/ending.h"

#include <spawn.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LOGIN_MS ((int64_t)600000) /* for a person to sign in */
#define WHO "turnpike"

extern char **environ;

/* ---- what Redis keeps ---- */

struct login_kept {
    char *entry;
    size_t len;
    int error;
};

static void mcp_login_command_on_kept(void *arg, const struct mcp_logins_reply *reply)
{
    struct login_kept *kept = arg;

    kept->error = reply->error;
    kept->len = reply->len;
    kept->entry = strndup(reply->entry, reply->len);
    if (!kept->error && !kept->entry)
        kept->error = ERR_NOMEM;
}

/* The command's link has no loop: the reply is there when this returns. */
static int mcp_login_call(struct store *store, enum mcp_logins_act act, const char *server,
    const char *entry, struct login_kept *kept)
{
    const struct mcp_logins_call call = {.act = act,
        .server = server,
        .who = WHO,
        .entry = entry,
        .done = mcp_login_command_on_kept,
        .arg = kept};
    int error = mcp_logins_ask(store, &call);

    return error ? error : kept->error;
}

int mcp_login_say(struct store *store, const struct mcp_server *server, struct buf *out)
{
    struct login_kept kept = {0};

    if (!server->oauth)
        return 0;
    int error = mcp_login_call(store, MCP_LOGINS_LOOK, server->name, NULL, &kept);
    if (!error)
        oauth_entry_say(server->oauth, kept.entry, kept.len, clock_real_ms(), out);
    free(kept.entry);
    return error;
}

/* ---- the server ---- */

static const struct mcp_server *mcp_login_command_server(const struct mcp_login_where *where,
    const char *name)
{
    const struct mcp_server *server = mcp_servers_find(where->servers, name);

    if (!server)
        fprintf(stderr, "turnpike: mcp.file has no server \"%.40s\"\n", name);
    else if (!server->oauth)
        fprintf(stderr, "turnpike: the server %s has no \"auth\" in mcp.file: no login is needed\n",
            name);
    return server && server->oauth ? server : NULL;
}

/* Its client once more, with its secrets: of the others none is read. */
static int mcp_login_command_client(const struct mcp_login_where *where,
    const struct mcp_server *server, struct oauth_client **out)
{
    size_t i = (size_t)(server - where->servers->list);
    char place[300], why[CONF_WHY_SIZE] = "";
    const struct entry_file f = {.path = place, .why = why, .why_size = sizeof why};

    snprintf(place, sizeof place, "%.200s: server %zu", where->conf->mcp_file, i + 1);
    int error =
        oauth_client_read(&f, jdoc_get(jdoc_at(where->servers->document, i), "auth"), true, out);
    if (error) {
        fprintf(stderr, "turnpike: %s\n", *why ? why : err_text(error));
        return error;
    }
    (*out)->server = server->name;
    (*out)->url = server->url;
    (*out)->public_only = server->public_only;
    return 0;
}

/* ---- login ---- */

static void mcp_login_open(const char *url)
{
    const char *const argv[] = {"xdg-open", url, NULL};
    pid_t pid;

    if ((getenv("DISPLAY") || getenv("WAYLAND_DISPLAY")) &&
        posix_spawnp(&pid, argv[0], NULL, NULL, (char *const *)(uintptr_t)argv, environ) == 0)
        puts("A browser was asked to open it.");
}

static void mcp_login_command_show(void *arg, const char *url, const char *redirect)
{
    const bool *browser = arg;

    printf("Open this address and sign in:\n\n%s\n\n", url);
    printf("The browser then goes to %s on this machine. If yours runs elsewhere, it shows an "
           "error there:\ncopy the address of that page, and paste it here.\n",
        redirect);
    if (*browser)
        mcp_login_open(url);
    fflush(stdout);
}

/* The scope of the login before, and what a call was refused for want of. */
static void mcp_login_scope(const struct mcp_login_where *where, const struct oauth_client *client,
    char scope[OAUTH_SCOPE_MAX])
{
    struct login_kept kept = {0};
    struct oauth_entry entry = {.account = NULL};

    scope[0] = '\0';
    if (mcp_login_call(where->store, MCP_LOGINS_LOOK, client->server, NULL, &kept) == 0 &&
        oauth_entry_read(&entry, where->conf, client, kept.entry, kept.len) == 0 && *entry.wanted) {
        err_ignore(oauth_scope_add(scope, entry.wanted));
        err_ignore(oauth_scope_add(scope, jdoc_text_or(entry.account, "scope", "")));
    }
    oauth_entry_fini(&entry);
    free(kept.entry);
}

static int mcp_login_keep(const struct mcp_login_where *where, const struct oauth_client *client,
    jdoc *account)
{
    const struct oauth_entry entry = {.account = account};
    struct login_kept kept = {0};
    struct buf text = {0}, said = {0};
    int error = oauth_entry_write(&entry, where->conf, client, &text);

    if (!error)
        error =
            mcp_login_call(where->store, MCP_LOGINS_SET, client->server, buf_text(&text), &kept);
    if (error) {
        fprintf(stderr, "turnpike: the login cannot be kept: %s\n", err_text(error));
    } else {
        oauth_entry_say(client, buf_text(&text), text.len, clock_real_ms(), &said);
        printf("%s: %s\n", client->server, buf_text(&said));
        ending_audit(where->conf, "mcp.login", client->server, "done");
        /* The tools that nobody could list are listed now; without the word, later. */
        err_ignore(notice_publish(where->store, &(struct notice){.kind = NOTICE_MCP_LIST}));
    }
    free(kept.entry);
    buf_free(&text);
    buf_free(&said);
    return error;
}

static int mcp_login_command_run(const struct mcp_login_where *where,
    const struct oauth_client *client, struct http_client *http, bool browser)
{
    char scope[OAUTH_SCOPE_MAX], why[400];
    jdoc *account = NULL;
    const struct oauth_login_what what = {.client = client,
        .http = http,
        .reactor = where->reactor,
        .scope = scope,
        .input = STDIN_FILENO,
        .until_ms = clock_mono_ms() + LOGIN_MS,
        .show = mcp_login_command_show,
        .arg = &browser};

    mcp_login_scope(where, client, scope);
    int error = oauth_login(&what, &account, why, sizeof why);
    if (error) {
        fprintf(stderr, "turnpike: %s: %s\n", client->server, why);
        ending_audit(where->conf, "mcp.login", client->server, "failed");
    } else {
        error = mcp_login_keep(where, client, account);
    }
    oauth_account_free(account);
    return error ? 1 : 0;
}

int mcp_login_command(const struct mcp_login_where *where, int argc, char **argv)
{
    bool browser = !(argc == 2 && strcmp(argv[1], "--no-browser") == 0);
    const struct mcp_server *server =
        argc == 1 || !browser ? mcp_login_command_server(where, argv[0]) : NULL;
    struct oauth_client *client = NULL;
    struct http_client *http = NULL;
    int status = 1;

    if (!server) {
        if (argc != 1 && browser)
            fputs("usage: turnpike mcp login SERVER [--no-browser]\n", stderr);
        return 2;
    }
    if (server->oauth->grant != OAUTH_CODE) {
        printf("%s needs no login: Turnpike asks for its token itself (%s)\n", server->name,
            oauth_grant_names[server->oauth->grant]);
        return 0;
    }
    if (mcp_login_command_client(where, server, &client) == 0 && http_global_init() == 0 &&
        http_new(&http, where->reactor) == 0)
        status = mcp_login_command_run(where, client, http, browser);
    http_free(http);
    oauth_client_free(client);
    return status;
}

/* ---- logout ---- */

struct logout_word {
    bool done;
    int error;
    char why[200];
};

static void mcp_login_command_logout_on_word(void *arg, const struct oauth_issued *issued)
{
    struct logout_word *word = arg;

    word->done = true;
    word->error = issued->error;
    snprintf(word->why, sizeof word->why, "%s", issued->why);
}

static void mcp_logout_revoke(const struct mcp_login_where *where,
    const struct oauth_client *client, struct http_client *http, jdoc *account)
{
    static const char *const tokens[] = {"refresh_token", "access_token"};

    for (size_t i = 0; i < sizeof tokens / sizeof *tokens; i++) {
        struct logout_word word = {0};
        struct oauth_token *token = NULL;
        const struct oauth_token_what what = {client, account, http,
            mcp_login_command_logout_on_word, &word};
        const char *text = jdoc_text_or(account, tokens[i], "");
        int error = *text ? oauth_token_revoke(&token, &what, text) : 0;

        while (*text && !error && !word.done)
            error = reactor_step(where->reactor, clock_mono_ms() + OAUTH_ASK_MS, NULL) < 0;
        if (error == ERR_NOT_FOUND) {
            puts("The authorization server takes no tokens back: they end by themselves.");
            return;
        }
        if (error || word.error)
            printf("The authorization server did not take the %s back: %s\n", tokens[i],
                *word.why ? word.why : "it could not be asked");
    }
}

int mcp_logout_command(const struct mcp_login_where *where, int argc, char **argv)
{
    const struct mcp_server *server = argc == 1 ? mcp_login_command_server(where, argv[0]) : NULL;
    struct login_kept kept = {0}, gone = {0};
    struct oauth_entry entry = {.account = NULL};
    struct oauth_client *client = NULL;
    struct http_client *http = NULL;

    if (!server)
        return 2;
    int error = mcp_login_command_client(where, server, &client);
    if (!error)
        error = mcp_login_call(where->store, MCP_LOGINS_LOOK, server->name, NULL, &kept);
    /* Forgotten first: a worker must not renew what is given back. */
    if (!error)
        error = mcp_login_call(where->store, MCP_LOGINS_FORGET, server->name, NULL, &gone);
    int found = error ? error : oauth_entry_read(&entry, where->conf, client, kept.entry, kept.len);
    if (!error && found == 0 && http_global_init() == 0 && http_new(&http, where->reactor) == 0)
        mcp_logout_revoke(where, client, http, entry.account);
    else if (!error && kept.len > 0)
        printf("No token was given back, %s: sign %s out at its authorization server as well.\n",
            found == ERR_NOT_FOUND ? "since mcp.file has changed after the login" :
                found == ERR_AUTH  ? "since mcp.token_key is another one now" :
                                     err_text(found),
            server->name);
    if (error)
        fprintf(stderr, "turnpike: %s: %s\n", server->name, err_text(error));
    else
        printf("%s: signed out\n", server->name);
    if (!error)
        ending_audit(where->conf, "mcp.logout", server->name, "done");
    oauth_entry_fini(&entry);
    free(kept.entry);
    free(gone.entry);
    http_free(http);
    oauth_client_free(client);
    return error ? 1 : 0;
}
