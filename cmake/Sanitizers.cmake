# SPDX-License-Identifier: Apache-2.0
# FRESHET_SANITIZER instruments all of our code, but no third-party library (tests/tsan.supp lists the consequences).
if(FRESHET_SANITIZER STREQUAL "address")
  add_compile_options(-fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer)
  add_link_options(-fsanitize=address,undefined)
elseif(FRESHET_SANITIZER STREQUAL "thread")
  add_compile_options(-fsanitize=thread -fno-omit-frame-pointer)
  add_link_options(-fsanitize=thread)
  # ThreadSanitizer does not support fences (-Wtsan). Asio works without, thanks to its locks; a fence of ours is an
  # error.
  add_compile_definitions(BOOST_ASIO_DISABLE_FENCED_BLOCK)
elseif(FRESHET_SANITIZER)
  message(FATAL_ERROR "FRESHET_SANITIZER is '${FRESHET_SANITIZER}'; expected address, thread or nothing")
endif()
if(FRESHET_SANITIZER)
  # Disables function multiversioning, which is resolved before a sanitizer's runtime is initialized.
  add_compile_definitions(FRESHET_SANITIZED)
endif()
if(FRESHET_FUZZ)
  # Coverage instrumentation in all of our code; only the fuzzers link libFuzzer's main (tests/fuzz).
  add_compile_options(-fsanitize=fuzzer-no-link)
endif()
