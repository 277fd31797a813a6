# cee: who is built from what. `make help` lists the targets.

VERSION  = 0.1
CC      ?= gcc
BUILD    = build$(if $(SANITIZE),-$(subst $(comma),-,$(SANITIZE)))
BIN      = $(if $(SANITIZE),$(BUILD)/bin,bin)
comma    = ,

WARN     = -Wall -Wextra -Wswitch-enum -Wmissing-prototypes -Wshadow -Wformat=2 -Wvla
HARDEN   = -fstack-protector-strong -D_FORTIFY_SOURCE=2 -fPIE -Wl,-z,relro,-z,now
CFLAGS  ?= -O2 -g
ALL_CFLAGS = -std=c11 -D_GNU_SOURCE -Isrc $(WARN) $(CFLAGS) -MMD -MP \
	$(if $(SANITIZE),-fsanitize=$(SANITIZE) -fno-omit-frame-pointer -fPIE,$(HARDEN)) -pthread
LDLIBS   = -lcjson -lnettle -lm

LIB      = util id limit conf json pattern job lang result files index spool spool_runner spool_input spool_metrics frame prog client draft guess follow tty attend offer \
	compare draft_tests tap
LIB     += packages declare
LIB     += group key room remove submitter crowd token
LIB     += layer layer_text layer_tree layer_prune
LIB     += share account
RUNNER   = main loop http engine attach box compiler images pool run deliver feed tests verdict files pin queue output sync log config metrics
RUNNER  += canary host layers package_box packages pruner share
INIT     = cee-init cell carry kept filter usage layer sha256

# program: extra libraries
PROGRAMS = cee-submit cee-run cee-log cee-stat cee-cancel cee-fsck cee-lang
PROGRAMS += cee-rm cee-prune
PROGRAMS += cee-doctor
PROGRAMS += cee-files
PROGRAMS += cee-http cee-token
LIBS_cee-files = -larchive
LIBS_cee-lang = -lcurl -larchive
HTTP     = cgi body route answer auth about first tasks list quota raw input events cursor ticket cors page metrics
LANG_PARTS = engine tar child source image check layer

LIB_OBJ    = $(LIB:%=$(BUILD)/lib/%.o)
RUNNER_OBJ = $(RUNNER:%=$(BUILD)/runner/%.o)
UNIT       = $(patsubst tests/unit/%.c,%,$(wildcard tests/unit/*_test.c))
FUZZ       = $(patsubst tests/fuzz/%.c,%,$(wildcard tests/fuzz/*_fuzz.c))

.PHONY: all unit-programs help demo serve check unit fuzz bench lint man-lint install clean images deps
.SECONDARY:
all: $(PROGRAMS:%=$(BIN)/%) $(BIN)/cee-runner bin/cee-init

help:
	@echo 'make        build the programs into bin/'
	@echo 'make demo   install what is missing, start an engine if none answers, run the examples'
	@echo 'make serve  cee-http behind lighttpd on http://127.0.0.1:8080/, until Ctrl-C'
	@echo 'make check  install what the tests need, run all tests (SANITIZE=address,undefined works)'
	@echo 'make bench  measure; prints medians and ratios, and a plot (BENCH="--quick first-byte …")'
	@echo 'make fuzz   run each fuzzer for FUZZ_SECONDS (20)'
	@echo 'make lint   cppcheck and mandoc -T lint'

# Objects first, whoever names them: of an archive is linked what those before it lack.
$(filter-out %/cee-http,$(PROGRAMS:%=$(BIN)/%)): $(BIN)/%: $(BUILD)/%.o $(BUILD)/libcee.a
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) -pie -o $@ $(filter %.o,$^) $(filter %.a,$^) $(LDLIBS) $(LIBS_$*)

$(BIN)/cee-lang: $(LANG_PARTS:%=$(BUILD)/lang/%.o)

# A process a request: each library that need not be loaded is a part of its time. nettle's and libm's few
# functions are linked in.
NETTLE = $(if $(SANITIZE),-lnettle,-Wl,-Bstatic -lnettle -lm -Wl,-Bdynamic)
$(BIN)/cee-http: $(BUILD)/cee-http.o $(HTTP:%=$(BUILD)/http/%.o) $(BUILD)/libcee.a
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) -pie -o $@ $^ -Wl,--as-needed -lcjson $(NETTLE) -lm

# The doctor flies its canaries with the runner's own parts, all but its main.
$(BIN)/cee-doctor: $(BUILD)/doctor/local.o $(BUILD)/runner.a
LIBS_cee-doctor = $(BUILD)/libcee.a $(LDLIBS) -lcurl
$(BUILD)/runner.a: $(filter-out %/main.o,$(RUNNER_OBJ))
	$(AR) rcs $@ $^

$(BIN)/cee-runner: $(RUNNER_OBJ) $(BUILD)/libcee.a
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) -pie -o $@ $^ $(LDLIBS) -lcurl

$(BUILD)/http/about.o: src/http/openapi.json

# What canary.c flies in boxes to see that limits hold; static, as it runs in foreign images.
$(BUILD)/canary: src/init/canary.c
	@mkdir -p $(@D)
	$(CC) -std=c11 -D_GNU_SOURCE $(WARN) -O1 -static -s -o $@ $<
$(BUILD)/runner/canary.o: $(BUILD)/canary
$(BUILD)/runner/canary.o: ALL_CFLAGS += -DCANARY_PROGRAM='"$(BUILD)/canary"'

# Process 1 of every box: static, libc only, never with a sanitizer (it runs in foreign images).
bin/cee-init: $(INIT:%=src/init/%.c) src/lib/frame.c src/lib/pattern.c src/frame.h src/limit.h src/pattern.h \
		$(wildcard src/init/*.h)
	@mkdir -p $(@D)
	$(CC) -std=c11 -D_GNU_SOURCE -Isrc $(WARN) -O2 -g -fstack-protector-strong \
		-D_FORTIFY_SOURCE=2 -DCEE_BUILD='"$(VERSION)"' -static -o $@ $(filter %.c,$^)

$(BUILD)/libcee.a: $(LIB_OBJ)
	$(AR) rcs $@ $^
$(BUILD)/%.o: src/%.c
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) -c -o $@ $<
-include $(wildcard $(BUILD)/*.d $(BUILD)/*/*.d)

# Parsers of the runner that unit tests and fuzzers link (no main there).
TESTABLE = $(BUILD)/runner/http.o $(BUILD)/http.a
$(BUILD)/http.a: $(HTTP:%=$(BUILD)/http/%.o)
	$(AR) rcs $@ $^
$(BUILD)/unit/%: tests/unit/%.c $(TESTABLE) $(BUILD)/libcee.a
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) -pie -o $@ $^ $(LDLIBS)
$(BUILD)/unit/doctor_test: tests/unit/doctor_test.c $(BUILD)/doctor/local.o $(BUILD)/runner.a $(BUILD)/libcee.a
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) -pie -o $@ $^ $(LDLIBS) -lcurl
unit-programs: $(UNIT:%=$(BUILD)/unit/%)
unit: unit-programs
	@for t in $(UNIT:%=$(BUILD)/unit/%); do $$t || exit 1; done

FUZZ_SECONDS ?= 20
build/fuzz/%: tests/fuzz/%.c $(LIB:%=src/lib/%.c) src/runner/http.c $(HTTP:%=src/http/%.c)
	@mkdir -p $(@D)
	clang -g -O1 -std=c11 -D_GNU_SOURCE -Isrc -fsanitize=fuzzer,address,undefined -o $@ $^ $(LDLIBS)
fuzz: $(FUZZ:%=build/fuzz/%)
	@for f in $(FUZZ); do mkdir -p build/fuzz/corpus/$$f; \
		build/fuzz/$$f -max_total_time=$(FUZZ_SECONDS) -close_fd_mask=1 -verbosity=0 \
		-artifact_prefix=build/fuzz/ build/fuzz/corpus/$$f $$(ls -d tests/fuzz/corpus/$$f 2>/dev/null) \
		|| exit 1; done

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
bench: all
	scripts/install-deps bench
	tests/bench $(BENCH)
lint:
	cppcheck --quiet --error-exitcode=1 --inline-suppr --std=c11 -D_GNU_SOURCE -Isrc \
		--enable=warning,portability --suppress=varFuncNullUB src
	mandoc -T lint -W warning man/*

PREFIX ?= /usr/local
install: all
	install -d $(DESTDIR)$(PREFIX)/bin $(DESTDIR)/etc/cee/languages.d
	install -m755 $(PROGRAMS:%=$(BIN)/%) $(BIN)/cee-runner bin/cee-init $(DESTDIR)$(PREFIX)/bin
	for m in man/*; do install -D -m644 $$m $(DESTDIR)$(PREFIX)/share/man/man$${m##*.}/$${m##*/}; done
	install -d $(DESTDIR)$(PREFIX)/lib/systemd/system
	for u in etc/systemd/*; do sed 's,/usr/local/bin/,$(PREFIX)/bin/,' $$u > $(DESTDIR)$(PREFIX)/lib/systemd/system/$${u##*/}; done
	install -d $(DESTDIR)$(PREFIX)/share/bash-completion/completions $(DESTDIR)$(PREFIX)/share/zsh/site-functions
	for p in $(PROGRAMS) cee-runner; do \
		install -m644 etc/completion/cee.bash $(DESTDIR)$(PREFIX)/share/bash-completion/completions/$$p; done
	install -m644 etc/completion/_cee $(DESTDIR)$(PREFIX)/share/zsh/site-functions/
	install -m644 etc/seccomp.json etc/seccomp-cell.json $(DESTDIR)/etc/cee/
	install -d $(DESTDIR)$(PREFIX)/share/cee/web
	install -m644 share/web/* $(DESTDIR)$(PREFIX)/share/cee/web
	install -d $(DESTDIR)$(PREFIX)/share/doc/cee/http
	install -m644 etc/http/* $(DESTDIR)$(PREFIX)/share/doc/cee/http
	cd etc/languages.d && cp -RL --no-preserve=all . $(DESTDIR)/etc/cee/languages.d
clean:
	rm -rf build build-* bin/cee-*
