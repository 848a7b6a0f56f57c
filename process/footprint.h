/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_PROCESS_FOOTPRINT_H
#define TURNPIKE_PROCESS_FOOTPRINT_H

#include <stddef.h>

/*
 * footprint -- gives back memory that a process has needed only to start: constructors and
 * relocations of all libraries, settings. Every process, when it is ready.
 *
 * By /proc/self/smaps (proc(5)) and madvise(2): MADV_DONTNEED of a private mapping of a file takes
 * its pages from this process alone; those that are used again come back from the page cache.
 */

/*
 * footprint_drop_code -- the code of the program and of its libraries. A mapping that holds a page
 * of the process' own (a debugger's breakpoint, a relocation) stays as it is, and so does all that
 * is writable, or not executable. Nothing is dropped while there is another thread, which might be
 * loading a library. Takes a millisecond or two.
 * Returns the bytes that were resident; 0 also when the kernel does not tell what is mapped.
 */
size_t footprint_drop_code(void);

#endif
