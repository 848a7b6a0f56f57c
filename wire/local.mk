# SPDX-License-Identifier: BSD-2-Clause
# Every byte protocol, on the one reactor.
noinst_LIBRARIES += libwire.a
libwire_a_SOURCES = \
	wire/outq.c wire/outq.h \
	wire/sse.c wire/sse.h \
	wire/fastcgi/fastcgi_client.c wire/fastcgi/fastcgi_client.h \
	wire/fastcgi/fastcgi_record.c wire/fastcgi/fastcgi_record.h \
	wire/fastcgi/gateway.c wire/fastcgi/gateway.h \
	wire/fastcgi/inbound.c wire/fastcgi/inbound.h \
	wire/fastcgi/inbound_parts.h \
	wire/fastcgi/inbound_records.c \
	wire/http/http.c wire/http/http.h \
	wire/http/http_again.c \
	wire/http/http_loop.c \
	wire/http/http_parts.h \
	wire/http/http_reply.c \
	wire/http/http_request.c \
	wire/http/http_transfer.c \
	wire/http/http_url.c \
	wire/http/stream_http.c wire/http/stream_http.h \
	wire/redis/dial.c wire/redis/dial.h \
	wire/redis/link.c wire/redis/link.h \
	wire/redis/link_asks.c \
	wire/redis/link_calls.c \
	wire/redis/link_connect.c \
	wire/redis/link_loop.c \
	wire/redis/link_map.c \
	wire/redis/link_marks.c \
	wire/redis/link_parts.h \
	wire/redis/link_queue.c \
	wire/redis/link_read.c \
	wire/redis/link_reply.c wire/redis/link_reply.h \
	wire/redis/link_roles.c \
	wire/redis/link_route.c \
	wire/redis/link_send.c \
	wire/redis/listen.c wire/redis/listen.h \
	wire/redis/listen_ears.c wire/redis/listen_ears.h \
	wire/redis/listen_parts.h \
	wire/redis/listen_route.c \
	wire/redis/resp.c wire/redis/resp.h \
	wire/redis/sentinel.c wire/redis/sentinel.h \
	wire/redis/slots.c wire/redis/slots.h
WIRE_LIBS = libwire.a $(CURL_LIBS) $(HIREDIS_LIBS) $(FCGI_LIBS) $(HTTP_PARSER_LIBS) $(BASE_LIBS)
