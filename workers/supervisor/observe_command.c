/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* mkdtemp, nftw */
#endif
#include "workers/supervisor/observe_command.h"

#include "base/address.h"
#include "base/buf.h"

#include <errno.h>
#include <ftw.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#ifndef MONITORING_PATH
#define MONITORING_PATH "/usr/share/turnpike/monitoring"
#endif

struct observe {
    const struct conf *conf;
    char share[512], dir[512];
    unsigned port;
    pid_t child;
};

/* A port that is free now. 0 = none. */
static unsigned observe_command_port(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof address;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return 0;
    if (bind(fd, (struct sockaddr *)&address, len) != 0 ||
        getsockname(fd, (struct sockaddr *)&address, &len) != 0)
        address.sin_port = 0;
    close(fd);
    return ntohs(address.sin_port);
}

static int observe_command_put(const struct observe *o, const char *name, struct buf *text)
{
    char path[sizeof o->dir + 64];
    snprintf(path, sizeof path, "%s/%s", o->dir, name);
    FILE *file = buf_error(text) == 0 ? fopen(path, "we") : NULL;
    bool good = file && fwrite(buf_text(text), 1, text->len, file) == text->len;
    if (file && fclose(file) != 0)
        good = false;
    buf_free(text);
    return good ? 0 : ERR_IO;
}

static int observe_command_prometheus(const struct observe *o)
{
    struct buf text = {0};
    buf_puts(&text, "global: {scrape_interval: 2s, evaluation_interval: 2s}\nrule_files: [");
    buf_json_string(&text, o->share, strlen(o->share));
    text.len -= text.len > 0; /* its closing quote */
    buf_puts(&text,
        "/alerts.yml\"]\nscrape_configs:\n  - job_name: turnpike\n"
        "    static_configs: [{targets: [");
    buf_json_string(&text, o->conf->metrics_listen, strlen(o->conf->metrics_listen));
    buf_puts(&text, "]}]\n");
    return observe_command_put(o, "prometheus.yml", &text);
}

static int observe_command_grafana(const struct observe *o)
{
    struct buf source = {0}, boards = {0};
    char path[sizeof o->dir + 64];
    static const char *const folders[] = {"grafana", "grafana/datasources", "grafana/dashboards"};
    for (size_t i = 0; i < sizeof folders / sizeof folders[0]; i++) {
        snprintf(path, sizeof path, "%s/%s", o->dir, folders[i]);
        if (mkdir(path, 0755) != 0)
            return ERR_IO;
    }
    buf_printf(&source,
        "apiVersion: 1\ndatasources:\n  - {name: Turnpike, type: prometheus, access: proxy, "
        "url: 'http://127.0.0.1:%u'}\n",
        o->port);
    buf_puts(&boards,
        "apiVersion: 1\nproviders:\n  - {name: turnpike, type: file, options: {path: ");
    snprintf(path, sizeof path, "%s/dashboards", o->share);
    buf_json_string(&boards, path, strlen(path));
    buf_puts(&boards, "}}\n");
    int error = observe_command_put(o, "grafana/datasources/turnpike.yml", &source);
    int other = observe_command_put(o, "grafana/dashboards/turnpike.yml", &boards);
    return error ? error : other;
}

static bool observe_command_has(const char *program)
{
    const char *path = getenv("PATH");
    char file[512];
    while (path && *path != '\0') {
        size_t len = strcspn(path, ":");
        snprintf(file, sizeof file, "%.*s/%s", (int)len, path, program);
        if (access(file, X_OK) == 0)
            return true;
        path += len + (path[len] == ':');
    }
    return false;
}

static void observe_command_tell(const struct observe *o)
{
    printf("ready http://127.0.0.1:%u/alerts\n"
           "graphs: http://127.0.0.1:%u/graph  target: %s  Ctrl-C ends it\n",
        o->port, o->port, o->conf->metrics_listen);
    if (observe_command_has("grafana-server"))
        printf("the dashboard: GF_PATHS_PROVISIONING=%s/grafana GF_SERVER_HTTP_ADDR=127.0.0.1 "
               "grafana-server --homepath /usr/share/grafana\n",
            o->dir);
    else
        printf("the dashboard: in Grafana (Debian has none), Dashboards, New, Import: "
               "%s/dashboards/turnpike.json, with a Prometheus source http://127.0.0.1:%u\n",
            o->share, o->port);
    fflush(stdout);
}

static void observe_command_exec(const struct observe *o)
{
    char config[sizeof o->dir + 64], data[sizeof o->dir + 64], address[64];
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    snprintf(config, sizeof config, "--config.file=%s/prometheus.yml", o->dir);
    snprintf(data, sizeof data, "--storage.tsdb.path=%s/data", o->dir);
    snprintf(address, sizeof address, "--web.listen-address=127.0.0.1:%u", o->port);
    execlp("prometheus", "prometheus", config, data, address, "--storage.tsdb.retention.size=256MB",
        "--log.level=warn", (char *)NULL);
    fprintf(stderr, "turnpike: prometheus: %s\n", strerror(errno));
    _exit(127);
}

/* Until it ends by itself, or we are told to end it. Returns its wait status. */
static int observe_command_wait(const struct observe *o, const sigset_t *signals)
{
    int status = 0, number;
    for (;;) {
        if (sigwait(signals, &number) != 0)
            number = SIGTERM;
        if (number != SIGCHLD)
            kill(o->child, SIGTERM);
        if (waitpid(o->child, &status, number == SIGCHLD ? WNOHANG : 0) == o->child)
            return number == SIGCHLD ? status : 0;
    }
}

static int observe_command_drop(const char *path, const struct stat *st, int type, struct FTW *at)
{
    (void)st;
    (void)type;
    (void)at;
    return remove(path);
}

static int observe_command_run(struct observe *o)
{
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGHUP);
    sigaddset(&signals, SIGCHLD);
    sigprocmask(SIG_BLOCK, &signals, NULL);
    o->child = fork();
    if (o->child < 0)
        return 1;
    if (o->child == 0)
        observe_command_exec(o);
    observe_command_tell(o);
    int status = observe_command_wait(o, &signals);
    if (status != 0)
        fputs("turnpike: prometheus has ended by itself\n", stderr);
    return status == 0 ? 0 : 1;
}

/* What must be there. Says what is not. */
static bool observe_command_may(const struct observe *o)
{
    struct sockaddr_storage address;
    socklen_t len;
    char rules[sizeof o->share + 16];
    snprintf(rules, sizeof rules, "%s/alerts.yml", o->share);
    if (!observe_command_has("prometheus"))
        fputs("turnpike: prometheus is missing: apt install prometheus\n", stderr);
    else if (address_parse(o->conf->metrics_listen, &address, &len) != 0 ||
        address.ss_family == AF_UNIX)
        fprintf(stderr,
            "turnpike: Prometheus needs an address and a port in metrics.listen; it is \"%s\"\n",
            o->conf->metrics_listen);
    else if (access(rules, R_OK) != 0)
        fprintf(stderr, "turnpike: %s: %s\n", rules, strerror(errno));
    else
        return true;
    return false;
}

int observe_command(const struct conf *conf, const char *share)
{
    struct observe o = {.conf = conf};
    const char *tmp = getenv("TMPDIR");
    char *whole = realpath(share ? share : MONITORING_PATH, NULL);
    snprintf(o.share, sizeof o.share, "%s", whole ? whole : share ? share : MONITORING_PATH);
    free(whole);
    snprintf(o.dir, sizeof o.dir, "%s/turnpike-observe-XXXXXX", tmp && *tmp == '/' ? tmp : "/tmp");
    if (!observe_command_may(&o))
        return 1;
    o.port = observe_command_port();
    if (o.port == 0 || !mkdtemp(o.dir)) {
        fprintf(stderr, "turnpike: %s: %s\n", o.dir, strerror(errno));
        return 1;
    }
    int status = 1;
    if (observe_command_prometheus(&o) == 0 && observe_command_grafana(&o) == 0)
        status = observe_command_run(&o);
    else
        fprintf(stderr, "turnpike: %s cannot be written: %s\n", o.dir, strerror(errno));
    nftw(o.dir, observe_command_drop, 16, FTW_DEPTH | FTW_PHYS);
    return status;
}
