# Byte protocols without input and output of their own.
noinst_LIBRARIES += libwire.a
libwire_a_SOURCES = \
	wire/fastcgi_record.c wire/fastcgi_record.h
WIRE_LIBS = libwire.a
