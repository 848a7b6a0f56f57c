# The chat page: static files, no build step.
webdir = $(pkgdatadir)/web
dist_web_DATA = web/index.html web/style.css web/app.js web/client.js web/approvals.js \
	web/elements.js web/inbox.js web/icon.svg
