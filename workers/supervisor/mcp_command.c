/* SPDX-License-Identifier: BSD-2-Clause */
#include "workers/supervisor/mcp_command.h"

#include "base/err.h"
#include "base/jdoc.h"
#include "base/reactor.h"
#include "base/utf8.h"
#include "store/keys.h"
#include "store/notice.h"
#include "store/store.h"
#include "tools/remote/mcp_define.h"
#include "tools/remote/mcp_servers.h"
#include "workers/supervisor/ending.h"
#include "workers/supervisor/mcp_login_command.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DESCRIPTION_WIDTH 60
#define HASH_SHOWN 16
#define NAME_WIDTH 30
#define NAME_SHOWN 128

struct command {
    const struct conf *conf;
    struct mcp_servers servers;
    struct store *store;
    struct reactor *reactor;
};

static int mcp_command_say(int error)
{
    fprintf(stderr, "turnpike: Redis: %s\n", err_text(error));
    return 1;
}

/* NULL = not there (error 0), or a fault. */
static char *mcp_command_hash_get(struct command *c, const char *key, const char *field, int *error)
{
    struct link_reply *reply = NULL;
    char *text = NULL;
    size_t len = 0;
    *error = link_command(c->store->link, &reply, "HGET %s %s", key, field);
    if (*error == 0 && link_reply_type(reply) == LINK_STRING) {
        const char *data = link_reply_text(reply, &len);
        text = strndup(data, len);
        *error = text ? 0 : ERR_NOMEM;
    }
    link_reply_free(reply);
    return text;
}

/* What the housekeeper last heard of the server; NULL = nothing (error 0). */
static jdoc *mcp_command_entry_of(struct command *c, const struct mcp_server *server, int *error)
{
    jdoc *entry = NULL;
    char *text = mcp_command_hash_get(c, KEYS_MCP_SERVERS, server->name, error);
    if (text && jdoc_parse(text, strlen(text), &entry, NULL, 0) == 0 &&
        strcmp(jdoc_text_or(entry, "url", ""), server->url) != 0) {
        jdoc_free(entry);
        entry = NULL;
    }
    free(text);
    return entry;
}

static int mcp_command_wake(struct command *c, enum notice_kind kind)
{
    int error = notice_publish(c->store, &(struct notice){.kind = kind});
    return error == 0 ? 0 : mcp_command_say(error);
}

/* ---- list ---- */

/* Control characters of a server must not reach a terminal. Returns what is left. */
static const char *mcp_command_print_plain(const char *text, size_t max)
{
    for (size_t n = 0; *text != '\0' && n < max; text++, n++)
        putchar((unsigned char)*text < 0x20 || *text == 0x7F ? ' ' :
                (unsigned char)*text >= 0x80                 ? '?' :
                                                               *text);
    return text;
}

static void mcp_command_print_words(const char *text)
{
    fputs(*mcp_command_print_plain(text, DESCRIPTION_WIDTH) != '\0' ? "...\n" : "\n", stdout);
}

static void mcp_command_print_name(const char *name)
{
    size_t len = strlen(name);
    mcp_command_print_plain(name, NAME_SHOWN);
    printf("%*s ", len < NAME_WIDTH ? (int)(NAME_WIDTH - len) : 0, "");
}

static int mcp_command_tool_state(struct command *c, const struct mcp_server *server,
    const jdoc *tool, char hash[IDENT_SHA256_SIZE], const char **state)
{
    char field[200], why[160];
    struct mcp_policy policy;
    int error = mcp_define_hash(tool, hash);
    mcp_servers_policy(server, tool, &policy);
    *state = !policy.allowed ? "denied" : "unusable";
    if (error != 0 || !policy.allowed || !mcp_define_usable(tool, why, sizeof why))
        return error;
    snprintf(field, sizeof field, "%s/%s", server->name, jdoc_text_or(tool, "name", ""));
    char *pin = mcp_command_hash_get(c, KEYS_MCP_PINS, field, &error);
    *state = !pin ? "new" : strcmp(pin, hash) == 0 ? "accepted" : "CHANGED";
    free(pin);
    return error;
}

static int mcp_command_list_login(struct command *c, const struct mcp_server *server)
{
    struct buf said = {0};
    int error = mcp_login_say(c->store, server, &said);
    if (error == 0 && server->oauth)
        printf("  %s\n", buf_text(&said));
    buf_free(&said);
    return error;
}

static int mcp_command_list_server(struct command *c, const struct mcp_server *server)
{
    int error;
    jdoc *entry = mcp_command_entry_of(c, server, &error);
    const jdoc *tools = jdoc_get(entry, "tools");
    if (error != 0)
        return error;
    printf("%s  %s  %s\n", server->name, server->url,
        !entry ? "not listed yet" : jdoc_text_or(entry, "era", ""));
    error = mcp_command_list_login(c, server);
    if (entry)
        printf("  listed %s, %zu tools\n", jdoc_text_or(entry, "listed_at", "?"),
            jdoc_length(tools));
    for (size_t i = 0; error == 0 && i < jdoc_length(tools); i++) {
        char hash[IDENT_SHA256_SIZE], why[160] = "";
        const char *state;
        const jdoc *tool = jdoc_at(tools, i);
        error = mcp_command_tool_state(c, server, tool, hash, &state);
        if (error != 0)
            break;
        printf("  %-9s %.*s ", state, HASH_SHOWN, hash);
        mcp_command_print_name(jdoc_text_or(tool, "name", ""));
        if (strcmp(state, "unusable") == 0 && !mcp_define_usable(tool, why, sizeof why))
            mcp_command_print_words(why);
        else
            mcp_command_print_words(jdoc_text_or(tool, "description", ""));
    }
    jdoc_free(entry);
    return error;
}

/* ---- show: all that the hash stands for ---- */

/* JSON in ASCII alone: what cannot be seen, or turns the direction of text, is seen so. */
static void mcp_command_print_json(const jdoc *value)
{
    struct buf text = {0};
    jdoc_write(value, &text);
    for (const char *p = buf_text(&text); *p != '\0'; p++) {
        unsigned char c = (unsigned char)*p;
        size_t len = utf8_sequence(p, strnlen(p, 4), NULL);
        unsigned code = len ? utf8_code(p, len) : c;
        if (c < 0x80) {
            putchar(c == 0x7F ? '?' : c);
            continue;
        }
        p += len ? len - 1 : 0;
        printf(code > 0xFFFF ? "\\U%08X" : "\\u%04X", code);
    }
    buf_free(&text);
}

static int mcp_command_show_tool(struct command *c, const struct mcp_server *server,
    const jdoc *tool)
{
    static const char *const members[] = {"name", "description", "inputSchema", "annotations"};
    char hash[IDENT_SHA256_SIZE], why[160] = "";
    const char *state;
    int error = mcp_command_tool_state(c, server, tool, hash, &state);
    if (error != 0)
        return error;
    printf("%s %.*s", state, HASH_SHOWN, hash);
    if (strcmp(state, "unusable") == 0 && !mcp_define_usable(tool, why, sizeof why))
        mcp_command_print_plain(": ", 2), mcp_command_print_plain(why, sizeof why);
    putchar('\n');
    for (size_t i = 0; i < sizeof members / sizeof *members; i++)
        if (jdoc_get(tool, members[i])) {
            printf("%s: ", members[i]);
            mcp_command_print_json(jdoc_get(tool, members[i]));
            putchar('\n');
        }
    return 0;
}

static const struct mcp_server *mcp_command_server_of(struct command *c, const char *what,
    const char **tool);

static int mcp_command_run_show(struct command *c, int argc, char **argv)
{
    const char *only = "";
    const struct mcp_server *server = argc > 0 ? mcp_command_server_of(c, argv[0], &only) : NULL;
    int error;
    bool found = false;
    if (!server)
        return 2;
    jdoc *entry = mcp_command_entry_of(c, server, &error);
    const jdoc *tools = jdoc_get(entry, "tools");
    for (size_t i = 0; error == 0 && i < jdoc_length(tools); i++)
        if (only[0] == '\0' || strcmp(only, jdoc_text_or(jdoc_at(tools, i), "name", "")) == 0) {
            found = true;
            error = mcp_command_show_tool(c, server, jdoc_at(tools, i));
        }
    if (error == 0 && !found)
        fprintf(stderr, "turnpike: %s: %s\n", argv[0],
            !entry ? "not listed yet" : "the server has no such tool");
    jdoc_free(entry);
    return error != 0 ? mcp_command_say(error) : found ? 0 : 1;
}

static int mcp_command_run_list(struct command *c, int argc, char **argv)
{
    int error = 0;
    (void)argc;
    (void)argv;
    if (c->servers.count == 0)
        puts("no MCP servers (setting mcp.file)");
    for (size_t i = 0; error == 0 && i < c->servers.count; i++)
        error = mcp_command_list_server(c, &c->servers.list[i]);
    return error == 0 ? 0 : mcp_command_say(error);
}

/* ---- accept, forget ---- */

/* "SERVER" or "SERVER/TOOL"; tool "" = all. */
static const struct mcp_server *mcp_command_server_of(struct command *c, const char *what,
    const char **tool)
{
    char name[MCP_SERVER_NAME_MAX + 1];
    size_t len = strcspn(what, "/");
    snprintf(name, sizeof name, "%.*s", (int)(len < sizeof name ? len : sizeof name - 1), what);
    const struct mcp_server *server =
        len < sizeof name ? mcp_servers_find(&c->servers, name) : NULL;
    *tool = what[len] == '/' ? what + len + 1 : "";
    if (!server)
        fprintf(stderr, "turnpike: mcp.file has no server \"%.*s\"\n", (int)len, what);
    return server;
}

static bool mcp_command_is_usable(const jdoc *tool)
{
    char why[160];
    return mcp_define_usable(tool, why, sizeof why);
}

/* hash: of the definition; "" = of none */
static void mcp_command_audit(struct command *c, const char *act, const char *tool,
    const char *hash)
{
    char object[256];

    snprintf(object, sizeof object, "%.180s%s%.64s", tool, *hash ? " " : "", hash);
    ending_audit(c->conf, act, object, "done");
}

static int mcp_command_accept_tool(struct command *c, const struct mcp_server *server,
    const jdoc *tool, const char *wanted)
{
    char hash[IDENT_SHA256_SIZE], field[200];
    const char *state, *name = jdoc_text_or(tool, "name", "");
    int error = mcp_command_tool_state(c, server, tool, hash, &state);
    if (error != 0)
        return mcp_command_say(error);
    if (strncmp(hash, wanted, strlen(wanted)) != 0) {
        fprintf(stderr, "turnpike: %s/%s is %.*s now, not %s: look at it again\n", server->name,
            mcp_command_is_usable(tool) ? name : "(unusable)", HASH_SHOWN, hash, wanted);
        return 1;
    }
    if (strcmp(state, "accepted") == 0 || !mcp_command_is_usable(tool))
        return 0;
    snprintf(field, sizeof field, "%s/%s", server->name, name);
    error = link_command(c->store->link, NULL, "HSET " KEYS_MCP_PINS " %s %s", field, hash);
    if (error != 0)
        return mcp_command_say(error);
    printf("accepted %s %.*s\n", field, HASH_SHOWN, hash);
    mcp_command_audit(c, "mcp.accept", field, hash);
    return 0;
}

static int mcp_command_run_accept(struct command *c, int argc, char **argv)
{
    const char *only = "", *wanted = argc > 1 ? argv[1] : "";
    const struct mcp_server *server = argc > 0 ? mcp_command_server_of(c, argv[0], &only) : NULL;
    int error, status = 0;
    bool found = false;
    if (!server)
        return 2;
    jdoc *entry = mcp_command_entry_of(c, server, &error);
    const jdoc *tools = jdoc_get(entry, "tools");
    if (error != 0)
        return mcp_command_say(error);
    for (size_t i = 0; status == 0 && i < jdoc_length(tools); i++) {
        const char *name = jdoc_text_or(jdoc_at(tools, i), "name", "");
        if (only[0] != '\0' && strcmp(only, name) != 0)
            continue;
        found = true;
        status = mcp_command_accept_tool(c, server, jdoc_at(tools, i), wanted);
    }
    if (!found) {
        fprintf(stderr, "turnpike: %s: %s\n", argv[0],
            !entry ? "not listed yet" : "the server has no such tool");
        status = 1;
    }
    jdoc_free(entry);
    return status == 0 ? mcp_command_wake(c, NOTICE_MCP) : status;
}

static int mcp_command_run_forget(struct command *c, int argc, char **argv)
{
    const char *tool = "";
    if (argc < 1 || !mcp_command_server_of(c, argv[0], &tool) || tool[0] == '\0')
        return 2;
    int error = link_command(c->store->link, NULL, "HDEL " KEYS_MCP_PINS " %s", argv[0]);
    if (error == 0)
        mcp_command_audit(c, "mcp.forget", argv[0], "");
    return error == 0 ? mcp_command_wake(c, NOTICE_MCP) : mcp_command_say(error);
}

static int mcp_command_run_refresh(struct command *c, int argc, char **argv)
{
    (void)argc;
    (void)argv;
    return mcp_command_wake(c, NOTICE_MCP_LIST);
}

static int mcp_command_run_login(struct command *c, int argc, char **argv)
{
    const struct mcp_login_where where = {c->conf, &c->servers, c->store, c->reactor};
    return mcp_login_command(&where, argc, argv);
}

static int mcp_command_run_logout(struct command *c, int argc, char **argv)
{
    const struct mcp_login_where where = {c->conf, &c->servers, c->store, c->reactor};
    return mcp_logout_command(&where, argc, argv);
}

static const struct {
    const char *name;
    int (*run)(struct command *c, int argc, char **argv);
} commands[] = {{"list", mcp_command_run_list}, {"show", mcp_command_run_show},
    {"accept", mcp_command_run_accept}, {"forget", mcp_command_run_forget},
    {"refresh", mcp_command_run_refresh}, {"login", mcp_command_run_login},
    {"logout", mcp_command_run_logout}};

static int mcp_command_dispatch(struct command *c, int argc, char **argv)
{
    const char *name = argc > 0 ? argv[0] : "list";
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++)
        if (strcmp(name, commands[i].name) == 0)
            return commands[i].run(c, argc - 1, argv + 1);
    fputs("usage: turnpike mcp list | show SERVER[/TOOL] | accept SERVER[/TOOL] [HASH] | "
          "forget SERVER/TOOL | refresh | login SERVER [--no-browser] | logout SERVER\n",
        stderr);
    return 2;
}

int mcp_command(const struct conf *conf, int argc, char **argv)
{
    struct command c = {.conf = conf};
    char why[CONF_WHY_SIZE] = "";
    int status = 1, error = mcp_servers_load(&c.servers, conf, false, why, sizeof why);
    if (error == 0)
        error = reactor_new(&c.reactor);
    if (error == 0)
        error = store_open(&c.store, conf, c.reactor, "turnpike");
    if (error == 0)
        status = mcp_command_dispatch(&c, argc, argv);
    else
        fprintf(stderr, "turnpike: %s\n", why[0] != '\0' ? why : err_text(error));
    if (c.store)
        store_close(c.store);
    if (c.reactor)
        reactor_free(c.reactor);
    mcp_servers_free(&c.servers);
    return status;
}
