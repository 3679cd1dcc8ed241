#pragma once

#include <optional>
#include <span>
#include <vector>

#include "base/event.h"
#include "base/position.h"
#include "base/result.h"
#include "store/database.h"

namespace freshet::store {

/// An owner whose rows are gone, but whose bytes may still lie on disk: RocksDB deletes by writing a mark, and removes
/// when it compacts.
struct Erasure {
  Owner owner;
  /// Of the newest erase record carried out; nullopt: asked for over HTTP, and the record not reached yet.
  std::optional<Position> position;
  std::vector<Owner> touched;  ///< whose rows were deleted: the owner, and for a user the sessions that were theirs

  bool operator==(const Erasure&) const = default;
};

/// Erasures that are not through yet. They are written by HistoryStore in the same WriteBatch as the deletions, so a
/// crash cannot lose one, and name the owner until they are finished.
/// Threads:  all methods may be called concurrently.
/// Errors:   unavailable (I/O), corrupt.
class Erasures {
 public:
  explicit Erasures(Database& database) : database_(database) {}

  /// Those whose erase record has been carried out, in no particular order.
  Result<std::vector<Erasure>> pending() const;

  /// Rewrites the files that hold, or held, anything of these owners, and forgets the erasures. Nothing that was
  /// deleted before this call is on disk afterwards. Without any: only the names of those that a crash kept from going
  /// are made to go. Cost: reads and writes the files around the owners' rows, the whole journal and the dead letters;
  /// blocks.
  Result<void> finish(std::span<const Erasure> erasures);

 private:
  Database& database_;
};

}  // namespace freshet::store
