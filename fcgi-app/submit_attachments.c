/* SPDX-License-Identifier: BSD-2-Clause */
#include "fcgi-app/submit_parts.h"

#include "base/base64.h"
#include "base/err.h"
#include "base/url.h"
#include "fcgi-app/upload.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define SUBMIT_URL_MAX 2000

/* Where a file comes from in one form of a client: its members, and the object that holds them. */
struct submit_origin {
    jdoc *holder; /* its text of the data is taken out */
    const char *data_member, *data, *url, *id;
    size_t data_len;
};

static void submit_free_bytes(void *arg)
{
    struct submit_file *f = arg;
    free(f->bytes);
    f->bytes = NULL;
}

/* `data:TYPE;base64,TEXT`: what it declares counts when the client said nothing else. */
static int submit_data_url(struct submit_parser *p, struct submit_file *f, const char **text,
    size_t *len)
{
    const char *comma = memchr(*text, ',', *len);
    size_t head = comma ? (size_t)(comma - *text) : 0;
    static const char start[] = "data:", end[] = ";base64";
    if (*len < sizeof start - 1 || strncasecmp(*text, start, sizeof start - 1) != 0)
        return 0;
    if (head < sizeof end - 1 || strncasecmp(comma - (sizeof end - 1), end, sizeof end - 1) != 0)
        return problem_field(p->problem, f->field,
            "%s is a data: URL that is not in base64 (data:TYPE;base64,TEXT).", f->field);
    if (*f->declared == '\0') {
        f->declared = arena_memdup(p->arena, *text + sizeof start - 1,
            head + 1 - sizeof start - (sizeof end - 1));
        if (!f->declared)
            return ERR_NOMEM;
    }
    *len -= head + 1;
    *text = comma + 1;
    return 0;
}

static int submit_recode(struct submit_parser *p, struct submit_file *f)
{
    struct upload u = {.declared = f->declared, .bytes = f->bytes, .len = f->len};
    struct buf own = {0};
    int error = upload_recode(&u, p->conf, &own);

    if (!error && own.len > 0) {
        free(f->bytes);
        f->bytes = buf_take(&own, &f->len);
    }
    buf_free(&own);
    return error;
}

/* Decodes it into memory of its own; the text leaves the document, as the turn keeps that. */
static int submit_decode(struct submit_parser *p, struct submit_file *f,
    const struct submit_origin *from)
{
    const char *text = from->data;
    size_t len = from->data_len;
    int error = submit_data_url(p, f, &text, &len);
    if (error)
        return error;
    if (len / 4 * 3 > (size_t)p->conf->attachments_bytes + len / 32) /* line breaks */
        return upload_too_large(f->field, p->conf, p->problem);
    f->bytes = malloc(BASE64_MAX(len));
    if (!f->bytes)
        return ERR_NOMEM;
    if ((error = arena_on_free(p->arena, submit_free_bytes, f)) < 0)
        return error;
    long n = base64_decode(text, len, BASE64_LINES, f->bytes);
    jdoc_remove(from->holder, from->data_member);
    if (n < 0)
        return problem_field(p->problem, f->field, "%s is not in base64 (RFC 4648).", f->field);
    f->len = (size_t)n;
    if ((error = submit_recode(p, f)))
        return error;
    return submit_check_file(f, f->bytes, f->len, p->conf, p->problem);
}

int submit_check_file(struct submit_file *f, const void *bytes, size_t len, const struct conf *conf,
    struct problem *problem)
{
    const struct upload u = {.field = f->field,
        .declared = f->declared,
        .name = f->name,
        .image = f->image,
        .bytes = bytes,
        .len = len};
    return upload_check(&u, conf, &f->a, problem);
}

static int submit_check_url(struct submit_parser *p, struct submit_file *f, const char *url)
{
    char why[URL_WHY_SIZE];
    struct url parts;
    if (strlen(url) > SUBMIT_URL_MAX)
        return problem_limit(p->problem, f->field, SUBMIT_URL_MAX,
            "%s: the address has %zu bytes; %d are allowed.", f->field, strlen(url),
            SUBMIT_URL_MAX);
    if (url_check(url, strlen(url), 0, &parts, why) < 0)
        return problem_field(p->problem, f->field, "%s: the address %s.", f->field, why);
    if (p->conf->tools_allow_private)
        return 0;
    if (!parts.https)
        return problem_field(p->problem, f->field, "%s: the address must begin with https://.",
            f->field);
    if (url_names_private(&parts))
        return problem_field(p->problem, f->field,
            "%s: the address is not one of the public internet.", f->field);
    return 0;
}

/* Exactly one of the three. */
static int submit_take_origin(struct submit_parser *p, struct submit_file *f,
    const struct submit_origin *from)
{
    if (!from->data + !from->url + !from->id != 2)
        return problem_field(p->problem, f->field,
            "%s needs one of data (base64), url and id: exactly one.", f->field);
    if (from->data) {
        f->from = SUBMIT_FILE_DATA;
        return submit_decode(p, f, from);
    }
    f->from = from->url ? SUBMIT_FILE_URL : SUBMIT_FILE_ID;
    f->text = from->url ? from->url : from->id;
    if (from->url)
        return submit_check_url(p, f, f->text);
    return attachments_is_id(f->text) ?
        0 :
        problem_field(p->problem, f->field, "%s: the id is not one of POST /attachments.",
            f->field);
}

/* A new one of this request. */
static int submit_new_file(struct submit_parser *p, const char *field, struct submit_file **out)
{
    struct submit *s = p->out;
    struct submit_file **last = &s->files;
    if (s->file_count == SUBMIT_FILES_MAX)
        return problem_limit(p->problem, field, SUBMIT_FILES_MAX,
            "%s is one too many: the messages of a request may have %d files.", field,
            SUBMIT_FILES_MAX);
    struct submit_file *f = arena_alloc(p->arena, sizeof *f);
    if (!f)
        return ERR_NOMEM;
    *f = (struct submit_file){.declared = "", .name = "", .field = arena_strdup(p->arena, field)};
    if (!f->field)
        return ERR_NOMEM;
    while (*last)
        last = &(*last)->next;
    *last = f;
    s->file_count++;
    *out = f;
    return 0;
}

/* The first of these members that is there. */
static int submit_either(struct submit_parser *p, const jdoc *doc, const char *one,
    const char *other, const char **out)
{
    int error = submit_string(p, doc, one, out);
    return error < 0 || *out ? error : submit_string(p, doc, other, out);
}

static int submit_describe(struct submit_parser *p, const jdoc *type_of, const jdoc *name_of,
    struct submit_file *f)
{
    const char *type = NULL, *name = NULL;
    int error = submit_either(p, type_of, "mimeType", "mime_type", &type);
    if (error == 0)
        error = submit_either(p, name_of, "name", "filename", &name);
    f->declared = type ? type : "";
    f->name = name ? name : "";
    return error;
}

/* What a member says, where an url may be a data: URL. */
static int submit_read_origin(struct submit_parser *p, jdoc *doc, struct submit_origin *out)
{
    *out = (struct submit_origin){.holder = doc, .data_member = "data"};
    int error = submit_string(p, doc, "url", &out->url);
    if (error == 0)
        error = submit_string(p, doc, "id", &out->id);
    if (error)
        return error;
    if (out->url && strncasecmp(out->url, "data:", 5) == 0 && !jdoc_get(doc, "data")) {
        out->data = out->url;
        out->data_len = strlen(out->url);
        out->data_member = "url";
        out->url = NULL;
        return 0;
    }
    if ((error = submit_string(p, doc, "data", &out->data)) == 0 && out->data)
        out->data_len = strlen(out->data);
    return error;
}

/* {type?, name?, mime_type?, data|url|id}: an element of `attachments`, and AG-UI's part "binary". */
static int submit_plain_file(struct submit_parser *p, jdoc *item, const char *field,
    struct submit_file **out)
{
    struct submit_origin from;
    const char *type = NULL;
    if (jdoc_type(item) != JDOC_OBJECT)
        return problem_field(p->problem, field, "%s must be an object.", field);
    int error = submit_new_file(p, field, out);
    if (error == 0)
        error = submit_describe(p, item, item, *out);
    if (error == 0)
        error = submit_string(p, item, "type", &type);
    if (error == 0)
        error = submit_read_origin(p, item, &from);
    if (error)
        return error;
    (*out)->image = type && strcmp(type, "image") == 0;
    return submit_take_origin(p, *out, &from);
}

/* AG-UI 1.0: {type, source:{type:"data"|"url"|"file", value, mimeType}, metadata?}. */
static int submit_sourced_file(struct submit_parser *p, jdoc *part, const char *field,
    struct submit_file **out)
{
    jdoc *source = jdoc_get(part, "source");
    struct submit_origin from = {.holder = source, .data_member = "value"};
    const char *kind = NULL, *value = NULL;
    if (jdoc_type(source) != JDOC_OBJECT)
        return problem_field(p->problem, field, "%s needs a source {type, value, mimeType}.",
            field);
    int error = submit_new_file(p, field, out);
    if (error == 0)
        error = submit_describe(p, source, jdoc_get(part, "metadata"), *out);
    if (error == 0)
        error = submit_string(p, source, "type", &kind);
    if (error == 0)
        error = submit_string(p, source, "value", &value);
    if (error)
        return error;
    (*out)->image = strcmp(jdoc_text_or(part, "type", ""), "image") == 0;
    if (!kind || !value)
        return problem_field(p->problem, field, "%s: its source needs type and value.", field);
    bool data = strcmp(kind, "data") == 0 ||
        (strcmp(kind, "url") == 0 && strncasecmp(value, "data:", 5) == 0);
    from.data = data ? value : NULL;
    from.data_len = data ? strlen(value) : 0;
    from.url = !data && strcmp(kind, "url") == 0 ? value : NULL;
    from.id = strcmp(kind, "file") == 0 ? value : NULL;
    if (!from.data && !from.url && !from.id)
        return problem_field(p->problem, field, "%s: a source is of type data, url or file.",
            field);
    return submit_take_origin(p, *out, &from);
}

int submit_part_file(struct submit_parser *p, jdoc *part, const char *field,
    struct submit_file **out)
{
    const char *type = jdoc_text_or(part, "type", "");
    if (strcmp(type, "binary") == 0)
        return submit_plain_file(p, part, field, out);
    if (strcmp(type, "image") == 0 || strcmp(type, "document") == 0)
        return submit_sourced_file(p, part, field, out);
    if (strcmp(type, "audio") == 0 || strcmp(type, "video") == 0)
        return problem_field(p->problem, field,
            "%s is %s, which is not understood here. Send text, image or document.", field, type);
    return problem_field(p->problem, field,
        "%s is of type \"%.40s\"; text, image and document are understood.", field, type);
}

int submit_attachments(struct submit_parser *p)
{
    jdoc *list = jdoc_get(p->body, "attachments");
    if (list && jdoc_type(list) != JDOC_ARRAY)
        return problem_field(p->problem, "attachments", "attachments must be an array.");
    if (jdoc_length(list) > (size_t)p->conf->attachments_message)
        return problem_limit(p->problem, "attachments", p->conf->attachments_message,
            "%zu attachments; %lld are allowed.", jdoc_length(list),
            (long long)p->conf->attachments_message);
    for (size_t i = 0; i < jdoc_length(list); i++) {
        struct submit_file *f;
        char field[40];
        snprintf(field, sizeof field, "attachments[%zu]", i);
        int error = submit_plain_file(p, jdoc_at(list, i), field, &f);
        if (error)
            return error;
    }
    return 0;
}
