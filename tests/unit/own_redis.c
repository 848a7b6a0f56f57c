/* SPDX-License-Identifier: BSD-2-Clause */
#include "own_redis.h"

#include "own_cluster.h"

#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

static void must(int condition, const char *what)
{
    if (!condition) {
        perror(what);
        abort();
    }
}

/* PING over a plain socket until PONG: LOADING means wait on. */
static int answers(const struct own_redis *r)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    char reply[64] = "";
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), ok = 0;

    snprintf(address.sun_path, sizeof address.sun_path, "%s", r->socket);
    if (connect(fd, (struct sockaddr *)&address, sizeof address) == 0 &&
        write(fd, "PING\r\n", 6) == 6 && read(fd, reply, sizeof reply - 1) > 0)
        ok = !strncmp(reply, "+PONG", 5);
    close(fd);
    return ok;
}

void own_redis_again(struct own_redis *r)
{
    int status;

    r->pid = fork();
    must(r->pid >= 0, "fork");
    if (!r->pid) {
        int null = open("/dev/null", O_RDWR);

        prctl(PR_SET_PDEATHSIG, SIGKILL);
        dup2(null, 0);
        dup2(null, 1);
        execlp(own_cluster_server(), "redis-server", "--port", "0", "--unixsocket", r->socket,
            "--dir", r->dir, "--save", "", "--appendonly", "yes", "--appendfsync", "always",
            "--daemonize", "no", (char *)NULL);
        _exit(127);
    }
    for (int i = 0; i < 1000 && !answers(r); i++) {
        must(waitpid(r->pid, &status, WNOHANG) == 0, "redis-server does not start");
        poll(NULL, 0, 10);
    }
    must(answers(r), "redis-server does not answer");
}

/* With TURNPIKE_TEST_CLUSTER the tests of one Redis find a cluster: those that do not look at the
 * server itself pass as well. */
static struct own_cluster cluster;
static int in_cluster(void)
{
    return getenv("TURNPIKE_TEST_CLUSTER") != NULL;
}

void own_redis_start(struct own_redis *r)
{
    if (in_cluster()) {
        own_cluster_start(&cluster, 0, 5000);
        r->pid = INT_MAX; /* nobody: tests that end or stop it fail */
        return;
    }
    snprintf(r->dir, sizeof r->dir, "/tmp/turnpike-test-XXXXXX");
    must(mkdtemp(r->dir) != NULL, "mkdtemp");
    snprintf(r->socket, sizeof r->socket, "%s/redis.sock", r->dir);
    own_redis_again(r);
}

void own_redis_kill(struct own_redis *r)
{
    if (r->pid > 0) {
        kill(r->pid, SIGKILL);
        waitpid(r->pid, NULL, 0);
        unlink(r->socket);
    }
    r->pid = 0;
}

void own_redis_stop(struct own_redis *r)
{
    char command[96];

    if (in_cluster()) {
        own_cluster_stop(&cluster);
        return;
    }
    own_redis_kill(r);
    snprintf(command, sizeof command, "rm -rf %s", r->dir);
    must(system(command) == 0, "rm");
}

void own_redis_conf(const struct own_redis *r, struct conf *conf)
{
    char why[CONF_WHY_SIZE];

    if (in_cluster()) {
        own_cluster_conf(&cluster, conf);
        return;
    }
    must(conf_init(conf) == 0, "conf_init");
    must(conf_set(conf, "redis.socket", r->socket, why) == 0, "conf_set");
    conf->turn_user = 0;
}

int own_redis_hear(const struct own_redis *r, const char *channel)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    char bytes[512] = "";
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    snprintf(address.sun_path, sizeof address.sun_path, "%s", r->socket);
    must(connect(fd, (struct sockaddr *)&address, sizeof address) == 0, "connect");
    must(dprintf(fd, "SUBSCRIBE %s\r\n", channel) > 0, "SUBSCRIBE");
    own_redis_heard(fd, bytes, sizeof bytes, ":1\r\n");
    return fd;
}

void own_redis_heard(int fd, char *bytes, size_t size, const char *part)
{
    struct pollfd p = {.fd = fd, .events = POLLIN};
    size_t len = strlen(bytes);

    while (!strstr(bytes, part)) {
        ssize_t n;

        must(poll(&p, 1, 10000) == 1, part);
        n = read(fd, bytes + len, size - 1 - len);
        must(n > 0, part);
        len += (size_t)n;
        bytes[len] = '\0';
    }
}
