// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstddef>
#include <string>
#include <vector>

#include "base/options.h"
#include "store/served_options.h"

namespace freshet::store {

/// [store]: the data directory. What each option means and takes: options.cc.
struct Options {
  std::string directory = "data";
  std::string pseudonym_key;  ///< of base/pseudonyms.h; empty: ids are kept as they are
  std::size_t max_events_per_owner = 1000;
  std::chrono::hours max_event_age{24 * 365};
  std::chrono::hours dedupe_window{24};
  std::size_t transient_events = 100'000;
  std::size_t transient_bytes = std::size_t{64} << 20;
  std::chrono::seconds transient_for{1800};
  std::size_t block_cache_bytes = std::size_t{256} << 20;
  std::size_t history_cache_bytes = std::size_t{64} << 20;  ///< of RecentHistories
  std::size_t memtable_bytes = std::size_t{64} << 20;       ///< all column families together
  std::size_t max_wal_bytes = std::size_t{256} << 20;

  ServedOptions served;  ///< a section of its own

  static std::vector<Option<Options>> describe();
  /// Every problem at once.
  OptionProblems validate() const;
};

}  // namespace freshet::store
