/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* memrchr */
#endif
/* crew, fourth part: what the supervisor tells the housekeeper, one line each. */
#include "workers/supervisor/crew_parts.h"

#include "base/log.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#define LINES_PIECE 4096 /* bytes; longer than any line */

static struct crew_slot *crew_lines_reader(struct crew *c)
{
    struct crew_slot *found = NULL;
    for (size_t i = 0; i < c->used; i++) {
        struct crew_slot *s = &c->slots[i];
        if (s->pool != SCOREBOARD_HOUSEKEEPER || s->pid == 0 || s->lines_fd < 0 || s->ready_ms == 0)
            continue;
        if (!found ||
            (crew_slot_serves(s) && (!crew_slot_serves(found) || s->ready_ms > found->ready_ms)))
            found = s;
    }
    return found;
}

/* Whole lines, in pieces that a socket takes at once or not at all: what has not gone is still
 * here. */
void crew_lines_flush(struct crew *c)
{
    struct crew_slot *s = c->lines.len > 0 ? crew_lines_reader(c) : NULL;
    while (s && c->lines.len > 0) {
        size_t most = c->lines.len < LINES_PIECE ? c->lines.len : LINES_PIECE;
        const char *end = memrchr(c->lines.data, '\n', most);
        size_t len = (size_t)(end - c->lines.data) + 1;
        if (send(s->lines_fd, c->lines.data, len, MSG_DONTWAIT | MSG_NOSIGNAL) != (ssize_t)len)
            return;
        buf_consume(&c->lines, len);
    }
}

/* Adds a line, whole or not at all, and sends what can be sent. False when there was no room. */
__attribute__((format(printf, 2, 3))) static bool crew_lines_add(struct crew *c, const char *format,
    ...)
{
    size_t before = c->lines.len;
    char line[IDENT_USER_MAX + 128];
    va_list args;
    va_start(args, format);
    vsnprintf(line, sizeof line, format, args);
    va_end(args);
    buf_puts(&c->lines, line);
    bool added = buf_error(&c->lines) == 0;
    if (!added) {
        c->lines.len = before;
        c->lines.error = 0;
    }
    crew_lines_flush(c);
    return added;
}

/* The marks of this machine hold without it; one that is lost costs another machine some
 * workers. */
void crew_lines_blame(struct crew *c, const struct blame_mark *mark)
{
    (void)crew_lines_add(c, "blame %016llx %" PRId64 "\n", mark->key, mark->ms);
}

void crew_lines_lost(struct crew *c, const char *uid, const char *turn, pid_t pid, bool executed)
{
    /* Without the line the lease runs out instead; that is slower and costs an attempt. */
    if (!crew_lines_add(c, "%s %s %s %d\n", executed ? "dead" : "spared", uid, turn, (int)pid))
        log_limited(LOG_LEVEL_WARN, "no room to tell the housekeeper about turn %s", turn);
}
