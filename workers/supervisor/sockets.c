/* SPDX-License-Identifier: BSD-2-Clause */
#include "workers/supervisor/sockets.h"

#include "base/err.h"
#include "base/log.h"
#include "workers/supervisor/service.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <grp.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/sock_diag.h>
#include <linux/unix_diag.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define PASSED_MAX 16
#define STALE_TRIES 40
#define STALE_EVERY_US 50000

const char *sockets_name(enum sockets_which which)
{
    static const char *const names[SOCKETS_COUNT] = {"api", "turn", "stream", "quarantine", "tool",
        "control"};
    return names[which];
}

void sockets_init(struct sockets *s)
{
    memset(s, 0, sizeof *s);
    s->lock_fd = -1;
    for (int i = 0; i < SOCKETS_COUNT; i++)
        s->one[i].fd = -1;
}

/* --- from systemd --- */

static int sockets_which_by_name(const char *name)
{
    for (int i = 0; i < SOCKETS_COUNT; i++)
        if (strcmp(name, sockets_name((enum sockets_which)i)) == 0)
            return i;
    return -1;
}

static int sockets_which_by_path(const char *path)
{
    const char *base = strrchr(path, '/');
    char name[32];
    if (!base)
        return -1;
    snprintf(name, sizeof name, "%s", base + 1);
    char *dot = strrchr(name, '.');
    if (!dot || strcmp(dot, ".sock") != 0)
        return -1;
    *dot = '\0';
    return sockets_which_by_name(name);
}

static int sockets_socket_path(int fd, char path[108])
{
    struct sockaddr_un address;
    socklen_t size = sizeof address;
    memset(&address, 0, sizeof address);
    if (getsockname(fd, (struct sockaddr *)&address, &size) < 0 || address.sun_family != AF_UNIX)
        return ERR_INVALID;
    memcpy(path, address.sun_path, sizeof address.sun_path);
    path[107] = '\0';
    return path[0] == '/' ? 0 : ERR_INVALID;
}

static int sockets_take_passed(struct sockets *s, const struct service_socket *passed, char *why)
{
    char path[108];
    if (sockets_socket_path(passed->fd, path) != 0) {
        snprintf(why, CONF_WHY_SIZE,
            "descriptor %d (%s) from systemd is no unix socket with a path", passed->fd,
            passed->name);
        return ERR_CONFIG;
    }
    int which = sockets_which_by_name(passed->name);
    if (which < 0)
        which = sockets_which_by_path(path);
    if (which < 0 || s->one[which].fd >= 0) {
        snprintf(why, CONF_WHY_SIZE,
            "socket %s (%s) from systemd is none of api, turn, stream, quarantine, tool, control, or comes twice",
            path, passed->name);
        return ERR_CONFIG;
    }
    struct sockets_one *one = &s->one[which];
    one->fd = passed->fd;
    one->inherited = true;
    memcpy(one->path, path, sizeof one->path);
    fcntl(one->fd, F_SETFL, fcntl(one->fd, F_GETFL) | O_NONBLOCK);
    fcntl(one->fd, F_SETFD, FD_CLOEXEC);
    return 0;
}

/* --- our own --- */

/* Of turnpikeds that an upgrade had started and somebody killed: whoever has the lock is alone. */
static void sockets_remove_left(const char *run_dir)
{
    DIR *dir = opendir(run_dir);
    if (!dir)
        return;
    for (const struct dirent *e; (e = readdir(dir));)
        if (fnmatch("tool-[0-9]*.sock", e->d_name, 0) == 0 ||
            fnmatch("quarantine-[0-9]*.sock", e->d_name, 0) == 0)
            unlinkat(dirfd(dir), e->d_name, 0);
    closedir(dir);
}

static int sockets_lock_run_dir(struct sockets *s, const struct conf *conf, char *why)
{
    char path[160];
    if (s->lock_fd >= 0)
        return 0;
    if (mkdir(conf->run_dir, 0755) < 0 && errno != EEXIST) {
        snprintf(why, CONF_WHY_SIZE, "run_dir %s: %s", conf->run_dir, strerror(errno));
        return ERR_IO;
    }
    snprintf(path, sizeof path, "%s/turnpiked.lock", conf->run_dir);
    s->lock_fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (s->lock_fd < 0) {
        snprintf(why, CONF_WHY_SIZE, "%s: %s", path, strerror(errno));
        return ERR_IO;
    }
    if (flock(s->lock_fd, LOCK_EX | LOCK_NB) < 0) {
        snprintf(why, CONF_WHY_SIZE, "another turnpiked runs with run_dir %s", conf->run_dir);
        return ERR_EXISTS;
    }
    sockets_remove_left(conf->run_dir);
    return 0;
}

/* Whether a bind that found a file may remove it: it is a socket and nobody listens there. */
static bool sockets_is_stale(const struct sockaddr_un *address)
{
    struct stat st;
    if (lstat(address->sun_path, &st) < 0)
        return errno == ENOENT;
    if (!S_ISSOCK(st.st_mode))
        return false;
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return false;
    int result = connect(fd, (const struct sockaddr *)address, sizeof *address);
    int error = errno;
    close(fd);
    return result < 0 && error == ECONNREFUSED;
}

static int sockets_bind_fresh(int fd, const struct sockaddr_un *address)
{
    if (bind(fd, (const struct sockaddr *)address, sizeof *address) == 0)
        return 0;
    if (errno != EADDRINUSE)
        return -1;
    /* The lock is ours: it may be workers that are dying after their killed turnpiked. */
    for (int i = 0; !sockets_is_stale(address); i++) {
        if (i == STALE_TRIES) {
            errno = EADDRINUSE;
            return -1;
        }
        usleep(STALE_EVERY_US);
    }
    unlink(address->sun_path);
    return bind(fd, (const struct sockaddr *)address, sizeof *address);
}

static int sockets_set_access(const struct sockets_one *one, const struct conf *conf, bool own)
{
    mode_t mode = own ? 0600 : (mode_t)conf->socket_mode;
    if (chmod(one->path, mode) < 0)
        return -1;
    if (own || conf->socket_group[0] == '\0')
        return 0;
    errno = 0;
    struct group *group = getgrnam(conf->socket_group);
    if (!group) {
        errno = errno != 0 ? errno : ENOENT;
        return -1;
    }
    return chown(one->path, (uid_t)-1, group->gr_gid);
}

static void sockets_note_file(struct sockets_one *one)
{
    struct stat st;
    if (stat(one->path, &st) == 0) {
        one->device = st.st_dev;
        one->inode = st.st_ino;
    }
}

static int sockets_make_one(struct sockets *s, enum sockets_which which, const struct conf *conf,
    char *why)
{
    struct sockets_one *one = &s->one[which];
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int n = s->number && which >= SOCKETS_QUARANTINE ?
        snprintf(one->path, sizeof one->path, "%s/%s-%u.sock", conf->run_dir, sockets_name(which),
            s->number) :
        snprintf(one->path, sizeof one->path, "%s/%s.sock", conf->run_dir, sockets_name(which));
    if (n < 0 || (size_t)n >= sizeof one->path) {
        snprintf(why, CONF_WHY_SIZE, "run_dir is too long for a unix socket: %s", conf->run_dir);
        return ERR_CONFIG;
    }
    memcpy(address.sun_path, one->path, sizeof address.sun_path);
    one->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (one->fd < 0 || sockets_bind_fresh(one->fd, &address) < 0) {
        snprintf(why, CONF_WHY_SIZE, "%s: %s", one->path,
            errno == EADDRINUSE ? "in use by another program" : strerror(errno));
        return ERR_IO;
    }
    sockets_note_file(one);
    if (sockets_set_access(one, conf, which >= SOCKETS_QUARANTINE) < 0) {
        snprintf(why, CONF_WHY_SIZE, "%s: cannot set mode or socket_group \"%s\": %s", one->path,
            conf->socket_group, strerror(errno));
        return ERR_IO;
    }
    if (listen(one->fd, (int)conf->backlog) < 0) {
        snprintf(why, CONF_WHY_SIZE, "%s: listen: %s", one->path, strerror(errno));
        return ERR_IO;
    }
    return 0;
}

static void sockets_warn_about_backlog(const struct conf *conf)
{
    char text[32] = "";
    int fd = open("/proc/sys/net/core/somaxconn", O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return;
    ssize_t n = read(fd, text, sizeof text - 1);
    close(fd);
    if (n > 0 && strtol(text, NULL, 10) < conf->backlog)
        log_warn("backlog = %lld is cut to %ld by net.core.somaxconn", (long long)conf->backlog,
            strtol(text, NULL, 10));
}

int sockets_open(struct sockets *s, const struct conf *conf, char why[CONF_WHY_SIZE])
{
    struct service_socket passed[PASSED_MAX];
    size_t count = service_sockets(passed, PASSED_MAX);
    int error = sockets_lock_run_dir(s, conf, why);
    for (size_t i = 0; i < count && error == 0; i++)
        error = sockets_take_passed(s, &passed[i], why);
    size_t len = strlen(conf->run_dir);
    const char *control = s->one[SOCKETS_CONTROL].path;
    if (error == 0 && s->number &&
        (strncmp(control, conf->run_dir, len) != 0 || control[len] != '/')) {
        snprintf(why, CONF_WHY_SIZE, "run_dir: cannot be changed to %s by an upgrade: restart",
            conf->run_dir);
        error = ERR_CONFIG;
    }
    mode_t mask = umask(0177); /* nobody else gets in before the mode is set */
    for (int i = 0; i < SOCKETS_COUNT && error == 0; i++)
        if (s->one[i].fd < 0)
            error = sockets_make_one(s, (enum sockets_which)i, conf, why);
    umask(mask);
    if (error == 0)
        sockets_warn_about_backlog(conf);
    return error;
}

/* Until the end: what runs on in a drain connects here. */
static bool sockets_stays(int which)
{
    return which == SOCKETS_CONTROL || which == SOCKETS_TOOL;
}

void sockets_unlink(struct sockets *s)
{
    for (int i = 0; i < SOCKETS_COUNT; i++) {
        struct sockets_one *one = &s->one[i];
        struct stat st;
        /* Another program may have taken the name meanwhile. */
        if (one->inode != 0 && lstat(one->path, &st) == 0 && st.st_dev == one->device &&
            st.st_ino == one->inode && !sockets_stays(i))
            unlink(one->path);
    }
}

void sockets_own(struct sockets *s, bool public_too)
{
    for (int i = 0; i < SOCKETS_COUNT; i++)
        if (s->one[i].inherited && (public_too || i == SOCKETS_CONTROL)) {
            s->one[i].inherited = false;
            sockets_note_file(&s->one[i]);
        }
}

void sockets_disown(struct sockets *s)
{
    for (int i = 0; i < SOCKETS_COUNT; i++)
        if (i != SOCKETS_QUARANTINE && i != SOCKETS_TOOL)
            s->one[i].inode = 0;
}

void sockets_close(struct sockets *s)
{
    sockets_unlink(s);
    for (int i = 0; i < SOCKETS_COUNT; i++) {
        if (sockets_stays(i) && s->one[i].inode != 0)
            unlink(s->one[i].path);
        if (s->one[i].fd >= 0)
            close(s->one[i].fd);
    }
    if (s->lock_fd >= 0)
        close(s->lock_fd);
    sockets_init(s);
}

/* --- the accept queue --- */

struct queue_query {
    struct nlmsghdr header;
    struct unix_diag_req request;
};

static int sockets_queue_ask(int netlink, ino_t inode)
{
    struct queue_query query;
    struct sockaddr_nl kernel = {.nl_family = AF_NETLINK};
    memset(&query, 0, sizeof query);
    query.header.nlmsg_len = sizeof query;
    query.header.nlmsg_type = SOCK_DIAG_BY_FAMILY;
    query.header.nlmsg_flags = NLM_F_REQUEST;
    query.request.sdiag_family = AF_UNIX;
    query.request.udiag_states = ~0U;
    query.request.udiag_ino = (uint32_t)inode;
    query.request.udiag_show = UDIAG_SHOW_RQLEN;
    query.request.udiag_cookie[0] = query.request.udiag_cookie[1] = ~0U;
    ssize_t n = sendto(netlink, &query, sizeof query, 0, (struct sockaddr *)&kernel, sizeof kernel);
    return n == (ssize_t)sizeof query ? 0 : ERR_IO;
}

static int sockets_queue_answer(int netlink, int *waiting, int *limit)
{
    union {
        struct nlmsghdr header;
        char bytes[4096];
    } reply;
    ssize_t n = recv(netlink, &reply, sizeof reply, MSG_DONTWAIT);
    if (n < (ssize_t)NLMSG_LENGTH(sizeof(struct unix_diag_msg)) ||
        reply.header.nlmsg_type != SOCK_DIAG_BY_FAMILY)
        return ERR_IO;
    struct unix_diag_msg *message = NLMSG_DATA(&reply.header);
    struct rtattr *attribute = (struct rtattr *)(message + 1);
    int left = (int)reply.header.nlmsg_len - (int)NLMSG_LENGTH(sizeof *message);
    for (; RTA_OK(attribute, left); attribute = RTA_NEXT(attribute, left)) {
        if (attribute->rta_type != UNIX_DIAG_RQLEN)
            continue;
        struct unix_diag_rqlen length;
        memcpy(&length, RTA_DATA(attribute), sizeof length);
        *waiting = (int)length.udiag_rqueue;
        *limit = (int)length.udiag_wqueue;
        return 0;
    }
    return ERR_IO;
}

int sockets_queue(const struct sockets *s, enum sockets_which which, int *waiting, int *limit)
{
    struct stat st;
    int error = ERR_IO;
    *waiting = *limit = -1;
    if (s->one[which].fd < 0 || fstat(s->one[which].fd, &st) < 0)
        return ERR_IO;
    /* Answered inside the send: nothing here waits. */
    int netlink = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);
    if (netlink < 0)
        return ERR_IO;
    if (sockets_queue_ask(netlink, st.st_ino) == 0)
        error = sockets_queue_answer(netlink, waiting, limit);
    close(netlink);
    return error;
}
