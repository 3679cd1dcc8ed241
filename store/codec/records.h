#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/event.h"
#include "base/position.h"

namespace freshet::store {

/// A row of the journal family.
struct JournalRecord {
  std::int64_t offset = 0;  ///< assigned by append()
  Timestamp arrival{};
  std::string key;
  std::string value;
  bool erased = false;  ///< key and value were taken out of it and are empty
};

/// An owner whose rows are gone, but whose bytes may still lie on disk: RocksDB deletes by writing a mark, and removes
/// when it compacts.
struct Erasure {
  Owner owner;
  /// Of the newest erase record carried out; nullopt: asked for over HTTP, and the record not reached yet.
  std::optional<Position> position;
  std::vector<Owner> touched;  ///< whose rows were deleted: the owner, and for a user the sessions that were theirs

  bool operator==(const Erasure&) const = default;
};

}  // namespace freshet::store
