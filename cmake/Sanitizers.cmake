# FRESHET_SANITIZER instruments everything that we build; packages stay as they are (tests/tsan.supp says what follows).
if(FRESHET_SANITIZER STREQUAL "address")
  add_compile_options(-fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer)
  add_link_options(-fsanitize=address,undefined)
elseif(FRESHET_SANITIZER STREQUAL "thread")
  add_compile_options(-fsanitize=thread -fno-omit-frame-pointer)
  add_link_options(-fsanitize=thread)
  # ThreadSanitizer does not model fences (-Wtsan). Asio needs none beside its locks; ours would still be an error.
  add_compile_definitions(BOOST_ASIO_DISABLE_FENCED_BLOCK)
elseif(FRESHET_SANITIZER)
  message(FATAL_ERROR "FRESHET_SANITIZER is '${FRESHET_SANITIZER}'; expected address, thread or nothing")
endif()
if(FRESHET_SANITIZER)
  # Function multi-versioning resolves before a sanitizer's runtime is up.
  add_compile_definitions(FRESHET_SANITIZED)
endif()
if(FRESHET_FUZZ)
  # Coverage to steer by, in everything that we build; the fuzzers alone link libFuzzer's main (tests/fuzz).
  add_compile_options(-fsanitize=fuzzer-no-link)
endif()
