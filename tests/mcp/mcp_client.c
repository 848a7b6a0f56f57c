/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * mcp_client -- our MCP client as a program, for servers of others and for conformance suites.
 *
 *   mcp_client [--era auto|modern|legacy|sse] URL [TOOL [ARGUMENTS]]...
 *
 * Questions of a server are answered with the defaults of their form, as a user would who changes
 * nothing; with ELICIT=decline or cancel in the environment, so.
 *
 * Prints one JSON object a line: what tools/list said, then each call's result. Without TOOL every
 * tool is called, its arguments made up from its schema. Status 0 = every answer came.
 *
 * In a scenario of the conformance suite about authorisation (MCP_CONFORMANCE_SCENARIO "auth/...")
 * it has an account by OAuth, with what MCP_CONFORMANCE_CONTEXT says. The browser of its login is
 * a GET that follows the redirect.
 */
#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "tools/remote/elicit.h"
#include "tools/remote/mcp_peer.h"
#include "tools/remote/oauth_login.h"
#include "tools/remote/oauth_purse.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PATIENCE_MS 20000
#define PAGES_MAX 20
#define LOGINS_MAX 2

struct asked {
    bool done, again;
    int error;
    jdoc *result;
};

static struct reactor *reactor;
static struct http_client *http;
static struct mcp_peer *peer;

/* ---- authorisation ---- */

static struct oauth_client *account;
static unsigned logins;

static jdoc *file_member(const char *path, const char *text)
{
    jdoc *object = jdoc_new_object();
    FILE *f = fopen(path, "w");
    if (!f || fputs(text, f) < 0 || fclose(f) != 0 || jdoc_set_string(object, "file", path) != 0)
        exit(1);
    return object;
}

/* The member "auth" that an operator would write for the scenario. */
static jdoc *make_auth(const char *scenario, const jdoc *context, const char *dir)
{
    jdoc *auth = jdoc_new_object();
    char path[300];
    const char *secret = jdoc_text_or(context, "client_secret", "");
    const char *key = jdoc_text_or(context, "private_key_pem", "");
    const char *grant = strstr(scenario, "client-credentials") ? "client_credentials" :
        strstr(scenario, "cross-app")                          ? "enterprise" :
                                                                 "authorization_code";
    int error = jdoc_set_string(auth, "type", "oauth");
    if (error == 0)
        error = jdoc_set_string(auth, "grant", grant);
    if (error == 0 && jdoc_has(context, "client_id"))
        error = jdoc_set_string(auth, "client_id", jdoc_text_or(context, "client_id", ""));
    else if (error == 0)
        error = jdoc_set_string(auth, "client_metadata_url",
            "https://conformance-test.local/client-metadata.json");
    snprintf(path, sizeof path, "%s/secret", dir);
    if (error == 0 && *secret != '\0')
        error = jdoc_set(auth, "client_secret", file_member(path, secret));
    snprintf(path, sizeof path, "%s/key", dir);
    if (error == 0 && *key != '\0')
        error = jdoc_set(auth, "private_key", file_member(path, key));
    if (error == 0 && jdoc_has(context, "idp_id_token")) {
        jdoc *idp = jdoc_new_object();
        snprintf(path, sizeof path, "%s/id_token", dir);
        error =
            jdoc_set_string(idp, "token_endpoint", jdoc_text_or(context, "idp_token_endpoint", ""));
        if (error == 0)
            error = jdoc_set_string(idp, "client_id", jdoc_text_or(context, "idp_client_id", ""));
        if (error == 0)
            error = jdoc_set(idp, "id_token",
                file_member(path, jdoc_text_or(context, "idp_id_token", "")));
        if (error == 0)
            error = jdoc_set(auth, "identity_provider", idp);
    }
    if (error != 0)
        exit(1);
    return auth;
}

/* Kept for the life of the program: the client borrows from it. */
static jdoc *auth, *context;

static void read_account(const char *url)
{
    const char *scenario = getenv("MCP_CONFORMANCE_SCENARIO");
    const char *text = getenv("MCP_CONFORMANCE_CONTEXT");
    char why[1000] = "", dir[] = "/tmp/mcp-client-XXXXXX";
    const struct entry_file f = {.path = "conformance", .why = why, .why_size = sizeof why};
    if (!scenario || strncmp(scenario, "auth/", 5) != 0)
        return;
    if (!mkdtemp(dir) || (text && jdoc_parse(text, strlen(text), &context, NULL, 0) != 0))
        exit(1);
    auth = make_auth(scenario, context, dir);
    if (oauth_client_read(&f, auth, true, &account) != 0) {
        fprintf(stderr, "mcp_client: %s\n", why);
        exit(1);
    }
    account->server = "test";
    account->url = url;
}

static void open_in_browser(void *arg, const char *url, const char *redirect)
{
    const struct http_request request = {.method = "GET", .url = url, .max_redirects = 5};
    (void)arg;
    (void)redirect;
    if (http_start(http, &request, NULL) != 0)
        fputs("mcp_client: the address cannot be opened\n", stderr);
}

/* A person signs in, as with `turnpike mcp login`. */
static int log_in(void)
{
    char why[300];
    jdoc *got = NULL;
    const struct oauth_login_what what = {.client = account,
        .http = http,
        .reactor = reactor,
        .scope = oauth_purse_wanted(mcp_peer_purse(peer)),
        .input = -1,
        .until_ms = clock_mono_ms() + PATIENCE_MS,
        .show = open_in_browser};
    logins++;
    int error = oauth_login(&what, &got, why, sizeof why);
    if (error != 0)
        fprintf(stderr, "mcp_client: login: %s\n", why);
    return error != 0 ? error : oauth_purse_fill(mcp_peer_purse(peer), got);
}

/* ---- questions ---- */

static struct mcp_op *op;
static jdoc *question; /* of the era with sessions */

/* What a user says to a form who changes nothing. */
static jdoc *answer_form(const jdoc *params)
{
    const char *action = getenv("ELICIT");
    struct arena *arena = arena_new();
    struct tools_question q;
    struct buf text = {0};
    jdoc *schema = NULL, *content = jdoc_new_object();
    char why[200];
    if (!action &&
        (elicit_read(params, "test", arena, &q, why, sizeof why) != 0 ||
            jdoc_parse(q.schema, strlen(q.schema), &schema, NULL, 0) != 0 ||
            elicit_defaults(schema, content) != 0 ||
            elicit_check(schema, content, &(struct tools_problem){0}) != 0))
        action = "decline";
    jdoc_write(content, &text);
    jdoc *result = elicit_result(action ? action : "accept", action ? NULL : buf_text(&text));
    buf_free(&text);
    jdoc_free(content);
    jdoc_free(schema);
    arena_free(arena);
    return result;
}

static int on_ask(void *arg, const jdoc *params, const char *bearer, char *why, size_t why_size)
{
    (void)arg;
    (void)bearer;
    snprintf(why, why_size, "no memory");
    question = params ? jdoc_dup(params) : NULL;
    return !params || question ? 0 : ERR_NOMEM;
}

static void on_done(void *arg, const struct mcp_answer *answer)
{
    struct asked *a = arg;
    a->done = true;
    a->again = answer->asks;
    a->error = answer->error;
    a->result = answer->result ? jdoc_dup(answer->result) : NULL;
    if (answer->error != 0)
        fprintf(stderr, "mcp_client: %s %s %s (%lld)\n", err_text(answer->error), answer->why,
            answer->text, (long long)answer->code);
}

static int ask_once(struct asked *a, const char *method, jdoc *params, const char *name,
    const jdoc *schema)
{
    struct mcp_call call = {.http = http,
        .reactor = reactor,
        .method = method,
        .params = params,
        .name = name,
        .schema = schema,
        .until_ms = clock_mono_ms() + PATIENCE_MS,
        .done = on_done,
        .ask = on_ask,
        .arg = a};
    *a = (struct asked){0};
    int error = mcp_op_start(&op, peer, &call);
    while (error == 0 && !a->done) {
        reactor_step(reactor, clock_mono_ms() + 1000, NULL);
        if (!question || a->done)
            continue;
        jdoc *result = answer_form(question);
        jdoc_free(question);
        question = NULL;
        mcp_op_answer(op, result);
        jdoc_free(result);
    }
    return error != 0 ? error : a->error;
}

/* The same params, with what was asked for and the server's state. */
static jdoc *params_again(const jdoc *params, const jdoc *asked)
{
    jdoc *again = jdoc_dup(params), *responses = jdoc_new_object();
    struct jdoc_iter it = {0};
    const char *key;
    jdoc *one;
    while (jdoc_next(jdoc_get(asked, "inputRequests"), &it, &key, &one))
        jdoc_set(responses, key, answer_form(jdoc_get(one, "params")));
    if (jdoc_length(responses) > 0)
        jdoc_set(again, "inputResponses", responses);
    else
        jdoc_free(responses);
    if (jdoc_get(asked, "requestState"))
        jdoc_set(again, "requestState", jdoc_dup(jdoc_get(asked, "requestState")));
    return again;
}

/* Takes params. */
static int ask_rounds(const char *method, jdoc *params, const char *name, const jdoc *schema,
    jdoc **result)
{
    struct asked a;
    jdoc *first = jdoc_dup(params);
    int error = ask_once(&a, method, params, name, schema);
    for (int rounds = 0; error == 0 && a.again && rounds < 5; rounds++) {
        jdoc *asked = a.result;
        error = ask_once(&a, method, params_again(first, asked), name, schema);
        jdoc_free(asked);
    }
    jdoc_free(first);
    *result = a.result;
    return error;
}

/* Takes params. */
static int ask(const char *method, jdoc *params, const char *name, const jdoc *schema,
    jdoc **result)
{
    int error = ask_rounds(method, jdoc_dup(params), name, schema, result);
    while (error == ERR_AUTH && account && account->grant == OAUTH_CODE && logins < LOGINS_MAX) {
        jdoc_free(*result);
        *result = NULL;
        error = log_in();
        if (error == 0)
            error = ask_rounds(method, jdoc_dup(params), name, schema, result);
    }
    jdoc_free(params);
    return error;
}

static void print(const char *what, const char *name, const jdoc *value)
{
    struct buf line = {0};
    buf_printf(&line, "{\"%s\":", what);
    buf_json_string(&line, name, strlen(name));
    buf_puts(&line, ",\"result\":");
    jdoc_write(value, &line);
    buf_puts(&line, "}\n");
    fputs(buf_text(&line), stdout);
    buf_free(&line);
}

/* Something of the schema's type. */
static jdoc *make_up(const jdoc *schema)
{
    const char *type = jdoc_text_or(schema, "type", "");
    const jdoc *choices = jdoc_get(schema, "enum"), *fallback = jdoc_get(schema, "default");
    if (fallback)
        return jdoc_dup(fallback);
    if (jdoc_length(choices) > 0)
        return jdoc_dup(jdoc_at(choices, 0));
    if (strcmp(type, "number") == 0 || strcmp(type, "integer") == 0)
        return jdoc_new_int(2);
    if (strcmp(type, "boolean") == 0)
        return jdoc_new_bool(true);
    if (strcmp(type, "array") == 0)
        return jdoc_new_array();
    return strcmp(type, "object") == 0 ? jdoc_new_object() : jdoc_new_string("text", 4);
}

static jdoc *make_arguments(const jdoc *schema)
{
    struct jdoc_iter it = {0};
    const char *key;
    jdoc *field, *arguments = jdoc_new_object();
    while (jdoc_next(jdoc_get(schema, "properties"), &it, &key, &field))
        jdoc_set(arguments, key, make_up(field));
    return arguments;
}

static int call_tool(const char *name, const jdoc *schema, jdoc *arguments)
{
    jdoc *params = jdoc_new_object(), *result = NULL;
    jdoc_set_string(params, "name", name);
    jdoc_set(params, "arguments", arguments);
    int error = ask("tools/call", params, name, schema, &result);
    if (error == 0)
        print("call", name, result);
    jdoc_free(result);
    return error;
}

static int list_tools(jdoc *tools)
{
    const char *cursor = "";
    jdoc *page = NULL;
    int error = 0;
    for (int pages = 0; error == 0 && pages < PAGES_MAX && cursor; pages++) {
        jdoc *params = jdoc_new_object(), *next = NULL;
        if (*cursor != '\0')
            jdoc_set_string(params, "cursor", cursor);
        error = ask("tools/list", params, NULL, NULL, &next);
        jdoc_free(page);
        page = next;
        const jdoc *list = jdoc_get(page, "tools");
        for (size_t i = 0; i < jdoc_length(list); i++)
            jdoc_push(tools, jdoc_dup(jdoc_at(list, i)));
        cursor = jdoc_string(jdoc_get(page, "nextCursor"), NULL);
    }
    jdoc_free(page);
    return error;
}

static const jdoc *schema_of(const jdoc *tools, const char *name)
{
    for (size_t i = 0; i < jdoc_length(tools); i++)
        if (strcmp(jdoc_text_or(jdoc_at(tools, i), "name", ""), name) == 0)
            return jdoc_get(jdoc_at(tools, i), "inputSchema");
    return NULL;
}

static int call_all(const jdoc *tools)
{
    int error = 0;
    for (size_t i = 0; error == 0 && i < jdoc_length(tools); i++) {
        const jdoc *schema = jdoc_get(jdoc_at(tools, i), "inputSchema");
        error =
            call_tool(jdoc_text_or(jdoc_at(tools, i), "name", ""), schema, make_arguments(schema));
    }
    return error;
}

static int call_named(const jdoc *tools, int argc, char **argv)
{
    int error = 0;
    for (int i = 0; error == 0 && i < argc; i++) {
        const jdoc *schema = schema_of(tools, argv[i]);
        jdoc *arguments = NULL;
        const char *name = argv[i];
        if (i + 1 < argc && argv[i + 1][0] == '{')
            error = jdoc_parse(argv[i + 1], strlen(argv[i + 1]), &arguments, NULL, 0), i++;
        else
            arguments = make_arguments(schema);
        if (error == 0)
            error = call_tool(name, schema, arguments);
    }
    return error;
}

int main(int argc, char **argv)
{
    jdoc *tools = jdoc_new_array();
    int era = MCP_ERA_UNKNOWN, error;
    if (argc > 2 && strcmp(argv[1], "--era") == 0) {
        era = mcp_era_of(argv[2]);
        argc -= 2;
        argv += 2;
    }
    if (argc < 2 || era < 0) {
        fputs("usage: mcp_client [--era ERA] URL [TOOL [ARGUMENTS]]...\n", stderr);
        return 2;
    }
    read_account(argv[1]);
    struct mcp_peer_settings settings = {.name = "test",
        .url = argv[1],
        .oauth = account,
        .max_bytes = 1 << 20,
        .asks = true,
        .era = (enum mcp_era)era};
    if (reactor_new(&reactor) != 0 || http_new(&http, reactor) != 0 ||
        mcp_peer_new(&peer, &settings) != 0)
        return 1;
    error = list_tools(tools);
    if (error == 0)
        print("list", mcp_era_name(mcp_peer_era(peer)), tools);
    if (error == 0)
        error = argc > 2 ? call_named(tools, argc - 2, argv + 2) : call_all(tools);
    mcp_peer_leave(peer, http);
    for (int64_t until = clock_mono_ms() + PATIENCE_MS;
         !http_is_idle(http) && clock_mono_ms() < until;)
        reactor_step(reactor, until, NULL);
    jdoc_free(tools);
    mcp_peer_free(peer);
    oauth_client_free(account);
    jdoc_free(auth);
    jdoc_free(context);
    http_free(http);
    reactor_free(reactor);
    return error == 0 ? 0 : 1;
}
