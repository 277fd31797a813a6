# cee: who is built from what. `make help` lists the targets.

VERSION := $(shell cat VERSION)
CC      ?= gcc
BUILD    = build$(if $(SANITIZE),-$(subst $(comma),-,$(SANITIZE)))
BIN      = $(if $(SANITIZE),$(BUILD)/bin,bin)
comma    = ,

WARN     = -Wall -Wextra -Wswitch-enum -Wmissing-prototypes -Wshadow -Wformat=2 -Wvla $(if $(CI),-Werror)
HARDEN   = -fstack-protector-strong -D_FORTIFY_SOURCE=2 -fPIE -Wl,-z,relro,-z,now
CFLAGS  ?= -O2 -g
COMMON   = -std=c11 -D_GNU_SOURCE -DCEE_VERSION='"$(VERSION)"' -Isrc $(WARN) -ffunction-sections -MMD -MP
ALL_CFLAGS = $(COMMON) $(CFLAGS) \
	$(if $(SANITIZE),-fsanitize=$(SANITIZE) -fno-omit-frame-pointer -fPIE,$(HARDEN)) -pthread
# The runtimes are linked in: gcc's shared ones keep options apart, and one of them ignores where reports go.
RUNTIMES = $(patsubst %,-static-lib%,$(subst undefined,ubsan,$(subst thread,tsan,$(subst \
	address,asan,$(subst $(comma), ,$(SANITIZE))))))
# Each program gets what it uses of these, and no other library.
LDLIBS   = -Wl,--as-needed -lcjson -lnettle -lm -lcurl -larchive

# The folders are the architecture: a file belongs to what its folder belongs to.
sources  = $(sort $(wildcard $(1:%=src/%/*.c)))
objects  = $(patsubst src/%.c,$(BUILD)/%.o,$(call sources,$(1)))

LIB_DIRS    = base wire layers conf job spool cli engine
RUNNER_DIRS = runner/core runner/box runner/compile runner/pool runner/queue runner/layers \
	runner/run runner/host
# A program is a file of src/cmd, or a folder of it.
command  = $(patsubst src/%.c,$(BUILD)/%.o,$(sort $(wildcard src/cmd/$(1).c src/cmd/$(1)/*.c)))
COMMANDS = $(sort $(basename $(notdir $(wildcard src/cmd/*.c))) $(notdir $(patsubst %/,%,$(wildcard src/cmd/*/))))
PROGRAMS = $(COMMANDS) cee-doctor cee-http cee-lang cee-mcp cee-runner
UNIT     = $(patsubst tests/unit/%.c,%,$(wildcard tests/unit/*_test.c))
FUZZ     = $(patsubst tests/fuzz/%.c,%,$(wildcard tests/fuzz/*_fuzz.c))

.PHONY: all generate unit-programs help demo serve check check-hosts unit fuzz fuzz-short fuzz-deps fuzz-coverage bench lint lint-cppcheck lint-scripts lint-analysis install uninstall clean images deps deb rpm
.SECONDARY:
.SECONDEXPANSION:
all: $(PROGRAMS:%=$(BIN)/%) $(BIN)/cee-init

help:
	@echo 'make                build the programs into bin/ (scripts/install-deps build run: what that needs)'
	@echo 'make demo           install what is missing, start an engine if none answers, run the examples'
	@echo 'make images         build the images of the languages'
	@echo 'make serve          cee-http behind lighttpd on http://127.0.0.1:8080/, until Ctrl-C'
	@echo 'make install        install into PREFIX (/usr/local) and /etc/cee, beneath DESTDIR'
	@echo 'make deb, make rpm   build a package into build-deb or build-rpm'
	@echo 'make uninstall      remove that again; the spool, cee.conf and your own languages stay'
	@echo 'make unit           run the unit tests: no engine, a few seconds'
	@echo 'make lint           check the structure, the style, manual pages, scripts; cppcheck (tests/lint)'
	@echo 'make lint-analysis  the analyzers of clang and gcc; minutes the first time'
	@echo 'make check          install what the tests need, run all of them (SANITIZE=address,undefined works)'
	@echo 'make fuzz           run each fuzzer for FUZZ_SECONDS (20)'
	@echo 'make fuzz-coverage  which lines of each parser the corpora of the fuzzers reach'
	@echo 'make bench          measure; prints medians, ratios and a plot (BENCH="--quick first-byte …")'
	@echo 'make generate       rewrite the files that other languages take from tables in C (openapi.json …)'
	@echo 'make clean          remove what was built'

$(BUILD)/libcee.a: $(call objects,$(LIB_DIRS))
$(BUILD)/http.a: $(filter-out %/cee-http.o,$(call objects,http))
$(BUILD)/mcp.a: $(filter-out %/cee-mcp.o,$(call objects,mcp))
$(BUILD)/images.a: $(filter-out %/cee-lang.o,$(call objects,images))
$(BUILD)/doctor.a: $(filter-out %/cee-doctor.o,$(call objects,doctor))
$(BUILD)/runner.a: $(call objects,$(RUNNER_DIRS))
# For unit tests; cee-init itself is linked from static objects.
$(BUILD)/init.a: $(filter-out %/main.o,$(call objects,init))
$(BUILD)/%.a:
	rm -f $@ && $(AR) rcs $@ $^
LINK = @mkdir -p $(@D) && $(CC) $(ALL_CFLAGS) -pie -o $@ $(RUNTIMES) $(filter %.o,$^) $(filter %.a,$^)
$(PROGRAMS:%=$(BIN)/%) $(UNIT:%=$(BUILD)/unit/%): $(if $(SANITIZE),$(BUILD)/sanitize.o)
$(BUILD)/sanitize.o: tests/tools/sanitize.c
	@mkdir -p $(@D) && mkdir -p -m 1777 $(BUILD)/reports
	$(CC) $(COMMON) -O1 -fPIE -DREPORTS='"$(CURDIR)/$(BUILD)/reports"' -c -o $@ $<

$(COMMANDS:%=$(BIN)/%): $(BIN)/%: $$(call command,$$*) $(BUILD)/libcee.a
	$(LINK) $(LDLIBS)
$(BIN)/cee-lang: $(BUILD)/images/cee-lang.o $(BUILD)/images.a $(BUILD)/libcee.a
	$(LINK) $(LDLIBS)
# The doctor tries limits with the runner's own parts, all but its main.
$(BIN)/cee-doctor: $(BUILD)/doctor/cee-doctor.o $(BUILD)/doctor.a $(BUILD)/runner.a $(BUILD)/libcee.a
	$(LINK) $(LDLIBS)
$(BIN)/cee-runner: $(call objects,runner) $(BUILD)/runner.a $(BUILD)/libcee.a
	$(LINK) $(LDLIBS)
# A process a request: each library that need not be loaded is a part of its time. nettle's and libm's few
# functions are linked in.
NETTLE = $(if $(SANITIZE),-lnettle,-Wl,-Bstatic -lnettle -lm -Wl,-Bdynamic)
$(BIN)/cee-http: $(BUILD)/http/cee-http.o $(BUILD)/http.a $(BUILD)/libcee.a
	$(LINK) -Wl,--as-needed -lcjson $(NETTLE) -lm
$(BIN)/cee-mcp: $(BUILD)/mcp/cee-mcp.o $(BUILD)/mcp.a $(BUILD)/http.a $(BUILD)/libcee.a
	$(LINK) -Wl,--as-needed -lcjson $(NETTLE) -lm

$(BUILD)/http/meta.o: src/http/openapi.json
$(BUILD)/mcp/tool_list.o: src/mcp/tools.json

# What the self-test runs in boxes to see that limits hold; static, as it runs in foreign images.
$(BUILD)/limit_probe: src/probe/probe.c
	@mkdir -p $(@D)
	$(CC) -std=c11 -D_GNU_SOURCE $(WARN) -O1 -static -s -o $@ $<
$(BUILD)/runner/host/limit_probe.o: $(BUILD)/limit_probe
$(BUILD)/runner/host/limit_probe.o: ALL_CFLAGS += -DLIMIT_PROBE_PROGRAM='"$(BUILD)/limit_probe"'

# Process 1 of every box: static, libc only, as it runs in foreign images. Of the sanitizers only undefined can be
# static; its reports go to standard error, which the runner logs.
STATIC = $(BUILD)/static
STATIC_CFLAGS = $(COMMON) -O2 -g -fstack-protector-strong -D_FORTIFY_SOURCE=2 $(STATIC_SANITIZE)
STATIC_SANITIZE = $(if $(findstring undefined,$(SANITIZE)),-fsanitize=undefined)
$(STATIC)/%.o: src/%.c
	@mkdir -p $(@D)
	$(CC) $(STATIC_CFLAGS) -c -o $@ $<
$(STATIC)/sanitize.o: tests/tools/sanitize.c
	@mkdir -p $(@D)
	$(CC) $(COMMON) -O1 -c -o $@ $<
$(STATIC)/base.a: $(patsubst src/%.c,$(STATIC)/%.o,$(call sources,base wire))
	rm -f $@ && $(AR) rcs $@ $^
$(BIN)/cee-init: $(patsubst src/%.c,$(STATIC)/%.o,$(call sources,init)) \
		$(if $(STATIC_SANITIZE),$(STATIC)/sanitize.o) $(STATIC)/base.a
	@mkdir -p $(@D)
	$(CC) -static $(STATIC_SANITIZE) -Wl,--gc-sections -o $@ $^

$(BUILD)/%.o: src/%.c
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) -c -o $@ $<
-include $(shell find $(BUILD) -name '*.d' 2>/dev/null)

# Unit tests link what they use of everything but the mains.
$(BUILD)/unit/%.o: tests/unit/%.c
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) -c -o $@ $<
$(BUILD)/unit/%: $(BUILD)/unit/%.o $(BUILD)/init.a $(BUILD)/doctor.a $(BUILD)/runner.a $(BUILD)/mcp.a $(BUILD)/http.a $(BUILD)/images.a $(BUILD)/libcee.a
	$(LINK) $(WRAPPED:%=-Wl,--wrap=%) $(LDLIBS)
$(BUILD)/unit/once_test: WRAPPED = json_parse job_check
$(BUILD)/unit/layer_test: WRAPPED = faccessat
$(BUILD)/unit/self_test_test: WRAPPED = limit_probe_start limit_probes_stop
$(BUILD)/unit/apparmor_test: WRAPPED = mount
# These must take every step of a state machine's table (tests/unit/steps.h).
STATE_MACHINES = box gate compiler layer_build pool run phase session
$(STATE_MACHINES:%=$(BUILD)/unit/%_test): WRAPPED = state_step
unit-programs: $(UNIT:%=$(BUILD)/unit/%)
unit: unit-programs
	@for t in $(UNIT:%=$(BUILD)/unit/%); do $$t || exit 1; done

# What other languages know of the tables in C: checked in, and compared by tests/lint/facts.
$(BUILD)/facts: $(wildcard scripts/facts/*.[ch]) $(BUILD)/libcee.a
	$(CC) $(filter-out -MMD -MP,$(ALL_CFLAGS)) -pie -o $@ $(filter-out %.h,$^) $(LDLIBS)
generate: $(BUILD)/facts
	$(BUILD)/facts

FUZZ_SECONDS ?= 20
# What is fuzzed is compiled once, for all fuzzers: everything but the mains.
FUZZED = $(filter-out %/cee-http.o %/cee-mcp.o %/cee-lang.o %/cee-doctor.o %/init/main.o,$(patsubst \
	src/%.c,build/$(1)/%.o,$(call sources,$(LIB_DIRS) $(RUNNER_DIRS) http mcp images doctor init)))
CLANG  = clang -g -O1 -fno-sanitize-recover=all $(COMMON) -Itests/fuzz
SANITIZED = address,undefined
build/fuzzed/%.o: src/%.c | fuzz-deps
	@mkdir -p $(@D)
	$(CLANG) -fsanitize=fuzzer-no-link,$(SANITIZED) -c -o $@ $<
build/fuzzed/runner/host/limit_probe.o build/covered/runner/host/limit_probe.o: $(BUILD)/limit_probe
build/fuzzed/runner/host/limit_probe.o build/covered/runner/host/limit_probe.o: COMMON += \
	-DLIMIT_PROBE_PROGRAM='"$(BUILD)/limit_probe"'
build/fuzzed/all.a: $(call FUZZED,fuzzed)
	rm -f $@ && $(AR) rcs $@ $^
build/fuzz/%: tests/fuzz/%.c build/fuzzed/all.a
	@mkdir -p $(@D)
	$(CLANG) -fsanitize=fuzzer,$(SANITIZED) -o $@ $< build/fuzzed/all.a $(LDLIBS)
fuzz-deps:
	@scripts/install-deps build fuzz
fuzz: $(FUZZ:%=build/fuzz/%)
	@for f in $(FUZZ); do mkdir -p build/fuzz/corpus/$$f; \
		build/fuzz/$$f -max_total_time=$(FUZZ_SECONDS) -close_fd_mask=1 -verbosity=0 \
		-artifact_prefix=build/fuzz/ build/fuzz/corpus/$$f $$(ls -d tests/fuzz/corpus/$$f 2>/dev/null) \
		|| exit 1; done
	@for f in $(wildcard tests/fuzz/*_fuzz.py); do python3 $$f $(FUZZ_SECONDS) || exit 1; done
	@for f in $(wildcard tests/fuzz/*_fuzz.cjs); do node $$f $(FUZZ_SECONDS) || exit 1; done
	@for f in $(wildcard tests/fuzz/*_fuzz); do $$f $(FUZZ_SECONDS) || exit 1; done
# Each over its corpus and a second of mutation, the same in each run: tests/07-fuzz.bats.
fuzz-short: $(FUZZ:%=build/fuzz/%)
	@for f in $(FUZZ); do rm -rf build/fuzz/short; mkdir -p build/fuzz/short; \
		if build/fuzz/$$f -seed=1 -max_total_time=1 -close_fd_mask=1 -verbosity=0 -artifact_prefix=build/fuzz/ build/fuzz/short \
			$$(ls -d tests/fuzz/corpus/$$f 2>/dev/null) > build/fuzz/short.log 2>&1; then echo "ok $$f"; \
		else tail -n 40 build/fuzz/short.log; echo "not ok $$f"; bad=1; fi; done; [ -z "$$bad" ]
# Which lines of each parser the corpora in the tree reach: no sanitizer, but counters.
COVERED = -fprofile-instr-generate -fcoverage-mapping -Wno-unused-command-line-argument
build/covered/%.o: src/%.c | fuzz-deps
	@mkdir -p $(@D)
	$(CLANG) $(COVERED) -c -o $@ $<
build/covered/all.a: $(call FUZZED,covered)
	rm -f $@ && $(AR) rcs $@ $^
build/coverage/%: tests/fuzz/%.c build/covered/all.a
	@mkdir -p $(@D)
	$(CLANG) $(COVERED) -fsanitize=fuzzer -o $@ $< build/covered/all.a $(LDLIBS)
fuzz-coverage: $(FUZZ:%=build/coverage/%)
	tests/fuzz/coverage $(FUZZ)

deps:
	scripts/install-deps build
images: all
	bin/cee-lang build
demo:
	scripts/demo
serve:
	@scripts/serve
check:
	SANITIZE=$(SANITIZE) tests/run
# cee in a virtual machine of another kind of host (docs/hosts.md); as root. SUITE=bookworm is another.
SUITE = trixie
check-hosts:
	scripts/install-deps vm
	tests/vm/machine build $(SUITE) cee/bash
	tests/vm/machine start $(SUITE)
	tests/vm/machine run $(SUITE) RUNS=$${RUNS:-100} /root/cee/tests/vm/trial; r=$$?; tests/vm/machine stop $(SUITE); exit $$r
bench: all
	scripts/install-deps bench
	tests/bench $(BENCH)
# Each check alone: tests/lint. As a test: tests/05-lint.bats.
lint: all lint-cppcheck
	tests/lint/structure.py
	tests/lint/format
	tests/lint/manuals
	tests/lint/facts
	tests/lint/promises
	tests/lint/seccomp
	tests/lint/scripts
lint-scripts:
	tests/lint/scripts
# Minutes, so it is not a part of lint.
lint-analysis:
	tests/lint/analysis
lint-cppcheck:
	cppcheck --quiet --error-exitcode=1 --inline-suppr --std=c11 -D_GNU_SOURCE -Isrc \
		--enable=warning,portability --suppress=varFuncNullUB src

# cee.conf is made where there is none, and never overwritten. Languages that are shipped are beside the programs; the
# administrator's own, in /etc/cee/languages.d, override those of the same name. Without DESTDIR the AppArmor profile is
# loaded, too.
PREFIX ?= /usr/local
CONF    = $(DESTDIR)/etc/cee
SHARE   = $(DESTDIR)$(PREFIX)/share
PROFILE = $(DESTDIR)/etc/apparmor.d/cee-box
install: all
	install -d $(DESTDIR)$(PREFIX)/bin $(CONF)/languages.d $(SHARE)/cee
	install -m755 $(PROGRAMS:%=$(BIN)/%) $(BIN)/cee-init $(DESTDIR)$(PREFIX)/bin
	for m in man/*; do install -D -m644 $$m $(SHARE)/man/man$${m##*.}/$${m##*/}; done
	install -d $(DESTDIR)$(PREFIX)/lib/systemd/system
	for u in etc/systemd/*; do sed 's,/usr/local/bin/,$(PREFIX)/bin/,' $$u > $(DESTDIR)$(PREFIX)/lib/systemd/system/$${u##*/}; done
	install -d $(SHARE)/bash-completion/completions $(SHARE)/zsh/site-functions
	for p in $(PROGRAMS); do \
		install -m644 etc/completion/cee.bash $(SHARE)/bash-completion/completions/$$p; done
	install -m644 etc/completion/_cee $(SHARE)/zsh/site-functions/
	install -m644 etc/seccomp.json etc/seccomp-cell.json $(CONF)/
	[ -e $(CONF)/cee.conf ] || { scripts/installed-conf < etc/cee.conf > $(CONF)/cee.conf && chmod 644 $(CONF)/cee.conf; }
	install -d $(SHARE)/cee/web
	install -m644 share/web/* $(SHARE)/cee/web
	install -d $(SHARE)/doc/cee/http
	install -m644 etc/http/* $(SHARE)/doc/cee/http
	rm -rf $(SHARE)/cee/languages.d && cp -RL --no-preserve=all etc/languages.d $(SHARE)/cee/languages.d
	DESTDIR=$(DESTDIR) scripts/apparmor-load --file $(PROFILE)
# What install made. The spool, its results and cee.conf stay, and so does /etc/cee/languages.d: they are the administrator's.
uninstall:
	rm -f $(PROGRAMS:%=$(DESTDIR)$(PREFIX)/bin/%) $(DESTDIR)$(PREFIX)/bin/cee-init
	for m in man/*; do rm -f $(SHARE)/man/man$${m##*.}/$${m##*/}; done
	for u in etc/systemd/*; do rm -f $(DESTDIR)$(PREFIX)/lib/systemd/system/$${u##*/}; done
	for p in $(PROGRAMS); do rm -f $(SHARE)/bash-completion/completions/$$p; done
	rm -f $(SHARE)/zsh/site-functions/_cee $(CONF)/seccomp.json $(CONF)/seccomp-cell.json
	rm -rf $(SHARE)/cee $(SHARE)/doc/cee
	[ -n "$(DESTDIR)" ] || [ ! -e $(PROFILE) ] || [ ! -d /sys/kernel/security/apparmor ] || apparmor_parser --remove $(PROFILE) || :
	rm -f $(PROFILE)
	[ ! -d $(CONF)/languages.d ] || rmdir --ignore-fail-on-non-empty $(CONF)/languages.d
	[ ! -d $(CONF) ] || rmdir --ignore-fail-on-non-empty $(CONF)
# From a copy of the sources, into build-deb and build-rpm.
deb rpm:
	scripts/package $@
clean:
	rm -rf build build-* bin/cee-*
