# SPDX-License-Identifier: Apache-2.0
# Tests and benchmarks. tests/README.md says what each suite proves. Included by the
# Makefile.

.PHONY: dependencies-test
dependencies-test:
	@$(call install_packages,build test)
	@$(MAKE) --silent $(NODE_PACKAGES)

NODE_PACKAGES := tests/node_modules/.package-lock.json
$(NODE_PACKAGES): tests/package-lock.json
	@echo 'install: installing the npm packages that tests/package.json names'
	@npm ci --prefix tests --no-audit --no-fund --loglevel=error
	@touch $@

# run.py runs the commands COMMANDS_SUITE of each suite.
suites = $(foreach suite,$(1),$(suite): $(COMMANDS_$(suite)))
run_suites = @TALLY=$(TALLY) $(PYTHON) tests/run.py $(call suites,$(1))
sub_make = $(MAKE) --no-print-directory

# ---- programs ----

# A unit test links the layer of its source and those below; if it has a function
# __wrap_x, that wraps x.
TESTS := $(sort $(wildcard tests/unit/test_*.c))
UNITS := $(TESTS:%.c=$(OUT)/%)
folder_of = $(patsubst exporter/%/,%,$(dir $(filter %/$(1:test_%=%).c,$(SOURCES))))
wraps_of = $$($(NM) $(1) | sed -n 's/.* T __wrap_/-Wl,--wrap=/p')

$(OUT)/tests/unit/%.o: CPPFLAGS += $(if $(WIDE),-include tests/unit/wide.h)

define unit_rule
$(OUT)/tests/unit/$(1): $(OUT)/tests/unit/$(1).o \
		$(call archives,$(BELOW_$(call folder_of,$(1))))
	$(Q)$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) -o $$@ $$(filter-out FORCE,$$^) \
		$$(call wraps_of,$$@.o) -lcmocka $(LIBS)
endef
$(foreach test,$(TESTS:tests/unit/%.c=%),$(eval $(call unit_rule,$(test))))

# The whole program, in which every function that tests/faults/faults.c knows is wrapped.
FAULTS := $(OUT)/tests/faults/faults
$(FAULTS): $(FAULTS).o $(OUT)/exporter/main.o $(call archives,$(FOLDERS))
	$(if $(V),,@echo '  LINK  $@')
	$(Q)$(link_all) $(call wraps_of,$@.o)

# Each fuzz target is linked with libFuzzer, or with a main() of ours that shows it the
# files below tests/fuzz/corpus.
FUZZ    := $(patsubst tests/fuzz/fuzz_%.c,%,$(sort $(wildcard tests/fuzz/fuzz_*.c)))
REPLAYS := $(FUZZ:%=$(OUT)/tests/fuzz/replay_%)
$(REPLAYS): $(OUT)/tests/fuzz/replay_%: $(OUT)/tests/fuzz/fuzz_%.o \
		$(OUT)/tests/fuzz/replay.o $(call archives,$(FOLDERS))
	$(Q)$(link_all)
$(FUZZ:%=$(OUT)/tests/fuzz/fuzz_%): %: %.o $(call archives,$(FOLDERS))
	$(Q)$(link_all) -fsanitize=fuzzer

PHASES := $(OUT)/tests/bench/phases
$(PHASES): $(OUT)/tests/bench/phases.o $(call archives,$(FOLDERS))
	$(Q)$(link_all) -Wl,--wrap=findings_init

.PHONY: built
built: $(PROGRAM) $(UNITS)

-include $(UNITS:=.d) $(FAULTS).d $(FUZZ:%=$(OUT)/tests/fuzz/fuzz_%.d) \
	$(OUT)/tests/fuzz/replay.d $(PHASES).d

# ---- what each suite runs ----

# What is instrumented has no sandbox; only gcc's plain build is hardened and says how.
E2E := $(sort $(wildcard tests/e2e/test_*.py))
ifneq ($(INSTRUMENTED),0)
override E2E := $(filter-out %/test_sandbox.py %/test_syscalls.py,$(E2E))
endif
ifneq ($(FLAVOUR),)
override E2E := $(filter-out %/test_hardening.py,$(E2E))
endif

# T: how long the soak and each fuzz target run, in seconds.
T       ?= 60
KERNELS ?= 6.1-cloud 6.12-cloud

COMMANDS_unit        = $(UNITS)
COMMANDS_golden      = $(patsubst %,'$(PYTHON) tests/golden/%.py $(PROGRAM)',golden decode kernels)
COMMANDS_e2e         = $(E2E:%='$(PYTHON) % $(PROGRAM)')
COMMANDS_manual      = '$(PYTHON) tests/reference/test_reference.py $(PROGRAM)'
COMMANDS_rules       = '$(PYTHON) tests/rules/test_rules.py' \
	'$(PYTHON) tests/dashboards/test_dashboards.py' '$(PYTHON) tests/dashboards/test_schema.py'
COMMANDS_kubernetes  = '$(PYTHON) tests/packages/test_kubernetes.py $(BUILD)/roots'
COMMANDS_browser     = 'node tests/browser/test_page.mjs $(PROGRAM)'
COMMANDS_memcheck    = '$(PYTHON) tests/e2e/memcheck.py $(PROGRAM)'
COMMANDS_soak        = '$(PYTHON) tests/soak/test_soak.py $(PROGRAM) $(T)'
COMMANDS_faults      = '$(PYTHON) tests/faults/test_faults.py $(FAULTS)' \
	'$(PYTHON) tests/faults/test_server_faults.py $(FAULTS)'
COMMANDS_kernel      = $(KERNELS:%='$(PYTHON) tests/kernel/test_kernel.py $(PROGRAM) %')
COMMANDS_fuzz-replay = $(foreach target,$(FUZZ),\
	'$(OUT)/tests/fuzz/replay_$(target) tests/fuzz/corpus/$(target)')

##@ Test

# Most end-to-end tests wait most of the time: what computes runs beside them.
.PHONY: test test-built
test: dependencies-test ## install dependencies, build, run the tests of every change (minutes)
	@$(sub_make) -j$(JOBS) built
	@$(sub_make) test-built
test-built:
	@$(PYTHON) tests/run.py $(call suites,e2e) \
		BESIDE $(call suites,golden unit rules manual kubernetes browser)

# Each sub-make adds its counts to one tally.
DEEP  := kernel coverage asan faults tsan memcheck soak
TALLY ?=
.PHONY: test-deep
test-deep: dependencies-test ## the same with sanitizers, valgrind, failing calls, coverage, real kernels
	@rm -f $(BUILD)/tally; status=0; \
	for suite in $(DEEP); do \
		$(sub_make) TALLY=$(abspath $(BUILD))/tally $$suite || status=1; \
	done; \
	$(PYTHON) tests/run.py TOTAL $(BUILD)/tally && exit $$status

##@ Single suites

PLAIN := golden e2e manual browser memcheck kernel
.PHONY: unit fuzz-replay rules kubernetes $(PLAIN)
unit: $(UNITS) ## unit tests (TESTS=tests/unit/test_x.c for some)
	$(call run_suites,unit)
golden: ## pages, status and decode of all scenes and logs (UPDATE=1 rewrites them)
e2e: ## the program over loopback (E2E=tests/e2e/test_x.py for some)
rules: ## rules, alerts and dashboards
manual: ## the manual page and the completions of shells
browser: ## the status page in Chromium
kubernetes: ## manifests and chart
memcheck: ## commands and a server in valgrind
kernel: ## inside Debian's kernels, tainted for real (KERNELS=)
fuzz-replay: $(REPLAYS) ## each parser with the inputs of tests/fuzz/corpus
	$(call run_suites,fuzz-replay)
$(PLAIN): $(PROGRAM)
$(PLAIN) rules kubernetes:
	$(call run_suites,$@)

# Shows its table, unless it is one suite of many.
.PHONY: soak
soak: $(PROGRAM) ## a hundred pages a second for T=60 seconds
	$(if $(TALLY),$(call run_suites,soak),@$(patsubst '%',%,$(COMMANDS_soak)))

# LeakSanitizer waits at the end for threads that hang, and keeps memory that is free.
ASAN := SANITIZE=address,undefined
.PHONY: asan asan-built
asan: ## units, goldens, e2e and fuzz replay with ASan and UBSan
	@$(sub_make) $(ASAN) -j$(JOBS) built $(REPLAYS:$(OUT)/%=$(BUILD)/address-undefined/%)
	@$(sub_make) $(ASAN) TALLY=$(TALLY) \
		E2E='$(filter-out $(addprefix %/test_,hangs.py load.py fleet.py demo.py),$(E2E))' \
		asan-built
asan-built:
	$(call run_suites,unit golden fuzz-replay e2e)

# TSan of today loses its way where addresses are more random.
NOT_RANDOM = $(shell [ "$$(cat /proc/sys/vm/mmap_rnd_bits 2>/dev/null)" -le 28 ] || \
	echo setarch -R)
TSAN := SANITIZE=thread \
	TESTS='$(addprefix tests/unit/test_,kmsg.c worker.c)'
.PHONY: tsan tsan-built
tsan: ## the threads, with TSan
	@$(sub_make) $(TSAN) -j$(JOBS) built
	@$(NOT_RANDOM) $(sub_make) $(TSAN) TALLY=$(TALLY) \
		E2E='$(addprefix tests/e2e/test_,signature.py module.py)' tsan-built
tsan-built:
	$(call run_suites,unit e2e)

.PHONY: faults faults-built
faults: ## every call that can fail, failing once
	@$(sub_make) $(ASAN) -j$(JOBS) TALLY=$(TALLY) faults-built
faults-built: $(FAULTS)
	$(call run_suites,faults)

# Tests with third-party servers are left out; other tests cover the same code.
COVERING := $(filter-out $(addprefix %/test_,prometheus.py door_prometheus.py load.py \
	units.py fleet.py demo.py),$(E2E))
.PHONY: coverage coverage-built
coverage: ## lines that units, goldens and e2e reach: 95 % at least
	@$(sub_make) COVERAGE=1 -j$(JOBS) built
	@$(sub_make) COVERAGE=1 TALLY=$(TALLY) E2E='$(COVERING)' coverage-built
	@gcovr --root . --filter exporter/ --json $(BUILD)/coverage.json $(BUILD)/coverage
	@$(PYTHON) tests/lint/coverage.py $(BUILD)/coverage.json
coverage-built:
	$(call run_suites,unit golden e2e)

# What fuzzing finds stays in the build folder. If ASan keeps less of what is freed, the
# larger targets see three times as many inputs.
.PHONY: fuzz $(FUZZ:%=fuzz-%)
fuzz: dependencies-test ## each parser for T=60 seconds, with libFuzzer
	@$(sub_make) CC=clang SANITIZE=fuzzer-no-link,address,undefined $(FUZZ:%=fuzz-%)
$(FUZZ:%=fuzz-%): fuzz-%: $(OUT)/tests/fuzz/fuzz_%
	@mkdir -p $(OUT)/corpus/$*
	ASAN_OPTIONS=quarantine_size_mb=8 \
	$< -max_total_time=$(T) -max_len=8192 -print_final_stats=1 \
		-artifact_prefix=$(OUT)/found-$*- $(OUT)/corpus/$* tests/fuzz/corpus/$*

.PHONY: mutants
mutants: dependencies-test ## break the program on purpose: does a test notice?
	@$(PYTHON) tests/lint/mutants.py $(MUTANTS)

##@ Benchmarks

.PHONY: bench bench-fleet
bench: dependencies-test ## cost of a scrape, as ratios to node_exporter and a bare server
	@$(sub_make) all $(PHASES)
	@$(PYTHON) tests/bench/bench.py $(PROGRAM) $(PHASES)
bench-fleet: dependencies-test ## rules and dashboards with 10,000 hosts
	@$(sub_make) all
	@$(PYTHON) tests/bench/fleet.py $(PROGRAM)
