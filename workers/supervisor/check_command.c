/* SPDX-License-Identifier: BSD-2-Clause */
#include "workers/supervisor/check_command.h"

#include "base/buf.h"
#include "workers/supervisor/check_settings.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SERVICE_USER "turnpike"
#define SERVICE_CREDENTIALS "/run/credentials/turnpike.service"
#define TOLD_MAX 100 /* a file that is something else has a problem in each line */

struct check_count {
    int errors, warnings;
    struct buf *json; /* NULL = told at once */
};

/* The name of the setting that the text begins with, "" when there is none. */
static void check_command_setting(const char *text, char out[64])
{
    size_t len = strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789_.");

    snprintf(out, 64, "%.*s", len < 64 && text[len] == ':' ? (int)len : 0, text);
}

static void check_command_put(struct buf *json, const struct conf_problem *p)
{
    char setting[64];

    check_command_setting(p->text, setting);
    buf_puts(json, json->len ? ",{\"level\":" : "{\"level\":");
    buf_json_text(json, p->warning ? "warning" : "error");
    if (p->source) {
        buf_puts(json, ",\"source\":");
        buf_json_text(json, p->source);
    }
    if (p->line)
        buf_printf(json, ",\"line\":%u", p->line);
    if (*setting) {
        buf_puts(json, ",\"setting\":");
        buf_json_text(json, setting);
    }
    buf_puts(json, ",\"text\":");
    buf_json_text(json, p->text);
    buf_putc(json, '}');
}

static void check_command_tell(void *arg, const struct conf_problem *problem)
{
    struct check_count *count = arg;
    char line[CONF_WHY_SIZE];

    count->errors += !problem->warning;
    count->warnings += problem->warning;
    if (count->errors + count->warnings > TOLD_MAX)
        return;
    if (count->json)
        check_command_put(count->json, problem);
    else
        fprintf(stderr, "turnpiked: %s\n", conf_problem_line(problem, line));
}

/* Credentials are where systemd puts them, also when the service did not start this process. */
static int check_command_become(const char *user)
{
    const struct passwd *account = getpwnam(user);

    if (access(SERVICE_CREDENTIALS, X_OK) == 0)
        setenv("CREDENTIALS_DIRECTORY", SERVICE_CREDENTIALS, 0);
    if (!account) {
        fprintf(stderr, "turnpiked: --user %s: there is no such user\n", user);
        return 2;
    }
    if (account->pw_uid == geteuid())
        return 0;
    if (initgroups(user, account->pw_gid) || setgid(account->pw_gid) || setuid(account->pw_uid)) {
        fprintf(stderr, "turnpiked: --user %s: %s\n", user, strerror(errno));
        return 2;
    }
    return 0;
}

static void check_command_say_sum(const struct check_count *count)
{
    bool cut = count->errors + count->warnings > TOLD_MAX;

    if (!count->errors && !count->warnings) {
        puts("the settings are valid");
        return;
    }
    if (!count->errors) {
        printf("the settings are valid, with %d warning%s\n", count->warnings,
            count->warnings == 1 ? "" : "s");
        return;
    }
    fprintf(stderr, "turnpiked: %d problem%s in the settings%s\n", count->errors,
        count->errors == 1 ? "" : "s", cut ? ", of which the first are told" : "");
}

/* Returns the exit status. */
static int check_command_run(const struct settings_source *source, struct check_count *count)
{
    struct conf conf;
    int error = conf_init(&conf);

    if (!error)
        error = settings_read(source, &conf, check_command_tell, count);
    if (!error) {
        check_settings(&conf, check_command_tell, count);
        check_settings_parts(&conf, check_command_tell, count);
    }
    conf_fini(&conf);
    if (error != ERR_NOMEM)
        return count->errors ? 1 : 0;
    fprintf(stderr, "turnpiked: %s\n", err_text(error));
    return 1;
}

int check_command(const struct settings_source *source, const char *user, bool json)
{
    struct buf out = {0};
    struct check_count count = {.json = json ? &out : NULL};
    const char *file = settings_file(source);
    int status = 0;

    if (!user && geteuid() == 0 && file && strcmp(file, SETTINGS_FILE) == 0 &&
        getpwnam(SERVICE_USER))
        user = SERVICE_USER;
    if (user)
        status = check_command_become(user);
    if (status)
        return status;
    status = check_command_run(source, &count);
    if (json)
        printf("{\"valid\":%s,\"errors\":%d,\"warnings\":%d,\"problems\":[%s]}\n",
            status ? "false" : "true", count.errors, count.warnings, out.len ? buf_text(&out) : "");
    else
        check_command_say_sum(&count);
    buf_free(&out);
    return status;
}
