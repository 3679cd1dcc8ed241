// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace freshet::store {

struct RepairedFamily {
  std::string name;
  std::uint64_t rows = 0;  ///< read, and in the new database
  std::uint64_t gaps = 0;  ///< parts that could not be read
  std::string reason;      ///< of the first gap
};

struct Repair {
  std::string refusal;                  ///< why the directory cannot be used as it is; empty if it can
  std::vector<std::string> lost_files;  ///< files that cannot be read at all, with the reason
  std::vector<RepairedFamily> families;
  std::int64_t journal_end = 0;  ///< next offset of the embedded log; 0 if there is none
  std::string originals;         ///< where the damaged database is now; empty if nothing was changed

  bool needed() const;
};

/// Reads what can be read of a data directory, and writes it to a new database. With `apply`, and if anything is damaged,
/// the new database takes the place of the damaged one, in one step; that is kept in `damaged-<time>/db`. Otherwise the
/// directory stays as it is.
/// The embedded log goes on behind every offset that may have been given out, and the histories are read from it again:
/// what they have lost and the log has is written again. What unfinished erasures cover is deleted again.
/// Errors: throws std::runtime_error with one clear line: in use, not a data directory, no space for the copy.
/// Cost:   copies the database.
Repair repair(const std::string& directory, bool apply);

}  // namespace freshet::store
