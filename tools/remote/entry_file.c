/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* asprintf */
#endif
#include "tools/remote/entry_file.h"

#include "base/conf.h"
#include "base/err.h"
#include "base/file.h"
#include "base/url.h"

#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#define SECRET_MAX 8192

int entry_file_wrong(const struct entry_file *f, const char *field, const char *format, ...)
{
    va_list ap;
    int n = snprintf(f->why, f->why_size, "%s: %s%s", f->path, field, field[0] != '\0' ? ": " : "");
    if (n >= 0 && (size_t)n < f->why_size) {
        va_start(ap, format);
        vsnprintf(f->why + n, f->why_size - (size_t)n, format, ap);
        va_end(ap);
    }
    return ERR_CONFIG;
}

void entry_file_next(struct entry_file *f)
{
    size_t len = strlen(f->why);
    if (len == 0)
        return;
    f->why += len;
    f->why_size -= len;
    if (f->why_size <= 2)
        return;
    *f->why++ = '\n';
    *f->why = '\0';
    f->why_size--;
}

int entry_file_text(const struct entry_file *f, const char *path, size_t max, char **text,
    size_t *len)
{
    int error = file_read(AT_FDCWD, path, max, text, len);
    if (error == 0 || error == ERR_NOMEM)
        return error;
    return entry_file_wrong(f, "", "%.120s: %s", path, file_why(error));
}

/* "FILE:LINE: not valid JSON: ..."; jdoc_parse tells the place as a byte. */
static void entry_file_not_json(const struct entry_file *f, const char *text, size_t len,
    const char *wrong)
{
    char path[300];
    const char *byte = strstr(wrong, " at byte ");
    size_t place = byte ? strtoul(byte + strlen(" at byte "), NULL, 10) : 0, line = 1;
    for (size_t i = 0; i < place && i < len; i++)
        line += text[i] == '\n';
    if (byte)
        snprintf(path, sizeof path, "%.270s:%zu", f->path, line);
    else
        snprintf(path, sizeof path, "%.270s", f->path);
    const struct entry_file at = {.path = path, .why = f->why, .why_size = f->why_size};
    err_ignore(entry_file_wrong(&at, "", "not valid JSON: %s", wrong));
}

int entry_file_read(const struct entry_file *f, size_t max, jdoc **out)
{
    char *text, wrong[160] = "";
    size_t len;
    int error = entry_file_text(f, f->path, max, &text, &len);
    if (error != 0)
        return error;
    error = jdoc_parse(text, len, out, wrong, sizeof wrong);
    if (error != 0 && error != ERR_NOMEM)
        entry_file_not_json(f, text, len, wrong);
    free(text);
    return error == 0 || error == ERR_NOMEM ? error : ERR_CONFIG;
}

int entry_file_known(const struct entry_file *f, const char *field, const jdoc *object,
    const char *const *known)
{
    struct jdoc_iter it = {0};
    const char *key;
    jdoc *value;
    if (jdoc_type(object) != JDOC_OBJECT)
        return entry_file_wrong(f, field, "must be an object");
    while (jdoc_next(object, &it, &key, &value)) {
        size_t i = 0;
        while (known[i] && strcmp(known[i], key) != 0)
            i++;
        if (known[i])
            continue;
        int error = entry_file_wrong(f, key, "there is no such member; known are");
        for (i = 0; known[i]; i++) {
            size_t len = strlen(f->why);
            snprintf(f->why + len, f->why_size - len, "%s %s", i > 0 ? "," : "", known[i]);
        }
        const char *near = conf_near_word(key, strlen(key), known);
        size_t len = strlen(f->why);
        if (near)
            snprintf(f->why + len, f->why_size - len, ". Did you mean %s?", near);
        return error;
    }
    return 0;
}

int entry_file_bool(const struct entry_file *f, const jdoc *object, const char *key, bool *out)
{
    int error = jdoc_get_bool(object, key, out);
    return error == 0 || error == ERR_NOT_FOUND ? 0 :
                                                  entry_file_wrong(f, key, "must be true or false");
}

int entry_file_int(const struct entry_file *f, const jdoc *object, const char *key, int64_t min,
    int64_t max, int64_t *out)
{
    int64_t value = *out;
    int error = jdoc_get_int(object, key, &value);
    if (error == ERR_NOT_FOUND)
        return 0;
    if (error != 0 || value < min || value > max)
        return entry_file_wrong(f, key, "must be a whole number from %lld to %lld", (long long)min,
            (long long)max);
    *out = value;
    return 0;
}

int entry_file_string(const struct entry_file *f, const jdoc *object, const char *key,
    bool required, size_t max, const char **out)
{
    size_t len = 0;
    const char *text = NULL;
    int error = jdoc_get_string(object, key, &text, &len);
    if (error == ERR_NOT_FOUND && !required)
        return 0;
    if (error != 0 || (required && len == 0) || len > max || strlen(text) != len)
        return entry_file_wrong(f, key, "must be text of %d to %zu bytes", required ? 1 : 0, max);
    *out = text;
    return 0;
}

int entry_file_effect(const struct entry_file *f, const jdoc *object, enum tools_effect *out)
{
    const char *name = NULL;
    int error = entry_file_string(f, object, "effect", false, 16, &name);
    if (error != 0 || !name)
        return error;
    if (strcmp(name, "read") != 0 && strcmp(name, "outside") != 0)
        return entry_file_wrong(f, "effect",
            "must be \"read\" (only looks) or \"outside\" "
            "(changes something)");
    *out = name[0] == 'r' ? TOOLS_READ : TOOLS_OUTSIDE;
    return 0;
}

int entry_file_approval(const struct entry_file *f, const jdoc *object, enum tools_approval *out)
{
    const char *name = NULL;
    int error = entry_file_string(f, object, "approval", false, 16, &name);
    if (error != 0 || !name)
        return error;
    if (strcmp(name, "never") != 0 && strcmp(name, "always") != 0)
        return entry_file_wrong(f, "approval", "must be \"never\" or \"always\"");
    *out = name[0] == 'n' ? TOOLS_APPROVAL_NEVER : TOOLS_APPROVAL_ALWAYS;
    return 0;
}

/* ---- credentials and addresses ---- */

bool entry_file_is_header(const char *name)
{
    static const char good[] = "!#$%&'*+-.^_`|~0123456789"
                               "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    static const char *const taken[] = {"Host", "Content-Length", "Transfer-Encoding", "Connection",
        "Expect", "TE", "Trailer", "Upgrade", "Accept-Encoding"};
    size_t len = strlen(name);
    if (len == 0 || len > 64 || strspn(name, good) != len)
        return false;
    for (size_t i = 0; i < sizeof taken / sizeof *taken; i++)
        if (strcasecmp(name, taken[i]) == 0)
            return false;
    return true;
}

static int entry_file_credential_path(const struct entry_file *f, const char *field,
    const char *file, char *path, size_t size)
{
    const char *dir = getenv("CREDENTIALS_DIRECTORY");
    int n;
    if (strchr(file, '/'))
        n = snprintf(path, size, "%s", file);
    else if (dir && dir[0] != '\0')
        n = snprintf(path, size, "%s/%s", dir, file);
    else
        return entry_file_wrong(f, field,
            "\"%.60s\" has no '/' and $CREDENTIALS_DIRECTORY is not set", file);
    return (size_t)n < size ? 0 : entry_file_wrong(f, field, "the path is too long");
}

int entry_file_secret(const struct entry_file *f, const char *field, const char *file, char **out)
{
    char path[1024], place[320];
    const struct entry_file at = {.path = place, .why = f->why, .why_size = f->why_size};
    size_t len = 0;
    snprintf(place, sizeof place, "%.250s: %.60s", f->path, field);
    *out = NULL;
    int error = entry_file_credential_path(f, field, file, path, sizeof path);
    if (error == 0)
        error = entry_file_text(&at, path, SECRET_MAX, out, &len);
    if (error != 0 || !*out)
        return error;
    while (len > 0 && strchr(" \t\r\n", (*out)[len - 1]))
        (*out)[--len] = '\0';
    if (len > 0 && strlen(*out) == len)
        return 0;
    free(*out);
    *out = NULL;
    return entry_file_wrong(f, field, "the file must hold text");
}

static int entry_file_read_secret(const struct entry_file *f, const char *file, const char *header,
    const char *scheme, char **out)
{
    char path[1024], field[320], *text = NULL;
    const struct entry_file at = {.path = field, .why = f->why, .why_size = f->why_size};
    size_t len = 0;
    snprintf(field, sizeof field, "%.280s: credential.file", f->path);
    int error = entry_file_credential_path(f, "credential.file", file, path, sizeof path);
    if (error == 0)
        error = entry_file_text(&at, path, SECRET_MAX, &text, &len);
    if (error != 0 || !text)
        return error;
    while (len > 0 && strchr(" \t\r\n", text[len - 1]))
        text[--len] = '\0';
    for (size_t i = 0; i < len; i++)
        if ((unsigned char)text[i] < 0x20 || (unsigned char)text[i] > 0x7E)
            error = ERR_CONFIG;
    if (len == 0 || error != 0)
        error = entry_file_wrong(f, "credential.file", "must hold one line of plain ASCII");
    else if (asprintf(out, "%s: %s%s%s", header, scheme, scheme[0] != '\0' ? " " : "", text) < 0)
        error = ERR_NOMEM;
    explicit_bzero(text, len);
    free(text);
    if (error != 0)
        *out = NULL;
    return error;
}

int entry_file_credential(const struct entry_file *f, const jdoc *credential, bool secrets,
    char **out)
{
    static const char *const known[] = {"file", "header", "scheme", NULL};
    const char *file = "", *header = "Authorization", *scheme = "Bearer";
    *out = NULL;
    if (!credential)
        return 0;
    int error = entry_file_known(f, "credential", credential, known);
    if (error == 0)
        error = entry_file_string(f, credential, "file", true, 1000, &file);
    if (error == 0)
        error = entry_file_string(f, credential, "header", false, 64, &header);
    if (error == 0 && strcasecmp(header, "Authorization") != 0)
        scheme = "";
    if (error == 0)
        error = entry_file_string(f, credential, "scheme", false, 32, &scheme);
    if (error == 0 && !entry_file_is_header(header))
        error = entry_file_wrong(f, "credential.header", "must be the name of a header");
    if (error == 0 && scheme[0] != '\0' && !entry_file_is_header(scheme))
        error = entry_file_wrong(f, "credential.scheme", "must be one word");
    return error == 0 && secrets ? entry_file_read_secret(f, file, header, scheme, out) : error;
}

int entry_file_url(const struct entry_file *f, const char *field, const char *url, bool *private)
{
    struct url u;
    char why[URL_WHY_SIZE];
    if (url_check(url, strlen(url), 0, &u, why) != 0)
        return entry_file_wrong(f, field, "%s", why);
    *private = url_names_private(&u);
    return 0;
}
