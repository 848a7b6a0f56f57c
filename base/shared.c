/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/shared.h"

#include <sys/mman.h>

static struct {
    void *memory; /* NULL = free */
    size_t bytes;
} shared[SHARED_MAX];

void *shared_new(size_t bytes)
{
    size_t place = 0;

    while (place < SHARED_MAX && shared[place].memory)
        place++;
    if (place == SHARED_MAX)
        return NULL;
    void *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
        MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (memory == MAP_FAILED)
        return NULL;
    shared[place].memory = memory;
    shared[place].bytes = bytes;
    return memory;
}

void shared_free(void *memory)
{
    for (size_t i = 0; memory && i < SHARED_MAX; i++) {
        if (shared[i].memory != memory)
            continue;
        (void)munmap(memory, shared[i].bytes);
        shared[i].memory = NULL;
    }
}

int shared_leave(void)
{
    for (size_t i = 0; i < SHARED_MAX; i++) {
        if (!shared[i].memory)
            continue;
        if (mmap(shared[i].memory, shared[i].bytes, PROT_READ | PROT_WRITE,
                MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1, 0) == MAP_FAILED)
            return ERR_NOMEM;
    }
    return 0;
}
