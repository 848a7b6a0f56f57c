/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a client of the MCP server sends. Three lines (headers: version and method, name, session),
 * then the body. Whatever it is, there is one reply: JSON, or a problem document.
 */
#include "base/err.h"
#include "fcgi-app/handlers.h"
#include "fcgi-app/mcpd.h"
#include "fcgi-app/mcpd_place.h"
#include "tests/unit/request_memory.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Methods that ask the store, which is not there. */
static bool asks_store(const char *body)
{
    static const char *const words[] = {"tools\\/call", "tools/call", "resources", "completion",
        "\\u", "approval:"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strstr(body, words[i]))
            return true;
    return false;
}

static void check_reply(struct exchange *x, int error)
{
    jdoc *doc = NULL;
    if (error < 0) {
        if (error != ERR_INVALID || !x->problem.set)
            abort();
        return;
    }
    if (x->reply.status == 202)
        return;
    if (jdoc_parse(buf_text(&x->reply.body), x->reply.body.len, &doc, NULL, 0) != 0)
        abort();
    jdoc_free(doc);
}

static void answer(const char *const headers[3], const char *body)
{
    static struct conf conf;
    static struct app app = {.conf = &conf};
    struct request_memory memory = {.params = {"CONTENT_TYPE", "application/json",
                                        "HTTP_MCP_PROTOCOL_VERSION", headers[0], "HTTP_MCP_METHOD",
                                        headers[1], "HTTP_MCP_NAME", headers[1],
                                        "HTTP_MCP_SESSION_ID", headers[2]},
        .body = body};
    struct request_source source = request_memory_source(&memory);
    struct exchange x;
    if (!conf.default_zone && conf_init(&conf) != 0)
        abort();
    if (exchange_init(&x, &app, &source) != 0)
        abort();
    strcpy(x.who.user, "ann");
    int error = request_body(&x.request, 1 << 20, &x.problem);
    if (error == 0)
        check_reply(&x, handlers_mcp_post(&x));
    exchange_fini(&x);
}

/* What is read is written the same way. */
static void check_place(const char *text)
{
    struct mcpd_place place, again;
    struct buf b = {0};
    if (mcpd_place_read(text, &place) != 0)
        return;
    mcpd_place_put(&b, &place);
    if (mcpd_place_read(buf_text(&b), &again) != 0 || again.count != place.count ||
        strcmp(again.call, place.call) != 0 || strcmp(again.id, place.id) != 0)
        abort();
    buf_free(&b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *headers[3] = {NULL, NULL, NULL};
    struct mcpd_agreed agreed;
    char *copy = malloc(size + 1), *rest = copy;
    if (!copy)
        abort();
    memcpy(copy, data, size);
    copy[size] = '\0';
    for (size_t i = 0; i < 3 && rest; i++) {
        headers[i] = strsep(&rest, "\n");
        if (*headers[i] == '\0')
            headers[i] = NULL;
    }
    if (headers[2]) {
        check_place(headers[2]);
        err_ignore(mcpd_session_read(headers[2], "ann", &agreed));
    }
    if (rest && !asks_store(rest))
        answer(headers, rest);
    free(copy);
    return 0;
}
