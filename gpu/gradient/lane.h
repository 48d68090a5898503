// What the kernels of a lane share: clause words, random numbers, the record of the best.
#pragma once
#include "gradient.h"

#define ONE ((int64_t)1 << 32) // one true literal in a clause word
#define LOW (ONE - 1)
