# SPDX-License-Identifier: BSD-2-Clause
# What every process and program needs, and nothing of Turnpike in particular.
noinst_LIBRARIES += libbase.a
libbase_a_SOURCES = \
	base/address.c base/address.h \
	base/arena.c base/arena.h \
	base/base64.c base/base64.h \
	base/backoff.c base/backoff.h \
	base/breaker.c base/breaker.h \
	base/buf.c base/buf.h \
	base/charset.c base/charset.h \
	base/clock.c base/clock.h \
	base/conf.c base/conf.h \
	base/conf_check.c \
	base/conf_check_auth.c \
	base/conf_check_measure.c \
	base/conf_check_model.c \
	base/conf_check_page.c \
	base/conf_load.c \
	base/conf_near.c \
	base/conf_parts.h \
	base/conf_secrets.c \
	base/conf_value.c \
	base/conf_warn.c \
	base/err.c base/err.h \
	base/file.c base/file.h \
	base/ident.c base/ident.h \
	base/jdoc.c base/jdoc.h \
	base/jdoc_parts.h \
	base/jdoc_read.c \
	base/jdoc_write.c \
	base/log.c base/log.h \
	base/log_form.c \
	base/log_parts.h \
	base/log_hide.c base/log_hide.h \
	base/media.c base/media.h \
	base/media_image.c base/media_parts.h \
	base/money.c base/money.h \
	base/reactor.c base/reactor.h \
	base/room.c base/room.h \
	base/secret.c base/secret.h \
	base/shared.c base/shared.h \
	base/task.c base/task.h \
	base/task_guard.c \
	base/task_resolve.c \
	base/task_stack.c base/task_stack.h \
	base/task_switch.c base/task_switch.h \
	base/url.c base/url.h \
	base/utf8.c base/utf8.h \
	base/words.c base/words.h
BASE_LIBS = libbase.a $(JSONC_LIBS) $(CRYPTO_LIBS) $(CONTEXT_LIBS) -lm
