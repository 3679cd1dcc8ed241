# SPDX-License-Identifier: Apache-2.0
# What CPack needs to know for the Debian package.
set(CPACK_GENERATOR DEB)
set(CPACK_SET_DESTDIR ON)  # makes paths refer to the installed prefix, not to the staging directory
set(CPACK_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
set(CPACK_PRE_BUILD_SCRIPTS ${CMAKE_CURRENT_LIST_DIR}/stage.cmake)
set(CPACK_PACKAGE_CONTACT "The freshet maintainers <maintainers@freshet.invalid>")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "Streaming recommendations that learn from every click")
set(CPACK_DEBIAN_PACKAGE_DESCRIPTION
"freshet reads a clickstream from Kafka or over HTTP, learns from every event
as it arrives, and serves recommendations over HTTP that already know the
last click. It contains LibTorch, which Debian does not have in this version.")
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION net)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_DEPENDS
  "debconf (>= 0.5) | debconf-2.0, systemd-standalone-sysusers | systemd | systemd-sysusers")
set(CPACK_DEBIAN_PACKAGE_RECOMMENDS ca-certificates)
set(CPACK_DEBIAN_COMPRESSION_TYPE gzip)  # xz would be a third smaller, but takes minutes; lintian does not know zstd yet
file(GLOB CPACK_DEBIAN_PACKAGE_CONTROL_EXTRA ${CMAKE_CURRENT_LIST_DIR}/control/*)
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
include(CPack)
