# The door: what can be done here, in one word each. How is meson.build's
# business, and what a machine lacks is setup's.

CLANG_FORMAT := $(or $(shell command -v clang-format-14),clang-format)
CLANG_TIDY := $(or $(shell command -v clang-tidy-14),clang-tidy)
LINTED = $(shell find src include tests bench -name '*.[ch]' -o -name '*.cc')
SOURCES = $(shell find src -name '*.c')

.PHONY: help setup models build demo test lint asan format install clean

help:
	@echo 'make demo     from nothing to recommendations in every way'
	@echo 'make test     set up, build, and run every test'
	@echo
	@echo 'make setup    packages, llama.cpp, models and data that are missing'
	@echo 'make models   the model files alone'
	@echo 'make build    build/src/cli/reckon'
	@echo 'make lint     layout, static analysis, layers'
	@echo 'make asan     the unit tests under address and UB sanitizers'
	@echo 'make format   lay out the sources'
	@echo 'make install  to PREFIX (meson configure build -Dprefix=PREFIX)'
	@echo 'make clean    remove what was built'

setup:
	sh setup/setup.sh

models:
	sh setup/models.sh

build: build/build.ninja
	ninja -C build

%/build.ninja:
	prefix=$$(sh setup/llama.sh) && \
		meson setup $* -Dllama_prefix="$$prefix" $(MESON_OPTIONS)

demo: setup
	$(MAKE) build
	sh examples/demo.sh

test: setup
	$(MAKE) build
	sh tools/test.sh

lint: build/build.ninja
	sh setup/packages.sh setup/packages-lint.txt
	$(CLANG_FORMAT) --dry-run -Werror $(LINTED)
	sh tools/check-layers.sh
	printf '%s\n' $(SOURCES) | \
		xargs -n 1 -P "$$(nproc)" $(CLANG_TIDY) -p build --quiet

asan: MESON_OPTIONS = -Db_sanitize=address,undefined -Db_lundef=false
asan: build-asan/build.ninja
	ninja -C build-asan
	meson test -C build-asan --print-errorlogs --suite unit

format:
	$(CLANG_FORMAT) -i $(LINTED)

install: build
	meson install -C build

clean:
	rm -rf build build-asan
