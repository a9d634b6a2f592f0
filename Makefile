# The front door.  Every target first installs what the machine lacks, then lets Meson build:
#
#	build/		the release: -O2, hardened		make, make run, make install, make test
#	build-bench/	the same, with the tools of the bench	make bench, powercut
#	build-san/	ASan and UBSan, warnings are errors	make unit, sim, interop
#	build-fuzz/	clang, libFuzzer, ASan and UBSan	make fuzz
#	build-plants/	a copy of the source, with faults in it	make test

PREFIX       ?= /usr/local
SEEDS        ?= 1-2000
FUZZ_SECONDS ?= 60
CUTS         ?= 20

ccache   := $(shell command -v ccache)
gcc      := CC="$(strip $(ccache) gcc)"
clang    := CC="$(strip $(ccache) clang)"
sanitize := -Db_sanitize=address,undefined -Db_lundef=false
folder    = test -f $@/build.ninja ||

export UBSAN_OPTIONS = halt_on_error=1:print_stacktrace=1

.PHONY: all run install unit sim fuzz interop test bench scale many powercut tls-audit tidy format clean release sanitized \
	fuzzers packages-build packages-test packages-powercut

all: release

packages-build packages-test packages-powercut: packages-%:
	@tools/install-packages $*

build: | packages-build
	@$(folder) $(gcc) meson setup $@ -Dtests=false -Dhardening=true --prefix=$(PREFIX)

build-bench: | packages-test
	@$(folder) $(gcc) meson setup $@ -Dhardening=true

build-san: | packages-test
	@$(folder) $(gcc) meson setup $@ $(sanitize) -Dwerror=true

build-fuzz: | packages-test
	@$(folder) $(clang) meson setup $@ $(sanitize) -Dfuzz=true

.PHONY: build build-bench build-san build-fuzz

release: build
	ninja -C build

sanitized: build-san
	ninja -C build-san

fuzzers: build-fuzz
	ninja -C build-fuzz

run: release
	tools/demo

# With DESTDIR (a package is being made) the user is left to the package's scripts.
install: build
	@meson configure build --prefix=$(PREFIX)
	meson install -C build
	sed 's,@SBIN@,$(PREFIX)/sbin,' contrib/facteur.service.in | \
		install -D -m 644 /dev/stdin $(DESTDIR)$(PREFIX)/lib/systemd/system/facteur.service
	$(if $(DESTDIR),,tools/make-user)

unit: sanitized
	tools/run-tests unit

# make sim: many seeds; make sim SEED=n: one, with all that happened.
sim: sanitized
	$(if $(SEED),build-san/test/sim/sim $(SEED) --verbose,tools/run-tests sim --seeds $(SEEDS))

fuzz: fuzzers
	tools/run-tests fuzz --seconds $(FUZZ_SECONDS)

interop: sanitized
	tools/run-tests interop

test: sanitized fuzzers release packages-powercut
	tools/run-tests unit sim plants fuzz interop powercut --seeds $(SEEDS) --seconds 8

# make bench QUICK=1: the same rows from shorter runs; doc/bench.md is left alone.
bench: build-bench
	ninja -C build-bench
	test/bench/bench.py --build build-bench $(if $(QUICK),--quick,--write doc/bench.md)
	test/bench/many.py --build build-bench $(if $(QUICK),,--append doc/bench.md)
	test/bench/dkim.py --build build-bench $(if $(QUICK),--quick,--append doc/bench.md)

# A million messages that wait, in the real program; MESSAGES=20000 is quick.
scale: build-bench
	ninja -C build-bench
	test/bench/scale.py --build build-bench $(if $(MESSAGES),--messages $(MESSAGES),--write doc/scale.md)

# One message to 10,000 recipients at 500 domains, beside Postfix.
many: build-bench
	ninja -C build-bench
	test/bench/many.py --build build-bench

# A real kernel, a disk with a volatile cache, and no power; make test has it in short.
powercut: build-bench packages-powercut
	ninja -C build-bench facteur
	test/powercut/powercut.py --facteur build-bench/facteur --cuts $(CUTS)

# testssl.sh in full against one listener, in part against two: ten minutes and more.
tls-audit: release packages-test
	FACTEUR=build/facteur tools/tls-audit

tidy: packages-test
	tools/tidy

format: packages-test
	git ls-files '*.c' '*.h' | xargs clang-format -i

clean:
	rm -rf build build-bench build-san build-fuzz build-plants
