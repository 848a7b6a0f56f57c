/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_BASE_LOG_HIDE_H
#define TURNPIKE_BASE_LOG_HIDE_H

/*
 * log_hide -- secrets that no line of the log shows, whoever says them: a server that repeats the
 * key which it was sent, an address with a password. Any process, before the fork.
 *
 * From its first LOG_HIDE_HEAD bytes on, a secret is written as stars, so that one of which a text
 * has only the beginning is hidden too. Copied; shorter ones than LOG_HIDE_MIN bytes are words that
 * any line may have. The last LOG_HIDE_MAX of them count: those of the settings of now and of
 * before a reload.
 */
#define LOG_HIDE_MIN 8
#define LOG_HIDE_HEAD 12
#define LOG_HIDE_MAX 64
void log_hide(const char *secret);
/* In a text that is to be logged. For log.c. */
void log_hide_in(char *text);

#endif
