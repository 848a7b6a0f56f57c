/* SPDX-License-Identifier: BSD-2-Clause */
#include "workers/stream/stream_share.h"

/* FNV-1a, from two starts. */
static uint32_t *stream_share_cell(struct stream_share *s, const char *user, int which)
{
    uint64_t hash = which ? 0x9e3779b97f4a7c15u : 0xcbf29ce484222325u;

    for (; *user; user++)
        hash = (hash ^ (unsigned char)*user) * 0x100000001b3u;
    return &s->counts[which][(hash ^ hash >> 32) % STREAM_SHARE_CELLS];
}

void stream_share_add(struct stream_share *s, const char *user)
{
    for (int i = 0; i < 2; i++)
        ++*stream_share_cell(s, user, i);
}

void stream_share_remove(struct stream_share *s, const char *user)
{
    for (int i = 0; i < 2; i++)
        --*stream_share_cell(s, user, i);
}

size_t stream_share_of(const struct stream_share *s, const char *user)
{
    uint32_t first = *stream_share_cell((struct stream_share *)s, user, 0);
    uint32_t second = *stream_share_cell((struct stream_share *)s, user, 1);

    return first < second ? first : second;
}

bool stream_share_is_full(const struct stream_share *s, const char *user, size_t open, int64_t most)
{
    int64_t share = most / 4 > STREAM_SHARE_LEAST ? most / 4 : STREAM_SHARE_LEAST;

    return (int64_t)open * 2 > most && (int64_t)stream_share_of(s, user) >= share;
}
