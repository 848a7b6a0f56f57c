# SPDX-License-Identifier: BSD-2-Clause
# The chat page and the client library: static files, and some that are made of packages: what reads Markdown, what colours code, the
# coast of maps.
webdir = $(pkgdatadir)/web
webclientdir = $(webdir)/client
webchatdir = $(webclientdir)/chat
webcardsdir = $(webchatdir)/cards
webwordsdir = $(webchatdir)/words
webadmindir = $(webdir)/admin

dist_web_DATA = \
	web/app.js \
	web/chatlist.js \
	web/chats.js \
	web/early.js \
	web/icon-maskable.svg \
	web/icon.svg \
	web/inbox.js \
	web/index.html \
	web/kept.js \
	web/labels.js \
	web/manifest.webmanifest \
	web/offline.js \
	web/preferences.js \
	web/push.js \
	web/settings.js \
	web/signin.js \
	web/sound.js \
	web/style.css \
	web/sw.js \
	web/theme.js \
	web/toasts.js

# The operator's page.
dist_webadmin_DATA = \
	web/admin/admin.css \
	web/admin/admin.js \
	web/admin/feedback.js \
	web/admin/figures.js \
	web/admin/index.html \
	web/admin/plots.js \
	web/admin/selftest.js

dist_webclient_DATA = \
	web/client/LICENSE \
	web/client/README.md \
	web/client/chat.js \
	web/client/client.js \
	web/client/conversation.d.ts \
	web/client/conversation.js \
	web/client/events.js \
	web/client/http.js \
	web/client/ids.js \
	web/client/index.d.ts \
	web/client/index.js \
	web/client/package.json \
	web/client/progress.js \
	web/client/queue.js \
	web/client/reasons.js \
	web/client/requests.js \
	web/client/socket.js \
	web/client/sse.js \
	web/client/stored.js \
	web/client/token.js \
	web/client/transports.js \
	web/client/versions.js

dist_webchat_DATA = \
	web/client/chat/acts.js \
	web/client/chat/approvals.js \
	web/client/chat/attached.js \
	web/client/chat/camera.js \
	web/client/chat/cards.js \
	web/client/chat/clipboard.js \
	web/client/chat/code.js \
	web/client/chat/composer.js \
	web/client/chat/drafts.js \
	web/client/chat/drop.js \
	web/client/chat/edit.js \
	web/client/chat/elements.js \
	web/client/chat/feedback.js \
	web/client/chat/fields.js \
	web/client/chat/files.js \
	web/client/chat/follow.js \
	web/client/chat/form.js \
	web/client/chat/frame.js \
	web/client/chat/icons.js \
	web/client/chat/late.js \
	web/client/chat/limits.js \
	web/client/chat/markdown.js \
	web/client/chat/message.js \
	web/client/chat/parts.js \
	web/client/chat/preview.js \
	web/client/chat/progress.js \
	web/client/chat/session.js \
	web/client/chat/site.js \
	web/client/chat/style-answers.js \
	web/client/chat/style-approvals.js \
	web/client/chat/style-composer.js \
	web/client/chat/style.js \
	web/client/chat/tools.js \
	web/client/chat/transcript.js \
	web/client/chat/voice-bar.js \
	web/client/chat/voice-in.js \
	web/client/chat/voice-out.js \
	web/client/chat/voice-recorder.js \
	web/client/chat/voice-text.js \
	web/client/chat/voice-worklet.js \
	web/client/chat/voice.js \
	web/client/chat/words.js

dist_webcards_DATA = \
	web/client/chat/cards/calendar.js \
	web/client/chat/cards/kit.js \
	web/client/chat/cards/map.js \
	web/client/chat/cards/meals.js \
	web/client/chat/cards/money.js \
	web/client/chat/cards/plot.js \
	web/client/chat/cards/travel.js \
	web/client/chat/cards/vehicle.js \
	web/client/chat/cards/weather.js

dist_webwords_DATA = \
	web/client/chat/words/de.js \
	web/client/chat/words/es.js \
	web/client/chat/words/fr.js

nodist_webchat_DATA = \
	web/client/chat/coast.js \
	web/client/chat/highlight.js \
	web/client/chat/markdown-it.js
web/client/chat/coast.js: build-aux/make-coast build-aux/make-coast.mjs build-aux/npm-file.sh
	$(AM_V_GEN)$(MKDIR_P) web/client/chat && $(top_srcdir)/build-aux/make-coast $@
web/client/chat/highlight.js: build-aux/make-highlight build-aux/npm-file.sh
	$(AM_V_GEN)$(MKDIR_P) web/client/chat && $(top_srcdir)/build-aux/make-highlight $@
web/client/chat/markdown-it.js: build-aux/make-markdown build-aux/npm-file.sh
	$(AM_V_GEN)$(MKDIR_P) web/client/chat && $(top_srcdir)/build-aux/make-markdown $@
CLEANFILES += $(nodist_webchat_DATA)
EXTRA_DIST += build-aux/make-coast build-aux/make-coast.mjs build-aux/make-highlight build-aux/make-markdown build-aux/npm-file.sh

# The npm package turnpike-client as a tarball, with the files that are made.
client-package: web/.tree $(nodist_webchat_DATA)
	rm -rf web/package && cp -R $(srcdir)/web/client web/package && cp $(nodist_webchat_DATA) web/package/chat/ && npm pack ./web/package
.PHONY: client-package

# web/ of the build directory is what nginx serves, and what is installed: build-aux/make-small.
web_files = $(dist_web_DATA) $(dist_webadmin_DATA) $(dist_webclient_DATA) $(dist_webchat_DATA) $(dist_webcards_DATA) $(dist_webwords_DATA)
noinst_DATA = web/.tree
web/.tree: build-aux/make-packed build-aux/make-small build-aux/npm-file.sh $(web_files:web/%=$(srcdir)/web/%) $(nodist_webchat_DATA) Makefile
	$(AM_V_GEN)$(top_srcdir)/build-aux/make-small $(srcdir) $(nodist_webchat_DATA) -- $(web_files) && touch $@ && \
	    { test $(srcdir) = . || $(top_srcdir)/build-aux/make-packed `cat web/.files` `find web/admin -name '*.*' ! -name '*.gz'`; } && \
	    if test -e web/.plain; then touch -d @0 $@; fi
# What the page's service worker keeps, with the digest of each file.
nodist_web_DATA = web/files.js
web/files.js: build-aux/make-files web/.tree
	$(AM_V_GEN)$(top_srcdir)/build-aux/make-files $@ $(srcdir) `cat web/.files` && \
	    { test $(srcdir) = . || $(top_srcdir)/build-aux/make-packed $@; }
# The bundles, whose names the build makes.
install-data-hook: install-web
install-web: web/.tree web/files.js
	for f in `grep -h -- '-[A-Z0-9]*\.js$$' web/.files`; do \
	    $(INSTALL_DATA) $$f "$(DESTDIR)$(webchatdir)/$${f##*/}" || exit 1; done
	for f in `ls web/admin | grep -- '-[A-Z0-9]\{8\}\.js$$'`; do \
	    $(INSTALL_DATA) web/admin/$$f "$(DESTDIR)$(webadmindir)/$$f" || exit 1; done
	find "$(DESTDIR)$(webdir)" -name '*.gz' -exec rm -f {} +
	for f in `find web -name '*.gz' ! -path 'web/package/*'`; do \
	    $(INSTALL_DATA) $$f "$(DESTDIR)$(webdir)/$${f#web/}" || exit 1; done
uninstall-hook: uninstall-web
uninstall-web:
	rm -f "$(DESTDIR)$(webchatdir)"/*-????????.js "$(DESTDIR)$(webadmindir)"/*-????????.js
	test ! -d "$(DESTDIR)$(webdir)" || find "$(DESTDIR)$(webdir)" -name '*.gz' -exec rm -f {} +
# A tarball has the sources as they are written.
dist-hook: dist-web
dist-web:
	for f in $(web_files); do cp -pf $(srcdir)/$$f $(distdir)/$$f || exit 1; done
CLEANFILES += $(nodist_web_DATA) web/.tree web/.plain web/.files
EXTRA_DIST += build-aux/make-files build-aux/make-packed build-aux/make-small
clean-local: clean-web
clean-web:
	rm -f .esbuild-*
	test $(srcdir) = . || test ! -d web || find web -name '*.gz' -exec rm -f {} +
	test $(srcdir) = . || test ! -d web || { find web -type l -exec rm -f {} + ; rm -f $(web_files) web/client/chat/*-????????.js web/admin/*-????????.js; }
.PHONY: clean-web dist-web install-web uninstall-web
