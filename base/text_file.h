// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>

#include "base/result.h"

namespace freshet {

inline constexpr std::size_t kMaxTextFileBytes = std::size_t{16} << 20;

/// The content of a file that the operator names: a configuration, keys, a secret. It may be a pipe, such as a shell's
/// `<(command)`, which is read to its end.
/// Threads: blocks as long as a pipe's writer or a hanging mount lets it.
/// Errors:  invalid, without the name: "cannot be read: ...", "is a directory", "is larger than 16 MiB", as a device that
///          has no end is.
Result<std::string> read_text_file(const std::string& path);

}  // namespace freshet
