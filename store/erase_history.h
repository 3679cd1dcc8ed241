// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "base/event.h"
#include "base/position.h"
#include "store/codec/records.h"
#include "store/rocks.h"

/// What an erasure deletes. Only the .cc files of this folder include this.
namespace freshet::store {

/// What an erasure covers of an owner's events.
struct ErasedPart {
  Positions before;  ///< of these partitions what is before these offsets
  bool elsewhere;    ///< everything in other partitions
  /// Up to where the log has been committed. What is stored of a partition beyond that is of a log before it was
  /// recreated, so it is earlier than any erasure.
  Positions committed{};

  bool covers(const Position& position) const {
    const auto own = before.find(position.partition);
    if (own == before.end()) return elsewhere;
    const auto end = committed.find(position.partition);
    return position.offset < own->second || (end != committed.end() && position.offset >= end->second);
  }
};

/// Adds to `batch` the deletion of the rows of `owner` that `part` covers, events and lists; of a user its rows in the
/// histories of its sessions too, the lists of these sessions, and its links to them (db.linked is then to be cleared).
/// `keeps_own`: rows of the owner that `part` does not
/// cover have been put into `batch` before.
/// Returns the erasure, merged with an unfinished one of the same owner. The caller writes it with put_erasure().
/// REQUIRES: db.history_writes is held, until `batch` is written
/// Cost:     reads the owner's rows, and for a user all rows of its sessions
Result<Erasure> erase_history(const Database::Impl& db, rocksdb::WriteBatch& batch, const Owner& owner,
                              const ErasedPart& part, bool keeps_own);

/// Adds to `batch` the deletion of the lists of `owner` that `part` covers.
rocksdb::Status delete_lists(const Database::Impl& db, rocksdb::WriteBatch& batch, const Owner& owner,
                             const ErasedPart& part);

void put_erasure(const Database::Impl& db, rocksdb::WriteBatch& batch, const Erasure& erasure);

/// Adds what `other` covers, of the same owner.
void merge(Erasure& erasure, const Erasure& other);

/// The erasures that are not finished.
/// REQUIRES: db.in_use is held
Result<std::vector<Erasure>> unfinished_erasures(const Database::Impl& db);

}  // namespace freshet::store
