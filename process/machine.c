/* SPDX-License-Identifier: BSD-2-Clause */
#include "process/machine.h"

#include "base/clock.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define MACHINE_NAME_SIZE 64

static void machine_name(const struct conf *conf, char out[MACHINE_NAME_SIZE])
{
    memset(out, 0, MACHINE_NAME_SIZE);
    if (*conf->machine)
        snprintf(out, MACHINE_NAME_SIZE, "%.63s", conf->machine);
    else if (gethostname(out, MACHINE_NAME_SIZE - 1) < 0)
        snprintf(out, MACHINE_NAME_SIZE, "unknown");
}

void machine_owner_of(const struct conf *conf, const char *pool, int pid,
    char out[MACHINE_OWNER_SIZE])
{
    char name[MACHINE_NAME_SIZE];

    machine_name(conf, name);
    snprintf(out, MACHINE_OWNER_SIZE, "%.40s/%.16s/%d/", name, pool, pid);
}

void machine_owner(const struct conf *conf, const char *pool, char out[MACHINE_OWNER_SIZE])
{
    size_t len;

    machine_owner_of(conf, pool, (int)getpid(), out);
    len = strlen(out);
    snprintf(out + len, MACHINE_OWNER_SIZE - len, "%lld", (long long)clock_real_ms());
}
