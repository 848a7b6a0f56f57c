/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "base/media.h"

#include "base/media_parts.h"
#include "base/utf8.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#define PDF_START_MAX 1024 /* readers take a header so far from the start */
#define PDF_END_MAX 4096   /* and an end with so much behind it */
#define PAGES_MAX 10000

static const char *media_find(struct media_bytes b, const char *word)
{
    return memmem(b.at, b.len, word, strlen(word));
}

/* ---- PDF ---- */

/* The largest of the /Count of page trees that stand in plain text; the others are compressed. */
static unsigned media_pdf_pages(struct media_bytes b)
{
    static const char word[] = "/Count ";
    const char *at = (const char *)b.at, *end = at + b.len;
    unsigned most = 1;

    while ((at = memmem(at, (size_t)(end - at), word, sizeof word - 1))) {
        unsigned n = 0;
        for (at += sizeof word - 1; at < end && isdigit((unsigned char)*at) && n <= PAGES_MAX; at++)
            n = n * 10 + (unsigned)(*at - '0');
        if (n > most && n <= PAGES_MAX)
            most = n;
    }
    return most;
}

static int media_pdf(struct media_bytes b, struct media *out, char why[MEDIA_WHY_SIZE])
{
    struct media_bytes tail = b;

    if (tail.len > PDF_END_MAX) {
        tail.at += tail.len - PDF_END_MAX;
        tail.len = PDF_END_MAX;
    }
    if (!media_find(tail, "%%EOF"))
        return media_broken(why, "is cut: the end of the PDF is missing");
    if (media_find(b, "/Encrypt"))
        return media_broken(why, "is an encrypted PDF: send it without a password");
    out->pages = media_pdf_pages(b);
    return 0;
}

/* ---- text ---- */

/* UTF-8 without control characters but those that lay a text out. */
static int media_text(struct media_bytes b, char why[MEDIA_WHY_SIZE])
{
    for (size_t i = 0; i < b.len; i++)
        if ((b.at[i] < ' ' && !strchr("\t\n\v\f\r\033\b", b.at[i])) || b.at[i] == '\0')
            return ERR_NOT_FOUND;
    if (!utf8_valid((const char *)b.at, b.len))
        return ERR_NOT_FOUND;
    return utf8_blank((const char *)b.at, b.len) ? media_broken(why, "holds nothing but blanks") :
                                                   0;
}

/* ---- all of them ---- */

static const struct {
    const char *type, *start;
    size_t len;
    media_fn *look;
} media_images[] = {
    {"image/png", "\x89PNG\r\n\x1a\n", 8, media_png},
    {"image/jpeg", "\xff\xd8\xff", 3, media_jpeg},
    {"image/gif", "GIF87a", 6, media_gif},
    {"image/gif", "GIF89a", 6, media_gif},
    {"image/webp", "RIFF", 4, media_webp},
};

static int media_check_size(const struct media *m, char why[MEDIA_WHY_SIZE])
{
    if (m->width == 0 || m->height == 0)
        return media_broken(why, "is a picture without width or height");
    if (m->width <= MEDIA_SIDE_MAX && m->height <= MEDIA_SIDE_MAX &&
        (uint64_t)m->width * m->height <= MEDIA_PIXELS_MAX)
        return 0;
    snprintf(why, MEDIA_WHY_SIZE,
        "is a picture of %u x %u pixels; %d a side and %d in all are allowed", m->width, m->height,
        MEDIA_SIDE_MAX, MEDIA_PIXELS_MAX);
    return ERR_LIMIT;
}

int media_look(const void *bytes, size_t len, struct media *out, char why[MEDIA_WHY_SIZE])
{
    const struct media_bytes b = {bytes, len};
    struct media_bytes head = b;

    *out = (struct media){.kind = MEDIA_IMAGE};
    if (len == 0)
        return media_broken(why, "is empty");
    for (size_t i = 0; i < sizeof media_images / sizeof *media_images; i++) {
        if (len < media_images[i].len || memcmp(bytes, media_images[i].start, media_images[i].len))
            continue;
        if (media_images[i].look == media_webp && (len < 12 || memcmp(b.at + 8, "WEBP", 4) != 0))
            continue;
        out->type = media_images[i].type;
        int error = media_images[i].look(b, out, why);
        return error ? error : media_check_size(out, why);
    }
    head.len = len < PDF_START_MAX ? len : PDF_START_MAX;
    if (media_find(head, "%PDF-")) {
        out->kind = MEDIA_PDF;
        out->type = "application/pdf";
        return media_pdf(b, out, why);
    }
    out->kind = MEDIA_TEXT;
    out->type = "text/plain";
    int error = media_text(b, why);
    if (error == ERR_NOT_FOUND)
        snprintf(why, MEDIA_WHY_SIZE, "is neither PNG, JPEG, WebP, GIF, PDF nor a text in UTF-8");
    return error;
}

/* ---- what it is called ---- */

/* Without parameters, in small letters; other names of the same become one. */
static void media_plain_type(const char *declared, char out[MEDIA_TYPE_SIZE])
{
    static const char *const same[][2] = {{"image/jpg", "image/jpeg"},
        {"image/pjpeg", "image/jpeg"}, {"image/apng", "image/png"}, {"image/x-png", "image/png"},
        {"application/x-pdf", "application/pdf"},
        {"application/vnd.ms-excel", "text/csv"}}; /* what Windows with Excel calls it */
    size_t len = 0;

    declared += strspn(declared, " \t");
    for (; declared[len] && !strchr("; \t,", declared[len]) && len < MEDIA_TYPE_SIZE - 1; len++)
        out[len] = (char)tolower((unsigned char)declared[len]);
    out[len] = '\0';
    for (size_t i = 0; i < sizeof same / sizeof *same; i++)
        if (strcmp(out, same[i][0]) == 0)
            snprintf(out, MEDIA_TYPE_SIZE, "%s", same[i][1]);
}

static bool media_ends_with(const char *text, const char *end)
{
    size_t a = strlen(text), b = strlen(end);
    return a > b && strcmp(text + a - b, end) == 0;
}

static bool media_is_text_type(const char *type)
{
    static const char *const known[] = {"application/json", "application/xml", "application/yaml",
        "application/x-yaml", "application/toml", "application/csv", "application/x-ndjson",
        "application/jsonl", "application/javascript", "application/ld+json", "application/sql",
        "application/rtf"};

    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (strcmp(type, known[i]) == 0)
            return true;
    return (strncmp(type, "text/", 5) == 0 && type[5] != '\0') ||
        (strncmp(type, "application/", 12) == 0 &&
            (media_ends_with(type, "+json") || media_ends_with(type, "+xml")));
}

static bool media_says_nothing(const char *type)
{
    return type[0] == '\0' || strcmp(type, "application/octet-stream") == 0 ||
        strcmp(type, "binary/octet-stream") == 0;
}

bool media_is_table(const char *declared)
{
    static const char *const tables[] = {"text/csv", "application/csv", "text/x-csv",
        "text/comma-separated-values", "text/tab-separated-values", "text/vcard", "text/x-vcard"};
    char type[MEDIA_TYPE_SIZE];

    media_plain_type(declared, type);
    for (size_t i = 0; i < sizeof tables / sizeof *tables; i++)
        if (strcmp(type, tables[i]) == 0)
            return true;
    return false;
}

bool media_agrees(const struct media *found, const char *declared)
{
    char type[MEDIA_TYPE_SIZE];

    media_plain_type(declared, type);
    return media_says_nothing(type) || strcmp(type, found->type) == 0 ||
        (found->kind == MEDIA_TEXT && media_is_text_type(type));
}

void media_type(const struct media *found, const char *declared, char out[MEDIA_TYPE_SIZE])
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789./+-_";

    media_plain_type(declared, out);
    if (found->kind != MEDIA_TEXT || !media_is_text_type(out) || out[strspn(out, letters)] != '\0')
        snprintf(out, MEDIA_TYPE_SIZE, "%s", found->type);
}
