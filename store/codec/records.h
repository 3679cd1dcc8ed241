// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/event.h"
#include "base/position.h"

namespace freshet::store {

/// One record of the journal.
struct JournalRecord {
  std::int64_t offset = 0;  ///< assigned by append()
  Timestamp arrival{};
  std::string key;
  std::string value;
  bool erased = false;  ///< key and value have been erased and are empty
};

/// An erased owner whose bytes may still be in files: RocksDB deletes by writing a mark, and removes the bytes when it
/// compacts.
struct Erasure {
  Owner owner;
  /// For each partition one past its newest erase record: what the owner has before it there is erased. 0: the
  /// partition's log was recreated since. Empty only in data of 0.1.0, if it was requested over HTTP and its record had
  /// not been read.
  Positions before;
  std::set<Owner> touched;  ///< owners of the deleted rows: the owner itself, and a user's sessions

  bool operator==(const Erasure&) const = default;
};

/// A removed item. It stays out of every list until it is put again or, unless catalogue.strict, somebody does something
/// with it afterwards.
struct ItemRemoval {
  Timestamp arrival{};  ///< of the record that removed it
  std::int32_t partition = 0;

  /// True if a record that is read after it is from a later time too. In one partition it always is. Between partitions
  /// the log may be read in any order.
  bool is_before(const Position& position, Timestamp its_arrival) const {
    return position.partition == partition || its_arrival > arrival;
  }

  bool operator==(const ItemRemoval&) const = default;
};

}  // namespace freshet::store
