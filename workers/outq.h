#ifndef TURNPIKE_WORKERS_OUTQ_H
#define TURNPIKE_WORKERS_OUTQ_H

#include "base/outq.h" /* the workers' files know it by this name */

#endif
