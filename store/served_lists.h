// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <vector>

#include "base/event.h"
#include "base/position.h"
#include "base/result.h"
#include "base/served_list.h"
#include "store/database.h"
#include "store/history_store.h"

namespace freshet::store {

/// A list as it is stored: when it was served, and where its record is in the log.
struct StoredList {
  Timestamp time{};
  Position position;
  ServedList list;

  bool operator==(const StoredList&) const = default;
};

/// One page of the lists of an owner, newest first.
struct ServedPage {
  std::vector<StoredList> lists;
  std::optional<HistoryCursor> next;  ///< place of the last one; nullopt on the last page
};

/// The lists that users and sessions were shown, newest first. HistoryStore::commit() writes them, and erases them.
/// Threads: all methods may be called concurrently with everything.
/// Errors:  unavailable (I/O), corrupt. Never throws.
/// Limits:  ServedOptions::max_lists_per_owner, and max_age before stream time.
/// Cost:    a seek, then a scan of what is returned or visited.
class ServedLists {
 public:
  explicit ServedLists(const Database& database) : database_(database) {}

  /// The next `limit` lists of `owner` after `after`, or the first. Includes lists beyond the limits that have not been
  /// removed from the files yet.
  Result<ServedPage> page(const Owner& owner, std::size_t limit, const std::optional<HistoryCursor>& after) const;

  /// Visits the lists of `owner` that are within the limits and not older than `oldest`, newest first, until `visit`
  /// returns false.
  Result<void> visit_since(const Owner& owner, Timestamp oldest,
                           const std::function<bool(const ServedList&)>& visit) const;

  /// The owner who has lists and follows `after` in key order, or the first one; nullopt if there is none.
  Result<std::optional<Owner>> next_owner(const std::optional<Owner>& after) const;

 private:
  const Database& database_;
};

}  // namespace freshet::store
