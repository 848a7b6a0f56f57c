# SPDX-License-Identifier: BSD-2-Clause
# For Prometheus and Grafana: docs/measurements.md. `turnpike observe` tries them.
monitoringdir = $(pkgdatadir)/monitoring
dist_monitoring_DATA = monitoring/alerts.yml monitoring/prometheus.yml monitoring/grafana-datasource.yml \
	monitoring/grafana-dashboards.yml
dashboardsdir = $(monitoringdir)/dashboards
dist_dashboards_DATA = monitoring/dashboards/turnpike.json
