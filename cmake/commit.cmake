# SPDX-License-Identifier: Apache-2.0
# Writes OUTPUT, the definition of freshet::app::kCommit, anew if the commit has changed. FRESHET_COMMIT in the environment
# comes first: sources that are not a Git checkout have no other way to know.
set(commit "$ENV{FRESHET_COMMIT}")
if(NOT commit)
  execute_process(COMMAND git describe --always --dirty --abbrev=12 --exclude=* WORKING_DIRECTORY ${SOURCE}
    OUTPUT_VARIABLE commit OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
endif()
if(NOT commit)
  set(commit unknown)
endif()
file(CONFIGURE OUTPUT ${OUTPUT} @ONLY CONTENT [[
#include "app/version.h"

namespace freshet::app {

const char* const kCommit = "@commit@";

}  // namespace freshet::app
]])
