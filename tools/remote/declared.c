/* SPDX-License-Identifier: BSD-2-Clause */
#include "tools/remote/declared.h"

#include "base/err.h"
#include "tools/remote/entry_file.h"
#include "tools/remote/foreign_schema.h"
#include "tools/schema/schema.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FILE_MAX ((size_t)64 << 10)
#define FILES_MAX 200
#define TIMEOUT_MS 10000
#define TIMEOUT_MAX_MS 120000
#define RESULT_MAX 16384
#define EXAMPLES_MAX 20

static const char *const members[] = {"name", "description", "keywords", "examples", "arguments",
    "request", "credential", "timeout_ms", "result", "effect", "approval", "outside", NULL};
static const char *const request_members[] = {"method", "url", "headers", "body",
    "idempotency_header", "allow_private", NULL};
static const char *const result_members[] = {"pointer", "max_bytes", NULL};
static const char *const example_members[] = {"say", "arguments", NULL};

struct reading {
    struct entry_file file;
    struct arena *arena;
    struct declared_list *list;
    struct declared *d;
    bool secrets;
};

/* ---- templates ---- */

enum use { IN_PATH, IN_QUERY, IN_HEADER, IN_BODY };

static bool declared_is_required(const jdoc *schema, const char *name)
{
    const jdoc *required = jdoc_get(schema, "required");
    for (size_t i = 0; i < jdoc_length(required); i++)
        if (strcmp(jdoc_string(jdoc_at(required, i), NULL), name) == 0)
            return true;
    return false;
}

static int declared_check_placeholder(struct reading *r, const char *field, const char *name,
    enum use use)
{
    const jdoc *argument = jdoc_get(jdoc_get(r->d->arguments, "properties"), name);
    unsigned types = schema_types(argument);
    if (!argument)
        return entry_file_wrong(&r->file, field, "{%.64s} is none of the arguments", name);
    if (use == IN_BODY)
        return 0;
    if (types == 0 || (types & 1u << JDOC_OBJECT) != 0 ||
        (use == IN_PATH && (types & 1u << JDOC_ARRAY) != 0))
        return entry_file_wrong(&r->file, field, "{%.64s} must be text, a number or a boolean here",
            name);
    if (use == IN_PATH && !declared_is_required(r->d->arguments, name) &&
        !jdoc_get(argument, "default"))
        return entry_file_wrong(&r->file, field,
            "{%.64s} stands in the path, so it must be among "
            "\"required\" or have a default",
            name);
    return 0;
}

static int declared_check_template(struct reading *r, const char *field, const char *text,
    size_t len, enum use use)
{
    const char *p = text, *end = text + len;
    char name[65];
    int error = 0;
    while (error == 0 && p < end) {
        if (p + 1 < end && (*p == '{' || *p == '}') && p[1] == *p) {
            p += 2;
            continue;
        }
        if (*p == '}')
            return entry_file_wrong(&r->file, field, "a '}' without '{'; write }} for a brace");
        if (*p++ != '{')
            continue;
        const char *close = memchr(p, '}', (size_t)(end - p));
        if (!close || close == p || close - p > 64)
            return entry_file_wrong(&r->file, field,
                "'{' must be followed by the name of an "
                "argument and '}'; write {{ for a brace");
        snprintf(name, sizeof name, "%.*s", (int)(close - p), p);
        error = declared_check_placeholder(r, field, name, use);
        p = close + 1;
    }
    return error;
}

static int declared_check_body(struct reading *r, const jdoc *value)
{
    struct jdoc_iter it = {0};
    const char *key;
    jdoc *member;
    size_t len = 0;
    const char *text = jdoc_string(value, &len);
    int error = 0;
    if (text)
        return declared_check_template(r, "request.body", text, len, IN_BODY);
    if (jdoc_type(value) == JDOC_ARRAY)
        for (size_t i = 0; error == 0 && i < jdoc_length(value); i++)
            error = jdoc_at(value, i) ?
                declared_check_body(r, jdoc_at(value, i)) :
                entry_file_wrong(&r->file, "request.body", "a list must hold no null");
    while (error == 0 && jdoc_next(value, &it, &key, &member))
        error = declared_check_body(r, member);
    return error;
}

/* ---- the members ---- */

static int declared_check_name(struct reading *r)
{
    static const char good[] = "abcdefghijklmnopqrstuvwxyz0123456789_";
    const char *name = "";
    int error = entry_file_string(&r->file, r->d->document, "name", true, 64, &name);
    if (error != 0)
        return error;
    if (name[0] < 'a' || name[0] > 'z' || strspn(name, good) != strlen(name) || strstr(name, "__"))
        return entry_file_wrong(&r->file, "name",
            "must be small letters, digits and single '_', "
            "a letter first");
    for (size_t i = 0; i < r->list->count; i++)
        if (r->list->list[i].name && strcmp(r->list->list[i].name, name) == 0)
            return entry_file_wrong(&r->file, "name", "\"%s\" is declared twice", name);
    r->d->name = name;
    return 0;
}

static const char *declared_text_of(struct arena *arena, const jdoc *value)
{
    struct buf text = {0};
    jdoc_write(value, &text);
    const char *copy =
        buf_error(&text) == 0 ? arena_memdup(arena, buf_text(&text), text.len) : NULL;
    buf_free(&text);
    return copy;
}

static int declared_check_arguments(struct reading *r)
{
    struct tools_problem problem;
    struct declared *d = r->d;
    d->arguments = jdoc_get(d->document, "arguments");
    if (strcmp(jdoc_text_or(d->arguments, "type", ""), "object") != 0)
        return entry_file_wrong(&r->file, "arguments", "must be a JSON Schema of type object");
    if (schema_well_formed(d->arguments, &problem) != 0)
        return entry_file_wrong(&r->file, "arguments", "%.100s: %.200s", problem.path,
            problem.message);
    if (!jdoc_get(d->arguments, "properties") &&
        jdoc_set(d->arguments, "properties", jdoc_new_object()) != 0)
        return ERR_NOMEM;
    jdoc *shown = foreign_schema_model(d->arguments);
    d->schema_text = declared_text_of(r->arena, d->arguments);
    d->arguments_text = shown ? declared_text_of(r->arena, shown) : NULL;
    jdoc_free(shown);
    return d->schema_text && d->arguments_text ? 0 : ERR_NOMEM;
}

static int declared_check_example(struct reading *r, size_t i, const char **say,
    const char **arguments)
{
    struct tools_problem problem = {.path = ""};
    const jdoc *example = jdoc_at(jdoc_get(r->d->document, "examples"), i),
               *given = jdoc_get(example, "arguments");
    int error = entry_file_known(&r->file, "examples", example, example_members);
    if (error == 0)
        error = entry_file_string(&r->file, example, "say", true, 300, say);
    if (error == 0 && (!given || schema_validate(r->d->arguments, given, &problem) != 0))
        error = entry_file_wrong(&r->file, "examples",
            "the arguments of \"%.60s\" are not right: "
            "%.80s %.120s",
            *say, problem.path, problem.message);
    if (error == 0 && !(*arguments = declared_text_of(r->arena, given)))
        error = ERR_NOMEM;
    return error;
}

static int declared_check_examples(struct reading *r)
{
    const jdoc *examples = jdoc_get(r->d->document, "examples");
    size_t count = jdoc_length(examples);
    const char **says = arena_array(r->arena, count + 1, sizeof *says);
    const char **arguments = arena_array(r->arena, count + 1, sizeof *arguments);
    int error = 0;
    if (!says || !arguments)
        return ERR_NOMEM;
    if (examples && (jdoc_type(examples) != JDOC_ARRAY || count > EXAMPLES_MAX))
        return entry_file_wrong(&r->file, "examples",
            "must be a list of at most %d {say, "
            "arguments}",
            EXAMPLES_MAX);
    for (size_t i = 0; error == 0 && i < count; i++)
        error = declared_check_example(r, i, &says[i], &arguments[i]);
    r->d->examples = says;
    r->d->example_arguments = arguments;
    return error;
}

/* Scheme, host and port stand fast; a placeholder may come behind them only. */
static int declared_check_url(struct reading *r, const jdoc *request)
{
    struct declared *d = r->d;
    const char *url = "", *host, *question;
    char *path;
    bool allow_private = false, private = false;
    int error = entry_file_string(&r->file, request, "url", true, 2000, &url);
    if (error == 0)
        error = entry_file_bool(&r->file, request, "allow_private", &allow_private);
    if (error != 0)
        return error;
    host = strstr(url, "://");
    size_t begin = host ? (size_t)(host + 3 - url) : 0;
    size_t authority = begin + strcspn(url + begin, "/?#");
    char *origin = arena_memdup(r->arena, url, authority);
    if (!origin)
        return ERR_NOMEM;
    if (strpbrk(origin, "{}"))
        return entry_file_wrong(&r->file, "request.url", "must have no placeholders in its host");
    error = entry_file_url(&r->file, "request.url", origin, &private);
    if (error != 0)
        return error;
    if (strchr(url, '#') || strpbrk(url, " \t\r\n"))
        return entry_file_wrong(&r->file, "request.url", "must hold no blank and no fragment");
    d->public_only = !allow_private && !private;
    if (d->public_only && strncmp(url, "https://", 8) != 0)
        return entry_file_wrong(&r->file, "request.url",
            "must begin with https:// (http only for "
            "an address that is private, or with allow_private)");
    question = strchr(url, '?');
    path = arena_memdup(r->arena, url, question ? (size_t)(question - url) : strlen(url));
    if (!path)
        return ERR_NOMEM;
    d->url = url[authority] == '/' ? path : arena_printf(r->arena, "%s/", path);
    d->query = question ? question + 1 : "";
    if (!d->url)
        return ERR_NOMEM;
    error = declared_check_template(r, "request.url", d->url, strlen(d->url), IN_PATH);
    return error == 0 ?
        declared_check_template(r, "request.url", d->query, strlen(d->query), IN_QUERY) :
        error;
}

static int declared_check_method(struct reading *r, const jdoc *request)
{
    static const char *const methods[] = {"GET", "POST", "PUT", "PATCH", "DELETE"};
    const char *method = "GET";
    int error = entry_file_string(&r->file, request, "method", false, 8, &method);
    if (error != 0)
        return error;
    for (size_t i = 0; i < sizeof methods / sizeof *methods; i++)
        if (strcmp(methods[i], method) == 0) {
            r->d->method = methods[i];
            r->d->effect = i == 0 ? TOOLS_READ : TOOLS_OUTSIDE;
            return 0;
        }
    return entry_file_wrong(&r->file, "request.method", "must be GET, POST, PUT, PATCH or DELETE");
}

static int declared_check_headers(struct reading *r, const jdoc *request)
{
    struct jdoc_iter it = {0};
    const char *key;
    jdoc *value;
    int error = 0;
    r->d->headers = jdoc_get(request, "headers");
    if (r->d->headers && jdoc_type(r->d->headers) != JDOC_OBJECT)
        return entry_file_wrong(&r->file, "request.headers", "must be an object of {NAME: text}");
    if (jdoc_length(r->d->headers) > 20)
        return entry_file_wrong(&r->file, "request.headers", "at most 20");
    while (error == 0 && jdoc_next(r->d->headers, &it, &key, &value)) {
        size_t len = 0;
        const char *text = jdoc_string(value, &len);
        if (!entry_file_is_header(key))
            return entry_file_wrong(&r->file, "request.headers", "\"%.64s\" cannot be set", key);
        if (!text || len > 1000)
            return entry_file_wrong(&r->file, "request.headers",
                "\"%s\" must be text of at most "
                "1000 bytes",
                key);
        for (size_t i = 0; i < len; i++)
            if ((unsigned char)text[i] < 0x20 || (unsigned char)text[i] > 0x7E)
                return entry_file_wrong(&r->file, "request.headers", "\"%s\" must be plain ASCII",
                    key);
        error = declared_check_template(r, "request.headers", text, len, IN_HEADER);
    }
    return error;
}

static int declared_check_request(struct reading *r)
{
    const jdoc *request = jdoc_get(r->d->document, "request");
    struct declared *d = r->d;
    int error = entry_file_known(&r->file, "request", request, request_members);
    if (error == 0)
        error = declared_check_method(r, request);
    if (error == 0)
        error = declared_check_url(r, request);
    if (error == 0)
        error = declared_check_headers(r, request);
    if (error == 0)
        error = entry_file_string(&r->file, request, "idempotency_header", false, 64,
            &d->idempotency_header);
    if (error == 0 && d->idempotency_header && !entry_file_is_header(d->idempotency_header))
        error = entry_file_wrong(&r->file, "request.idempotency_header",
            "must be the name of a "
            "header");
    d->body = jdoc_get(request, "body");
    if (error == 0 && d->body && strcmp(d->method, "GET") == 0)
        error = entry_file_wrong(&r->file, "request.body", "a GET has none");
    return error == 0 && d->body ? declared_check_body(r, d->body) : error;
}

static int declared_check_result(struct reading *r)
{
    const jdoc *result = jdoc_get(r->d->document, "result");
    struct declared *d = r->d;
    d->pointer = "";
    d->max_bytes = RESULT_MAX;
    if (!result)
        return 0;
    int error = entry_file_known(&r->file, "result", result, result_members);
    if (error == 0)
        error = entry_file_string(&r->file, result, "pointer", false, 300, &d->pointer);
    if (error == 0 && d->pointer[0] != '\0' && d->pointer[0] != '/')
        error = entry_file_wrong(&r->file, "result.pointer", "must be empty or begin with '/'");
    return error == 0 ? entry_file_int(&r->file, result, "max_bytes", 64, 1 << 20, &d->max_bytes) :
                        error;
}

static int declared_check_rest(struct reading *r)
{
    struct declared *d = r->d;
    const jdoc *doc = d->document;
    bool outside = true;
    d->timeout_ms = TIMEOUT_MS;
    d->keywords = "";
    int error = entry_file_bool(&r->file, doc, "outside", &outside);
    d->vouched = !outside;
    if (error == 0)
        error = entry_file_effect(&r->file, doc, &d->effect);
    d->approval = d->effect == TOOLS_READ ? TOOLS_APPROVAL_NEVER : TOOLS_APPROVAL_ALWAYS;
    if (error == 0)
        error = entry_file_approval(&r->file, doc, &d->approval);
    if (error == 0)
        error = entry_file_int(&r->file, doc, "timeout_ms", 100, TIMEOUT_MAX_MS, &d->timeout_ms);
    if (error == 0)
        error = entry_file_string(&r->file, doc, "keywords", false, 500, &d->keywords);
    return error == 0 ?
        entry_file_credential(&r->file, jdoc_get(doc, "credential"), r->secrets, &d->credential) :
        error;
}

static int declared_read_one(struct reading *r)
{
    struct declared *d = r->d;
    int error = entry_file_read(&r->file, FILE_MAX, &d->document);
    if (error == 0)
        error = entry_file_known(&r->file, "", d->document, members);
    if (error == 0)
        error = declared_check_name(r);
    if (error == 0)
        error =
            entry_file_string(&r->file, d->document, "description", true, 2000, &d->description);
    if (error == 0)
        error = declared_check_arguments(r);
    if (error == 0)
        error = declared_check_examples(r);
    if (error == 0)
        error = declared_check_request(r);
    if (error == 0)
        error = declared_check_result(r);
    return error == 0 ? declared_check_rest(r) : error;
}

/* ---- the directory ---- */

static int declared_is_json(const struct dirent *entry)
{
    size_t len = strlen(entry->d_name);
    return len > 5 && entry->d_name[0] != '.' && strcmp(entry->d_name + len - 5, ".json") == 0;
}

static void declared_free_names(struct dirent **names, int count)
{
    for (int i = 0; i < count; i++)
        free(names[i]);
    free(names);
}

static int declared_read_all(struct reading *r, const char *directory, struct dirent **names,
    int count)
{
    int error = 0, found = 0;
    r->list->list = arena_array(r->arena, (size_t)count + 1, sizeof *r->list->list);
    if (!r->list->list)
        return ERR_NOMEM;
    for (int i = 0; error != ERR_NOMEM && i < count; i++) { /* what is wrong in each of them */
        r->d = &r->list->list[i];
        r->file.path = arena_printf(r->arena, "%s/%s", directory, names[i]->d_name);
        error = r->file.path ? declared_read_one(r) : ERR_NOMEM;
        r->list->count++; /* also of a wrong one: what it has is freed with the others */
        found = error != 0 ? error : found;
        if (error != 0)
            entry_file_next(&r->file);
    }
    return found;
}

int declared_load(struct declared_list *out, const char *directory, bool secrets, char *why,
    size_t why_size)
{
    struct dirent **names = NULL;
    *out = (struct declared_list){.count = 0};
    if (directory[0] == '\0')
        return 0;
    struct reading r = {.file = {.path = directory, .why = why, .why_size = why_size},
        .list = out,
        .secrets = secrets};
    int count = scandir(directory, &names, declared_is_json, alphasort);
    if (count < 0)
        return entry_file_wrong(&r.file, "", "%s", strerror(errno));
    int error =
        count > FILES_MAX ? entry_file_wrong(&r.file, "", "more than %d files", FILES_MAX) : 0;
    if (error == 0 && !(r.arena = out->arena = arena_new()))
        error = ERR_NOMEM;
    if (error == 0)
        error = declared_read_all(&r, directory, names, count);
    declared_free_names(names, count);
    if (error == ERR_NOMEM)
        snprintf(why, why_size, "http_tools.dir: out of memory");
    if (error != 0)
        declared_free(out);
    return error;
}

void declared_free(struct declared_list *list)
{
    for (size_t i = 0; i < list->count; i++) {
        char *credential = list->list[i].credential;
        if (credential)
            explicit_bzero(credential, strlen(credential));
        free(credential);
        jdoc_free(list->list[i].document);
    }
    if (list->arena)
        arena_free(list->arena);
    *list = (struct declared_list){.count = 0};
}
