/* SPDX-License-Identifier: BSD-2-Clause */
#include "workers/supervisor/starved.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define STAT_SIZE 1024

/* The process' state and the time that it has computed. Returns whether both could be read. */
static bool starved_read(pid_t pid, char *state, int64_t *cpu_ms)
{
    char path[64], text[STAT_SIZE];
    unsigned long long user, system;
    snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
    FILE *file = fopen(path, "re");
    if (!file)
        return false;
    size_t len = fread(text, 1, sizeof text - 1, file);
    fclose(file);
    text[len] = '\0';
    /* The name, in parentheses, may hold anything. */
    const char *rest = strrchr(text, ')');
    if (!rest ||
        sscanf(rest + 1, " %c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %llu %llu", state, &user,
            &system) != 3)
        return false;
    *cpu_ms = (int64_t)((user + system) * 1000 / (unsigned long long)sysconf(_SC_CLK_TCK));
    return true;
}

void starved_look(struct starved *s, pid_t pid)
{
    int64_t cpu_ms = 0;
    char state;
    if (!s->looked && starved_read(pid, &state, &cpu_ms))
        *s = (struct starved){.looked = true, .cpu_ms = cpu_ms};
}

bool starved_is(struct starved *s, pid_t pid)
{
    int64_t cpu_ms = 0;
    char state = '?';
    if (!starved_read(pid, &state, &cpu_ms))
        return false;
    starved_look(s, pid);
    return (state == 'R' || state == 'D') && cpu_ms - s->cpu_ms < STARVED_CPU_MS;
}
