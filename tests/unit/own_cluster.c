/* SPDX-License-Identifier: BSD-2-Clause */
#include "own_cluster.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#define TRIES 3000 /* of 10 ms: a machine that is busy */
#define SLOT_COUNT 16384

static int node_timeout;

static void must(int condition, const char *what)
{
    if (!condition) {
        perror(what);
        abort();
    }
}

const char *own_cluster_server(void)
{
    const char *named = getenv("REDIS_SERVER");

    return named ? named : "redis-server";
}

static int open_socket(int port)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
        .sin_port = htons((uint16_t)port),
        .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct timeval most = {.tv_sec = 10};

    must(fd >= 0, "socket");
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &most, sizeof most);
    if (!connect(fd, (struct sockaddr *)&address, sizeof address))
        return fd;
    close(fd);
    return -1;
}

/* Two ports that nobody has, this one and 10000 above: the cluster's bus. */
static int is_free(int port)
{
    int ok = 1;

    for (int i = 0; i < 2; i++) {
        struct sockaddr_in address = {.sin_family = AF_INET,
            .sin_port = htons((uint16_t)(port + i * 10000)),
            .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
        int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

        ok = ok && !bind(fd, (struct sockaddr *)&address, sizeof address);
        close(fd);
    }
    return ok;
}

/* One bulk text, or one line. */
static int whole(const char *text, size_t len)
{
    const char *line = strstr(text, "\r\n");

    if (!line)
        return 0;
    if (*text != '$' || text[1] == '-')
        return 1;
    return len >= (size_t)(line + 2 - text) + strtoul(text + 1, NULL, 10) + 2;
}

static int ask(int port, char *answer, size_t size, const char *command)
{
    int fd = open_socket(port);
    size_t len = 0;
    ssize_t n = 0;

    answer[0] = '\0';
    if (fd < 0)
        return -1;
    if (dprintf(fd, "%s\r\n", command) > 0)
        while (len < size - 1 && !whole(answer, len) &&
            (n = read(fd, answer + len, size - 1 - len)) > 0)
            answer[len += (size_t)n] = '\0';
    close(fd);
    return len ? 0 : -1;
}

void own_cluster_say(const struct own_cluster *c, int node, char *answer, size_t size,
    const char *format, ...)
{
    char command[1024];
    va_list ap;

    va_start(ap, format);
    vsnprintf(command, sizeof command, format, ap);
    va_end(ap);
    must(ask(c->port[node], answer, size, command) == 0, command);
}

/* The same for what has to be answered by +OK. */
static void order(const struct own_cluster *c, int node, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
static void order(const struct own_cluster *c, int node, const char *format, ...)
{
    char command[1024], answer[256];
    va_list ap;

    va_start(ap, format);
    vsnprintf(command, sizeof command, format, ap);
    va_end(ap);
    must(ask(c->port[node], answer, sizeof answer, command) == 0, command);
    if (strncmp(answer, "+OK", 3) != 0) {
        fprintf(stderr, "%s: %s\n", command, answer);
        abort();
    }
}

void own_cluster_again(struct own_cluster *c, int node)
{
    char port[16], dir[96], most[16], answer[64] = "";

    snprintf(port, sizeof port, "%d", c->port[node]);
    snprintf(most, sizeof most, "%d", node_timeout);
    snprintf(dir, sizeof dir, "%s/%d", c->dir, node);
    c->pid[node] = fork();
    must(c->pid[node] >= 0, "fork");
    if (!c->pid[node]) {
        int null = open("/dev/null", O_RDWR);

        prctl(PR_SET_PDEATHSIG, SIGKILL);
        dup2(null, 0);
        dup2(null, 1);
        execlp(own_cluster_server(), "redis-server", "--port", port, "--bind", "127.0.0.1", "--dir",
            dir, "--cluster-enabled", "yes", "--cluster-node-timeout", most, "--save", "",
            "--appendonly", "yes", "--appendfsync", "everysec", "--cluster-replica-validity-factor",
            "0", "--cluster-require-full-coverage", "no", "--repl-diskless-sync-delay", "0",
            "--daemonize", "no", (char *)NULL);
        _exit(127);
    }
    for (int i = 0; i < TRIES && strncmp(answer, "+PONG", 5) != 0; i++) {
        must(waitpid(c->pid[node], NULL, WNOHANG) == 0, "redis-server does not start");
        if (ask(c->port[node], answer, sizeof answer, "PING"))
            poll(NULL, 0, 10);
    }
    must(!strncmp(answer, "+PONG", 5), "redis-server does not answer");
}

void own_cluster_kill(struct own_cluster *c, int node)
{
    if (c->pid[node] > 0) {
        kill(c->pid[node], SIGKILL);
        waitpid(c->pid[node], NULL, 0);
    }
    c->pid[node] = 0;
}

static int node_is_whole(const struct own_cluster *c, int node)
{
    char answer[4096], known[64];

    snprintf(known, sizeof known, "cluster_known_nodes:%d\r", c->count);
    return ask(c->port[node], answer, sizeof answer, "CLUSTER INFO") == 0 &&
        strstr(answer, "cluster_state:ok") && strstr(answer, "cluster_slots_ok:16384") &&
        strstr(answer, known);
}

void own_cluster_whole(const struct own_cluster *c)
{
    for (int i = 0; i < c->count; i++)
        for (int tries = 0; c->pid[i] && !node_is_whole(c, i); tries++) {
            must(tries < TRIES, "the cluster does not become whole");
            poll(NULL, 0, 10);
        }
}

static void start_nodes(struct own_cluster *c)
{
    int port = 12000 + (int)(getpid() * 31 % 10000);

    for (int i = 0; i < c->count; i++) {
        char dir[96], answer[128];

        do
            port = port >= 22000 ? 12000 : port + 1;
        while (!is_free(port));
        c->port[i] = port;
        snprintf(dir, sizeof dir, "%s/%d", c->dir, i);
        must(mkdir(dir, 0700) == 0, "mkdir");
        own_cluster_again(c, i);
        own_cluster_say(c, i, answer, sizeof answer, "CLUSTER MYID");
        must(sscanf(answer, "$40\r\n%40s", c->id[i]) == 1, "CLUSTER MYID");
    }
}

void own_cluster_start(struct own_cluster *c, int replicas, int timeout_ms)
{
    memset(c, 0, sizeof *c);
    node_timeout = timeout_ms;
    c->count = replicas ? 6 : 3;
    snprintf(c->dir, sizeof c->dir, "/tmp/turnpike-test-XXXXXX");
    must(mkdtemp(c->dir) != NULL, "mkdtemp");
    start_nodes(c);
    for (int i = 0; i < c->count; i++)
        order(c, i, "CLUSTER SET-CONFIG-EPOCH %d", i + 1);
    for (int i = 0; i < 3; i++)
        order(c, i, "CLUSTER ADDSLOTSRANGE %d %d", i * SLOT_COUNT / 3,
            (i + 1) * SLOT_COUNT / 3 - 1);
    for (int i = 1; i < c->count; i++)
        order(c, 0, "CLUSTER MEET 127.0.0.1 %d", c->port[i]);
    own_cluster_whole(c);
    for (int i = 3; i < c->count; i++)
        order(c, i, "CLUSTER REPLICATE %s", c->id[i - 3]);
    for (int i = 3; i < c->count; i++)
        for (int tries = 0;; tries++) {
            char answer[4096];

            own_cluster_say(c, i, answer, sizeof answer, "INFO replication");
            if (strstr(answer, "master_link_status:up"))
                break;
            must(tries < TRIES, "a replica does not come");
            poll(NULL, 0, 10);
        }
    own_cluster_whole(c);
}

void own_cluster_stop(struct own_cluster *c)
{
    char command[96];

    for (int i = 0; i < c->count; i++)
        own_cluster_kill(c, i);
    snprintf(command, sizeof command, "rm -rf %s", c->dir);
    must(system(command) == 0, "rm");
}

void own_cluster_conf(const struct own_cluster *c, struct conf *conf)
{
    char why[CONF_WHY_SIZE], seeds[128];

    snprintf(seeds, sizeof seeds, "127.0.0.1:%d 127.0.0.1:%d", c->port[0], c->port[1]);
    must(conf_init(conf) == 0, "conf_init");
    must(conf_set(conf, "redis.cluster", seeds, why) == 0, "conf_set");
    conf->turn_user = 0;
}

/* ---- slots that move ---- */

int own_cluster_owner(const struct own_cluster *c, unsigned slot)
{
    for (int i = 0; i < c->count; i++) {
        char answer[16384], *at;

        if (!c->pid[i])
            continue;
        own_cluster_say(c, i, answer, sizeof answer, "CLUSTER NODES");
        at = strstr(answer, "myself,master");
        at = at ? strstr(at, "connected") : NULL;
        for (at = at ? at + 9 : NULL; at && *at == ' ';) {
            unsigned first, last;
            int n = 0, read = sscanf(at, " %u-%u%n", &first, &last, &n);

            if (read == 1 && sscanf(at, " %u%n", &first, &n) == 1)
                last = first;
            if (read < 1)
                break;
            if (slot >= first && slot <= last)
                return i;
            at += n;
        }
    }
    return -1;
}

void own_cluster_open_slot(const struct own_cluster *c, unsigned slot, int from, int to)
{
    order(c, to, "CLUSTER SETSLOT %u IMPORTING %s", slot, c->id[from]);
    order(c, from, "CLUSTER SETSLOT %u MIGRATING %s", slot, c->id[to]);
}

int own_cluster_move_keys(const struct own_cluster *c, unsigned slot, int from, int to, int most)
{
    static char answer[65536];
    int moved = 0, fd = open_socket(c->port[from]);
    size_t len = 0;
    char *at;

    must(fd >= 0 && dprintf(fd, "CLUSTER GETKEYSINSLOT %u %d\r\nECHO the-end\r\n", slot, most) > 0,
        "GETKEYSINSLOT");
    answer[0] = '\0';
    while (!strstr(answer, "the-end\r\n")) {
        ssize_t n = read(fd, answer + len, sizeof answer - 1 - len);

        must(n > 0, "read");
        answer[len += (size_t)n] = '\0';
    }
    close(fd);
    for (at = strchr(answer, '$'); at; at = strchr(at, '$')) {
        char *key = strstr(at, "\r\n") + 2, *end = key + strtoul(at + 1, NULL, 10), said[256];

        at = end + 1;
        *end = '\0';
        if (!strcmp(key, "the-end"))
            break;
        own_cluster_say(c, from, said, sizeof said, "MIGRATE 127.0.0.1 %d \"%s\" 0 5000",
            c->port[to], key);
        must(!strncmp(said, "+OK", 3) || !strncmp(said, "+NOKEY", 6), said);
        moved++;
    }
    return moved;
}

void own_cluster_close_slot(const struct own_cluster *c, unsigned slot, int to)
{
    order(c, to, "CLUSTER SETSLOT %u NODE %s", slot, c->id[to]);
    for (int i = 0; i < c->count; i++) {
        char answer[128];

        if (i != to && c->pid[i]) /* a replica refuses it */
            own_cluster_say(c, i, answer, sizeof answer, "CLUSTER SETSLOT %u NODE %s", slot,
                c->id[to]);
    }
}
