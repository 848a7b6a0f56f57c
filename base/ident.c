/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* MADV_WIPEONFORK, explicit_bzero */
#endif
#include "base/ident.h"

#include "base/clock.h"
#include "base/err.h"
#include "base/utf8.h"

#include <errno.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <time.h>

#define IDENT_MADE "::" /* how an id begins that is not its user's name */

static const char hex[] = "0123456789abcdef";

/*
 * Random bytes ahead, since a message needs a few of them eight times. The kernel empties the page
 * in the child of a fork (MADV_WIPEONFORK): no two processes give out the same bytes.
 */
struct ident_ahead {
    size_t left;
    unsigned char bytes[1024];
};

static void ident_getrandom(unsigned char *out, size_t n)
{
    while (n > 0) {
        ssize_t got = getrandom(out, n, 0);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            abort();
        out += got;
        n -= (size_t)got;
    }
}

/* NULL: this kernel cannot. */
static struct ident_ahead *ident_ahead(void)
{
    static void *page;

    if (!page) {
        page = mmap(NULL, sizeof(struct ident_ahead), PROT_READ | PROT_WRITE,
            /* cppcheck-suppress invalidFunctionArg */
            MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (page != MAP_FAILED && madvise(page, sizeof(struct ident_ahead), MADV_WIPEONFORK)) {
            munmap(page, sizeof(struct ident_ahead));
            page = MAP_FAILED;
        }
    }
    return page == MAP_FAILED ? NULL : page;
}

/* What is given out is forgotten here. */
static void ident_random(unsigned char *out, size_t n)
{
    struct ident_ahead *ahead = ident_ahead();

    if (!ahead || n > sizeof ahead->bytes) {
        ident_getrandom(out, n);
        return;
    }
    if (ahead->left < n) {
        ident_getrandom(ahead->bytes, sizeof ahead->bytes);
        ahead->left = sizeof ahead->bytes;
    }
    ahead->left -= n;
    memcpy(out, ahead->bytes + ahead->left, n);
    explicit_bzero(ahead->bytes + ahead->left, n);
}

static void ident_hex(const unsigned char *bytes, size_t n, char *out)
{
    for (size_t i = 0; i < n; i++) {
        *out++ = hex[bytes[i] >> 4];
        *out++ = hex[bytes[i] & 15];
    }
    *out = 0;
}

/* Milliseconds << 12 | fraction of the millisecond in 1/4096, always above the one before. */
static uint64_t ident_time(void)
{
    static uint64_t last;
    struct timespec t;

    clock_gettime(CLOCK_REALTIME, &t);
    uint64_t ms = (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
    uint64_t now = ms << 12 | (uint64_t)(t.tv_nsec % 1000000) * 4096 / 1000000;
    last = now > last ? now : last + 1;
    return last;
}

void ident_uuid7(char out[IDENT_UUID_SIZE])
{
    unsigned char b[16];
    uint64_t t = ident_time();

    ident_random(b + 8, 8);
    for (int i = 0; i < 6; i++)
        b[i] = (unsigned char)(t >> (52 - 8 * i));
    b[6] = (unsigned char)(0x70 | (t >> 8 & 0x0f));
    b[7] = (unsigned char)t;
    b[8] = (unsigned char)(0x80 | (b[8] & 0x3f));
    for (int i = 0; i < 16; i++) {
        if (i == 4 || i == 6 || i == 8 || i == 10)
            *out++ = '-';
        *out++ = hex[b[i] >> 4];
        *out++ = hex[b[i] & 15];
    }
    *out = 0;
}

int64_t ident_uuid7_ms(const char *id)
{
    unsigned high, low;

    if (!ident_is_uuid(id) || id[14] != '7' || sscanf(id, "%8x-%4x-", &high, &low) != 2)
        return 0;
    return (int64_t)high << 16 | low;
}

static bool ident_is_hex(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
}

bool ident_is_uuid(const char *s)
{
    if (!s)
        return false;
    for (int i = 0; i < IDENT_UUID_SIZE - 1; i++) {
        bool dash = i == 8 || i == 13 || i == 18 || i == 23;
        bool hex_digit = ident_is_hex(s[i]) || (s[i] >= 'A' && s[i] <= 'F');
        if (dash ? s[i] != '-' : !hex_digit)
            return false;
    }
    return s[IDENT_UUID_SIZE - 1] == 0;
}

void ident_token(size_t bytes, char *out)
{
    unsigned char part[32];

    *out = 0;
    while (bytes > 0) {
        size_t n = bytes < sizeof part ? bytes : sizeof part;
        ident_random(part, n);
        ident_hex(part, n, out);
        out += 2 * n;
        bytes -= n;
    }
}

/* Fetched once: OpenSSL 3 otherwise looks the algorithm up by its name for every digest. */
static const EVP_MD *ident_md(void)
{
    static EVP_MD *md;

    if (!md && !(md = EVP_MD_fetch(NULL, "SHA256", NULL)))
        abort();
    return md;
}

static void ident_sha256(const void *data, size_t len, unsigned char out[32])
{
    if (EVP_Digest(data, len, out, NULL, ident_md(), NULL) != 1)
        abort();
}

void ident_sha256_hex(const void *data, size_t len, char out[IDENT_SHA256_SIZE])
{
    unsigned char digest[32];

    ident_sha256(data, len, digest);
    ident_hex(digest, sizeof digest, out);
}

void ident_sha1_hex(const void *data, size_t len, char out[IDENT_SHA1_SIZE])
{
    unsigned char digest[20];

    if (EVP_Digest(data, len, digest, NULL, EVP_sha1(), NULL) != 1)
        abort();
    ident_hex(digest, sizeof digest, out);
}

void ident_hmac_sha256_hex(const void *key, size_t key_len, const void *data, size_t len,
    char out[IDENT_SHA256_SIZE])
{
    unsigned char digest[32];
    unsigned int size = sizeof digest;

    if (!HMAC(ident_md(), key, (int)key_len, data, len, digest, &size))
        abort();
    ident_hex(digest, sizeof digest, out);
}

bool ident_equal_secret(const char *a, const char *b)
{
    unsigned char da[32], db[32];

    /* Digests have one length, so neither length nor place of the difference shows in the time. */
    ident_sha256(a, strlen(a), da);
    ident_sha256(b, strlen(b), db);
    return CRYPTO_memcmp(da, db, sizeof da) == 0;
}

bool ident_is_safe(const char *s, size_t len, size_t max)
{
    if (!s || len == 0 || len > max)
        return false;
    for (size_t i = 0; i < len; i++) {
        char c = s[i];
        bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        if (!letter && !(c >= '0' && c <= '9') && (c == 0 || !strchr("_.:@-", c)))
            return false;
    }
    return true;
}

bool ident_is_user(const char *s, size_t len)
{
    static const char shared[] = "community";
    return ident_is_safe(s, len, IDENT_USER_MAX) &&
        !(len == sizeof shared - 1 && memcmp(s, shared, len) == 0);
}

static bool ident_is_plain(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
        c == '@' || c == '-';
}

/* "::" and the escaped name; false when that does not fit. */
static bool ident_escape(const char *name, size_t len, char out[IDENT_USER_MAX + 1])
{
    size_t n = strlen(IDENT_MADE);

    memcpy(out, IDENT_MADE, n);
    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)name[i];
        size_t width = ident_is_plain(name[i]) ? 1 : 3;
        if (n + width > IDENT_USER_MAX)
            return false;
        if (width == 1)
            out[n] = name[i];
        else
            snprintf(out + n, 4, "_%02x", c);
        n += width;
    }
    out[n] = 0;
    return true;
}

static bool ident_is_readable(const char *name, size_t len)
{
    for (size_t i = 0; i + 3 <= len; i++)
        if (memcmp(name + i, "\xef\xbf\xbd", 3) == 0)
            return false;
    return utf8_valid(name, len);
}

int ident_user_of(const char *name, size_t len, char out[IDENT_USER_MAX + 1])
{
    static const char digest_mark[] = IDENT_MADE "sha256:";

    if (!name || len == 0 || !ident_is_readable(name, len))
        return ERR_INVALID;
    if (len > IDENT_NAME_MAX)
        return ERR_LIMIT;
    if (ident_is_user(name, len) && strncmp(name, IDENT_MADE, strlen(IDENT_MADE)) != 0) {
        memcpy(out, name, len);
        out[len] = 0;
    } else if (!ident_escape(name, len, out)) {
        memcpy(out, digest_mark, sizeof digest_mark);
        ident_sha256_hex(name, len, out + strlen(digest_mark));
    }
    return 0;
}

int ident_user_named(const char *text, size_t len, char out[IDENT_USER_MAX + 1])
{
    if (len < 3 || strncmp(text, IDENT_MADE, strlen(IDENT_MADE)) != 0 || !ident_is_user(text, len))
        return ident_user_of(text, len, out);
    memcpy(out, text, len);
    out[len] = 0;
    return 0;
}

bool ident_user_is(const char *uid, const char *text, size_t len)
{
    char id[IDENT_USER_MAX + 1];

    return (strlen(uid) == len && memcmp(uid, text, len) == 0) ||
        (ident_user_of(text, len, id) == 0 && strcmp(id, uid) == 0);
}

bool ident_is_session(const char *s, size_t len)
{
    static const char *const parts[] = {":msgs", ":log", ":queue", ":floor", ":ctl"};

    if (!ident_is_safe(s, len, IDENT_SESSION_MAX))
        return false;
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        size_t n = strlen(parts[i]);
        if (len >= n && memcmp(s + len - n, parts[i], n) == 0)
            return false;
    }
    return true;
}

bool ident_is_chat(const char *s, size_t len)
{
    static const size_t head = sizeof IDENT_CHAT - 1;

    return len <= IDENT_SESSION_MAX && len > head && !memcmp(s, IDENT_CHAT, head) &&
        ident_is_session(s + head, len - head);
}

const char *ident_chat_trip(const char *chat)
{
    return chat + sizeof IDENT_CHAT - 1;
}

/* Copies n lower-case hexadecimal digits; false when there is another character or only zeros. */
static bool ident_trace_field(const char **p, size_t n, char *out)
{
    bool zero = true;

    for (size_t i = 0; i < n; i++, (*p)++) {
        if (!ident_is_hex(**p))
            return false;
        zero = zero && **p == '0';
        out[i] = **p;
    }
    out[n] = 0;
    return !zero;
}

bool ident_trace_parse(const char *header, struct ident_trace *trace)
{
    struct ident_trace t;
    char flags[3];
    const char *p = header;

    if (!p || !ident_is_hex(p[0]) || !ident_is_hex(p[1]) || p[2] != '-' || !memcmp(p, "ff", 2))
        return false;
    bool later_version = memcmp(p, "00", 2) != 0;
    p += 3;
    if (!ident_trace_field(&p, 32, t.trace_id) || *p++ != '-' ||
        !ident_trace_field(&p, 16, t.span_id) || *p++ != '-')
        return false;
    if (!ident_is_hex(p[0]) || !ident_is_hex(p[1]))
        return false;
    if (p[2] != 0 && !(later_version && p[2] == '-'))
        return false;
    memcpy(flags, p, 2);
    flags[2] = 0;
    t.flags = (unsigned)strtoul(flags, NULL, 16);
    *trace = t;
    return true;
}

static void ident_span_new(char out[17])
{
    do
        ident_token(8, out);
    while (strspn(out, "0") == 16);
}

void ident_trace_new(struct ident_trace *trace)
{
    do
        ident_token(16, trace->trace_id);
    while (strspn(trace->trace_id, "0") == 32);
    ident_span_new(trace->span_id);
    trace->flags = 1;
}

void ident_trace_child(const struct ident_trace *parent, struct ident_trace *child)
{
    *child = *parent;
    ident_span_new(child->span_id);
}

void ident_trace_format(const struct ident_trace *trace, char out[IDENT_TRACEPARENT_SIZE])
{
    snprintf(out, IDENT_TRACEPARENT_SIZE, "00-%s-%s-%02x", trace->trace_id, trace->span_id,
        trace->flags & 0xff);
}
