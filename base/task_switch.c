/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/task_switch.h"

#include <stdint.h>
#include <string.h>

#if !defined(TASK_SWITCH_BOOST) || defined(TASK_SWITCH_OWN)

/* Where a new stack begins: fn waits in a register that a called function keeps. */
void task_switch_enter(void);

#if defined(__x86_64__)

/* What task_switch_jump leaves on a stack, from below. */
struct frame {
    uint32_t mxcsr;
    uint16_t x87, unused;
    void *r12, *r13, *r14, *r15, *rbx, *rbp;
    void (*at)(void);
};

static void task_switch_frame_set(struct frame *f, void (*fn)(struct task_transfer came))
{
    __asm__ volatile("stmxcsr %0\n\tfnstcw %1" : "=m"(f->mxcsr), "=m"(f->x87));
    memcpy(&f->rbx, &fn, sizeof fn);
    f->at = task_switch_enter;
}

__asm__(".text\n"
        ".globl task_switch_jump\n"
        ".type task_switch_jump, @function\n"
        "task_switch_jump:\n"
        "    pushq %rbp\n"
        "    pushq %rbx\n"
        "    pushq %r15\n"
        "    pushq %r14\n"
        "    pushq %r13\n"
        "    pushq %r12\n"
        "    subq $8, %rsp\n"
        "    stmxcsr (%rsp)\n"
        "    fnstcw 4(%rsp)\n"
        "    movq %rsp, %rax\n" /* the result's first word: from ... */
        "    movq %rdi, %rsp\n"
        "    ldmxcsr (%rsp)\n"
        "    fldcw 4(%rsp)\n"
        "    addq $8, %rsp\n"
        "    popq %r12\n"
        "    popq %r13\n"
        "    popq %r14\n"
        "    popq %r15\n"
        "    popq %rbx\n"
        "    popq %rbp\n"
        "    movq %rsi, %rdx\n" /* ... and its second: data */
        "    popq %r8\n"
        "    jmp *%r8\n"
        ".size task_switch_jump, .-task_switch_jump\n"
        ".globl task_switch_enter\n"
        ".type task_switch_enter, @function\n"
        "task_switch_enter:\n"
        "    .cfi_startproc\n"
        "    .cfi_undefined rip\n" /* a backtrace ends here */
        "    movq %rax, %rdi\n"
        "    movq %rdx, %rsi\n"
        "    callq *%rbx\n"
        "    ud2\n"
        "    .cfi_endproc\n"
        ".size task_switch_enter, .-task_switch_enter\n");

#elif defined(__aarch64__)

struct frame {
    double d8_d15[8];
    void *x19, *x20_x28[9], *x29;
    void (*x30)(void);
};

static void task_switch_frame_set(struct frame *f, void (*fn)(struct task_transfer came))
{
    memcpy(&f->x19, &fn, sizeof fn);
    f->x30 = task_switch_enter;
}

__asm__(".text\n"
        ".globl task_switch_jump\n"
        ".type task_switch_jump, %function\n"
        "task_switch_jump:\n"
        "    sub sp, sp, #160\n"
        "    stp d8, d9, [sp, #0]\n"
        "    stp d10, d11, [sp, #16]\n"
        "    stp d12, d13, [sp, #32]\n"
        "    stp d14, d15, [sp, #48]\n"
        "    stp x19, x20, [sp, #64]\n"
        "    stp x21, x22, [sp, #80]\n"
        "    stp x23, x24, [sp, #96]\n"
        "    stp x25, x26, [sp, #112]\n"
        "    stp x27, x28, [sp, #128]\n"
        "    stp x29, x30, [sp, #144]\n"
        "    mov x9, sp\n"
        "    mov sp, x0\n"
        "    ldp d8, d9, [sp, #0]\n"
        "    ldp d10, d11, [sp, #16]\n"
        "    ldp d12, d13, [sp, #32]\n"
        "    ldp d14, d15, [sp, #48]\n"
        "    ldp x19, x20, [sp, #64]\n"
        "    ldp x21, x22, [sp, #80]\n"
        "    ldp x23, x24, [sp, #96]\n"
        "    ldp x25, x26, [sp, #112]\n"
        "    ldp x27, x28, [sp, #128]\n"
        "    ldp x29, x30, [sp, #144]\n"
        "    add sp, sp, #160\n"
        "    mov x0, x9\n" /* from; data is in x1 already */
        "    ret\n"
        ".size task_switch_jump, .-task_switch_jump\n"
        ".globl task_switch_enter\n"
        ".type task_switch_enter, %function\n"
        "task_switch_enter:\n"
        "    .cfi_startproc\n"
        "    .cfi_undefined x30\n" /* a backtrace ends here */
        "    blr x19\n"
        "    brk #1\n"
        "    .cfi_endproc\n"
        ".size task_switch_enter, .-task_switch_enter\n");

#else
#error "no switch of stacks for this processor: libboost-context with its C symbols is needed"
#endif

void *task_switch_make(void *top, size_t size, void (*fn)(struct task_transfer came))
{
    struct frame *f = (struct frame *)top - 1;

    (void)size;
    memset(f, 0, sizeof *f);
    task_switch_frame_set(f, fn);
    return f;
}

#else
typedef int task_switch_is_of_boost; /* a file must not be empty */
#endif
