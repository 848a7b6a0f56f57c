# SPDX-License-Identifier: BSD-2-Clause
# A turn: what it is asked, what the model sees and says, the calls of tools, the end.
noinst_LIBRARIES += libagent.a
libagent_a_SOURCES = \
	agent/answer.c agent/answer.h \
	agent/answer_parts.h \
	agent/answer_restore.c \
	agent/approval_form.c agent/approval_parts.h \
	agent/approval.c agent/approval.h \
	agent/budget.c agent/budget.h \
	agent/calls.c agent/calls.h \
	agent/calls_parts.h \
	agent/calls_ask.c \
	agent/calls_result.c \
	agent/calls_start.c \
	agent/chat.c agent/chat.h \
	agent/context.c agent/context.h \
	agent/memory.c agent/memory.h \
	agent/context_build.c \
	agent/context_files.c agent/context_files.h \
	agent/daytime.c agent/daytime.h \
	agent/events.c agent/events.h \
	agent/impersonal.c agent/impersonal.h \
	agent/input.c agent/input.h \
	agent/offer.c agent/offer.h \
	agent/prompt.c agent/prompt.h \
	agent/reply.c agent/reply.h \
	agent/resume.c agent/resume.h \
	agent/shorten.c agent/shorten.h \
	agent/summary.c agent/summary.h \
	agent/title.c agent/title.h \
	agent/turn.c agent/turn.h \
	agent/turn_ask.c \
	agent/turn_begin.c \
	agent/turn_cache.c agent/turn_cache_key.c \
	agent/turn_checkpoint.c \
	agent/turn_end.c \
	agent/turn_measure.c \
	agent/turn_parts.h \
	agent/turn_resume.c \
	agent/turn_spend.c \
	agent/turn_steps.c \
	agent/turn_summary.c \
	agent/turn_title.c \
	agent/wait.c agent/wait.h \
	agent/wishes.c agent/wishes.h \
	agent/model/abilities.c agent/model/abilities.h \
	agent/model/attached.c agent/model/attached.h \
	agent/model/deferred.c agent/model/deferred.h \
	agent/model/details.c agent/model/details.h \
	agent/model/family.c agent/model/family.h \
	agent/model/model.c agent/model/model.h \
	agent/model/model_attempt.c \
	agent/model/model_follow.c \
	agent/model/model_measure.c \
	agent/model/model_used.c \
	agent/model/model_parts.h \
	agent/model/pieces.c agent/model/pieces.h \
	agent/model/prices.c agent/model/prices.h \
	agent/model/prices_file.c \
	agent/model/prices_parts.h \
	agent/model/provider.c agent/model/provider.h \
	agent/model/provider_anthropic.c \
	agent/model/provider_openai.c \
	agent/model/provider_responses.c \
	agent/model/provider_stream.c \
	agent/model/provider_words.c \
	agent/model/quirks.c agent/model/quirks.h \
	agent/model/refusal.c agent/model/refusal.h \
	agent/model/request.c agent/model/request.h \
	agent/model/request_anthropic.c \
	agent/model/request_extra.c agent/model/request_extra.h \
	agent/model/request_openai.c \
	agent/model/request_responses.c \
	agent/model/request_responses_items.c agent/model/request_responses_parts.h \
	agent/model/request_rules.c agent/model/request_rules.h \
	agent/model/request_thinking.c \
	agent/model/responses.h \
	agent/model/responses_items.c \
	agent/model/responses_mark.c \
	agent/model/responses_parts.h \
	agent/model/responses_said.c \
	agent/model/scan.c agent/model/scan.h \
	agent/model/think.c agent/model/think.h \
	agent/offline/offline.h \
	agent/offline/offline_ask.c \
	agent/offline/offline_category.c \
	agent/offline/offline_courtesy.c \
	agent/offline/offline_decide.c \
	agent/offline/offline_doubt.c agent/offline/offline_doubt.h \
	agent/offline/offline_doubt_line.c agent/offline/offline_doubt_parts.h \
	agent/offline/offline_doubt_more.c \
	agent/offline/offline_example.c \
	agent/offline/offline_files.c \
	agent/offline/offline_fill.c agent/offline/offline_fill.h \
	agent/offline/offline_fill_choice.c \
	agent/offline/offline_fill_number.c \
	agent/offline/offline_fill_place.c \
	agent/offline/offline_fill_text.c \
	agent/offline/offline_fill_when.c \
	agent/offline/offline_follow.c agent/offline/offline_follow.h \
	agent/offline/offline_frame.c agent/offline/offline_frame.h \
	agent/offline/offline_frame_more.c \
	agent/offline/offline_frame_slot.c agent/offline/offline_frame_slot.h \
	agent/offline/offline_frames.c \
	agent/offline/offline_frames_more.c \
	agent/offline/offline_intent.c agent/offline/offline_intent.h \
	agent/offline/offline_join.c \
	agent/offline/offline_lexicon.c agent/offline/offline_lexicon.h \
	agent/offline/offline_match.c agent/offline/offline_match.h \
	agent/offline/offline_moment.c \
	agent/offline/offline_money.c \
	agent/offline/offline_phrase.c agent/offline/offline_phrase.h \
	agent/offline/offline_phrase_problem.c \
	agent/offline/offline_plain.c \
	agent/offline/offline_reading.h \
	agent/offline/offline_rules.c agent/offline/offline_rules.h \
	agent/offline/offline_say.c \
	agent/offline/offline_speech.c agent/offline/offline_speech.h \
	agent/offline/offline_speech_join.c \
	agent/offline/offline_step.c \
	agent/offline/offline_talk.c agent/offline/offline_talk.h \
	agent/offline/offline_tell.c \
	agent/offline/offline_token.c agent/offline/offline_token.h \
	agent/offline/offline_until.c \
	agent/offline/offline_when.c agent/offline/offline_when.h \
	agent/offline/offline_words_de.c \
	agent/offline/offline_words_en.c \
	agent/offline/offline_words_es.c \
	agent/offline/offline_words_fr.c \
	agent/offline/offline_world.c \
	agent/offline/provider_offline.c
AGENT_LIBS = libagent.a $(TOOLS_LIBS)
