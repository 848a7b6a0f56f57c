/* SPDX-License-Identifier: BSD-2-Clause */
#include "fcgi-app/upload.h"

#include "base/charset.h"

#include <stdio.h>
#include <string.h>

int upload_too_large(const char *field, const struct conf *conf, struct problem *problem)
{
    problem_set(problem, PROBLEM_FILE_SIZE, "%s is larger than the %lld bytes of one file.", field,
        (long long)conf->attachments_bytes);
    snprintf(problem->field, sizeof problem->field, "%s", field);
    problem->has_limit = true;
    problem->limit = conf->attachments_bytes;
    return ERR_INVALID;
}

/* Is the type one of attachments.kinds? TYPE/STAR takes all of a kind; text/STAR every text. */
static bool upload_is_taken(const struct conf *conf, const struct attachment *a)
{
    const char *type = a->media.kind == MEDIA_TEXT ? "text/plain" : a->type;
    size_t major = strcspn(type, "/") + 1;

    for (const char *word = conf->attachments_kinds; *word;) {
        size_t len = strcspn(word, " ,\t");
        if ((len == strlen(type) && memcmp(word, type, len) == 0) ||
            (len == strlen(a->type) && memcmp(word, a->type, len) == 0) ||
            (len == major + 1 && word[major] == '*' && memcmp(word, type, major) == 0))
            return true;
        word += len + strspn(word + len, " ,\t");
    }
    return false;
}

int upload_recode(struct upload *u, const struct conf *conf, struct buf *own)
{
    if (!media_is_table(u->declared) || u->len > (size_t)conf->attachments_bytes)
        return 0;
    enum charset charset = charset_guess(u->bytes, u->len);
    if (charset == CHARSET_UTF8)
        return 0;
    charset_put(own, charset, u->bytes, u->len);
    u->bytes = buf_text(own);
    u->len = own->len;
    return buf_error(own);
}

int upload_check(const struct upload *u, const struct conf *conf, struct attachment *out,
    struct problem *problem)
{
    char why[MEDIA_WHY_SIZE] = "";

    *out = (struct attachment){.bytes = (int64_t)u->len};
    if (u->len > (size_t)conf->attachments_bytes)
        return upload_too_large(u->field, conf, problem);
    int error = media_look(u->bytes, u->len, &out->media, why);
    if (error == ERR_LIMIT)
        return problem_limit(problem, u->field, MEDIA_SIDE_MAX, "%s %s.", u->field, why);
    if (error != 0)
        return problem_field(problem, u->field, "%s %s.", u->field, why);
    if (!media_agrees(&out->media, u->declared))
        return problem_field(problem, u->field, "%s is declared as %.80s, but its bytes are %s.",
            u->field, u->declared, out->media.type);
    if (u->image && out->media.kind != MEDIA_IMAGE)
        return problem_field(problem, u->field, "%s is declared as an image, but its bytes are %s.",
            u->field, out->media.type);
    media_type(&out->media, u->declared, out->type);
    if (!upload_is_taken(conf, out))
        return problem_field(problem, u->field, "%s is %s; files of these types are taken: %.300s.",
            u->field, out->type, conf->attachments_kinds);
    attachments_name(u->name, out->name);
    ident_sha256_hex(u->bytes, u->len, out->sha256);
    attachments_id(out->sha256, out->id);
    return 0;
}

static int upload_full(const struct upload *u, const struct conf *conf, int error, int64_t held,
    struct problem *problem)
{
    bool bytes = error == ERR_FULL;

    problem_set(problem, PROBLEM_FILES_FULL,
        bytes ? "%s does not fit: this user's other files have %lld bytes; %lld are allowed. "
                "DELETE /attachments/{id} makes room." :
                "%s does not fit: this user has %lld files; %lld are allowed. "
                "DELETE /attachments/{id} makes room.",
        u->field, (long long)held,
        (long long)(bytes ? conf->attachments_quota : ATTACHMENTS_COUNT_MAX));
    snprintf(problem->field, sizeof problem->field, "%s", u->field);
    problem->has_limit = true;
    problem->limit = bytes ? conf->attachments_quota : ATTACHMENTS_COUNT_MAX;
    return ERR_INVALID;
}

int upload_keep(const struct upload *u, struct store *store, const char *uid, struct attachment *a,
    struct problem *problem)
{
    int64_t held;
    int error = attachments_put(store, uid, a, u->bytes, &held);

    return error == ERR_FULL || error == ERR_LIMIT ?
        upload_full(u, store->conf, error, held, problem) :
        error;
}
