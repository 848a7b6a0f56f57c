/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_WORKERS_TERMINAL_TERMINAL_ASK_H
#define TURNPIKE_WORKERS_TERMINAL_TERMINAL_ASK_H

#include "workers/terminal/terminal_input.h"
#include "workers/terminal/terminal_turn.h"

/*
 * terminal_ask -- what the assistant may do only when the user says yes: shows each question of
 * the turn and sends the answers, which let the turn go on. Answers may lead to new questions.
 *   input  NULL: nobody is there to answer; the questions are shown and stay open
 * Returns how the last turn ended; TERMINAL_TURN_ASKS when a question stays open.
 */
enum terminal_turn_end terminal_ask(struct terminal_turn *turn, struct terminal_input *input);

#endif
