# SPDX-License-Identifier: Apache-2.0
#
# Building, running and installing the program. `make help` lists all targets; those for
# tests, packages and dashboards are in files of their own, included below.
#
# Variables: BUILD=dir, CC=clang, SANITIZE=address,undefined, COVERAGE=1, WERROR=1, V=1;
# for install: PREFIX=, DESTDIR=, UNITDIR=, DEFAULTS=.

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

# The processor; and files and times of 64 bits where it has 32 (feature_test_macros(7)).
ARCH := $(shell $(CC) -dumpmachine 2>/dev/null | cut -d- -f1)
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

# The layers, each with those below it: what a source and its test may link.
BELOW_base       := base
BELOW_model      := model base
BELOW_sources    := sources model base
BELOW_exposition := exposition model base
BELOW_web        := web base
BELOW_commands   := commands sources exposition model web base
FOLDERS          := commands sources exposition model web base

SOURCES := $(sort $(wildcard exporter/*/*.c))
HEADERS := $(sort $(wildcard include/*/*.h))
OBJECTS := $(SOURCES:%.c=$(OUT)/%.o)

archive = $(OUT)/lib$(1).a
archives = $(foreach folder,$(1),$(call archive,$(folder)))

# What links with all of the program's code.
link_all = $(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) -o $@ $(filter %.o %.a,$^) $(LIBS)

##@ Build and run

.PHONY: all FORCE
all: $(PROGRAM) ## build the program (default)

# Every object depends on flags, which is rewritten only when they change.
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

# No sandbox with sanitizers or coverage, which need files and calls of their own.
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
	$(Q)$(link_all)

FORCE:

ARGS ?= --web.listen-address=127.0.0.1:10093

# Each target dependencies-X installs the Debian packages that its tools need.
install_packages = packaging/dependencies/install.sh $(1:%=packaging/dependencies/%.txt)

# run builds in a make of its own: pkg-config may have come with the packages.
.PHONY: dependencies-build run
dependencies-build:
	@$(call install_packages,build)
run: dependencies-build ## install dependencies, build, serve this host on loopback
	@$(MAKE) --no-print-directory all
	$(PROGRAM) $(ARGS)

##@ Install

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

# The environment file is the administrator's: never overwritten, removed if unchanged.
.PHONY: install uninstall
install: $(PROGRAM) ## install to $(DESTDIR)$(PREFIX)
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

uninstall: ## remove the installed files
	rm -f $(DESTDIR)$(PREFIX)/bin/$(NAME) $(DESTDIR)$(UNITDIR)/$(NAME).service
	@for pair in $(INSTALLED); do \
		set -x; rm -f "$(DESTDIR)$${pair#*:}" || exit 1; \
	done
	rm -rf $(DESTDIR)$(SHARE)/$(NAME) $(DESTDIR)$(SHARE)/doc/$(NAME)
	! cmp -s packaging/systemd/$(NAME).default $(DESTDIR)$(DEFAULTS)/$(NAME) || \
		rm $(DESTDIR)$(DEFAULTS)/$(NAME)

##@ General

# One line for each target with a comment behind ##, below the groups behind ##@.
.PHONY: help clean
help: ## list the targets
	@awk 'BEGIN { FS = ":.*## " } \
		/^##@ / { printf "\n%s\n", substr($$0, 5) } \
		/^[a-z0-9-]+:.*## / { printf "  %-14s  %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

clean: ## remove the build folder
	rm -rf $(BUILD)

include tests/tests.mk tests/lint/lint.mk dashboards/dashboards.mk packaging/packaging.mk

-include $(OBJECTS:.o=.d) $(OUT)/exporter/main.d
