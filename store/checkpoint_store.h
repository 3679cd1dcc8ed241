#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace freshet::store {

/// Numbered, checksummed files in one directory: the learner's state. Each is written to a temporary name, fsynced and
/// renamed, so that a crash leaves the previous one; the newest `keep` stay.
/// Threads:  one thread.
/// Errors:   unavailable (I/O: disk full, ...); the previous checkpoints are untouched then.
class CheckpointStore {
 public:
  CheckpointStore(std::string directory, std::size_t keep);

  /// Calls `encode` with where it is to send the bytes, piece by piece: a checkpoint is never in memory as a whole.
  /// Returns how many there were.
  using Sink = std::function<void(std::string_view piece)>;
  Result<std::uint64_t> write(const std::function<void(const Sink&)>& encode);
  Result<std::uint64_t> write(std::string_view bytes);

  /// Calls `load` with the newest checkpoint whose checksum holds; if `load` refuses it, with the one before, and so
  /// on. Each one passed over is logged loudly with the reason. False if none could be used (a fresh start).
  bool read_newest(const std::function<Result<void>(std::string_view bytes)>& load) const;

  /// File names, newest first.
  std::vector<std::string> list() const { return list(directory_); }
  static std::vector<std::string> list(const std::string& directory);

 private:
  std::string directory_;
  std::size_t keep_;
};

}  // namespace freshet::store
