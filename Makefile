# SPDX-License-Identifier: GPL-2.0-only
#
# make            build $(OUTPUT)/shimscope
# make demo       install what is missing, trace a real containerd, print the report, clean up
# make test       unit and end-to-end tests on this machine
# make test-vm    the end-to-end tests on other kernels, in virtual machines  (K=6.12 C=1.6 B=fentry)
# make lint       clang-format, clang-tidy, cppcheck, shellcheck
# make install    DESTDIR= PREFIX=/usr/local
#
# V=1 shows the commands; OUTPUT=dir builds elsewhere; STATIC=1 links statically; ARCH=arm64 with
# CROSS_COMPILE= builds for another machine.

OUTPUT ?= .output
PREFIX ?= /usr/local
V ?= 0

ifeq ($(V),1)
Q :=
msg = @:
else
Q := @
msg = @printf '  %-8s %s\n' "$(1)" "$(patsubst $(OUTPUT)/%,%,$(2))"
endif

.DELETE_ON_ERROR:
.SUFFIXES:

HOST_ARCH := $(shell uname -m | sed 's/aarch64/arm64/; s/x86_64/x86/')
ARCH ?= $(HOST_ARCH)
CROSS_COMPILE ?=
ifeq ($(origin CC),default)
CC := $(CROSS_COMPILE)gcc
endif
ifeq ($(origin AR),default)
AR := $(CROSS_COMPILE)ar
endif
CLANG ?= $(firstword $(shell command -v clang clang-22 clang-21 clang-20 clang-19 clang-18 clang-17 clang-16 clang-15 clang-14 2>/dev/null) clang)
LLVM_STRIP ?= $(firstword $(shell command -v llvm-strip $(subst clang,llvm-strip,$(notdir $(CLANG))) llvm-strip-14 2>/dev/null))
BPFTOOL ?= $(firstword $(shell command -v bpftool 2>/dev/null) /usr/sbin/bpftool)
PKG_CONFIG ?= $(CROSS_COMPILE)pkg-config
ifeq ($(shell command -v $(PKG_CONFIG) 2>/dev/null),)
PKG_CONFIG := pkg-config
endif
PROTOC_C ?= protoc-c

PACKAGES := libbpf libelf zlib jansson libprotobuf-c libcap-ng ncursesw libmd
PKG_FLAGS := $(if $(STATIC),--static)
CPPFLAGS += -D_GNU_SOURCE -Iuser -Ibpf -I$(OUTPUT)
CFLAGS ?= -O2 -g
WARNINGS := -Wall -Wextra -Wshadow -Wformat-signedness -Werror
ALL_CFLAGS := -std=gnu11 $(WARNINGS) $(CFLAGS) $(shell $(PKG_CONFIG) --cflags $(PACKAGES) 2>/dev/null)
LDLIBS := $(shell $(PKG_CONFIG) --libs $(PKG_FLAGS) $(PACKAGES) 2>/dev/null) -lpthread -lm
LDFLAGS += $(if $(STATIC),-static)

BPF_CFLAGS := -g -O2 -target bpf -mcpu=v3 -D__TARGET_ARCH_$(ARCH) -Wall -Wextra -Wshadow -Werror \
	-Wno-unused-parameter -Wno-unused-function -Wno-missing-declarations \
	-Ivmlinux/$(ARCH) -Ibpf -I$(OUTPUT) \
	-idirafter /usr/include/$(if $(filter arm64,$(ARCH)),aarch64,x86_64)-linux-gnu

BPF_OBJECTS := tracer openfiles
SKELETONS := $(BPF_OBJECTS:%=$(OUTPUT)/bpf/%.skel.h)

LIB_DIRS := model capture node diff view bench
LIB_SOURCES := $(sort $(foreach d,$(LIB_DIRS),$(wildcard user/$(d)/*.c)))
BIN_SOURCES := $(sort $(wildcard user/probe/*.c user/trace/*.c user/cmd/*.c))
LIB_OBJECTS := $(LIB_SOURCES:%.c=$(OUTPUT)/%.o) $(OUTPUT)/capture/capture.pb-c.o
GENERATED := $(SKELETONS) $(OUTPUT)/capture/capture.pb-c.h $(OUTPUT)/capture/capture.proto.inc
BIN_OBJECTS := $(BIN_SOURCES:%.c=$(OUTPUT)/%.o)

.PHONY: all
all: $(OUTPUT)/shimscope

$(OUTPUT)/shimscope: $(BIN_OBJECTS) $(OUTPUT)/libshimscope.a
	$(call msg,LINK,$@)
	$(Q)$(CC) $(ALL_CFLAGS) $(LDFLAGS) -o $@ $(BIN_OBJECTS) $(OUTPUT)/libshimscope.a $(LDLIBS)

$(OUTPUT)/libshimscope.a: $(LIB_OBJECTS)
	$(call msg,AR,$@)
	$(Q)rm -f $@
	$(Q)$(AR) rcs $@ $(LIB_OBJECTS)

$(OUTPUT)/user/%.o: user/%.c
	$(call msg,CC,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(CPPFLAGS) $(ALL_CFLAGS) -MMD -MP -c $< -o $@

# Generated headers exist before anything is compiled.
$(LIB_OBJECTS) $(BIN_OBJECTS): | $(GENERATED)

# --- BPF -------------------------------------------------------------------------------------------

$(OUTPUT)/bpf/%.o: bpf/%.bpf.c
	$(call msg,BPF,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CLANG) $(BPF_CFLAGS) -MMD -MP -c $< -o $@

$(OUTPUT)/bpf/%.bpf.o: $(OUTPUT)/bpf/%.o
	$(call msg,GEN-OBJ,$@)
	$(Q)$(BPFTOOL) gen object $@ $<

$(OUTPUT)/bpf/%.skel.h: $(OUTPUT)/bpf/%.bpf.o
	$(call msg,GEN-SKEL,$@)
	$(Q)$(BPFTOOL) gen skeleton $< name $*_bpf > $@

.PRECIOUS: $(OUTPUT)/bpf/%.o $(OUTPUT)/bpf/%.bpf.o

# --- the capture's schema ----------------------------------------------------------------------------

$(OUTPUT)/capture/capture.pb-c.c $(OUTPUT)/capture/capture.pb-c.h &: user/capture/capture.proto
	$(call msg,PROTOC,$(OUTPUT)/capture/capture.pb-c.c)
	$(Q)mkdir -p $(OUTPUT)/capture
	$(Q)$(PROTOC_C) -Iuser/capture --c_out=$(OUTPUT)/capture $<

$(OUTPUT)/capture/capture.pb-c.o: $(OUTPUT)/capture/capture.pb-c.c
	$(call msg,CC,$@)
	$(Q)$(CC) $(CPPFLAGS) -std=gnu11 $(CFLAGS) $(shell $(PKG_CONFIG) --cflags libprotobuf-c) -c $< -o $@

# The schema's text as a C string: every capture carries it.
$(OUTPUT)/capture/capture.proto.inc: user/capture/capture.proto
	$(call msg,GEN,$@)
	$(Q)mkdir -p $(@D)
	$(Q)sed 's/\\/\\\\/g; s/"/\\"/g; s/^/"/; s/$$/\\n"/' $< > $@

# --- tests -------------------------------------------------------------------------------------------

UNIT_SOURCES := $(sort $(wildcard tests/unit/test_*.c))
UNIT_TESTS := $(UNIT_SOURCES:tests/unit/%.c=$(OUTPUT)/unit/%)
UNIT_HELPERS := $(sort $(filter-out $(UNIT_SOURCES),$(wildcard tests/unit/*.c)))
SANITIZE := -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer -O1 -g
SAN_LIB_OBJECTS := $(LIB_SOURCES:%.c=$(OUTPUT)/san/%.o) $(OUTPUT)/san/capture.pb-c.o
SAN_HELPER_OBJECTS := $(UNIT_HELPERS:%.c=$(OUTPUT)/san/%.o)

$(SAN_LIB_OBJECTS) $(SAN_HELPER_OBJECTS): | $(GENERATED)

$(OUTPUT)/san/%.o: %.c
	$(call msg,CC,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(CPPFLAGS) -Itests/unit $(ALL_CFLAGS) $(SANITIZE) -MMD -MP -c $< -o $@

$(OUTPUT)/san/capture.pb-c.o: $(OUTPUT)/capture/capture.pb-c.c
	$(call msg,CC,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(CPPFLAGS) -std=gnu11 $(SANITIZE) $(shell $(PKG_CONFIG) --cflags libprotobuf-c) -c $< -o $@

$(OUTPUT)/unit/%: $(OUTPUT)/san/tests/unit/%.o $(SAN_HELPER_OBJECTS) $(SAN_LIB_OBJECTS)
	$(call msg,LINK,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(ALL_CFLAGS) $(SANITIZE) -o $@ $^ $(shell $(PKG_CONFIG) --libs cmocka) $(LDLIBS)

.PRECIOUS: $(OUTPUT)/san/%.o

.PHONY: unit
unit: $(UNIT_TESTS)

.PHONY: clean
clean:
	$(call msg,CLEAN,$(OUTPUT))
	$(Q)rm -rf $(OUTPUT)

-include $(patsubst %.o,%.d,$(LIB_OBJECTS) $(BIN_OBJECTS) $(SAN_LIB_OBJECTS) $(SAN_HELPER_OBJECTS)) \
	$(UNIT_SOURCES:%.c=$(OUTPUT)/san/%.d) $(BPF_OBJECTS:%=$(OUTPUT)/bpf/%.d)

# What is run: tests/run says how, in order, and sums up.
.PHONY: test test-unit test-e2e test-vm
test: all unit
	$(Q)OUTPUT=$(OUTPUT) tests/run unit e2e

test-unit: unit
	$(Q)OUTPUT=$(OUTPUT) tests/run unit

test-e2e: all
	$(Q)OUTPUT=$(OUTPUT) tests/run e2e

test-vm: all
	$(Q)OUTPUT=$(OUTPUT) tests/kernels/run $(if $(K),-k $(K)) $(if $(C),-c $(C)) $(if $(B),-b $(B))

# --- checks ------------------------------------------------------------------------------------------

FORMAT_FILES := $(filter-out vmlinux/%,$(shell git ls-files '*.c' '*.h' 2>/dev/null))
TIDY_FILES := $(filter user/%.c,$(FORMAT_FILES))
SHELL_FILES := $(shell git ls-files 2>/dev/null | xargs -r grep -lE '^\#!/bin/(ba)?sh' 2>/dev/null)

.PHONY: lint format
lint: $(GENERATED)
	$(call msg,FORMAT,clang-format)
	$(Q)clang-format --dry-run -Werror $(FORMAT_FILES)
	$(call msg,TIDY,clang-tidy)
	$(Q)printf '%s\n' $(TIDY_FILES) | xargs -P 2 -n 1 sh -c 'clang-tidy --quiet "$$0" -- $(CPPFLAGS) -std=gnu11 2>/dev/null || { echo "clang-tidy: $$0"; exit 255; }'
	$(call msg,CPPCHECK,cppcheck)
	$(Q)cppcheck --quiet --error-exitcode=1 --std=c11 --enable=warning,performance,portability \
		--library=tests/cppcheck.cfg --inline-suppr --suppress=missingIncludeSystem --suppress=preprocessorErrorDirective \
		-Iuser -Ibpf -I$(OUTPUT) $(TIDY_FILES)
	$(call msg,SHELL,shellcheck)
	$(Q)shellcheck -x $(SHELL_FILES)

format:
	$(Q)clang-format -i $(FORMAT_FILES)

# --- use ---------------------------------------------------------------------------------------------

.PHONY: demo setup install
setup:
	$(Q)scripts/setup.sh

# The first thing that a stranger runs: nothing may be installed yet, so it does not depend on `all`.
demo:
	$(Q)scripts/setup.sh --test
	$(Q)$(MAKE) --no-print-directory all
	$(Q)OUTPUT=$(OUTPUT) scripts/demo.sh $(DEMO)

install: all
	$(call msg,INSTALL,$(DESTDIR)$(PREFIX)/bin/shimscope)
	$(Q)install -d $(DESTDIR)$(PREFIX)/bin $(DESTDIR)$(PREFIX)/share/doc/shimscope
	$(Q)install -m 755 $(OUTPUT)/shimscope $(DESTDIR)$(PREFIX)/bin/shimscope
	$(Q)install -m 644 README.md LICENSE user/capture/FORMAT.md $(DESTDIR)$(PREFIX)/share/doc/shimscope
