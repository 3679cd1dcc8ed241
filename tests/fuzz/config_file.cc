// SPDX-License-Identifier: Apache-2.0
// The configuration file. What is accepted prints as what reads back to the same.

#include "app/config.h"

#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/memory_file.h"

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace freshet;
  static const fuzz::MemoryFile file;
  const std::string_view text = fuzz::to_view(data, size);
  if (text.find("file:") != std::string_view::npos) return 0;  // reads what it names, endless devices included
  file.write(text);
  app::Config config;
  if (!app::load_config(file.path(), {}, config).empty()) return 0;
  const std::string printed = app::print_config(config);
  file.write(printed);
  app::Config again;
  FRESHET_CHECK(app::load_config(file.path(), {}, again).empty());
  FRESHET_CHECK(app::print_config(again) == printed);
  return 0;
}
