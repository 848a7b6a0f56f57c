/* SPDX-License-Identifier: BSD-2-Clause */
/* A process that has given back what it needed to start goes on as before. */
#include "process/footprint.h"

#include "base/ident.h"
#include "tests/unit/cm.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define ABC "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" /* FIPS 180-2, B.1 */

struct code {
    unsigned long start, end;
    long resident_kb;
};

/* The mapping of a library's code. */
static struct code code_of(const char *library)
{
    FILE *file = fopen("/proc/self/smaps", "re");
    struct code code = {.resident_kb = -1};
    char line[512], perms[5];
    unsigned long start, end;
    bool here = false;

    assert_non_null(file);
    while (fgets(line, sizeof line, file)) {
        if (sscanf(line, "%lx-%lx %4s", &start, &end, perms) == 3) {
            here = !strcmp(perms, "r-xp") && strstr(line, library);
            if (here)
                code = (struct code){.start = start, .end = end};
        } else if (here) {
            (void)sscanf(line, "Rss: %ld kB", &code.resident_kb);
        }
    }
    fclose(file);
    return code;
}

static void assert_hashes(void)
{
    char hex[IDENT_SHA256_SIZE];

    ident_sha256_hex("abc", 3, hex);
    assert_string_equal(hex, ABC);
}

static void code_is_given_back_and_goes_on(void **state)
{
    struct code code, after;
    volatile char sum = 0;

    (void)state;
    assert_hashes();
    code = code_of("libcrypto");
    if (code.end - code.start < 1 << 20)
        skip(); /* linked in, or another library that is named so */
    for (unsigned long at = code.start; at < code.end; at += 4096)
        sum = (char)(sum + *(const volatile char *)at);
    code = code_of("libcrypto");
    assert_true(code.resident_kb * 1024 == (long)(code.end - code.start));
    assert_true(footprint_drop_code() >= code.end - code.start);
    after = code_of("libcrypto");
    assert_true(after.resident_kb < code.resident_kb / 2);
    assert_hashes();
}

static void *sleep_until_told(void *arg)
{
    char byte;

    return read(*(int *)arg, &byte, 1) < 0 ? arg : NULL;
}

/* It might be loading a library. */
static void beside_another_thread_nothing_is_dropped(void **state)
{
    pthread_t thread;
    int pipes[2];

    (void)state;
    assert_int_equal(pipe(pipes), 0);
    assert_int_equal(pthread_create(&thread, NULL, sleep_until_told, &pipes[0]), 0);
    assert_int_equal(footprint_drop_code(), 0);
    close(pipes[1]);
    assert_int_equal(pthread_join(thread, NULL), 0);
    close(pipes[0]);
    assert_true(footprint_drop_code() > 0);
}

/* As a debugger's breakpoint is, or code that was relocated. */
static void a_page_of_ones_own_stays(void **state)
{
    char path[] = "/tmp/footprint-XXXXXX";
    int fd = mkstemp(path);
    char *page;

    (void)state;
    assert_true(fd >= 0);
    unlink(path);
    assert_int_equal(ftruncate(fd, 8192), 0);
    page = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
    assert_true(page != MAP_FAILED);
    page[100] = 'x';
    if (mprotect(page, 8192, PROT_READ | PROT_EXEC))
        skip(); /* a policy of the system forbids it */
    (void)footprint_drop_code();
    assert_int_equal(page[100], 'x');
    munmap(page, 8192);
    close(fd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(code_is_given_back_and_goes_on),
        cmocka_unit_test(beside_another_thread_nothing_is_dropped),
        cmocka_unit_test(a_page_of_ones_own_stays)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
