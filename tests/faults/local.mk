# SPDX-License-Identifier: BSD-2-Clause
# The switch between the machines of tests/faults/machines.mjs.
check_PROGRAMS += tests/faults/wires
tests_faults_wires_LDADD = $(BASE_LIBS)
