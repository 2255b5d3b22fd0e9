# SPDX-License-Identifier: Apache-2.0
# Dashboards, rules and the demo. Included by the Makefile.

##@ Dashboards

.PHONY: dashboards dependencies-demo demo pictures
dashboards: dependencies-test ## generate dashboards/output from the sources
	@dashboards/generate.sh

dependencies-demo:
	@$(call install_packages,build demo)

demo: dependencies-demo ## install Prometheus and Alertmanager, serve a simulated fleet on loopback
	@$(MAKE) --no-print-directory all
	@$(PYTHON) dashboards/demo/demo.py $(PROGRAM)

pictures: dependencies-test ## take the pictures of the README again
	@$(MAKE) --no-print-directory all
	@node tests/browser/pictures.mjs $(PROGRAM)
