# The chat page: static files, and one that is made: the library that reads Markdown.
webdir = $(pkgdatadir)/web
dist_web_DATA = web/index.html web/style.css web/app.js web/client.js web/approvals.js web/attached.js \
	web/elements.js web/inbox.js web/markdown.js web/signin.js web/toasts.js web/transcript.js \
	web/icon.svg
nodist_web_DATA = web/markdown-it.js
web/markdown-it.js: build-aux/make-markdown
	$(AM_V_GEN)$(MKDIR_P) web && $(top_srcdir)/build-aux/make-markdown $@
CLEANFILES += $(nodist_web_DATA)
EXTRA_DIST += build-aux/make-markdown

# web/ of the build directory is what nginx serves from a build: links to the sources, and what is made.
noinst_DATA = web/.tree
web/.tree: $(dist_web_DATA) Makefile
	$(AM_V_GEN)$(MKDIR_P) web && \
	    for f in $(dist_web_DATA); do test -f web/$${f##*/} || ln -sf $(abs_top_srcdir)/$$f web/ || exit 1; done && \
	    touch $@
CLEANFILES += web/.tree
clean-local: clean-web
clean-web:
	test ! -d web || find web -type l -exec rm -f {} +
.PHONY: clean-web
