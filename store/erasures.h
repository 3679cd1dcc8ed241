#pragma once

#include <optional>
#include <span>
#include <vector>

#include "base/event.h"
#include "base/position.h"
#include "base/result.h"
#include "store/codec/records.h"
#include "store/database.h"

namespace freshet::store {

/// Erasures whose bytes are not removed from the files yet. HistoryStore writes them in the WriteBatch of the deletions,
/// so that a crash cannot lose one. They name the owner until they are finished.
/// Threads: all methods may be called concurrently.
/// Errors:  unavailable (I/O), corrupt.
class Erasures {
 public:
  explicit Erasures(Database& database) : database_(database) {}

  /// Erasures whose erase record has been committed, in no particular order.
  Result<std::vector<Erasure>> pending() const;

  /// Rewrites the files that contain rows of these owners, and forgets the erasures. Afterwards nothing that was deleted
  /// before the call is on disk. With an empty list it only finishes an erasure that a crash interrupted.
  /// Cost: reads and writes the files with the owners' rows, the whole journal and the dead letters; blocks.
  Result<void> finish(std::span<const Erasure> erasures);

 private:
  Database& database_;
};

}  // namespace freshet::store
