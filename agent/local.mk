noinst_LIBRARIES += libagent.a
libagent_a_SOURCES = \
	agent/answer.c agent/answer.h \
	agent/approval.c agent/approval.h \
	agent/calls.c agent/calls.h \
	agent/chat.c agent/chat.h \
	agent/context.c agent/context.h \
	agent/daytime.c agent/daytime.h \
	agent/events.c agent/events.h \
	agent/input.c agent/input.h \
	agent/model.c agent/model.h \
	agent/offer.c agent/offer.h \
	agent/offline.h agent/offline_ask.c agent/offline_category.c agent/offline_join.c \
	agent/offline_match.c agent/offline_match.h agent/offline_moment.c agent/offline_money.c \
	agent/offline_plain.c agent/offline_reading.h agent/offline_rules.c agent/offline_rules.h agent/offline_say.c agent/offline_step.c \
	agent/offline_token.c agent/offline_token.h agent/offline_when.c agent/offline_when.h \
	agent/offline_world.c \
	agent/pieces.c agent/pieces.h \
	agent/prompt.c agent/prompt.h \
	agent/provider.c agent/provider.h agent/provider_stream.c \
	agent/provider_anthropic.c agent/provider_offline.c agent/provider_openai.c \
	agent/reply.c agent/reply.h \
	agent/quirks.c agent/quirks.h \
	agent/refusal.c agent/refusal.h \
	agent/request.c agent/request.h agent/request_anthropic.c agent/request_openai.c \
	agent/request_extra.c agent/request_extra.h \
	agent/request_rules.c agent/request_rules.h \
	agent/resume.c agent/resume.h \
	agent/scan.c agent/scan.h \
	agent/think.c agent/think.h \
	agent/turn.c agent/turn.h \
	agent/wait.c agent/wait.h
