/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_WORKERS_SUPERVISOR_SOCKETS_H
#define TURNPIKE_WORKERS_SUPERVISOR_SOCKETS_H

#include "base/conf.h"
#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/*
 * sockets -- the six listening unix sockets: from systemd where it passed them, else made in
 * run_dir. Process: supervisor. One turnpiked per run_dir: a lock file says so.
 */
enum sockets_which {
    SOCKETS_API,
    SOCKETS_TURN,
    SOCKETS_STREAM,
    SOCKETS_QUARANTINE, /* from the housekeeper to the quarantine workers */
    SOCKETS_TOOL,       /* from turn workers to the tool processes */
    SOCKETS_CONTROL,
    SOCKETS_COUNT
};

struct sockets_one {
    int fd;         /* listening, O_NONBLOCK | CLOEXEC; -1 = not open */
    bool inherited; /* from systemd: its file is not ours to remove */
    dev_t device;   /* of the file that we made */
    ino_t inode;
    char path[108];
};
struct sockets {
    struct sockets_one one[SOCKETS_COUNT];
    int lock_fd;
    /* Of a turnpiked that took over (upgrade.h), from 1: the names of its sockets for quarantine
     * and tool have it, so that each turnpiked's processes speak to their own. */
    unsigned number;
};

const char *sockets_name(enum sockets_which which); /* "api", "quarantine" */
void sockets_init(struct sockets *s);
/*
 * sockets_open -- takes what systemd passed (told apart by FileDescriptorName= or, when that is
 * none of the six names, by the file name api.sock, turn.sock ...) and makes the others: mode and
 * group from conf, the quarantine, tool and control sockets 0600; a stale file is removed only when
 * nobody listens, for which it waits up to 2 s. A lock_fd that is there already is the lock.
 * Returns 0; ERR_EXISTS (another turnpiked), ERR_IO, ERR_CONFIG; why says which socket.
 */
MUST_CHECK int sockets_open(struct sockets *s, const struct conf *conf, char why[CONF_WHY_SIZE]);
/* Drain: removes the files that we made, so that new clients are refused at once; but those of the
 * control socket and of the tool processes, which what runs on needs. */
void sockets_unlink(struct sockets *s);
/* The files that are turnpiked's own, of the sockets which it was passed by the one before it. */
void sockets_own(struct sockets *s, bool public_too);
/* The sockets and files that another turnpiked has now are left to it. */
void sockets_disown(struct sockets *s);
/* Closes everything, after sockets_unlink. */
void sockets_close(struct sockets *s);
/*
 * Connections that wait to be accepted, and the backlog's limit, asked from the kernel
 * (sock_diag). Returns 0 or ERR_IO (no netlink here: both are -1).
 */
MUST_CHECK int sockets_queue(const struct sockets *s, enum sockets_which which, int *waiting,
    int *limit);

#endif
