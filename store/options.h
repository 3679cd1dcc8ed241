#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace freshet::store {

struct Options {
  std::string directory = "data";

  std::string pseudonym_key;  ///< of base/pseudonyms.h; empty: ids are kept as they are

  std::size_t max_events_per_owner = 1000;                 ///< newest kept per user and per session
  std::chrono::hours max_event_age{24 * 365};              ///< older than the stream's newest event: dropped; 0 = never
  std::chrono::hours dedupe_window{24};                    ///< how long after its arrival an event id is remembered
  std::size_t transient_events = 100'000;                  ///< without consent, held in memory only; 0: not even there
  std::chrono::seconds transient_for{1800};                ///< and for this long after they came
  std::size_t block_cache_bytes = std::size_t{256} << 20;  ///< also holds index and filter blocks
  std::size_t history_cache_bytes = std::size_t{64} << 20;  ///< of RecentHistories; 0: none are held
  std::size_t memtable_bytes = std::size_t{64} << 20;       ///< all column families together
  std::size_t max_wal_bytes = std::size_t{256} << 20;

  std::vector<std::string> validate() const;
};

}  // namespace freshet::store
