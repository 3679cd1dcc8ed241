// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "base/result.h"

namespace freshet::cli {

/// The bytes of a file or of standard input ("-"), decompressed if they are gzip or Zstandard.
/// Threads: one.
/// Errors:  unavailable (cannot be opened or read), corrupt (damaged archive).
class ByteSource {
 public:
  static Result<std::unique_ptr<ByteSource>> open(const std::string& path);
  virtual ~ByteSource() = default;

  /// Appends the next bytes to `out`; false at the end.
  virtual Result<bool> read(std::string& out) = 0;

  virtual std::uint64_t bytes_read() const = 0;   ///< of the file on disk, before decompression
  virtual std::uint64_t bytes_total() const = 0;  ///< 0 if unknown
};

}  // namespace freshet::cli
