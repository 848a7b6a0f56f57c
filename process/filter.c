/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* F_SETSIG */
#endif
#include "process/filter.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#if defined(__x86_64__)
#define FILTER_ARCH AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define FILTER_ARCH AUDIT_ARCH_AARCH64
#endif

#ifdef FILTER_ARCH

#define FILTER_MAX 320
#define FILTER_X32 0x40000000u /* x86-64 alone: the same calls by other numbers */
#define FILTER_WRITES (O_WRONLY | O_RDWR | O_CREAT | O_TRUNC | O_APPEND)

static const int filter_forbidden[] = {
#ifdef SYS_fork /* aarch64 has the newer ones alone */
    SYS_fork, SYS_vfork, SYS_open, SYS_creat, SYS_unlink, SYS_rename, SYS_mkdir, SYS_rmdir,
    SYS_link, SYS_symlink, SYS_chmod, SYS_chown, SYS_lchown, SYS_mknod, SYS_utime, SYS_utimes,
    SYS_futimesat,
#endif
#ifdef SYS_renameat
    SYS_renameat,
#endif
#ifdef SYS_fchmodat2
    SYS_fchmodat2,
#endif
#ifdef SYS_setxattrat
    SYS_setxattrat, SYS_removexattrat,
#endif
    /* networks */
    SYS_socket, SYS_socketpair, SYS_connect, SYS_bind, SYS_listen, SYS_accept, SYS_accept4,
    SYS_sendto, SYS_sendmsg, SYS_sendmmsg,
    /* programs and processes */
    SYS_execve, SYS_execveat, SYS_clone, SYS_kill, SYS_tkill, SYS_rt_sigqueueinfo,
    SYS_rt_tgsigqueueinfo, SYS_ptrace, SYS_process_vm_readv, SYS_process_vm_writev,
    SYS_process_madvise, SYS_pidfd_open, SYS_pidfd_send_signal, SYS_pidfd_getfd, SYS_unshare,
    SYS_setns, SYS_prlimit64, SYS_setpriority, SYS_ioprio_set, SYS_sched_setaffinity,
    SYS_sched_setattr, SYS_sched_setparam, SYS_sched_setscheduler, SYS_migrate_pages,
    SYS_move_pages,
    /* files */
    SYS_unlinkat, SYS_renameat2, SYS_mkdirat, SYS_linkat, SYS_symlinkat, SYS_mknodat, SYS_truncate,
    SYS_ftruncate, SYS_fallocate, SYS_fchmod, SYS_fchmodat, SYS_fchown, SYS_fchownat, SYS_utimensat,
    SYS_setxattr, SYS_lsetxattr, SYS_fsetxattr, SYS_removexattr, SYS_lremovexattr, SYS_fremovexattr,
    SYS_mount, SYS_umount2, SYS_chroot, SYS_pivot_root, SYS_ioctl,
    /* what parsers never need, and attackers like */
    SYS_bpf, SYS_perf_event_open, SYS_userfaultfd, SYS_io_uring_setup, SYS_io_uring_enter,
    SYS_io_uring_register, SYS_keyctl, SYS_add_key, SYS_request_key, SYS_shmget, SYS_shmat,
    SYS_msgget, SYS_semget, SYS_mq_open, SYS_inotify_init1, SYS_fanotify_init, SYS_memfd_create};

/* libc asks for the older call when these are not there. */
static const int filter_absent[] = {SYS_clone3, SYS_openat2};

struct filter_program {
    struct sock_filter steps[FILTER_MAX];
    unsigned short count;
};

static void filter_step(struct filter_program *p, struct sock_filter step)
{
    if (p->count < FILTER_MAX)
        p->steps[p->count++] = step;
}

static void filter_load(struct filter_program *p, size_t offset)
{
    filter_step(p, (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (unsigned)offset));
}

static void filter_answer(struct filter_program *p, unsigned answer)
{
    filter_step(p, (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, answer));
}

/* The call of this number, which is loaded, gets the answer. */
static void filter_call(struct filter_program *p, int number, unsigned answer)
{
    filter_step(p, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (unsigned)number, 0, 1));
    filter_answer(p, answer);
}

/* Signals for itself alone, as abort sends them. */
static void filter_signal(struct filter_program *p)
{
    filter_step(p, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_tgkill, 0, 4));
    filter_load(p, offsetof(struct seccomp_data, args[0]));
    filter_step(p,
        (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (unsigned)getpid(), 1, 0));
    filter_answer(p, SECCOMP_RET_ERRNO | EPERM);
    filter_answer(p, SECCOMP_RET_ALLOW);
}

/* A pipe may send its owner any signal: nobody becomes one. */
static void filter_owner(struct filter_program *p)
{
    static const unsigned forbidden[] = {F_SETOWN, F_SETOWN_EX, F_SETSIG};
    const unsigned char count = sizeof forbidden / sizeof *forbidden;

    filter_step(p,
        (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_fcntl, 0,
            (unsigned char)(2 * count + 2)));
    filter_load(p, offsetof(struct seccomp_data, args[1]));
    for (unsigned char i = 0; i < count; i++)
        filter_call(p, (int)forbidden[i], SECCOMP_RET_ERRNO | EPERM);
    filter_answer(p, SECCOMP_RET_ALLOW);
}

/* openat for reading alone; loads the flags, so it is the last one. */
static void filter_open(struct filter_program *p)
{
    filter_step(p, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_openat, 0, 3));
    filter_load(p, offsetof(struct seccomp_data, args[2])); /* little-endian: the low half */
    filter_step(p, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, FILTER_WRITES, 0, 1));
    filter_answer(p, SECCOMP_RET_ERRNO | EPERM);
}

static void filter_make(struct filter_program *p)
{
    filter_load(p, offsetof(struct seccomp_data, arch));
    filter_step(p, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, FILTER_ARCH, 1, 0));
    filter_answer(p, SECCOMP_RET_ERRNO | EPERM);
    filter_load(p, offsetof(struct seccomp_data, nr));
    filter_step(p, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, FILTER_X32, 0, 1));
    filter_answer(p, SECCOMP_RET_ERRNO | EPERM);
    for (size_t i = 0; i < sizeof filter_forbidden / sizeof *filter_forbidden; i++)
        filter_call(p, filter_forbidden[i], SECCOMP_RET_ERRNO | EPERM);
    for (size_t i = 0; i < sizeof filter_absent / sizeof *filter_absent; i++)
        filter_call(p, filter_absent[i], SECCOMP_RET_ERRNO | ENOSYS);
    filter_signal(p);
    filter_owner(p);
    filter_open(p);
    filter_answer(p, SECCOMP_RET_ALLOW);
}

_Static_assert(2 * (sizeof filter_forbidden / sizeof *filter_forbidden + 2) + 26 < FILTER_MAX,
    "the program has room");

void filter_enter(void)
{
    struct filter_program p;

    memset(&p, 0, sizeof p);
    filter_make(&p);
    struct sock_fprog program = {.len = p.count, .filter = p.steps};
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0)
        prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program);
}

#else

void filter_enter(void)
{
}

#endif
