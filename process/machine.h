/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_PROCESS_MACHINE_H
#define TURNPIKE_PROCESS_MACHINE_H

#include "base/conf.h"

/*
 * machine -- the names under which processes own leases: "MACHINE/POOL/PID/START". MACHINE is the
 * setting `machine`, else the host's name, cut to 40 bytes; START the time in ms. Any process.
 */
#define MACHINE_OWNER_SIZE 96

/* The owner that this process is. pool: "turn", "api", "housekeeper". */
void machine_owner(const struct conf *conf, const char *pool, char out[MACHINE_OWNER_SIZE]);
/* The beginning of the owner that process `pid` of this machine is or was: "MACHINE/POOL/PID/". */
void machine_owner_of(const struct conf *conf, const char *pool, int pid,
    char out[MACHINE_OWNER_SIZE]);

#endif
