// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/event.h"
#include "base/event_reader.h"
#include "base/position.h"
#include "base/result.h"
#include "store/catalogue/item_counts.h"
#include "store/database.h"

namespace freshet::store {

/// The outcome of one committed batch, in records.
struct CommitCounts {
  std::size_t stored = 0;          ///< interactions written
  std::size_t duplicates = 0;      ///< not stored: the id was seen before, within the dedupe window
  std::size_t withheld = 0;        ///< not stored: no consent
  std::size_t erased = 0;          ///< erase records
  std::size_t overtaken = 0;       ///< not stored: a request to erase their owner was faster
  std::size_t lists = 0;           ///< records of lists, written
  ItemCounts items;                ///< item records
  std::set<Position> carried_out;  ///< erase records whose requests had erased already
};

/// The place of a row in an owner's history, from which page() continues.
struct HistoryCursor {
  Timestamp time{};
  Position position;

  bool operator==(const HistoryCursor&) const = default;
};

/// One page of all rows of an owner, newest first.
struct HistoryPage {
  std::vector<Event> events;
  std::optional<HistoryCursor> next;  ///< place of the last event; nullopt on the last page
};

/// Recent events per owner (user or anonymous session), newest first, and the log positions that they correspond to.
/// Threads: reads may be called concurrently with everything; commit() from one thread per partition.
/// Errors:  unavailable (I/O), corrupt. Never throws.
/// Limits:  Options::max_events_per_owner events, none older than oldest_kept(). Events that are too old are not to be
///          committed (ingest/codec/age_limit.h).
/// Cost:    recent(): decodes n rows; if the owner is not cached (Options::history_cache_bytes), one seek and a scan
///          before that. commit(): one WriteBatch without fsync. After a power cut positions and rows fall back
///          together, and the lost tail is read from the log again.
class HistoryStore {
 public:
  explicit HistoryStore(Database& database);

  /// Writes a batch as one atomic WriteBatch: a row for each event and owner (user and session), dedupe ids, erasures,
  /// and `batch.next` as positions. With `keep_rejected` it also writes batch.rejected to the dead letters. Events
  /// without consent are not written.
  /// Idempotent: rows are keyed by log position. An id that was seen at another position is a duplicate; at the same
  /// position it is the same record again.
  /// An erase record deletes the rows that the owner had before it in log order (Event::partition_only says where), a
  /// user's rows in the histories of its sessions too. It is added to Erasures.
  /// Item records change the catalogue in the same write (store/catalogue_commit.h). Records of lists become rows of their
  /// owner's lists (store/served_lists.h).
  /// If a log was recreated (batch.recreated), the rows stay, and the positions of unfinished erasures in it are
  /// forgotten.
  /// REQUIRES: the database has a Catalogue, if the batch has item records
  Result<CommitCounts> commit(const EventBatch& batch, bool keep_rejected);

  /// The newest events, at most `limit` and at most max_events_per_owner, newest first.
  Result<std::vector<Event>> recent(const Owner& owner, std::size_t limit) const;

  /// The next `limit` rows of `owner` after `after`, or the first. Includes rows beyond the limits that have not been
  /// removed from the files yet.
  Result<HistoryPage> page(const Owner& owner, std::size_t limit, const std::optional<HistoryCursor>& after) const;

  /// Number of events within the limits; 0 for an unknown owner.
  Result<std::size_t> count(const Owner& owner) const;

  /// Deletes the rows of `owner` now, as erase records do that the log has just before the positions `before`. What the
  /// log has of the owner before them and is not committed yet will not be stored either.
  Result<void> erase(const Owner& owner, const Positions& before);

  /// True if what `owner` did at `position` is erased, by an erasure that is not finished (store/erasures.h).
  bool is_erased(const Owner& owner, const Position& position) const;

  /// Position of the next record to read, of each partition.
  Result<Positions> positions() const;

  /// Newest event time committed so far (stream time); the epoch if there is none.
  Timestamp stream_time() const;

  /// The oldest event time that is kept: max_event_age before stream time, which it follows slowly when stream time jumps
  /// (store/newest_time.h). Timestamp::min() if events of any age are kept.
  Timestamp oldest_kept() const;

  /// What is odd about stream time, for the operator; empty if nothing is.
  std::string time_problem() const;

  /// Visits every row in key order until `visit` returns false. For inspection and tests: reads the whole store.
  Result<void> scan(const std::function<bool(const Owner&, const PositionedEvent&)>& visit) const;

 private:
  Database& database_;
};

}  // namespace freshet::store
