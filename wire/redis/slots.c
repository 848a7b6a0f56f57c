/* SPDX-License-Identifier: BSD-2-Clause */
#include "wire/redis/slots.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* CRC-16/XMODEM, as the cluster's specification demands, four bits at a time. */
static unsigned slots_crc(const char *bytes, size_t len)
{
    static const uint16_t table[16] = {0x0000, 0x1021, 0x2042, 0x3063, 0x4084, 0x50a5, 0x60c6,
        0x70e7, 0x8108, 0x9129, 0xa14a, 0xb16b, 0xc18c, 0xd1ad, 0xe1ce, 0xf1ef};
    unsigned crc = 0;

    for (size_t i = 0; i < len; i++) {
        unsigned byte = (unsigned char)bytes[i];

        crc = ((crc << 4) ^ table[((crc >> 12) ^ (byte >> 4)) & 15]) & 0xffff;
        crc = ((crc << 4) ^ table[((crc >> 12) ^ byte) & 15]) & 0xffff;
    }
    return crc;
}

/* The part that counts; it is all of the key or a part of it. */
static const char *slots_tag(const char *key, size_t *len)
{
    const char *open = memchr(key, '{', *len);
    const char *close = open ? memchr(open + 1, '}', *len - (size_t)(open + 1 - key)) : NULL;

    if (!close || close == open + 1)
        return key;
    *len = (size_t)(close - open) - 1;
    return open + 1;
}

unsigned slots_of(const char *key, size_t len)
{
    const char *tag = slots_tag(key, &len);

    return slots_crc(tag, len) % SLOTS;
}

size_t slots_guard(const char *key, size_t len, char out[SLOTS_GUARD_MAX])
{
    const char *tag = slots_tag(key, &len);

    if (!len || len + 3 > SLOTS_GUARD_MAX)
        return 0;
    out[0] = '{';
    memcpy(out + 1, tag, len);
    out[len + 1] = '}';
    out[len + 2] = '\0';
    return len + 2;
}

/* "$LEN\r\n..." at *at: the bytes, and *at behind them. NULL when there is none. */
static const char *slots_next_word(const char **at, const char *end, size_t *len)
{
    const char *line = memchr(*at, '\n', (size_t)(end - *at)), *bytes;

    if (!line || **at != '$')
        return NULL;
    *len = strtoul(*at + 1, NULL, 10); /* ends at the line's end */
    bytes = line + 1;
    if (*len > (size_t)(end - bytes) || (size_t)(end - bytes) - *len < 2)
        return NULL;
    *at = bytes + *len + 2;
    return bytes;
}

unsigned slots_of_words(const char *name, size_t name_len, const char *word, size_t len)
{
    static const char *const without[] = {"PUBLISH", "PING", "SCAN", "SCRIPT", "CLUSTER", "ROLE"};

    for (size_t i = 0; i < sizeof without / sizeof *without; i++)
        if (strlen(without[i]) == name_len && !memcmp(name, without[i], name_len))
            return SLOTS;
    return slots_of(word, len);
}

unsigned slots_of_command(const char *resp, size_t len)
{
    const char *end = resp + len, *at = memchr(resp, '\n', len), *name, *word;
    size_t name_len = 0, word_len = 0;

    if (!at)
        return SLOTS;
    at++;
    name = slots_next_word(&at, end, &name_len);
    word = name ? slots_next_word(&at, end, &word_len) : NULL;
    return word ? slots_of_words(name, name_len, word, word_len) : SLOTS;
}

/* "SLOT HOST:PORT" behind MOVED and ASK. */
static bool slots_read_place(const char *text, unsigned *slot, struct sentinel_address *node)
{
    char *end;
    unsigned long number = strtoul(text, &end, 10);
    const char *host = end + 1, *colon = strrchr(text, ':');
    long port = colon ? strtol(colon + 1, NULL, 10) : 0;

    if (end == text || *end != ' ' || number >= SLOTS || !colon || colon < host || port < 1 ||
        port > 65535 || (size_t)(colon - host) >= sizeof node->host)
        return false;
    *slot = (unsigned)number;
    snprintf(node->host, sizeof node->host, "%.*s", (int)(colon - host), host);
    node->port = (int)port;
    return true;
}

enum slots_word slots_read_error(const char *text, unsigned *slot, struct sentinel_address *node)
{
    static const char *const waits[] = {"TRYAGAIN", "CLUSTERDOWN", "LOADING", "MASTERDOWN",
        "READONLY"};

    if (!strncmp(text, "MOVED ", 6))
        return slots_read_place(text + 6, slot, node) ? SLOTS_MOVED : SLOTS_WAIT;
    if (!strncmp(text, "ASK ", 4))
        return slots_read_place(text + 4, slot, node) ? SLOTS_ASK : SLOTS_WAIT;
    for (size_t i = 0; i < sizeof waits / sizeof *waits; i++)
        if (!strncmp(text, waits[i], strlen(waits[i])))
            return SLOTS_WAIT;
    return SLOTS_OTHER;
}
