/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* strcasestr */
#endif
#include "process/secrecy.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#if defined(__SANITIZE_ADDRESS__)
#define SECRECY_READABLE 1
#else
#define SECRECY_READABLE 0
#endif
#define SECRECY_NAME_MAX 256

extern char **environ;

static bool secrecy_is_secret_name(const char *name)
{
    static const char *const words[] = {"KEY", "TOKEN", "SECRET", "PASSWORD", "PASSWD"};

    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        if (strcasestr(name, words[i]))
            return true;
    }
    return false;
}

/* The name in front of "="; false when it is too long to be one of ours. */
static bool secrecy_name_of(const char *text, char name[SECRECY_NAME_MAX])
{
    size_t len = strcspn(text, "=");

    if (len >= SECRECY_NAME_MAX || !text[len])
        return false;
    memcpy(name, text, len);
    name[len] = '\0';
    return true;
}

void secrecy_hide_environment(void)
{
    char name[SECRECY_NAME_MAX];
    size_t i = 0;

    while (environ && environ[i]) {
        char *text = environ[i];
        if (secrecy_name_of(text, name) && secrecy_is_secret_name(name)) {
            char *value = strchr(text, '=') + 1;
            explicit_bzero(value, strlen(value));
            unsetenv(name); /* the next one is here now */
        } else {
            i++;
        }
    }
}

void secrecy_hide_argument(char *text)
{
    char name[SECRECY_NAME_MAX];

    if (secrecy_name_of(text, name) && conf_is_secret(name)) {
        char *value = strchr(text, '=') + 1;
        memset(value, '*', strlen(value));
    }
}

void secrecy_forbid_dumps(const struct conf *conf)
{
    const struct rlimit none = {0, 0};

    if (conf->core_dumps || SECRECY_READABLE)
        return;
    setrlimit(RLIMIT_CORE, &none);
    prctl(PR_SET_DUMPABLE, 0);
}
