# The chat page: static files, no build step.
webdir = $(pkgdatadir)/web
dist_web_DATA = web/index.html web/style.css web/app.js web/client.js web/icon.svg
