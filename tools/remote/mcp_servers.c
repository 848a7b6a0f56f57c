/* SPDX-License-Identifier: BSD-2-Clause */
#include "tools/remote/mcp_servers.h"

#include "base/err.h"
#include "tools/remote/entry_file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define FILE_MAX ((size_t)256 << 10)
#define TIMEOUT_MS 20000
#define TIMEOUT_MAX_MS 120000
#define RESULT_MAX 32768
#define NAMES_MAX 500
#define ASK_MS 120000
#define ASK_MAX_MS 600000

static const char *const server_members[] = {"name", "url", "credential", "timeout_ms",
    "result_max", "era", "effect", "approval", "trust_annotations", "allow_private", "allow",
    "deny", "tools", "outside", "auth", "elicitation", "ask_ms", NULL};
static const char *const tool_members[] = {"effect", "approval", "timeout_ms", "keywords", NULL};

static int mcp_servers_check_name(const struct entry_file *f, struct mcp_servers *servers,
    const jdoc *entry, struct mcp_server *s)
{
    static const char good[] = "abcdefghijklmnopqrstuvwxyz0123456789-";
    const char *name = "";
    int error = entry_file_string(f, entry, "name", true, MCP_SERVER_NAME_MAX, &name);
    if (error != 0)
        return error;
    if (name[0] < 'a' || name[0] > 'z' || strspn(name, good) != strlen(name))
        return entry_file_wrong(f, "name", "must be small letters, digits and '-', a letter first");
    if (mcp_servers_find(servers, name))
        return entry_file_wrong(f, "name", "\"%s\" comes twice", name);
    snprintf(s->name, sizeof s->name, "%s", name);
    return 0;
}

static int mcp_servers_check_url(const struct entry_file *f, const jdoc *entry,
    struct mcp_server *s)
{
    bool allow_private = false, private = false;
    int error = entry_file_string(f, entry, "url", true, 1500, &s->url);
    if (error == 0)
        error = entry_file_bool(f, entry, "allow_private", &allow_private);
    if (error == 0)
        error = entry_file_url(f, "url", s->url, &private);
    if (error != 0)
        return error;
    if (strchr(s->url, '#'))
        return entry_file_wrong(f, "url", "must hold no fragment");
    s->public_only = !allow_private && !private;
    if (s->public_only && strncmp(s->url, "https://", 8) != 0)
        return entry_file_wrong(f, "url",
            "must begin with https:// (http only for an address that "
            "is private, or with allow_private)");
    return 0;
}

static int mcp_servers_check_names(const struct entry_file *f, const jdoc *entry, const char *key,
    const jdoc **out)
{
    *out = jdoc_get(entry, key);
    bool good = !*out || (jdoc_type(*out) == JDOC_ARRAY && jdoc_length(*out) <= NAMES_MAX);
    for (size_t i = 0; good && i < jdoc_length(*out); i++)
        good = jdoc_string(jdoc_at(*out, i), NULL) != NULL;
    return good ? 0 : entry_file_wrong(f, key, "must be a list of names of tools");
}

static int mcp_servers_check_tools(const struct entry_file *f, const jdoc *entry,
    struct mcp_server *s)
{
    struct jdoc_iter it = {0};
    char place[400];
    const struct entry_file in_tool = {.path = place, .why = f->why, .why_size = f->why_size};
    const char *key, *keywords;
    jdoc *tool;
    int error = 0;
    s->tools = jdoc_get(entry, "tools");
    if (s->tools && jdoc_type(s->tools) != JDOC_OBJECT)
        return entry_file_wrong(f, "tools", "must be an object of {NAME: {...}}");
    while (error == 0 && jdoc_next(s->tools, &it, &key, &tool)) {
        enum tools_effect effect;
        enum tools_approval approval;
        int64_t timeout = 0;
        snprintf(place, sizeof place, "%.260s: tools: %.128s", f->path, key);
        error = entry_file_known(&in_tool, "", tool, tool_members);
        if (error == 0)
            error = entry_file_effect(&in_tool, tool, &effect);
        if (error == 0)
            error = entry_file_approval(&in_tool, tool, &approval);
        if (error == 0)
            error = entry_file_int(&in_tool, tool, "timeout_ms", 100, TIMEOUT_MAX_MS, &timeout);
        if (error == 0)
            error = entry_file_string(&in_tool, tool, "keywords", false, 500, &keywords);
    }
    return error;
}

static enum tools_approval mcp_servers_usual_approval(enum tools_effect effect)
{
    return effect == TOOLS_READ ? TOOLS_APPROVAL_NEVER : TOOLS_APPROVAL_ALWAYS;
}

static int mcp_servers_check_era(const struct entry_file *f, const jdoc *entry,
    struct mcp_server *s)
{
    const char *era = "auto";
    int error = entry_file_string(f, entry, "era", false, 16, &era), value = mcp_era_of(era);
    if (error == 0 && value < 0)
        error = entry_file_wrong(f, "era", "must be auto, modern, legacy or sse");
    if (error == 0)
        s->era = (enum mcp_era)value;
    return error;
}

static int mcp_servers_check_auth(const struct entry_file *f, const struct conf *conf,
    const jdoc *entry, bool secrets, struct mcp_server *s)
{
    const jdoc *auth = jdoc_get(entry, "auth");
    int error = oauth_client_read(f, auth, secrets, &s->oauth);
    if (error != 0 || !auth)
        return error;
    s->oauth->server = s->name;
    s->oauth->url = s->url;
    s->oauth->public_only = s->public_only;
    if (jdoc_has(entry, "credential"))
        return entry_file_wrong(f, "credential", "cannot be beside auth: leave one of them out");
    if (conf->mcp_token_key[0] == '\0')
        return entry_file_wrong(f, "auth", "needs the setting mcp.token_key, at least 32 bytes");
    return 0;
}

static int mcp_servers_check_asks(const struct entry_file *f, const jdoc *entry,
    struct mcp_server *s)
{
    const char *word = "ask";
    int error = entry_file_string(f, entry, "elicitation", false, 16, &word);
    if (error == 0 && strcmp(word, "ask") != 0 && strcmp(word, "decline") != 0)
        error = entry_file_wrong(f, "elicitation", "must be ask or decline");
    s->asks = strcmp(word, "ask") == 0;
    return error != 0 ? error : entry_file_int(f, entry, "ask_ms", 1000, ASK_MAX_MS, &s->ask_ms);
}

static int mcp_servers_read_server(const struct entry_file *f, const struct conf *conf,
    struct mcp_servers *servers, const jdoc *entry, bool secrets)
{
    struct mcp_server *s = &servers->list[servers->count];
    *s = (struct mcp_server){.timeout_ms = TIMEOUT_MS,
        .ask_ms = ASK_MS,
        .result_max = RESULT_MAX,
        .effect = TOOLS_OUTSIDE};
    int error = entry_file_known(f, "", entry, server_members);
    if (error == 0)
        error = mcp_servers_check_name(f, servers, entry, s);
    if (error == 0)
        error = mcp_servers_check_url(f, entry, s);
    if (error == 0)
        error = entry_file_int(f, entry, "timeout_ms", 100, TIMEOUT_MAX_MS, &s->timeout_ms);
    if (error == 0)
        error = entry_file_int(f, entry, "result_max", 256, 1 << 20, &s->result_max);
    if (error == 0)
        error = mcp_servers_check_era(f, entry, s);
    if (error == 0)
        error = mcp_servers_check_asks(f, entry, s);
    if (error == 0)
        error = entry_file_effect(f, entry, &s->effect);
    s->approval = mcp_servers_usual_approval(s->effect);
    if (error == 0)
        error = entry_file_approval(f, entry, &s->approval);
    if (error == 0)
        error = entry_file_bool(f, entry, "trust_annotations", &s->trust_annotations);
    bool outside = true;
    if (error == 0)
        error = entry_file_bool(f, entry, "outside", &outside);
    s->vouched = !outside;
    if (error == 0)
        error = mcp_servers_check_names(f, entry, "allow", &s->allow);
    if (error == 0)
        error = mcp_servers_check_names(f, entry, "deny", &s->deny);
    if (error == 0)
        error = mcp_servers_check_tools(f, entry, s);
    if (error == 0)
        error = entry_file_credential(f, jdoc_get(entry, "credential"), secrets, &s->header);
    if (error == 0)
        error = mcp_servers_check_auth(f, conf, entry, secrets, s);
    return error;
}

static int mcp_servers_share_breakers(struct mcp_servers *servers)
{
    size_t size = servers->count * sizeof *servers->breakers;
    /* cppcheck-suppress invalidFunctionArg */
    void *shared = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (shared == MAP_FAILED)
        return ERR_NOMEM;
    servers->breakers = shared;
    for (size_t i = 0; i < servers->count; i++)
        servers->list[i].breaker = &servers->breakers[i];
    return 0;
}

static int mcp_servers_read_list(struct mcp_servers *out, const struct conf *conf, bool secrets,
    const struct entry_file *file)
{
    char place[300];
    struct entry_file f = {.path = place, .why = file->why, .why_size = file->why_size};
    size_t count = jdoc_length(out->document);
    int error = 0, found = 0;
    if (jdoc_type(out->document) != JDOC_ARRAY || count > MCP_SERVERS_MAX)
        return entry_file_wrong(file, "", "must be a list of at most %d servers", MCP_SERVERS_MAX);
    out->list = calloc(count + 1, sizeof *out->list);
    if (!out->list)
        return ERR_NOMEM;
    for (size_t i = 0; error != ERR_NOMEM && i < count; i++) { /* what is wrong in each of them */
        snprintf(place, sizeof place, "%.200s: server %zu", conf->mcp_file, i + 1);
        error = mcp_servers_read_server(&f, conf, out, jdoc_at(out->document, i), secrets);
        out->count++; /* also of a wrong one: its header is freed with the others */
        found = error != 0 ? error : found;
        if (error != 0)
            entry_file_next(&f);
    }
    return found == 0 && count > 0 && secrets ? mcp_servers_share_breakers(out) : found;
}

int mcp_servers_load(struct mcp_servers *out, const struct conf *conf, bool secrets, char *why,
    size_t why_size)
{
    struct entry_file f = {.path = conf->mcp_file, .why = why, .why_size = why_size};
    memset(out, 0, sizeof *out);
    if (conf->mcp_file[0] == '\0')
        return 0;
    int error = entry_file_read(&f, FILE_MAX, &out->document);
    if (error == 0)
        error = mcp_servers_read_list(out, conf, secrets, &f);
    if (error == ERR_NOMEM)
        snprintf(why, why_size, "mcp.file: out of memory");
    if (error != 0)
        mcp_servers_free(out);
    return error;
}

void mcp_servers_free(struct mcp_servers *servers)
{
    for (size_t i = 0; i < servers->count; i++) {
        char *header = servers->list[i].header;
        if (header)
            explicit_bzero(header, strlen(header));
        free(header);
        oauth_client_free(servers->list[i].oauth);
    }
    if (servers->breakers)
        munmap(servers->breakers, servers->count * sizeof *servers->breakers);
    free(servers->list);
    jdoc_free(servers->document);
    memset(servers, 0, sizeof *servers);
}

const struct mcp_server *mcp_servers_find(const struct mcp_servers *servers, const char *name)
{
    for (size_t i = 0; i < servers->count; i++)
        if (strcmp(servers->list[i].name, name) == 0)
            return &servers->list[i];
    return NULL;
}

static bool mcp_servers_names(const jdoc *list, const char *name)
{
    for (size_t i = 0; i < jdoc_length(list); i++)
        if (strcmp(jdoc_string(jdoc_at(list, i), NULL), name) == 0)
            return true;
    return false;
}

void mcp_servers_policy(const struct mcp_server *server, const jdoc *definition,
    struct mcp_policy *out)
{
    /* The file has been checked: what is there is right. */
    const struct entry_file f = {.path = "", .why = (char[8]){0}, .why_size = 8};
    const char *name = jdoc_text_or(definition, "name", "");
    bool reads = false;
    *out = (struct mcp_policy){.effect = server->effect,
        .approval = server->approval,
        .timeout_ms = server->timeout_ms,
        .keywords = ""};
    out->allowed = (!server->allow || mcp_servers_names(server->allow, name)) &&
        !mcp_servers_names(server->deny, name);
    jdoc_get_bool(jdoc_get(definition, "annotations"), "readOnlyHint", &reads);
    if (reads && server->trust_annotations) {
        out->effect = TOOLS_READ;
        out->approval = TOOLS_APPROVAL_NEVER;
    }
    const jdoc *own = jdoc_get(server->tools, name);
    if (!own)
        return;
    if (entry_file_effect(&f, own, &out->effect) == 0 && jdoc_get(own, "effect"))
        out->approval = mcp_servers_usual_approval(out->effect);
    err_ignore(entry_file_approval(&f, own, &out->approval));
    err_ignore(entry_file_int(&f, own, "timeout_ms", 100, TIMEOUT_MAX_MS, &out->timeout_ms));
    out->keywords = jdoc_text_or(own, "keywords", "");
}
