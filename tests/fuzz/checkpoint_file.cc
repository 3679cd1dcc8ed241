// SPDX-License-Identifier: Apache-2.0
// A checkpoint as it lies on disk, header and checksum included.

#include "store/checkpoint_store.h"

#include <fstream>

#include "base/log.h"
#include "tests/fuzz/fuzz.h"
#include "tests/support/temp_directory.h"

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace freshet;
  static const testing::TempDirectory directory;
  static store::CheckpointStore checkpoints = [] {
    log::configure(log::Level::error, log::Format::text);
    return store::CheckpointStore(directory.path(), 1);
  }();
  const std::string_view bytes = fuzz::to_view(data, size);
  std::string loaded;
  const auto load = [&](std::string_view state) -> Result<void> {
    loaded = state;
    return {};
  };
  FRESHET_CHECK(checkpoints.write(bytes));
  FRESHET_CHECK(checkpoints.read_newest(load) && loaded == bytes);

  const std::string path = directory.path() + "/" + checkpoints.list().front();
  std::ofstream(path, std::ios::binary) << bytes;
  if (checkpoints.read_newest(load)) FRESHET_CHECK(loaded.size() < size);
  std::filesystem::remove(path);
  return 0;
}
