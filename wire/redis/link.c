#include "wire/redis/link_parts.h"

#include "base/err.h"

#include <stdlib.h>

void link_accept_replicas(struct link *l)
{
    l->any_role = true;
}

unsigned link_generation(const struct link *l)
{
    return l->generation;
}

int link_fd(const struct link *l)
{
    return l->fd;
}

size_t link_calls(const struct link *l)
{
    return l->calls;
}

uint64_t link_raw_sent(const struct link *l)
{
    return l->raw_sent;
}

size_t link_outstanding(const struct link *l)
{
    return l->ring_len;
}

int link_new(struct link **out, const struct conf *conf)
{
    struct link *l = calloc(1, sizeof *l);

    *out = NULL;
    if (!l)
        return ERR_NOMEM;
    l->in = malloc(LINK_READ_SIZE);
    if (!l->in) {
        free(l);
        return ERR_NOMEM;
    }
    l->conf = conf;
    l->fd = -1;
    *out = l;
    return 0;
}

void link_free(struct link *l)
{
    if (!l)
        return;
    link_disconnect(l, NULL);
    link_asks_free(l);
    if (l->reactor)
        tasks_hook_remove(&l->hook);
    buf_free(&l->out);
    buf_free(&l->scratch);
    free(l->ring);
    free(l->in);
    free(l);
}
