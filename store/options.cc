// SPDX-License-Identifier: Apache-2.0
#include "store/options.h"

#include "base/pseudonyms.h"

namespace freshet::store {

std::vector<Option<Options>> Options::describe() {
  using namespace std::chrono_literals;
  using option::kGiB;
  using option::kMiB;
  using option::kMillion;
  return {
      option::text("directory", &Options::directory, "The data directory. Only one process can use it at a time.",
                   [](const std::string& text) {
                     return text.empty() ? OptionProblems{{"", "must not be empty"}} : OptionProblems{};
                   }),
      option::text(
          "pseudonym_key", &Options::pseudonym_key,
          "Secret key (\"$env:NAME\" or \"$file:PATH\"): ids of users and sessions are stored as a keyed hash. "
          "It can only be set for a new data directory and cannot be changed later. Empty: ids are stored as "
          "they are.")
          .secret(),
      option::integer("max_events_per_owner", &Options::max_events_per_owner, {1, 100'000},
                      "Newest events kept per user and per session."),
      option::duration("max_event_age", &Options::max_event_age, {0h, 24h * 36500},
                       "Events are dropped when they are older than the newest event by more than this. 0s: never. "
                       "Whole hours."),
      option::duration("dedupe_window", &Options::dedupe_window, {1h, 24h * 365},
                       "Time after its arrival during which an event id is remembered. Whole hours."),
      option::integer(
          "transient_events", &Options::transient_events, {0, 100 * kMillion},
          "Events without consent that are held, in memory only, for the lists of their users and sessions. "
          "Beyond this number the sender that holds most loses its oldest. 0: such events are not used at all."),
      option::size("transient_bytes", &Options::transient_bytes, {kMiB, 1024 * kGiB},
                   "Memory for these events. Beyond it the sender that holds most loses its oldest."),
      option::duration("transient_for", &Options::transient_for, {1s, 24h},
                       "Time after its arrival during which an event without consent is held. Whole seconds."),
      option::size("block_cache_bytes", &Options::block_cache_bytes, {8 * kMiB, 1024 * kGiB},
                   "Memory for RocksDB blocks, indexes and filters. What compactions use at the moment may "
                   "exceed it by some MiB."),
      option::size("history_cache_bytes", &Options::history_cache_bytes, {0, 1024 * kGiB},
                   "Memory for the newest events of the users and sessions that were read or written last. 0: every "
                   "list reads them from RocksDB."),
      option::size(
          "memtable_bytes", &Options::memtable_bytes, {4 * kMiB, 64 * kGiB},
          "Memory for writes that RocksDB has not begun to flush to files. Those being flushed may take as much "
          "again."),
      option::size("max_wal_bytes", &Options::max_wal_bytes, {8 * kMiB, 256 * kGiB},
                   "Disk space for the write-ahead log. A smaller log makes the start after a crash faster."),
  };
}

OptionProblems Options::validate() const {
  OptionProblems problems = check(describe(), *this);
  if (memtable_bytes * 2 > max_wal_bytes) {
    problems.push_back({"max_wal_bytes", "must be at least twice store.memtable_bytes"});
  }
  if (!pseudonym_key.empty() && pseudonym_key.size() < Pseudonyms::kMinKeyBytes) {
    problems.push_back({"pseudonym_key", "at least " + std::to_string(Pseudonyms::kMinKeyBytes) + " bytes"});
  }
  return problems;
}

}  // namespace freshet::store
