# SPDX-License-Identifier: Apache-2.0
# freshet_library, freshet_executable, freshet_test declare all targets, so that every target has the same warnings, and
# every library states its purpose, how it reports errors, and which libraries it may include.

find_program(CCACHE ccache)
if(CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CCACHE})
endif()

# Compiling a file that includes torch takes over 1 GB of memory: one at a time.
set_property(GLOBAL APPEND PROPERTY JOB_POOLS torch_pool=1)

add_library(freshet_flags INTERFACE)
target_compile_options(freshet_flags INTERFACE -Wall -Wextra -Wconversion -Wshadow -Werror -fopenmp-simd)
# GCC 12 warns of overlaps in std::string that cannot happen (GCC bug 105329).
target_compile_options(freshet_flags INTERFACE $<$<CXX_COMPILER_ID:GNU>:-Wno-restrict>)
# Clang builds are for fuzzing, where instrumented loops need not be vectorized.
target_compile_options(freshet_flags INTERFACE $<$<CXX_COMPILER_ID:Clang>:-Wno-pass-failed>)
target_include_directories(freshet_flags INTERFACE ${PROJECT_SOURCE_DIR} ${PROJECT_BINARY_DIR})

# freshet_library(NAME store ABOUT "..." ERRORS "..." SOURCES a.cc... [ALLOW base...] [PUBLIC dep::x...]
#                 [PRIVATE dep::y...] [PCH <torch/torch.h>])
# defines freshet::store. ALLOW names the freshet libraries that it may include; they are linked.
function(freshet_library)
  cmake_parse_arguments(PARSE_ARGV 0 LIB "" "NAME;ABOUT;ERRORS;PCH" "SOURCES;ALLOW;PUBLIC;PRIVATE")
  foreach(required NAME ABOUT ERRORS SOURCES)
    if(NOT LIB_${required})
      message(FATAL_ERROR "freshet_library(${LIB_NAME}): ${required} is missing")
    endif()
  endforeach()
  if(LIB_UNPARSED_ARGUMENTS)
    message(FATAL_ERROR "freshet_library(${LIB_NAME}): unknown argument ${LIB_UNPARSED_ARGUMENTS}")
  endif()
  add_library(freshet_${LIB_NAME} STATIC ${LIB_SOURCES})
  add_library(freshet::${LIB_NAME} ALIAS freshet_${LIB_NAME})
  list(TRANSFORM LIB_ALLOW PREPEND freshet::)
  target_link_libraries(freshet_${LIB_NAME} PUBLIC freshet_flags ${LIB_ALLOW} ${LIB_PUBLIC} PRIVATE ${LIB_PRIVATE})
  if(LIB_PCH)
    target_precompile_headers(freshet_${LIB_NAME} PRIVATE ${LIB_PCH})
    set_property(TARGET freshet_${LIB_NAME} PROPERTY JOB_POOL_COMPILE torch_pool)
  endif()
endfunction()

# freshet_executable(NAME freshet SOURCES main.cc LINKS freshet::cli)
function(freshet_executable)
  cmake_parse_arguments(PARSE_ARGV 0 EXE "" "NAME" "SOURCES;LINKS")
  add_executable(${EXE_NAME} ${EXE_SOURCES})
  target_link_libraries(${EXE_NAME} PRIVATE freshet_flags ${EXE_LINKS})
  if(FRESHET_SANITIZER STREQUAL "thread")
    set(support ${PROJECT_SOURCE_DIR}/tests/support)
    target_sources(${EXE_NAME} PRIVATE ${support}/c11_threads.cc ${support}/seen_mutexes.cc)
    target_link_options(${EXE_NAME} PRIVATE -rdynamic -Wl,--version-script=${support}/tsan_exports.map)
    set_property(TARGET ${EXE_NAME} APPEND PROPERTY LINK_DEPENDS ${support}/tsan_exports.map)
  endif()
endfunction()

# freshet_test(NAME store_test LABELS unit SOURCES a_test.cc... LINKS freshet::store... [TIMEOUT seconds])
function(freshet_test)
  cmake_parse_arguments(PARSE_ARGV 0 TEST "" "NAME;TIMEOUT" "LABELS;SOURCES;LINKS")
  if(NOT TEST_LABELS)
    message(FATAL_ERROR "freshet_test(${TEST_NAME}): LABELS is missing")
  endif()
  if(NOT TEST_TIMEOUT)
    set(TEST_TIMEOUT 300)
  endif()
  freshet_executable(NAME ${TEST_NAME} SOURCES ${TEST_SOURCES} LINKS ${TEST_LINKS} dep::gtest GTest::gtest_main)
  # A long history: a suppression matches the stack of the earlier access, which a short history forgets.
  set(environment
      "TSAN_OPTIONS=suppressions=${PROJECT_SOURCE_DIR}/tests/tsan.supp:second_deadlock_stack=1:history_size=7")
  gtest_discover_tests(${TEST_NAME} NO_PRETTY_VALUES DISCOVERY_MODE PRE_TEST DISCOVERY_TIMEOUT 60
    PROPERTIES LABELS "${TEST_LABELS}" TIMEOUT ${TEST_TIMEOUT} ENVIRONMENT "${environment}")
endfunction()
