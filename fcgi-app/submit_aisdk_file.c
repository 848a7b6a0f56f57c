/* SPDX-License-Identifier: BSD-2-Clause */
/* File parts of the AI SDK as content parts of AG-UI: by value from a data: URL, or by address. */
#include "fcgi-app/submit_parts.h"

#include "base/err.h"

#include <string.h>

#define SUBMIT_MEDIA_MAX 127 /* bytes of a media type: RFC 6838, section 4.2 */

static const char *submit_aisdk_file_kind(const char *media)
{
    static const char *const kinds[] = {"image", "audio", "video"};
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        size_t len = strlen(kinds[i]);
        if (strncmp(media, kinds[i], len) == 0 && (media[len] == '/' || media[len] == '\0'))
            return kinds[i];
    }
    return "document";
}

/* What stands behind "data:...;base64,"; NULL: it is no such URL. */
static const char *submit_aisdk_file_data(const char *url)
{
    const char *comma = strchr(url, ',');
    static const char mark[] = ";base64";
    const size_t len = sizeof mark - 1;
    if (!comma || (size_t)(comma - url) < len || memcmp(comma - len, mark, len) != 0)
        return NULL;
    return comma + 1;
}

/* The id in the address of a file that is stored here, as GET /ai/chat/{id}/messages tells it. */
static const char *submit_aisdk_file_stored(const struct submit_parser *p, const char *url)
{
    static const char folder[] = "/attachments/";
    const char *at = strstr(url, p->conf->public_base);
    if (!at)
        return NULL;
    at += strlen(p->conf->public_base);
    if (strncmp(at, folder, sizeof folder - 1) != 0)
        return NULL;
    at += sizeof folder - 1;
    return ident_is_safe(at, strlen(at), IDENT_CLIENT_MESSAGE_MAX) ? at : NULL;
}

static jdoc *submit_aisdk_file_source(const char *type, const char *value, const char *media)
{
    jdoc *source = jdoc_new_object();
    if (source && jdoc_set_string(source, "type", type) == 0 &&
        jdoc_set_string(source, "value", value) == 0 &&
        jdoc_set_string(source, "mimeType", media) == 0)
        return source;
    jdoc_free(source);
    return NULL;
}

static int submit_aisdk_file_push(jdoc *content, const char *media, jdoc *source, const char *name)
{
    jdoc *part = jdoc_new_object(), *metadata = name ? jdoc_new_object() : NULL;
    int failed = !part || jdoc_set_string(part, "type", submit_aisdk_file_kind(media)) < 0;
    if (!part) {
        jdoc_free(source);
        jdoc_free(metadata);
        return ERR_NOMEM;
    }
    failed = jdoc_set(part, "source", source) < 0 || failed;
    if (name)
        failed = !metadata || jdoc_set_string(metadata, "filename", name) < 0 || failed;
    if (metadata)
        failed = jdoc_set(part, "metadata", metadata) < 0 || failed;
    return jdoc_push_made(content, part, failed);
}

int submit_aisdk_file_part(struct submit_parser *p, const jdoc *part, jdoc *content)
{
    const char *url = NULL, *media = NULL, *name = NULL, *value;
    int error;
    if ((error = submit_string(p, part, "url", &url)) < 0 ||
        (error = submit_string(p, part, "mediaType", &media)) < 0 ||
        (error = submit_string(p, part, "filename", &name)) < 0)
        return error;
    if (!url || !media)
        return problem_field(p->problem, "messages", "A file part needs url and mediaType.");
    if (strlen(media) > SUBMIT_MEDIA_MAX)
        return problem_limit(p->problem, "mediaType", SUBMIT_MEDIA_MAX,
            "mediaType has more than %d bytes.", SUBMIT_MEDIA_MAX);
    if (strncmp(url, "data:", 5) == 0) {
        value = submit_aisdk_file_data(url);
        if (!value)
            return problem_field(p->problem, "url", "A data: URL must be in base64.");
        return submit_aisdk_file_push(content, media,
            submit_aisdk_file_source("data", value, media), name);
    }
    value = submit_aisdk_file_stored(p, url);
    if (value)
        return submit_aisdk_file_push(content, media,
            submit_aisdk_file_source("file", value, media), name);
    if (strncmp(url, "https://", 8) != 0)
        return problem_field(p->problem, "url", "url must be a data: or https: URL.");
    return submit_aisdk_file_push(content, media, submit_aisdk_file_source("url", url, media),
        name);
}
