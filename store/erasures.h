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
