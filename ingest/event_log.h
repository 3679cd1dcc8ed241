// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/event_reader.h"
#include "base/position.h"
#include "base/result.h"
#include "store/codec/records.h"

namespace freshet::ingest {

struct LogEntry {
  std::string key;  ///< records of one key are in one partition, in order
  std::string value;
  std::optional<std::int32_t> partition{};  ///< where it belongs, whatever its key; kStatePartition if the log has one
  bool erases = false;                      ///< an erase record: a log that is full takes it all the same
  bool may_wait = false;  ///< is in no hurry to be durable, so it needs no fsync of its own (EmbeddedLog::kLongestWait)
};

struct LogRecord {
  Position position;
  Timestamp arrival{};
  std::string key;
  std::string value;
  RecordHeaders headers;  ///< of CloudEvents in binary mode
};

struct LogBatch {
  std::vector<LogRecord> records;
  Positions next;  ///< for each partition in the batch one past its last record; for others, where reading continues
  std::set<std::int32_t> recreated;  ///< see EventBatch
};

/// Reads records of the log from its own positions.
/// Threads: one thread; end_positions(), lost_records() and problem() may be called from any.
/// Errors:  as EventReader.
class LogReader {
 public:
  virtual ~LogReader() = default;

  /// See EventReader::poll. A batch with positions but no records means that retention has deleted the records.
  virtual Result<LogBatch> poll(std::size_t max_records, std::chrono::milliseconds timeout) = 0;

  /// See EventReader::seek. An offset that the log no longer has continues at its beginning. So does one past its end, which
  /// the log must have been recreated for (LogBatch::recreated).
  virtual void seek(const Positions& positions) = 0;

  /// Newest known end of each partition that it reads.
  virtual Positions end_positions() const = 0;

  /// Tells the log up to where the reader's state is durable: Kafka commits the offsets, for lag tools; the embedded log
  /// may trim up to there. Never the source of truth, which is the reader's own store.
  virtual void commit(const Positions& positions) = 0;

  /// Waits for `duration` without fetching records, because the caller cannot take any (its store is in trouble). The
  /// reader stays a member of its group.
  virtual void idle(std::chrono::milliseconds duration) = 0;

  /// Partitions that the group has taken from this reader since poll() last returned, even if it has them again. What
  /// was polled from them is no longer the reader's to write. Only poll() and idle() change it: a batch that has just
  /// been polled is the reader's. Empty for a log without groups.
  virtual std::set<int> revoked() const { return {}; }

  /// Empty, or why the reader is given no records although the log is usable: its group has yet to assign partitions.
  virtual std::string problem() const { return ""; }

  /// Number of records that the log has deleted before this reader read them, since it was opened. Zero for a log that
  /// keeps records until every reader has read them.
  virtual std::uint64_t lost_records() const { return 0; }
};

/// How a reader shares the log with others.
enum class Sharing {
  group,  ///< partitions are divided among the members of the consumer group (the history writer)
  all,    ///< every partition (the learner)
};

/// Called on the polling thread when a group reader gets partitions: the positions of its store. Partitions that are not
/// in it continue from the offset committed to the group, else from the beginning. If it is empty, the store is new, and
/// everything is read from the beginning.
using PositionsOf = std::function<Positions()>;

/// A log's own place for rejected records, such as Kafka's dead-letter topic.
/// Threads: as EventLog.
class DeadLetterSink {
 public:
  virtual ~DeadLetterSink() = default;

  /// Returns when all of them are durable, with reason and position as headers. Blocks for at most `timeout`.
  /// Errors: timed_out, overloaded, unavailable; invalid if it will never take one of them (too large).
  virtual Result<void> append(std::span<const RejectedRecord> rejected, std::chrono::milliseconds timeout) = 0;

  /// Empty, or why it does not look usable. It may be all the same: a broker may create the topic when it is written to.
  virtual std::string problem() const = 0;
};

/// An ordered, durable, partitioned log of records. It is the source of truth; everything else is a view of it.
/// Implemented for Kafka and as the embedded log. Both pass the same tests (tests/support/event_log_contract.h).
/// Threads: all methods may be called concurrently.
/// Errors:  values. `unavailable` if the broker cannot be reached; the log recovers by itself.
class EventLog {
 public:
  /// Called exactly once with the end positions of the entries (a token), or with the reason why not all of them are
  /// durable. After an error some entries may be in the log. It runs on the thread that serves all appends and must
  /// only pass its work on to another thread.
  using Appended = std::function<void(Result<Positions>)>;

  virtual ~EventLog() = default;

  /// Appends entries in order and calls `done` when all are durable. Calls it on the calling thread only if the answer
  /// is known at once (overloaded, shutting_down, no entries).
  virtual void append(std::vector<LogEntry> entries, Appended done) = 0;

  /// The partitions that it has now.
  virtual Result<std::vector<std::int32_t>> partitions() const = 0;

  /// `positions_of` is needed for Sharing::group only.
  virtual std::unique_ptr<LogReader> open_reader(Sharing sharing, PositionsOf positions_of) = 0;

  /// Removes from the log the records of these owners up to and including their erase record. False if a reader may
  /// still need them: call it again later. True at once for Kafka, where the operator's retention deletes records.
  virtual Result<bool> forget(std::span<const store::Erasure> erasures) = 0;

  /// True if items have a partition of their own, kStatePartition, of which only the newest record of each key is sure to
  /// stay. Otherwise they are among the events.
  virtual bool has_state_partition() const { return false; }

  /// Empty if the log is usable, else the reason for /readyz.
  virtual std::string problem() const = 0;

  /// "embedded" or "kafka".
  virtual std::string_view name() const = 0;

  /// Null if the log has no place of its own for rejected records. Then, or if that place fails, the history store keeps
  /// them.
  virtual DeadLetterSink* dead_letters() = 0;
};

}  // namespace freshet::ingest
