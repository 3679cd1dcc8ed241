# SPDX-License-Identifier: Apache-2.0
# Run by `cmake --install`: makes the directories that the installation needs and that are not there yet, for everybody to
# enter. CMake would make them as the installer's umask has it, and a service that runs as another user would find nothing.
function(make_directory path)
  if(IS_DIRECTORY "${path}")
    return()
  endif()
  get_filename_component(parent "${path}" DIRECTORY)
  make_directory("${parent}")
  file(MAKE_DIRECTORY "${path}")
  file(CHMOD "${path}" PERMISSIONS OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)
endfunction()

get_filename_component(prefix "${CMAKE_INSTALL_PREFIX}" ABSOLUTE)
foreach(directory bin lib/freshet lib/systemd/system lib/sysusers.d share/bash-completion/completions
    share/doc/freshet/libtorch share/fish/vendor_completions.d share/freshet share/man/man1 share/zsh/site-functions)
  make_directory("$ENV{DESTDIR}${prefix}/${directory}")
endforeach()
