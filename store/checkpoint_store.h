// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace freshet::store {

/// Numbered files with checksums in one directory: the learner's state. A checkpoint is written under a temporary name,
/// fsynced and renamed, so that a crash leaves the previous one intact. The newest `keep` are kept.
/// Threads: one.
/// Errors:  unavailable (I/O: disk full, ...); the previous checkpoints are untouched then.
class CheckpointStore {
 public:
  CheckpointStore(std::string directory, std::size_t keep);

  /// Calls `encode` with a sink for the bytes of the new checkpoint, which is never in memory as a whole. Returns the
  /// number of bytes.
  using Sink = std::function<void(std::string_view piece)>;
  Result<std::uint64_t> write(const std::function<void(const Sink&)>& encode);
  Result<std::uint64_t> write(std::string_view bytes);

  /// Calls `load` with the newest checkpoint whose checksum is right. If `load` returns an error, tries the one before,
  /// and so on. Logs an error with the reason for each unusable one. Returns the file name of the one that was loaded;
  /// nullopt if none is usable: a fresh start.
  std::optional<std::string> read_newest(const std::function<Result<void>(std::string_view bytes)>& load) const;

  /// The first bytes, at most `most`, of the checkpoint before `name`. Its checksum is not looked at. Empty: there is
  /// none.
  std::string head_before(const std::string& name, std::size_t most) const;

  /// File names, newest first.
  std::vector<std::string> list() const { return list(directory_); }
  static std::vector<std::string> list(const std::string& directory);

 private:
  std::string directory_;
  std::size_t keep_;
};

}  // namespace freshet::store
