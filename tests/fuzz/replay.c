/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * replay -- the main program of a fuzz harness without libFuzzer: runs every file of the seed
 * corpus, then FUZZ_RUNS (10,000) random and mutated inputs. The inputs depend on FUZZ_SEED (1)
 * alone. Arguments: files to run instead. An input at which a sanitizer stops is kept in
 * HARNESS.crash.
 */
#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SEEDS_MAX 256
#define INPUT_MAX 8192

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
void __sanitizer_set_death_callback(void (*callback)(void)) __attribute__((weak));

struct replay_input {
    uint8_t *data;
    size_t size;
};

static struct replay_input seeds[SEEDS_MAX];
static size_t seed_count;
static struct replay_input current;
static char crash_path[256];
static uint64_t random_state;

static uint32_t replay_random(uint32_t below)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return below ? (uint32_t)(random_state >> 16) % below : 0;
}

static void replay_keep_input(void)
{
    int fd = open(crash_path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    if (fd < 0)
        return;
    if (write(fd, current.data, current.size) == (ssize_t)current.size)
        fprintf(stderr, "the input is kept in %s\n", crash_path);
    close(fd);
}

static void replay_on_abort(int number)
{
    replay_keep_input();
    signal(number, SIG_DFL);
    raise(number);
}

/* An allocation of the exact size, so that AddressSanitizer sees one byte too many. */
static void replay_run(const uint8_t *data, size_t size)
{
    current.data = malloc(size ? size : 1);
    current.size = size;
    if (!current.data)
        abort();
    if (size)
        memcpy(current.data, data, size);
    LLVMFuzzerTestOneInput(current.data, size);
    free(current.data);
    current.data = NULL;
    current.size = 0;
}

static int replay_read(const char *path, struct replay_input *out)
{
    struct stat st;
    int fd = open(path, O_RDONLY | O_CLOEXEC);

    if (fd < 0)
        return -1;
    if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode) ||
        !(out->data = malloc((size_t)st.st_size + 1))) {
        close(fd);
        return -1;
    }
    ssize_t n = read(fd, out->data, (size_t)st.st_size);
    close(fd);
    out->size = n > 0 ? (size_t)n : 0;
    return 0;
}

static void replay_load(const char *directory)
{
    struct dirent **names;
    char path[2048];
    int count = scandir(directory, &names, NULL, alphasort);

    for (int i = 0; i < count; i++) {
        int n = snprintf(path, sizeof path, "%s/%s", directory, names[i]->d_name);
        if (names[i]->d_name[0] != '.' && seed_count < SEEDS_MAX && (size_t)n < sizeof path &&
            replay_read(path, &seeds[seed_count]) == 0)
            seed_count++;
        free(names[i]);
    }
    if (count >= 0)
        free(names);
}

static void replay_insert(uint8_t *input, size_t *size, size_t at, const uint8_t *bytes, size_t n)
{
    if (n > INPUT_MAX - *size)
        n = INPUT_MAX - *size;
    memmove(input + at + n, input + at, *size - at);
    memcpy(input + at, bytes, n);
    *size += n;
}

static void replay_remove(uint8_t *input, size_t *size, size_t at, size_t n)
{
    if (n > *size - at)
        n = *size - at;
    memmove(input + at, input + at + n, *size - at - n);
    *size -= n;
}

static void replay_mutate(uint8_t *input, size_t *size)
{
    static const uint8_t special[] =
        "\0\n\r\t \"\\{}[]:,#=-+.eE019\x7f\x80\xbf\xc0\xe0\xed\xf4\xff";
    size_t at = replay_random((uint32_t)*size + 1);
    size_t n = 1 + replay_random(16);
    uint8_t byte;

    switch (replay_random(7)) {
    case 0:
        if (at < *size)
            input[at] ^= (uint8_t)(1u << replay_random(8));
        break;
    case 1:
        if (at < *size)
            input[at] = special[replay_random(sizeof special)];
        break;
    case 2:
        byte = special[replay_random(sizeof special)];
        replay_insert(input, size, at, &byte, 1);
        break;
    case 3:
        replay_remove(input, size, at, n);
        break;
    case 4: /* the rest is lost */
        if (replay_random(4) == 0)
            *size = at;
        break;
    case 5: /* a part once more */
        if (at < *size) {
            uint8_t part[16];
            n = n > *size - at ? *size - at : n;
            memcpy(part, input + at, n);
            replay_insert(input, size, at, part, n);
        }
        break;
    default: /* a part of another seed */
        if (seed_count) {
            const struct replay_input *other = &seeds[replay_random((uint32_t)seed_count)];
            size_t from = replay_random((uint32_t)other->size + 1);
            n = 1 + replay_random(256);
            n = n > other->size - from ? other->size - from : n;
            replay_insert(input, size, at, other->data + from, n);
        }
    }
}

static void replay_generate(void)
{
    static uint8_t input[INPUT_MAX];
    size_t size = 0;

    if (seed_count && replay_random(8)) {
        const struct replay_input *seed = &seeds[replay_random((uint32_t)seed_count)];
        size = seed->size > INPUT_MAX ? INPUT_MAX : seed->size;
        memcpy(input, seed->data, size);
        for (uint32_t i = 1 + replay_random(8); i > 0; i--)
            replay_mutate(input, &size);
    } else {
        size = replay_random(256);
        for (size_t i = 0; i < size; i++)
            input[i] = (uint8_t)replay_random(256);
    }
    replay_run(input, size);
}

static unsigned long replay_number(const char *name, unsigned long fallback)
{
    const char *text = getenv(name);
    return text && *text ? strtoul(text, NULL, 10) : fallback;
}

static int replay_files(int count, char **paths)
{
    for (int i = 0; i < count; i++) {
        struct replay_input input;
        if (replay_read(paths[i], &input) != 0) {
            fprintf(stderr, "%s: cannot be read\n", paths[i]);
            return 1;
        }
        replay_run(input.data, input.size);
        free(input.data);
    }
    return 0;
}

int main(int argc, char **argv)
{
    const char *slash = strrchr(argv[0], '/'), *harness = slash ? slash + 1 : argv[0];
    const char *parser = strncmp(harness, "fuzz_", 5) == 0 ? harness + 5 : harness;
    const char *source = getenv("srcdir");
    unsigned long runs = replay_number("FUZZ_RUNS", 10000);
    char directory[2048];

    snprintf(crash_path, sizeof crash_path, "%.200s.crash", harness);
    if (__sanitizer_set_death_callback)
        __sanitizer_set_death_callback(replay_keep_input);
    signal(SIGABRT, replay_on_abort);
    if (argc > 1)
        return replay_files(argc - 1, argv + 1);
    int n = snprintf(directory, sizeof directory, "%s/tests/fuzz/corpus/%s", source ? source : ".",
        parser);
    if ((size_t)n < sizeof directory)
        replay_load(directory);
    if (seed_count == 0) {
        fprintf(stderr, "%s holds no seed\n", directory);
        return 1;
    }
    for (size_t i = 0; i < seed_count; i++)
        replay_run(seeds[i].data, seeds[i].size);
    random_state = replay_number("FUZZ_SEED", 1) * 0x9e3779b97f4a7c15u | 1;
    for (unsigned long i = 0; i < runs; i++)
        replay_generate();
    printf("%s: %zu seeds, %lu inputs\n", harness, seed_count, runs);
    for (size_t i = 0; i < seed_count; i++)
        free(seeds[i].data);
    return 0;
}
