/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/arena.h"

#include "base/err.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BLOCK_SIZE 4096
#define ALIGN _Alignof(max_align_t)

struct arena_block {
    struct arena_block *next;
    size_t size, used;
    _Alignas(max_align_t) char bytes[];
};

struct arena_cleanup {
    struct arena_cleanup *next;
    void (*run)(void *);
    void *arg;
};

struct arena {
    struct arena_block *first, *current;
    struct arena_cleanup *cleanups;
};

static struct arena_block *arena_block_new(size_t size)
{
    if (size > SIZE_MAX - sizeof(struct arena_block))
        return NULL;
    struct arena_block *block = malloc(sizeof *block + size);
    if (block)
        *block = (struct arena_block){.size = size};
    return block;
}

struct arena *arena_new(void)
{
    struct arena *a = calloc(1, sizeof *a);
    if (!a)
        return NULL;
    a->first = a->current = arena_block_new(BLOCK_SIZE - sizeof(struct arena_block));
    if (!a->first) {
        free(a);
        return NULL;
    }
    return a;
}

void arena_reset(struct arena *a)
{
    /* A clean-up may still read the arena's memory, so all of them run before any is freed. */
    while (a->cleanups) {
        struct arena_cleanup *cleanup = a->cleanups;
        a->cleanups = cleanup->next;
        cleanup->run(cleanup->arg);
    }
    struct arena_block *block = a->first->next;
    while (block) {
        struct arena_block *next = block->next;
        free(block);
        block = next;
    }
    a->first->next = NULL;
    a->first->used = 0;
    a->current = a->first;
}

void arena_free(struct arena *a)
{
    if (!a)
        return;
    arena_reset(a);
    free(a->first);
    free(a);
}

/* The large ones get a block of their own behind the current one, which goes on being filled. */
static void *arena_large(struct arena *a, size_t n)
{
    struct arena_block *block = arena_block_new(n);
    if (!block)
        return NULL;
    block->used = n;
    block->next = a->current->next;
    a->current->next = block;
    return block->bytes;
}

static void *arena_raw(struct arena *a, size_t n)
{
    if (n == 0)
        n = 1;
    if (n > SIZE_MAX / 2)
        return NULL;
    n = (n + ALIGN - 1) / ALIGN * ALIGN;
    if (n > a->current->size - a->current->used) {
        if (n > BLOCK_SIZE / 4)
            return arena_large(a, n);
        struct arena_block *block = arena_block_new(4 * BLOCK_SIZE);
        if (!block)
            return NULL;
        block->next = a->current->next;
        a->current->next = block;
        a->current = block;
    }
    void *p = a->current->bytes + a->current->used;
    a->current->used += n;
    return p;
}

void *arena_alloc(struct arena *a, size_t n)
{
    void *p = arena_raw(a, n);
    return p ? memset(p, 0, n) : NULL;
}

void *arena_array(struct arena *a, size_t count, size_t size)
{
    if (size && count > SIZE_MAX / size)
        return NULL;
    return arena_alloc(a, count * size);
}

char *arena_memdup(struct arena *a, const void *p, size_t n)
{
    if (n == SIZE_MAX)
        return NULL;
    char *copy = arena_raw(a, n + 1);
    if (!copy)
        return NULL;
    if (n)
        memcpy(copy, p, n);
    copy[n] = 0;
    return copy;
}

char *arena_strdup(struct arena *a, const char *s)
{
    return s ? arena_memdup(a, s, strlen(s)) : NULL;
}

char *arena_printf(struct arena *a, const char *format, ...)
{
    va_list args, again;
    char *text = NULL;

    va_start(args, format);
    va_copy(again, args);
    int n = vsnprintf(NULL, 0, format, args);
    if (n >= 0 && (text = arena_raw(a, (size_t)n + 1)))
        vsnprintf(text, (size_t)n + 1, format, again);
    va_end(again);
    va_end(args);
    return text;
}

int arena_on_free(struct arena *a, void (*cleanup)(void *), void *arg)
{
    struct arena_cleanup *entry = arena_alloc(a, sizeof *entry);
    if (!entry) {
        cleanup(arg);
        return ERR_NOMEM;
    }
    *entry = (struct arena_cleanup){a->cleanups, cleanup, arg};
    a->cleanups = entry;
    return 0;
}
