# SPDX-License-Identifier: Apache-2.0
# What `cmake --install` installs (docs/install.md).
set(installed_rpath "$ORIGIN/../lib/freshet")
set(built_rpath "${TORCH_INSTALL_PREFIX}/lib:${installed_rpath}")  # the second only reserves space for RPATH_CHANGE
# Changed by hand at install: CMake would end the RPATH of the build with ":", which means the current directory.
set_target_properties(freshet PROPERTIES BUILD_WITH_INSTALL_RPATH ON INSTALL_RPATH "${built_rpath}")
install(SCRIPT cmake/directories.cmake)  # first
install(TARGETS freshet RUNTIME_DEPENDENCY_SET freshet_libraries)
install(CODE "file(RPATH_CHANGE FILE \$ENV{DESTDIR}\${CMAKE_INSTALL_PREFIX}/bin/freshet
  OLD_RPATH ${built_rpath} NEW_RPATH ${installed_rpath})")
# Installs all shared libraries that are not the system's, directly or indirectly used: LibTorch, of which a fifth is symbols
# that only a debugger reads.
install(RUNTIME_DEPENDENCY_SET freshet_libraries POST_EXCLUDE_REGEXES "^/(usr/)?lib(64)?/" DESTINATION lib/freshet)
install(CODE "
  file(GLOB libraries \$ENV{DESTDIR}\${CMAKE_INSTALL_PREFIX}/lib/freshet/*)
  execute_process(COMMAND ${CMAKE_STRIP} --strip-unneeded \${libraries} COMMAND_ERROR_IS_FATAL ANY)")
install(FILES ${TORCH_INSTALL_PREFIX}/LICENSE ${TORCH_INSTALL_PREFIX}/NOTICE DESTINATION share/doc/freshet/libtorch OPTIONAL)
install(FILES LICENSE packaging/debian/copyright DESTINATION share/doc/freshet)
install(FILES configs/freshet.toml configs/kafka.toml configs/dev.toml configs/small.toml configs/alerts.yml DESTINATION share/freshet)

# The unit needs the absolute path of the binary, which is known only at installation.
install(CODE "
  get_filename_component(prefix \${CMAKE_INSTALL_PREFIX} ABSOLUTE)
  file(READ ${PROJECT_SOURCE_DIR}/configs/freshet.service unit)
  string(REPLACE /usr/local/bin/ \${prefix}/bin/ unit \"\${unit}\")
  file(WRITE ${PROJECT_BINARY_DIR}/freshet.service \"\${unit}\")")
install(FILES ${PROJECT_BINARY_DIR}/freshet.service DESTINATION lib/systemd/system)

install(FILES packaging/freshet.sysusers DESTINATION lib/sysusers.d RENAME freshet.conf)

# Manual and completions, as the binary tells them.
set(told ${PROJECT_BINARY_DIR}/told)
install(CODE "
  file(MAKE_DIRECTORY ${told})
  execute_process(COMMAND $<TARGET_FILE:freshet> manual OUTPUT_FILE ${told}/freshet.1 COMMAND_ERROR_IS_FATAL ANY)
  foreach(shell bash zsh fish)
    execute_process(COMMAND $<TARGET_FILE:freshet> completion \${shell} OUTPUT_FILE ${told}/\${shell} COMMAND_ERROR_IS_FATAL ANY)
  endforeach()")
install(FILES ${told}/freshet.1 DESTINATION share/man/man1)
install(FILES ${told}/bash DESTINATION share/bash-completion/completions RENAME freshet)
install(FILES ${told}/zsh DESTINATION share/zsh/site-functions RENAME _freshet)
install(FILES ${told}/fish DESTINATION share/fish/vendor_completions.d RENAME freshet.fish)
