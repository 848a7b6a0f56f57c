# The stream worker's own files. fastcgi_client (pure) serves the housekeeper too.
libstream_a_SOURCES += \
	workers/fastcgi_call.c workers/fastcgi_call.h \
	workers/fastcgi_client.c workers/fastcgi_client.h \
	workers/fastcgi_pool.c workers/fastcgi_pool.h \
	workers/hub.c workers/hub.h workers/hub_parts.h \
	workers/hub_deliver.c workers/hub_look.c \
	workers/hub_place.c workers/hub_place.h \
	workers/hub_runs.c workers/hub_runs.h \
	workers/logentry.c workers/logentry.h \
	workers/stream.h \
	workers/stream_conn.c \
	workers/stream_events.c \
	workers/stream_frames.c \
	workers/stream_handshake.c \
	workers/stream_http.c workers/stream_http.h \
	workers/stream_legacy.c \
	workers/stream_message.c \
	workers/stream_offer.c workers/stream_offer.h \
	workers/stream_socket.c \
	workers/stream_sse.c \
	workers/stream_worker.c \
	workers/viewer.c workers/viewer.h
STREAM_LIBS = libstream.a $(WIRE_LIBS) $(WSLAY_LIBS) $(HTTP_PARSER_LIBS)
$(libstream_a_OBJECTS): store/scripts.h
