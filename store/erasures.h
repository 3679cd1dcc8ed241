// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <set>
#include <span>
#include <vector>

#include "base/event.h"
#include "base/position.h"
#include "base/result.h"
#include "store/codec/records.h"
#include "store/database.h"

namespace freshet::store {

/// Erasures whose bytes are not removed from the files yet. HistoryStore writes them in the WriteBatch of the
/// deletions, so that a crash cannot lose one. They name the owner until they are finished; until then, what the log
/// has of the owner before the erase records does not get into the histories.
/// Threads: all methods may be called concurrently.
/// Errors:  unavailable (I/O), corrupt.
class Erasures {
 public:
  explicit Erasures(Database& database) : database_(database) {}

  /// All of them, in no particular order.
  Result<std::vector<Erasure>> pending() const;

  /// Those of `erasures` whose erase records have been committed, in each of the partitions that this process reads.
  Result<std::vector<Erasure>> committed(std::vector<Erasure> erasures, const std::set<std::int32_t>& read) const;

  /// Deletes the dead letters that may name one of these owners (NamedOwners) and are not after its erase record in the
  /// same partition, or are of a log before it was recreated. Of damaged ones, all that may name one.
  /// Cost: reads all dead letters.
  Result<void> erase_dead_letters(std::span<const Erasure> erasures);

  /// Rewrites the files that contain rows of these owners, and forgets the erasures. Afterwards nothing that was
  /// deleted before the call is on disk. With an empty list it only finishes an erasure that a crash interrupted.
  /// Cost: reads and writes the files with the owners' rows, the whole journal and the dead letters; blocks.
  Result<void> finish(std::span<const Erasure> erasures);

 private:
  Database& database_;
};

}  // namespace freshet::store
