/*
 * test/fuzz - what every *_fuzz.c includes: libFuzzer's entry, and LAW, which must hold
 */
#ifndef TEST_FUZZ_H
#define TEST_FUZZ_H

#include <stdint.h>
#include <stdlib.h>

#include "base/str.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define LAW(condition)            \
	do {                      \
		if (!(condition)) \
			abort();  \
	} while (0)

#endif
