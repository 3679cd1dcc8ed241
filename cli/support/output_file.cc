// SPDX-License-Identifier: Apache-2.0
#include "cli/support/output_file.h"

#include <fstream>
#include <iostream>
#include <stdexcept>

namespace freshet::cli {

void write_file(const std::string& path, const std::function<void(std::ostream&)>& write) {
  std::ofstream file;
  if (path != "-") file.open(path);
  std::ostream& out = path == "-" ? std::cout : file;
  if (out) write(out);
  if (!out.flush()) throw std::runtime_error("cannot write " + path);
}

void write_file(const std::string& path, const std::string& text) {
  write_file(path, [&](std::ostream& out) { out << text; });
}

}  // namespace freshet::cli
