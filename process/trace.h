/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_PROCESS_TRACE_H
#define TURNPIKE_PROCESS_TRACE_H

/*
 * trace -- a worker that gets SIGABRT writes one line to the log, then dies of that signal. The
 * line says where the worker is, with the context of its work. The supervisor sends the signal when
 * the worker's loop does not come round; abort(3) does too. An address is `FILE+OFFSET`, as
 * addr2line(1) takes it, or `FUNCTION+OFFSET` where the name is exported.
 */
/* The same line, for another handler of a signal that ends the process. */
void trace_here(void);
/* Process: a new worker. */
void trace_init(void);

#endif
