# SPDX-License-Identifier: BSD-2-Clause
# What nginx includes, with the paths of this installation; see nginx/turnpike-site.conf.
nginxdir = $(pkgdatadir)/nginx
dist_nginx_DATA = nginx/turnpike-site.conf nginx/turnpike-main.conf
nodist_nginx_DATA = nginx/turnpike.conf nginx/turnpike-http.conf
nginx/turnpike-http.conf: nginx/turnpike.conf
nginx/turnpike.conf: nginx/turnpike.conf.in nginx/turnpike-http.conf.in build-aux/make-nginx
	$(AM_V_GEN)$(top_srcdir)/build-aux/make-nginx --run-dir /run/turnpike --web-dir $(webdir) \
	    --log-dir /var/log/nginx --out nginx
CLEANFILES += $(nodist_nginx_DATA)
EXTRA_DIST += nginx/turnpike.conf.in nginx/turnpike-http.conf.in build-aux/make-nginx
