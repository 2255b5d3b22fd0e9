# SPDX-License-Identifier: Apache-2.0
# Static checks. Included by the Makefile.

##@ Lint

SCRIPTS := $(sort $(wildcard tests/*.sh tests/*/*.sh packaging/*.sh packaging/*/*.sh \
	dashboards/*.sh)) \
	.ci/run tests/kernel/init tests/kernel/wait-for \
	packaging/reference/output/kernel_taint_exporter.bash
JSONNET := $(sort $(wildcard dashboards/*.libsonnet dashboards/*/*.libsonnet \
	tests/rules/*/*.*sonnet))
JSONNETFMT := jsonnetfmt -n 2 --max-blank-lines 2 --string-style s --comment-style s
C_FILES  = $(SOURCES) exporter/main.c $(HEADERS) \
	$(sort $(wildcard tests/*/*.[ch] packaging/*/*.c))

# malloc-leak: gcc 12 forgets what it saw stored behind a pointer from elsewhere, and takes
# it for lost; the sanitizers watch for leaks.
ANALYZER := -O2 -g -fanalyzer -Wno-analyzer-malloc-leak

# varFuncNullUB: log_event()'s NULL at the end is a pointer here, as in all of glibc.
CPPCHECK := cppcheck --quiet --std=c11 --enable=warning,performance,portability \
	--suppress=varFuncNullUB --inline-suppr --error-exitcode=1 -D_GNU_SOURCE -Iinclude

.PHONY: lint format
lint: dependencies-test ## check format, layers, scripts and generated files; analyze with gcc and clang
	@$(MAKE) --no-print-directory -j$(JOBS) WERROR=1 CC=gcc BUILD=$(BUILD)/lint \
		CFLAGS='$(ANALYZER)' all
	@$(MAKE) --no-print-directory -j$(JOBS) WERROR=1 CC=clang BUILD=$(BUILD)/lint all \
		$(patsubst $(OUT)/%,$(BUILD)/lint/clang/%,$(UNITS) $(REPLAYS) $(FAULTS) $(PHASES))
	@echo '  LINT  clang-format'
	@clang-format --dry-run --Werror $(C_FILES)
	@echo '  LINT  clang-tidy'
	@echo $(SOURCES) exporter/main.c | xargs -n 8 -P $(JOBS) sh -c '\
		clang-tidy --quiet "$$@" -- -std=gnu17 -D_GNU_SOURCE -Iinclude \
		-DBUILD_VERSION=\"\" -DBUILD_REVISION=\"\" -DBUILD_BRANCH=\"\" \
		-DBUILD_ARCH=\"\" -DBUILD_INSTRUMENTED=0' sh >$(BUILD)/lint/clang-tidy.log 2>&1 || \
		{ cat $(BUILD)/lint/clang-tidy.log; exit 1; }
	@echo '  LINT  cppcheck'
	@$(CPPCHECK) exporter
	@echo '  LINT  headers alone'
	@for header in $(HEADERS); do \
		echo "#include \"$$header\"" | $(CC) -std=gnu17 -D_GNU_SOURCE -Iinclude -I. \
			-Wall -Werror -fsyntax-only -x c - || exit 1; \
	done
	@echo '  LINT  layers'
	@$(PYTHON) tests/lint/layers.py
	@echo '  LINT  shellcheck'
	@shellcheck $(SCRIPTS)
	@echo '  LINT  jsonnetfmt'
	@$(JSONNETFMT) --test $(JSONNET)
	@echo '  LINT  dashboards/output is what dashboards/generate.sh writes'
	@rm -rf $(BUILD)/lint/dashboards
	@dashboards/generate.sh $(BUILD)/lint/dashboards
	@diff -r -x .lint dashboards/output $(BUILD)/lint/dashboards || \
		{ echo 'run: make dashboards' >&2; exit 1; }
	@echo '  LINT  packaging/reference/output is what make reference writes'
	@rm -rf $(BUILD)/lint/reference
	@$(MAKE) --no-print-directory WERROR=1 CC=clang BUILD=$(BUILD)/lint \
		REFERENCE=$(BUILD)/lint/reference reference
	@diff -r packaging/reference/output $(BUILD)/lint/reference || \
		{ echo 'run: make reference' >&2; exit 1; }

format: ## reformat sources with clang-format and jsonnetfmt
	@clang-format -i $(C_FILES)
	@$(JSONNETFMT) -i $(JSONNET)
