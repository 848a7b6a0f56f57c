# SPDX-License-Identifier: BSD-2-Clause
# Speech: sound as bytes, and what runs the offline recogniser and voices.
libtools_a_SOURCES += \
	tools/voice/resample.c tools/voice/resample.h \
	tools/voice/speech.c tools/voice/speech.h \
	tools/voice/voice_words.c tools/voice/voice_words.h \
	tools/voice/wav.c tools/voice/wav.h
