/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_TESTS_UNIT_OWN_CLUSTER_H
#define TURNPIKE_TESTS_UNIT_OWN_CLUSTER_H

#include "base/conf.h"

#include <stddef.h>
#include <sys/types.h>

/*
 * own_cluster -- a Redis Cluster of the test's own on loopback: primaries 0, 1, 2 with a third of
 * the slots each, and one replica of each if asked for (node i + 3 is of node i).
 */
#define OWN_CLUSTER_NODES 6
struct own_cluster {
    char dir[64];
    int count;
    int port[OWN_CLUSTER_NODES];
    pid_t pid[OWN_CLUSTER_NODES];
    char id[OWN_CLUSTER_NODES][48];
};
/* The server that tests start: redis-server, or what REDIS_SERVER names, such as valkey-server. */
const char *own_cluster_server(void);
/* Starts it and waits until all nodes say that it is whole. A node that is silent for timeout_ms
 * counts as failed. */
void own_cluster_start(struct own_cluster *c, int replicas, int timeout_ms);
void own_cluster_stop(struct own_cluster *c);
/* kill -9 and start again; its data stays. */
void own_cluster_kill(struct own_cluster *c, int node);
void own_cluster_again(struct own_cluster *c, int node);
/* Waits until every node that runs says that the cluster is whole. */
void own_cluster_whole(const struct own_cluster *c);
/* Default settings that point to it. The caller calls conf_fini. */
void own_cluster_conf(const struct own_cluster *c, struct conf *conf);

/* What the node answers to an inline command, at most size - 1 bytes of it. */
void own_cluster_say(const struct own_cluster *c, int node, char *answer, size_t size,
    const char *format, ...) __attribute__((format(printf, 5, 6)));
/* The node that has the slot by its own word; -1 = none. */
int own_cluster_owner(const struct own_cluster *c, unsigned slot);
/* The slot begins to move; its keys come along one by one; it has moved. */
void own_cluster_open_slot(const struct own_cluster *c, unsigned slot, int from, int to);
/* Moves `most` keys of it; returns how many there were. */
int own_cluster_move_keys(const struct own_cluster *c, unsigned slot, int from, int to, int most);
void own_cluster_close_slot(const struct own_cluster *c, unsigned slot, int to);

#endif
