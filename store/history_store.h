#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/event.h"
#include "base/event_reader.h"
#include "base/position.h"
#include "base/result.h"
#include "store/database.h"

namespace freshet::store {

/// What became of one committed batch.
struct CommitCounts {
  std::size_t stored = 0;      ///< interactions written
  std::size_t duplicates = 0;  ///< event id seen before within the dedupe window: passed over
  std::size_t expired = 0;     ///< older than max_event_age: passed over
  std::size_t withheld = 0;    ///< without consent: passed over
  std::size_t erased = 0;      ///< erase requests carried out
};

/// A row of an owner's history, as the place to go on from.
struct HistoryCursor {
  Timestamp time{};
  Position position;

  bool operator==(const HistoryCursor&) const = default;
};

/// A piece of everything that is held of an owner, newest first.
struct HistoryPage {
  std::vector<Event> events;
  std::optional<HistoryCursor> next;  ///< of the last event, if there are more
};

/// Recent events per owner (user or anonymous session), newest first, bounded by Options::max_events_per_owner and
/// max_event_age (before stream time, as far as the clock bears it out: store/newest_time.h), with the log positions
/// that they stand for.
/// Threads:  reads may be called concurrently with everything; commit() from one thread per partition.
/// Errors:   unavailable (I/O), corrupt. Never throws.
/// Cost:     recent(): decoding n rows of an owner whose rows are held in memory (Options::history_cache_bytes), else
/// one
///           seek and a scan before; commit(): one WriteBatch, no fsync (when the log is Kafka or the
///           journal, a tail lost in a power cut is read again, because positions fall back with the rows).
class HistoryStore {
 public:
  explicit HistoryStore(Database& database);

  /// Writes a batch as one atomic WriteBatch: a row per owner of each event (user and session), dedupe ids, erasures,
  /// and `batch.next` as positions. `keep_rejected` also writes batch.rejected to the dead letters in the same batch.
  /// Events without consent are not written. Committing the same records again changes nothing (rows are keyed by log
  /// position). Within a batch and against the store an id already seen at another position is a duplicate; at the same
  /// position it is a repeat. An erase removes the rows that the owner had before it in the log order, no later ones; a
  /// user's also from the histories of the sessions that were theirs, and the dead letters that name the owner, of this
  /// batch too but for later ones of its partition. It is noted in Erasures.
  Result<CommitCounts> commit(const EventBatch& batch, bool keep_rejected);

  /// Newest first, at most `limit`, never more than max_events_per_owner.
  Result<std::vector<Event>> recent(const Owner& owner, std::size_t limit) const;

  /// The next `limit` rows of `owner` behind `after`, or the first: every one that the store still has, those too that
  /// are over the limits and only wait to be taken from the files.
  Result<HistoryPage> page(const Owner& owner, std::size_t limit, const std::optional<HistoryCursor>& after) const;

  /// Rows kept for `owner` (0 if unknown).
  Result<std::size_t> count(const Owner& owner) const;

  /// Removes the rows of `owner` now, as an erase in a batch does. Events of theirs still in the log come back unless
  /// the log also gets an erase.
  Result<void> erase(const Owner& owner);

  /// Where the next record of each partition is to be read from.
  Result<Positions> positions() const;

  /// Newest event time ever committed (stream time); the epoch if none.
  Timestamp stream_time() const;

  /// Every kept row, in key order, until `visit` returns false. For inspection and tests: reads the whole store.
  Result<void> scan(const std::function<bool(const Owner&, const PositionedEvent&)>& visit) const;

 private:
  Database& database_;
};

}  // namespace freshet::store
