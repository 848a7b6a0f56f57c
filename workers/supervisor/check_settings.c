#include "workers/supervisor/check_settings.h"

#include "agent/model/prices.h"
#include "process/limits.h"
#include "process/webpush.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct check_report {
    conf_problem_fn *fn;
    void *arg;
};

__attribute__((format(printf, 2, 3))) static void check_settings_check_tell(struct check_report *r,
    const char *format, ...)
{
    char why[CONF_WHY_SIZE];
    va_list args;

    va_start(args, format);
    vsnprintf(why, sizeof why, format, args);
    va_end(args);
    r->fn(r->arg, why);
}

/* Can it be opened for reading, and is it what it should be? */
static void check_settings_check_path(struct check_report *r, const char *name, const char *path,
    mode_t kind)
{
    struct stat st;
    int fd;

    if (!*path)
        return;
    if (*path != '/') {
        check_settings_check_tell(r, "%s: \"%.100s\" does not begin with '/'", name, path);
        return;
    }
    fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0 || fstat(fd, &st)) {
        check_settings_check_tell(r, "%s: %.120s: %s", name, path, strerror(errno));
    } else if ((st.st_mode & S_IFMT) != kind) {
        check_settings_check_tell(r, "%s: %.120s is not a %s", name, path,
            kind == S_IFDIR ? "folder" : "file");
    }
    if (fd >= 0)
        close(fd);
}

/* A file that will be written: its folder has to be there. */
static void check_settings_check_parent(struct check_report *r, const char *name, const char *path)
{
    const char *slash = strrchr(path, '/');
    char folder[512];
    struct stat st;

    if (!*path)
        return;
    if (!slash || (size_t)(slash - path) >= sizeof folder) {
        check_settings_check_tell(r, "%s: \"%.100s\" does not begin with '/'", name, path);
        return;
    }
    snprintf(folder, sizeof folder, "%.*s", slash == path ? 1 : (int)(slash - path), path);
    if (stat(folder, &st))
        check_settings_check_tell(r, "%s: %.120s: %s", name, folder, strerror(errno));
    else if (!S_ISDIR(st.st_mode))
        check_settings_check_tell(r, "%s: %.120s is not a folder", name, folder);
}

static void check_settings_check_doors(struct check_report *r, const struct conf *c)
{
    if (c->development || *c->jwt_algorithm || *c->jwt_jwks_url || *c->api_keys_file)
        return;
    check_settings_check_tell(r,
        "nobody can come in: set jwt.algorithm with its key, jwt.jwks_url, or api_keys.file "
        "(docs/operate.md, Settings)");
}

static void check_settings_check_push(struct check_report *r, const struct conf *c)
{
    struct webpush_key *key = NULL;

    if (*c->push_key && webpush_key_read(c->push_key, &key) != 0)
        check_settings_check_tell(r,
            "push.key: no private key of P-256 in PEM; `turnpike push-key` makes one");
    webpush_key_free(key);
}

void check_settings(const struct conf *c, conf_problem_fn *fn, void *arg)
{
    struct check_report r = {fn, arg};
    const struct {
        const char *name, *path;
        mode_t kind;
    } paths[] = {
        {"api_keys.file", c->api_keys_file, S_IFREG},
        {"jwt.keys_dir", c->jwt_keys_dir, S_IFDIR},
        {"system_prompt.file", c->system_prompt_file, S_IFREG},
        {"shop.catalogue", c->shop_catalogue, S_IFREG},
        {"gazetteer.file", c->gazetteer_file, S_IFREG},
        {"mcp.file", c->mcp_file, S_IFREG},
        {"http_tools.dir", c->http_tools_dir, S_IFDIR},
    };

    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++)
        check_settings_check_path(&r, paths[i].name, paths[i].path, paths[i].kind);
    check_settings_check_parent(&r, "log.file", c->log_file);
    check_settings_check_push(&r, c);
    prices_check(c->prices_file, fn, arg);
    limits_check(c, fn, arg);
    check_settings_check_doors(&r, c);
}
