/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_WORKERS_SUPERVISOR_UPGRADE_H
#define TURNPIKE_WORKERS_SUPERVISOR_UPGRADE_H

#include "base/buf.h"
#include "base/err.h"
#include "workers/supervisor/sockets.h"

#include <stdbool.h>
#include <sys/types.h>

/*
 * upgrade -- an upgrade without a pause: a turnpiked starts the installed program beside itself
 * and gives it the sockets. Once the workers of the new one serve, it is the service, and the old
 * one finishes what it has. If the new one does not get so far, the old one goes on.
 *
 * The two speak over a socket: the new one says UPGRADE_SERVES, or reasons, a line each, and
 * leaves; the old one then says UPGRADE_YOURS. Either one's death ends it. The program gets the
 * listening sockets as systemd would pass them, and the rest in the variable TURNPIKE_UPGRADE.
 * Process: supervisor.
 */
#define UPGRADE_SERVES "serves\n"
#define UPGRADE_YOURS "yours\n"

/* What the new program was given. */
struct upgrade_given {
    int fd;          /* to the old one; -1 = there is none, this is an ordinary start */
    int lock_fd;     /* of run_dir */
    bool own;        /* the files of the public sockets are turnpiked's, not systemd's */
    unsigned number; /* see struct upgrade_program */
};

/*
 * upgrade_given_read -- reads the variable, and takes it out of the environment. Returns 0, or
 * ERR_INVALID: it is of a turnpiked whose language this one does not know.
 */
MUST_CHECK int upgrade_given_read(struct upgrade_given *out);

struct upgrade_program {
    const char *path; /* of turnpiked, as it was at this one's start */
    char *const *argv;
    unsigned number; /* no other turnpiked of this run_dir has it (sockets.h) */
};
/* The other one: for the old one the new one, for the new one the old one. */
struct upgrade_process {
    pid_t pid;  /* 0 = there is none */
    int fd;     /* the socket to it, non-blocking; -1 = there is none any more */
    int pid_fd; /* of the new one; -1 = the kernel gives none */
};
/*
 * upgrade_start -- starts the program, as a child of process 1 as turnpiked is itself. Returns 0 or
 * ERR_IO.
 */
MUST_CHECK int upgrade_start(const struct upgrade_program *program, const struct sockets *sockets,
    struct upgrade_process *out);
/* KILL for the new one. */
void upgrade_kill(const struct upgrade_process *process);
/* Closes what is open of it; pid stays. */
void upgrade_process_fini(struct upgrade_process *process);

/* The path of the program that runs; "" when it cannot be told. */
void upgrade_program(char *out, size_t size);

#endif
