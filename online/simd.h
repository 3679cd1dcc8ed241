#pragma once

/// FRESHET_SIMD: compile the function for several instruction sets and take the best one at start-up: by level, since a
/// CPU's name ("arch=haswell") would only match Intel's. Not under sanitizers, whose runtimes are not up yet when that
/// choice is made.
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__) && !defined(FRESHET_SANITIZED)
#define FRESHET_SIMD __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define FRESHET_SIMD
#endif
