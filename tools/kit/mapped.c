/* SPDX-License-Identifier: BSD-2-Clause */
#include "tools/kit/mapped.h"

#include "base/err.h"

#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

int mapped_open(struct mapped *out, const char *path, size_t min, size_t max)
{
    int error = ERR_INVALID, fd;
    *out = (struct mapped){.data = NULL};
    if ((size_t)snprintf(out->path, sizeof out->path, "%s", path) >= sizeof out->path ||
        (fd = open(path, O_RDONLY | O_CLOEXEC)) < 0)
        return ERR_NOT_CONFIGURED;
    if (fstat(fd, &out->seen) == 0 && S_ISREG(out->seen.st_mode)) {
        size_t size = (size_t)out->seen.st_size;
        void *data = size >= min && size <= max && size > 0 ?
            mmap(NULL, size, PROT_READ, MAP_SHARED, fd, 0) :
            MAP_FAILED;
        if (data != MAP_FAILED) {
            out->data = data;
            out->size = size;
            error = 0;
        } else if (size == 0) {
            error = ERR_NOT_CONFIGURED;
        }
    }
    close(fd);
    return error;
}

void mapped_rest(const struct mapped *m)
{
    if (m->data)
        (void)madvise((void *)(uintptr_t)m->data, m->size, MADV_DONTNEED);
}

void mapped_close(struct mapped *m)
{
    if (m->data)
        munmap((void *)m->data, m->size);
    *m = (struct mapped){.data = NULL};
}

bool mapped_replaced(const struct mapped *m)
{
    struct stat now;
    return m->data && stat(m->path, &now) == 0 &&
        (now.st_dev != m->seen.st_dev || now.st_ino != m->seen.st_ino ||
            now.st_size != m->seen.st_size || now.st_mtim.tv_sec != m->seen.st_mtim.tv_sec ||
            now.st_mtim.tv_nsec != m->seen.st_mtim.tv_nsec);
}
