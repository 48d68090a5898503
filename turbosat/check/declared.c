// The declarations that this library was built from, for whoever loads it.
#include "kernels.h"

__attribute__((visibility("default"))) const char *declared(void)
{
    return DECLARED;
}
