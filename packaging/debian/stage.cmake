# SPDX-License-Identifier: Apache-2.0
# Run by CPack between installation and packing: what Debian wants elsewhere, or in another form.
set(root ${CPACK_TEMPORARY_INSTALL_DIRECTORY})
set(share ${root}/usr/share)
set(documents ${share}/doc/freshet)
set(here ${CMAKE_CURRENT_LIST_DIR})

file(COPY ${here}/../../configs/freshet.toml DESTINATION ${root}/etc/freshet)
file(COPY ${here}/lintian-overrides DESTINATION ${share}/lintian/overrides)
file(RENAME ${share}/lintian/overrides/lintian-overrides ${share}/lintian/overrides/freshet)
file(MAKE_DIRECTORY ${share}/zsh/vendor-completions)
file(RENAME ${share}/zsh/site-functions/_freshet ${share}/zsh/vendor-completions/_freshet)
file(REMOVE_RECURSE ${share}/zsh/site-functions)
file(REMOVE ${documents}/LICENSE)  # Debian has it in common-licenses

string(TIMESTAMP date "%a, %d %b %Y %H:%M:%S +0000" UTC)  # SOURCE_DATE_EPOCH, if it is set
file(WRITE ${documents}/changelog "freshet (${CPACK_PACKAGE_VERSION}) bookworm; urgency=medium

  * Changes are in CHANGELOG.md of the sources.

 -- ${CPACK_PACKAGE_CONTACT}  ${date}
")
foreach(file ${documents}/changelog ${share}/man/man1/freshet.1)
  execute_process(COMMAND gzip -9n ${file} COMMAND_ERROR_IS_FATAL ANY)
endforeach()
