/* SPDX-License-Identifier: BSD-2-Clause */
#include "workers/supervisor/check_settings.h"

#include "agent/model/prices.h"
#include "fcgi-app/serve.h"
#include "process/limits.h"
#include "process/webpush.h"
#include "tools/engine/tools.h"

#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct check_report {
    const struct conf *conf;
    conf_problem_fn *fn;
    void *arg;
    int errors;
};

static void check_settings_put(struct check_report *r, bool warning, const char *format,
    va_list args)
{
    char why[CONF_WHY_SIZE];

    vsnprintf(why, sizeof why, format, args);
    r->errors += !warning;
    conf_tell(r->conf, r->fn, r->arg, warning, why);
}

__attribute__((format(printf, 2, 3))) static void check_settings_tell(struct check_report *r,
    const char *format, ...)
{
    va_list args;

    va_start(args, format);
    check_settings_put(r, false, format, args);
    va_end(args);
}

__attribute__((format(printf, 2, 3))) static void check_settings_warn(struct check_report *r,
    const char *format, ...)
{
    va_list args;

    va_start(args, format);
    check_settings_put(r, true, format, args);
    va_end(args);
}

/* ---- files and folders ---- */

/* What errno says; with whom, where that is the point. */
static const char *check_settings_why(int number, char out[160])
{
    const struct passwd *account = number == EACCES ? getpwuid(geteuid()) : NULL;

    if (number == EACCES && account)
        snprintf(out, 160, "%s (as user %.40s)", strerror(number), account->pw_name);
    else if (number == EACCES)
        snprintf(out, 160, "%s (as user %ld)", strerror(number), (long)geteuid());
    else
        snprintf(out, 160, "%s", strerror(number));
    return out;
}

/* Can it be opened for reading, and is it what it should be? */
static void check_settings_path(struct check_report *r, const char *name, const char *path,
    mode_t kind)
{
    struct stat st;
    char why[160];
    int fd;

    if (!*path)
        return;
    if (*path != '/') {
        check_settings_tell(r, "%s: \"%.100s\" does not begin with '/'", name, path);
        return;
    }
    fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0 || fstat(fd, &st))
        check_settings_tell(r, "%s: %.200s: %s", name, path, check_settings_why(errno, why));
    else if ((st.st_mode & S_IFMT) != kind)
        check_settings_tell(r, "%s: %.200s is not a %s", name, path,
            kind == S_IFDIR ? "folder" : "file");
    if (fd >= 0)
        close(fd);
}

/* The folder that something will be made in: is it there, and may this user write there? */
static void check_settings_folder(struct check_report *r, const char *name, const char *folder)
{
    struct stat st;
    char why[160];

    if (stat(folder, &st))
        check_settings_tell(r, "%s: %.200s: %s", name, folder, check_settings_why(errno, why));
    else if (!S_ISDIR(st.st_mode))
        check_settings_tell(r, "%s: %.200s is not a folder", name, folder);
    else if (access(folder, W_OK | X_OK))
        check_settings_tell(r, "%s: nothing can be written in %.200s: %s", name, folder,
            check_settings_why(errno, why));
}

static void check_settings_parent(struct check_report *r, const char *name, const char *path)
{
    const char *slash = strrchr(path, '/');
    char folder[512];

    if (*path != '/' || (size_t)(slash - path) >= sizeof folder) {
        check_settings_tell(r, "%s: \"%.100s\" does not begin with '/'", name, path);
        return;
    }
    snprintf(folder, sizeof folder, "%.*s", slash == path ? 1 : (int)(slash - path), path);
    check_settings_folder(r, name, folder);
}

/* It is opened for writing, and made when it is not there. */
static void check_settings_written(struct check_report *r, const char *name, const char *path)
{
    struct stat st;
    char why[160];

    if (*path != '/' || stat(path, &st))
        check_settings_parent(r, name, path);
    else if (S_ISDIR(st.st_mode))
        check_settings_tell(r, "%s: %.200s is a folder", name, path);
    else if (access(path, W_OK))
        check_settings_tell(r, "%s: %.200s: %s", name, path, check_settings_why(errno, why));
}

static void check_settings_run_dir(struct check_report *r, const struct conf *c)
{
    struct stat st;

    if (*c->run_dir != '/') /* told already */
        return;
    if (stat(c->run_dir, &st) == 0)
        check_settings_folder(r, "run_dir", c->run_dir);
    else
        check_settings_parent(r, "run_dir", c->run_dir);
}

static void check_settings_paths(struct check_report *r, const struct conf *c)
{
    const struct {
        const char *name, *path;
        mode_t kind;
    } check_paths[] = {
        {"api_keys.file", c->api_keys_file, S_IFREG},
        {"jwt.keys_dir", c->jwt_keys_dir, S_IFDIR},
        {"system_prompt.file", c->system_prompt_file, S_IFREG},
        {"shop.catalogue", c->shop_catalogue, S_IFREG},
        {"gazetteer.file", c->gazetteer_file, S_IFREG},
        {"land.file", c->land_file, S_IFREG},
        {"mcp.file", c->mcp_file, S_IFREG},
        {"http_tools.dir", c->http_tools_dir, S_IFDIR},
    };

    for (size_t i = 0; i < sizeof check_paths / sizeof check_paths[0]; i++)
        check_settings_path(r, check_paths[i].name, check_paths[i].path, check_paths[i].kind);
    if (*c->audit_file)
        check_settings_written(r, "audit.file", c->audit_file);
    if (*c->metrics_file) /* it is replaced by rename */
        check_settings_parent(r, "metrics.file", c->metrics_file);
    if (*c->log_file)
        check_settings_written(r, "log.file", c->log_file);
    check_settings_run_dir(r, c);
    if (conf_is_set(c, "voice.programs"))
        check_settings_path(r, "voice.programs", c->voice_programs, S_IFDIR);
}

/* ---- the rest ---- */

static void check_settings_doors(struct check_report *r, const struct conf *c)
{
    if (c->development || *c->jwt_algorithm || *c->jwt_jwks_url || *c->api_keys_file)
        return;
    check_settings_tell(r,
        "nobody can come in: set jwt.algorithm with its key, jwt.jwks_url, or api_keys.file "
        "(docs/operate.md, Settings)");
}

static void check_settings_push(struct check_report *r, const struct conf *c)
{
    struct webpush_key *key = NULL;

    if (*c->push_key && webpush_key_read(c->push_key, &key) != 0)
        check_settings_tell(r,
            "push.key: no private key of P-256 in PEM; `turnpike push-key` makes one");
    webpush_key_free(key);
}

/* Redis may start later than turnpiked: a socket that is not there stops nothing. */
static void check_settings_redis(struct check_report *r, const struct conf *c)
{
    char why[160];

    if (*c->redis_sentinels || !*c->redis_socket || access(c->redis_socket, R_OK | W_OK) == 0)
        return;
    check_settings_warn(r, "redis.socket: %.200s: %s: requests get 503 until Redis is there",
        c->redis_socket, check_settings_why(errno, why));
}

/* An error that a part has found. */
static void check_settings_on_reason(void *arg, const char *why)
{
    struct check_report *r = arg;

    r->errors++;
    conf_tell(r->conf, r->fn, r->arg, false, why);
}

void check_settings(const struct conf *c, conf_problem_fn *fn, void *arg)
{
    struct check_report r = {c, fn, arg, 0};

    check_settings_paths(&r, c);
    check_settings_push(&r, c);
    check_settings_redis(&r, c);
    prices_check(c->prices_file, check_settings_on_reason, &r);
    limits_check(c, check_settings_on_reason, &r);
    check_settings_doors(&r, c);
}

/* ---- what the parts read ---- */

/* Is what the setting names there at all? Else its part would only say so again. */
static bool check_settings_reads(const char *path, mode_t kind)
{
    struct stat st;

    return !*path ||
        (stat(path, &st) == 0 && (st.st_mode & S_IFMT) == kind && access(path, R_OK) == 0);
}

void check_settings_parts(const struct conf *c, conf_problem_fn *fn, void *arg)
{
    bool tools = check_settings_reads(c->mcp_file, S_IFREG) &&
        check_settings_reads(c->http_tools_dir, S_IFDIR);
    bool keys = check_settings_reads(c->api_keys_file, S_IFREG) &&
        check_settings_reads(c->jwt_keys_dir, S_IFDIR);
    const struct {
        bool ready;
        int (*read)(const struct conf *conf, char *why, size_t why_size);
    } check_parts[] = {
        {tools, tools_configure},
        {keys, serve_global_init},
    };
    char why[CHECK_SETTINGS_WHY_SIZE];

    for (size_t i = 0; i < sizeof check_parts / sizeof check_parts[0]; i++) {
        char *rest = why;
        why[0] = 0;
        if (!check_parts[i].ready || !check_parts[i].read(c, why, sizeof why))
            continue;
        for (char *line; (line = strsep(&rest, "\n"));)
            if (*line)
                conf_tell(c, fn, arg, false, line);
    }
}
