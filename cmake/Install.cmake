# What `cmake --install` installs, and the Debian package (scripts/package.sh); see docs/install.md.
set(installed_rpath "$ORIGIN/../lib/freshet")
set(built_rpath "${TORCH_INSTALL_PREFIX}/lib:${installed_rpath}")  # the second only reserves space for RPATH_CHANGE
# Changed by hand at install: CMake would end the RPATH of the build with ":", which means the current directory.
set_target_properties(freshet PROPERTIES BUILD_WITH_INSTALL_RPATH ON INSTALL_RPATH "${built_rpath}")
install(SCRIPT cmake/directories.cmake)  # first
install(TARGETS freshet RUNTIME_DEPENDENCY_SET freshet_libraries)
install(CODE "file(RPATH_CHANGE FILE \$ENV{DESTDIR}\${CMAKE_INSTALL_PREFIX}/bin/freshet
  OLD_RPATH ${built_rpath} NEW_RPATH ${installed_rpath})")
# Installs all shared libraries that are not the system's, directly or indirectly used: LibTorch.
install(RUNTIME_DEPENDENCY_SET freshet_libraries POST_EXCLUDE_REGEXES "^/(usr/)?lib(64)?/" DESTINATION lib/freshet)
install(FILES ${TORCH_INSTALL_PREFIX}/LICENSE ${TORCH_INSTALL_PREFIX}/NOTICE DESTINATION share/doc/freshet/libtorch OPTIONAL)
install(FILES LICENSE cmake/copyright DESTINATION share/doc/freshet)
install(FILES configs/freshet.toml configs/kafka.toml configs/dev.toml configs/small.toml configs/alerts.yml DESTINATION share/freshet)

# The unit needs the absolute path of the binary, which is known only at installation.
install(CODE "
  get_filename_component(prefix \${CMAKE_INSTALL_PREFIX} ABSOLUTE)
  file(READ ${PROJECT_SOURCE_DIR}/configs/freshet.service unit)
  string(REPLACE /usr/local/bin/ \${prefix}/bin/ unit \"\${unit}\")
  file(WRITE ${PROJECT_BINARY_DIR}/freshet.service \"\${unit}\")")
install(FILES ${PROJECT_BINARY_DIR}/freshet.service DESTINATION lib/systemd/system)

set(CPACK_GENERATOR DEB)
set(CPACK_SET_DESTDIR ON)  # makes paths refer to the installed prefix, not to the staging directory
set(CPACK_INSTALL_PREFIX /usr)
set(CPACK_PACKAGE_CONTACT "The freshet maintainers <maintainers@freshet.invalid>")
set(CPACK_RESOURCE_FILE_LICENSE ${PROJECT_SOURCE_DIR}/LICENSE)
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "Streaming recommendations: a click changes the next answer")
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION net)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_RECOMMENDS ca-certificates)
set(CPACK_DEBIAN_COMPRESSION_TYPE zstd)  # xz would be a quarter smaller, but takes minutes
file(GLOB CPACK_DEBIAN_PACKAGE_CONTROL_EXTRA ${CMAKE_CURRENT_LIST_DIR}/debian/*)
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
include(CPack)
