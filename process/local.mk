# SPDX-License-Identifier: BSD-2-Clause
# What every process of the service is: its place on the scoreboard, who may ask it, how it says no.
noinst_LIBRARIES += libprocess.a
libprocess_a_SOURCES = \
	process/aside.c process/aside.h \
	process/apikey.c process/apikey.h \
	process/audit.c process/audit.h \
	process/auth.c process/auth.h \
	process/auth_keys.c process/auth_keys.h \
	process/auth_mark.c process/auth_mark.h \
	process/blame.c process/blame.h \
	process/child.c process/child.h \
	process/cookie.c process/cookie.h \
	process/crowd.c process/crowd.h \
	process/etag.c process/etag.h \
	process/fastcgi_call.c process/fastcgi_call.h \
	process/fastcgi_pool.c process/fastcgi_pool.h \
	process/fault.c process/fault.h \
	process/filter.c process/filter.h \
	process/footprint.c process/footprint.h \
	process/jwks.c process/jwks.h \
	process/jwks_file.c \
	process/jws.c process/jws.h \
	process/jws_key.c \
	process/keyuse.c process/keyuse.h \
	process/limits.c process/limits.h \
	process/limits_classes.c \
	process/machine.c process/machine.h \
	process/measure.c process/measure.h \
	process/origin.c process/origin.h \
	process/pace.c process/pace.h \
	process/problem.c process/problem.h \
	process/revoked.c process/revoked.h \
	process/scopes.c process/scopes.h \
	process/scoreboard.c process/scoreboard.h \
	process/scoreboard_seat.c \
	process/secrecy.c process/secrecy.h \
	process/slots.c process/slots.h \
	process/spans.c process/spans.h \
	process/trace.c process/trace.h \
	process/uimessage.c process/uimessage.h \
	process/voice_queue.c process/voice_queue.h \
	process/webpush.c process/webpush.h \
	process/webpush_key.c \
	process/worker.c process/worker.h
PROCESS_LIBS = libprocess.a $(WIRE_LIBS)
