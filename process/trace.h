#ifndef TURNPIKE_PROCESS_TRACE_H
#define TURNPIKE_PROCESS_TRACE_H

/*
 * trace -- a worker that is told to abort (SIGABRT: by the supervisor, when its loop does not come
 * round, or by abort(3)) says in one line of the log where it is, with the context of what it works
 * on, and dies of that signal. An address is `FILE+OFFSET`, as addr2line(1) takes it, or
 * `FUNCTION+OFFSET` where the name is exported.
 */
/* The same line, for another handler of a signal that ends the process. */
void trace_here(void);
/* Process: a new worker. */
void trace_init(void);

#endif
