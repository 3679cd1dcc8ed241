// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "base/event.h"
#include "store/rocks.h"

/// Rows of the histories in RocksDB. Only the .cc files of this folder include this.
namespace freshet::store {

/// Rows of `owner`, newest first: one seek, then sequential. `family`: history, or served, whose keys are the same.
std::unique_ptr<rocksdb::Iterator> history_rows(const Database::Impl& db, const Owner& owner,
                                                Family family = Family::history);

/// Writes a batch to RocksDB, and through to the cached histories. All changes of histories are made by it; compaction
/// removes only rows that no read returns.
/// REQUIRES: db.history_writes is held
rocksdb::Status write_histories(Database::Impl& db, const rocksdb::WriteOptions& options, rocksdb::WriteBatch& batch);

}  // namespace freshet::store
