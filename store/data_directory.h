// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

#include "base/result.h"

namespace freshet::store {

/// The data directory as the file system has it. Only the .cc files of this folder include this.

/// Where RocksDB's files are.
std::string database_path(const std::string& directory);

/// Checks that `directory` is freshet's or empty. With `create` it may be missing, and is created.
/// Errors: throws std::runtime_error if it has files of something else, or cannot be used.
void check_directory(const std::string& directory, bool create);

/// Bytes of the write-ahead log.
std::uint64_t write_ahead_log_bytes(const std::string& directory);

/// Checks that the disk can be written to, and that it has room to open the database, which may rewrite the write-ahead
/// log.
/// Errors: unavailable, with the reason.
Result<void> check_disk(const std::string& directory);

}  // namespace freshet::store
