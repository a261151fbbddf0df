# The face of the build: the targets that people who know PGXS expect, over CMake.
#   make                  build                      make demo      a short story in the terminal
#   make install          into PG_CONFIG's PostgreSQL; DESTDIR is honoured
#   make installcheck     regression tests against the running server that PGHOST, PGPORT, PGUSER ... name
#   make test             everything there is to test, on servers of its own
#   make test-versions    the same under PostgreSQL 17 and 18, in chroots of later Debian suites; needs root
#   make test-platforms   real shop platforms from npm (PLATFORMS="medusa" for some)
#   make test-bi          a BI client from npm reads segments
#   make test-sharing     the gateway for shared lists, from npm
#   make bench            rules against SQL, and what writers pay (BENCH="--only writes", ...)   make bench-core  the core alone
#   make format, make check-format
#   make sanitize         unit tests with sanitizers make fuzz      FUZZ_SECONDS=10 for each fuzzer
#   make soak             many clients at once for SOAK_SECONDS=600
#   make uninstall        make clean

PG_CONFIG ?= pg_config
BUILD ?= build
JOBS ?= $(shell nproc 2>/dev/null || echo 2)
FUZZ_SECONDS ?= 10
SOAK_SECONDS ?= 600
# The module is compiled by CMake; there is no bitcode of it for the server's JIT.
with_llvm = no

export PG_CONFIG
MAKEFLAGS += --no-print-directory

CMAKE_FLAGS = -DPG_CONFIG="$(PG_CONFIG)"
sources = $(shell find src test \( -name '*.cpp' -o -name '*.hpp' \) -print)
CLANG_FORMAT ?= $(shell command -v clang-format-14 || echo clang-format)
CLANG ?= $(shell command -v clang++-14 || echo clang++)

.PHONY: all install uninstall installcheck test test-versions test-platforms test-bi test-sharing demo bench bench-core unit sanitized sanitize fuzz soak format check-format dependencies clean

all:
	@mkdir -p $(BUILD)
	@cmake -S . -B $(BUILD)/release $(CMAKE_FLAGS) >$(BUILD)/configure.log 2>&1 || { cat $(BUILD)/configure.log; exit 1; }
	@MAKEFLAGS= cmake --build $(BUILD)/release -j $(JOBS) --target segmentation --target install_script

install: all
	@rm -rf $(BUILD)/stage
	@DESTDIR="$(abspath $(BUILD)/stage)" cmake --install $(BUILD)/release --strip >/dev/null
	@scripts/install_files.sh $(BUILD)/stage "$(DESTDIR)"

uninstall:
	rm -f "$(DESTDIR)$$($(PG_CONFIG) --pkglibdir)/segmentation.so"
	rm -f "$(DESTDIR)$$($(PG_CONFIG) --sharedir)/extension/segmentation.control"
	rm -f "$(DESTDIR)$$($(PG_CONFIG) --sharedir)"/extension/segmentation--*.sql

installcheck:
	@scripts/regress.sh

dependencies:
	@scripts/install_dependencies.sh test

test:
	@scripts/test.sh

# VERSIONS="18" and SUITES="regress pgtap" do less.
test-versions:
	@scripts/test_versions.sh $(VERSIONS)

# Installs hundreds of MB from npm.
test-platforms: all
	@scripts/install_dependencies.sh test
	@scripts/platforms.sh $(PLATFORMS)

# Installs 250 MB from npm.
test-bi: all
	@scripts/install_dependencies.sh test
	@scripts/bi.sh

# Installs 18 MB from npm.
test-sharing: all
	@scripts/install_dependencies.sh build
	@scripts/sharing.sh

demo:
	@scripts/demo.sh

bench:
	@scripts/bench.sh $(BENCH)

# The core alone: folding and judging rows that are in memory already.
bench-core:
	@scripts/install_dependencies.sh bench
	@mkdir -p $(BUILD)
	@cmake -S . -B $(BUILD)/release $(CMAKE_FLAGS) -DBUILD_BENCHMARKS=ON >$(BUILD)/configure.log 2>&1 || { cat $(BUILD)/configure.log; exit 1; }
	@MAKEFLAGS= cmake --build $(BUILD)/release -j $(JOBS)
	@for program in $(BUILD)/release/test/*_bench; do "$$program"; done

# Unit tests as the module is compiled; the core is shared with the release build.
unit:
	@mkdir -p $(BUILD)
	@cmake -S . -B $(BUILD)/release $(CMAKE_FLAGS) -DBUILD_UNIT_TESTS=ON >$(BUILD)/configure.log 2>&1 || { cat $(BUILD)/configure.log; exit 1; }
	@MAKEFLAGS= cmake --build $(BUILD)/release -j $(JOBS)
	@ctest --test-dir $(BUILD)/release -j $(JOBS) --output-on-failure

# Sanitized tests and fuzzers are one build by clang, a second compiler's opinion.
sanitized:
	@mkdir -p $(BUILD)
	@cmake -S . -B $(BUILD)/sanitize -DCMAKE_CXX_COMPILER=$(CLANG) -DBUILD_MODULE=OFF -DBUILD_UNIT_TESTS=ON \
	  -DBUILD_FUZZERS=ON -DSANITIZE=address,undefined -DCMAKE_BUILD_TYPE=Debug -DCMAKE_CXX_FLAGS_DEBUG="-O1 -g" \
	  >$(BUILD)/configure.log 2>&1 || { cat $(BUILD)/configure.log; exit 1; }
	@MAKEFLAGS= cmake --build $(BUILD)/sanitize -j $(JOBS)

sanitize: sanitized
	@ctest --test-dir $(BUILD)/sanitize -j $(JOBS) --output-on-failure

fuzz: sanitized
	@scripts/fuzz.sh $(BUILD)/sanitize $(FUZZ_SECONDS)

# SEED=n chooses the first round's shop.
soak: all
	@scripts/install_dependencies.sh test
	@SOAK_SECONDS=$(SOAK_SECONDS) test/concurrent/run.sh

format:
	@$(CLANG_FORMAT) -i $(sources)

check-format:
	@$(CLANG_FORMAT) --dry-run -Werror $(sources)

clean:
	@for name in demo test bench fuzz concurrent platforms bi sharing; do [ ! -e build/private-home ] || scripts/private_server.sh remove $$name; done
	@if [ -s build/private-home ]; then rm -rf "$$(cat build/private-home)"; fi
	rm -rf $(BUILD)
