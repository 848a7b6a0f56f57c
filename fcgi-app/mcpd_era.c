/* SPDX-License-Identifier: BSD-2-Clause */
#include "fcgi-app/mcpd_era.h"

#include "base/ident.h"
#include "fcgi-app/mcpd_place.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define MCPD_TOKEN_BYTES 16
#define MCPD_DIGEST 16 /* digits */

/* ---- sessions ---- */

static void mcpd_era_digest(const char *head, const char *uid, char out[MCPD_DIGEST + 1])
{
    char text[MCPD_SESSION_SIZE + IDENT_USER_MAX + 8], digest[IDENT_SHA256_SIZE];
    snprintf(text, sizeof text, "mcp\n%s\n%s", head, uid);
    ident_sha256_hex(text, strlen(text), digest);
    snprintf(out, MCPD_DIGEST + 1, "%.*s", MCPD_DIGEST, digest);
}

void mcpd_session_make(const struct mcpd_agreed *agreed, const char *uid,
    char out[MCPD_SESSION_SIZE])
{
    char token[2 * MCPD_TOKEN_BYTES + 1], head[MCPD_SESSION_SIZE - MCPD_DIGEST - 1];
    char digest[MCPD_DIGEST + 1];
    ident_token(MCPD_TOKEN_BYTES, token);
    snprintf(head, sizeof head, "%s.%c.%s", agreed->version,
        !agreed->forms         ? 'n' :
            agreed->comes_back ? 'e' :
                                 'h',
        token);
    mcpd_era_digest(head, uid, digest);
    snprintf(out, MCPD_SESSION_SIZE, "%s.%s", head, digest);
}

int mcpd_session_read(const char *id, const char *uid, struct mcpd_agreed *out)
{
    char head[MCPD_SESSION_SIZE], digest[MCPD_DIGEST + 1];
    const char *known, *last = strrchr(id, '.');
    size_t len = strlen(id), n = 0;
    if (!last || len >= MCPD_SESSION_SIZE || strlen(last + 1) != MCPD_DIGEST)
        return ERR_INVALID;
    snprintf(head, sizeof head, "%.*s", (int)(last - id), id);
    mcpd_era_digest(head, uid, digest);
    if (strcmp(digest, last + 1) != 0)
        return ERR_INVALID;
    for (size_t i = 0; (known = mcp_wire_legacy_at(i)); i++) {
        n = strlen(known);
        if (strncmp(head, known, n) == 0 && head[n] == '.')
            break;
    }
    if (!known || head[n + 1] == '\0' || !strchr("ehn", head[n + 1]) || head[n + 2] != '.')
        return ERR_INVALID;
    *out = (struct mcpd_agreed){.version = known,
        .forms = head[n + 1] != 'n',
        .comes_back = head[n + 1] == 'e'};
    return 0;
}

/* ---- messages ---- */

const char *mcpd_era_malformed(const jdoc *doc, const struct mcp_wire_message *message)
{
    struct buf id = {0};
    if (message->kind == MCP_WIRE_NOTHING)
        return "This is no message of JSON-RPC 2.0.";
    if (jdoc_has(doc, "params") && jdoc_type(message->params) != JDOC_OBJECT)
        return "params must be an object.";
    if (!jdoc_has(doc, "id"))
        return NULL;
    if (jdoc_type(message->id_value) != JDOC_INT && jdoc_type(message->id_value) != JDOC_STRING)
        return "id must be a text or a whole number.";
    jdoc_write(message->id_value, &id);
    bool long_one = id.len > MCPD_ID_MAX;
    buf_free(&id);
    return long_one ? "id may have 200 bytes." : NULL;
}

/* ---- refusals ---- */

static int mcpd_era_refuse(struct mcpd_error *error, int status, int64_t code, const char *format,
    ...) __attribute__((format(printf, 4, 5)));
static int mcpd_era_refuse(struct mcpd_error *error, int status, int64_t code, const char *format,
    ...)
{
    va_list args;
    *error = (struct mcpd_error){.status = status, .code = code};
    va_start(args, format);
    vsnprintf(error->message, sizeof error->message, format, args);
    va_end(args);
    return ERR_INVALID;
}

static int mcpd_era_unsupported(struct mcpd_error *error, const char *requested)
{
    mcpd_era_refuse(error, 400, MCP_WIRE_VERSION, "Unsupported protocol version: %.40s", requested);
    error->lists_versions = true;
    snprintf(error->requested, sizeof error->requested, "%.60s", requested);
    return ERR_INVALID;
}

/* ---- the era with sessions ---- */

const char *mcpd_era_answer(const char *wanted)
{
    const char *known;
    for (size_t i = 0; (known = mcp_wire_legacy_at(i)); i++)
        if (strcmp(known, wanted) == 0)
            return known;
    return MCP_WIRE_LEGACY;
}

bool mcpd_era_forms(const jdoc *capabilities)
{
    const jdoc *elicitation = jdoc_get(capabilities, "elicitation");
    return jdoc_type(elicitation) == JDOC_OBJECT &&
        (jdoc_get(elicitation, "form") || !jdoc_get(elicitation, "url"));
}

/*
 * Those that read a stream of a POST to its end and ask for no more. Visual Studio Code:
 * src/vs/workbench/api/common/extHostMcp.ts, read in November 2026; it is named by its product.
 */
bool mcpd_era_comes_back(const jdoc *client_info)
{
    static const char *const others[] = {"Visual Studio Code", "Code - OSS"};
    const char *name = jdoc_text_or(client_info, "name", "");
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        if (strncmp(name, others[i], strlen(others[i])) == 0)
            return false;
    return true;
}

int mcpd_era_headers(const struct mcpd_said *said, const char *uid, struct mcpd_terms *out,
    struct mcpd_error *error)
{
    struct mcpd_agreed agreed = {.version = NULL};
    *out = (struct mcpd_terms){.version = said->version};
    if (said->version && strcmp(said->version, MCP_WIRE_MODERN) == 0) {
        out->modern = true;
        return 0;
    }
    if (said->version && !mcp_wire_legacy_version(said->version))
        return mcpd_era_unsupported(error, said->version);
    if (said->session && mcpd_session_read(said->session, uid, &agreed) != 0)
        return mcpd_era_refuse(error, 404, 0,
            "There is no such session of this user. Begin a new one by initialize.");
    if (!out->version)
        out->version = agreed.version ? agreed.version : MCPD_ERA_ASSUMED;
    /* Versions are days: their order is that of their text. */
    out->elicits = agreed.version && agreed.forms && strcmp(agreed.version, MCPD_ERA_ASKS) >= 0;
    out->holds = out->elicits && (!agreed.comes_back || strcmp(agreed.version, MCPD_ERA_POLLS) < 0);
    return 0;
}

/* ---- the modern one ---- */

/* What names the thing that a method is about; NULL = no header says it. */
static const char *mcpd_era_named(const char *method)
{
    static const struct {
        const char *method, *member;
    } named[] = {{"tools/call", "name"}, {"prompts/get", "name"}, {"resources/read", "uri"}};
    for (size_t i = 0; i < sizeof named / sizeof *named; i++)
        if (strcmp(named[i].method, method) == 0)
            return named[i].member;
    return NULL;
}

static int mcpd_era_mismatch(struct mcpd_error *error, const char *header, const char *said,
    const char *body)
{
    return mcpd_era_refuse(error, 400, MCP_WIRE_HEADER_MISMATCH,
        "The header %s %s%.60s, and the body says \"%.80s\".", header,
        said ? "says " : "is missing", said ? said : "", body);
}

static int mcpd_era_check_headers(const struct mcpd_said *said,
    const struct mcp_wire_message *message, struct mcpd_error *error)
{
    const char *member = mcpd_era_named(message->method), *name = NULL;
    size_t len = 0;
    if (!said->method ||
        !mcp_wire_header_is(said->method, message->method, strlen(message->method)))
        return mcpd_era_mismatch(error, "Mcp-Method", said->method, message->method);
    if (!member || jdoc_get_string(message->params, member, &name, &len) != 0)
        return 0;
    if (!said->name || !mcp_wire_header_is(said->name, name, len))
        return mcpd_era_mismatch(error, "Mcp-Name", said->name, name);
    return 0;
}

static int mcpd_era_check_meta(const jdoc *meta, struct mcpd_error *error)
{
    const char *wrong = NULL;
    if (!jdoc_string(jdoc_get(meta, MCP_WIRE_META_VERSION), NULL))
        wrong = MCP_WIRE_META_VERSION " must be a text";
    else if (jdoc_type(jdoc_get(meta, MCP_WIRE_META_CAPABILITIES)) != JDOC_OBJECT)
        wrong = MCP_WIRE_META_CAPABILITIES " must be an object";
    else if (jdoc_has(meta, MCP_WIRE_META_CLIENT) &&
        jdoc_type(jdoc_get(meta, MCP_WIRE_META_CLIENT)) != JDOC_OBJECT)
        wrong = MCP_WIRE_META_CLIENT " must be an object";
    if (!wrong)
        return 0;
    return mcpd_era_refuse(error, 400, MCP_WIRE_BAD_PARAMS, "params._meta: %s.", wrong);
}

static int mcpd_era_modern(const struct mcpd_said *said, const struct mcp_wire_message *message,
    const jdoc *meta, struct mcpd_terms *out, struct mcpd_error *error)
{
    *out = (struct mcpd_terms){.modern = true, .version = MCP_WIRE_MODERN};
    if (mcpd_era_check_meta(meta, error) < 0)
        return ERR_INVALID;
    const char *claimed = jdoc_text_or(meta, MCP_WIRE_META_VERSION, "");
    if (!said->version || strcmp(said->version, claimed) != 0)
        return mcpd_era_mismatch(error, "MCP-Protocol-Version", said->version, claimed);
    if (strcmp(claimed, MCP_WIRE_MODERN) != 0)
        return mcpd_era_unsupported(error, claimed);
    out->elicits = mcpd_era_forms(jdoc_get(meta, MCP_WIRE_META_CAPABILITIES));
    return mcpd_era_check_headers(said, message, error);
}

int mcpd_era_judge(const struct mcpd_said *said, const char *uid,
    const struct mcp_wire_message *message, struct mcpd_terms *out, struct mcpd_error *error)
{
    const jdoc *meta = jdoc_get(message->params, "_meta");
    bool modern = said->version && strcmp(said->version, MCP_WIRE_MODERN) == 0;
    bool claims = jdoc_type(meta) == JDOC_OBJECT && jdoc_has(meta, MCP_WIRE_META_VERSION);
    if (message->kind == MCP_WIRE_REQUEST && strcmp(message->method, "initialize") == 0 &&
        !claims && modern)
        return mcpd_era_mismatch(error, "MCP-Protocol-Version", said->version, "initialize");
    if (message->kind == MCP_WIRE_REQUEST && (modern || claims))
        return mcpd_era_modern(said, message, meta, out, error);
    if (modern && message->kind != MCP_WIRE_NOTIFICATION)
        return mcpd_era_refuse(error, 400, MCP_WIRE_BAD_REQUEST,
            "In protocol " MCP_WIRE_MODERN " a client sends no responses.");
    return mcpd_era_headers(said, uid, out, error);
}
