"""The compiled core: kernels in C, how they are declared, built, found and called."""
