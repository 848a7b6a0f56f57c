/* SPDX-License-Identifier: BSD-2-Clause */
#include "workers/supervisor/service.h"

#include "base/clock.h"
#include "base/log.h"

#include <stdio.h>
#include <stdlib.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

#define HEARD_US 1000000

void service_ready(const char *status)
{
    sd_notifyf(0, "READY=1\nSTATUS=%s", status);
}

void service_reloading(void)
{
    sd_notifyf(0, "RELOADING=1\nMONOTONIC_USEC=%lld", (long long)clock_mono_us());
}

void service_stopping(const char *status)
{
    sd_notifyf(0, "STOPPING=1\nSTATUS=%s", status);
}

void service_status(const char *status)
{
    sd_notifyf(0, "STATUS=%s", status);
}

void service_extend(int64_t milliseconds)
{
    sd_notifyf(0, "EXTEND_TIMEOUT_USEC=%lld", (long long)milliseconds * 1000);
}

int64_t service_watchdog_ms(void)
{
    uint64_t microseconds = 0;
    if (sd_watchdog_enabled(0, &microseconds) <= 0)
        return 0;
    int64_t half = (int64_t)(microseconds / 2000);
    return half < 1 ? 1 : half;
}

void service_watchdog(void)
{
    sd_notify(0, "WATCHDOG=1");
}

int service_hand_over(pid_t pid)
{
    int result = sd_notifyf(0, "MAINPID=%lld", (long long)pid);
    if (result > 0 && sd_notify_barrier(0, HEARD_US) < 0)
        log_warn("upgrade: systemd was slow to hear that process %d is the service", (int)pid);
    return result < 0 ? ERR_IO : 0;
}

void service_leave(void)
{
    unsetenv("NOTIFY_SOCKET");
}

bool service_is_deaf(void)
{
    const char *pid = getenv("SYSTEMD_EXEC_PID"); /* before 248 there is none */
    if (getenv("NOTIFY_SOCKET") || !getenv("INVOCATION_ID"))
        return false;
    return pid ? strtol(pid, NULL, 10) == getpid() : getppid() == 1;
}

size_t service_sockets(struct service_socket *out, size_t max)
{
    char **names = NULL;
    size_t count = 0;
    int n = sd_listen_fds_with_names(1, &names);
    for (int i = 0; i < n; i++) {
        if (count < max) {
            out[count].fd = SD_LISTEN_FDS_START + i;
            snprintf(out[count].name, sizeof out[count].name, "%s",
                names && names[i] ? names[i] : "");
            count++;
        }
        if (names)
            free(names[i]);
    }
    free(names);
    return count;
}
