#pragma once

#include <cstdint>
#include <optional>
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
  /// Of the newest erase record that was committed. Nullopt: requested over HTTP, and its record is not committed yet.
  std::optional<Position> position;
  std::vector<Owner> touched;  ///< owners of the deleted rows: the owner itself, and a user's sessions

  bool operator==(const Erasure&) const = default;
};

}  // namespace freshet::store
