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

}  // namespace freshet::store
