/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_PROCESS_FILTER_H
#define TURNPIKE_PROCESS_FILTER_H

/*
 * filter -- what a child that reads strangers' bytes (process/aside.h) may still ask of the kernel:
 * memory, time, reading files, writing to the descriptors that it has. No socket, no other program,
 * no new process, no file that is written, made, renamed or removed, no call of a device's own, no
 * signal to others, no look into them: those answer EPERM. It lasts until the process ends. x86-64
 * and aarch64; elsewhere, and where the kernel has no such filter, nothing changes: the unit's own
 * sandbox is there too.
 */
void filter_enter(void);

#endif
