/* SPDX-License-Identifier: BSD-2-Clause */
/* The switch of stacks of our own, whatever the build uses: see base/task_switch.h. */
#include "base/task_switch.h"

#include <fenv.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#define STACK_BYTES 65536
#define STACKS 8
#define ROUNDS 1000

/* None is used twice: AddressSanitizer marks frames in them, and is not told of the jumps. */
static _Alignas(64) char stacks[STACKS][STACK_BYTES];
static int taken;
static void *home;
static int64_t sum;

static void *new_stack(void (*fn)(struct task_transfer came))
{
    assert_true(taken < STACKS);
    return task_switch_make(stacks[taken++] + STACK_BYTES, STACK_BYTES, fn);
}

static void echo(struct task_transfer came)
{
    for (;;) {
        sum += (int64_t)(intptr_t)came.data;
        came = task_switch_jump(came.from, (void *)(intptr_t)sum);
    }
}

static void words_go_and_come(void **state)
{
    struct task_transfer came = {.from = new_stack(echo)};
    int64_t expected = 0;

    (void)state;
    sum = 0;
    for (int i = 1; i <= ROUNDS; i++) {
        came = task_switch_jump(came.from, (void *)(intptr_t)i);
        expected += i;
        assert_int_equal((int64_t)(intptr_t)came.data, expected);
    }
}

/* Keeps more in registers than a function has to itself, over every jump. */
static uint64_t mix(void **other, uint64_t seed, int rounds)
{
    uint64_t a = seed, b = seed + 1, c = seed + 2, d = seed + 3, e = seed + 4, f = seed + 5,
             g = seed + 6, h = seed + 7;
    double x = (double)seed, y = x + 0.5, z = x + 0.25;

    for (int i = 0; i < rounds; i++) {
        a = a * 3 + b;
        b ^= c + (uint64_t)i;
        c += d << 1;
        d = d * 5 + e;
        e ^= f;
        f += g * 7;
        g ^= h << 3;
        h += a;
        x = x * 0.5 + y;
        y = y * 0.25 + z;
        z = z * 0.125 + (double)i;
        if (other)
            *other = task_switch_jump(*other, NULL).from;
    }
    return a ^ b ^ c ^ d ^ e ^ f ^ g ^ h ^ (uint64_t)(x * 1000) ^ (uint64_t)(y * 1000) ^
        (uint64_t)(z * 1000);
}

static uint64_t mixed[2];

static void mixer(struct task_transfer came, int i)
{
    void *back = came.from;

    mixed[i] = mix(&back, (uint64_t)i * 1000 + 1, ROUNDS);
    for (;;)
        back = task_switch_jump(back, (void *)1).from;
}

static void mixer_0(struct task_transfer came)
{
    mixer(came, 0);
}

static void mixer_1(struct task_transfer came)
{
    mixer(came, 1);
}

static void registers_are_kept(void **state)
{
    void *at[2] = {new_stack(mixer_0), new_stack(mixer_1)};
    bool done[2] = {false, false};
    uint64_t own = 0;

    (void)state;
    for (int i = 0; !done[0] || !done[1]; i = !i) {
        struct task_transfer came = task_switch_jump(at[i], NULL);

        own += mix(NULL, (uint64_t)i, 3);
        at[i] = came.from;
        done[i] = came.data;
    }
    assert_true(own);
    for (int i = 0; i < 2; i++)
        assert_true(mixed[i] == mix(NULL, (uint64_t)i * 1000 + 1, ROUNDS));
}

static bool is_aligned;

static void look(struct task_transfer came)
{
    _Alignas(16) volatile char here[16] = {0};

    is_aligned = (uintptr_t)here % 16 == 0 && (uintptr_t)__builtin_frame_address(0) % 16 == 0;
    task_switch_jump(came.from, NULL);
    abort();
}

static void a_new_stack_is_aligned(void **state)
{
    (void)state;
    task_switch_jump(new_stack(look), NULL);
    assert_true(is_aligned);
}

#ifdef __x86_64__ /* aarch64's rules leave FPCR to the program */
static void round_up(struct task_transfer came)
{
    fesetround(FE_UPWARD);
    came = task_switch_jump(came.from, NULL);
    task_switch_jump(came.from, (void *)(intptr_t)fegetround());
    abort();
}

static void each_stack_has_its_rounding(void **state)
{
    struct task_transfer came = task_switch_jump(new_stack(round_up), NULL);

    (void)state;
    assert_int_equal(fegetround(), FE_TONEAREST);
    came = task_switch_jump(came.from, NULL);
    assert_int_equal((int)(intptr_t)came.data, FE_UPWARD);
    assert_int_equal(fegetround(), FE_TONEAREST);
}
#endif

static void second(struct task_transfer came)
{
    (void)came;
    task_switch_jump(home, (void *)3);
    abort();
}

static void first(struct task_transfer came)
{
    home = came.from;
    task_switch_jump(came.data, NULL);
    abort();
}

static void one_jumps_to_another(void **state)
{
    struct task_transfer came = task_switch_jump(new_stack(first), new_stack(second));

    (void)state;
    assert_int_equal((int)(intptr_t)came.data, 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(words_go_and_come),
        cmocka_unit_test(registers_are_kept),
        cmocka_unit_test(a_new_stack_is_aligned),
#ifdef __x86_64__
        cmocka_unit_test(each_stack_has_its_rounding),
#endif
        cmocka_unit_test(one_jumps_to_another),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
