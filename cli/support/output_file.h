// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <ostream>
#include <string>

namespace freshet::cli {

/// Calls `write` with the stream of the file, which is replaced; "-" is standard output.
/// Errors: throws std::runtime_error.
void write_file(const std::string& path, const std::function<void(std::ostream&)>& write);
void write_file(const std::string& path, const std::string& text);

}  // namespace freshet::cli
