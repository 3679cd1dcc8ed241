#pragma once

#include <functional>

#include "base/event_reader.h"
#include "base/result.h"
#include "store/database.h"

namespace freshet::store {

/// How many are kept, the newest by arrival. There may be a tenth more until the oldest go.
inline constexpr std::size_t kMaxDeadLetters = 100'000;

/// How much is kept of a record's key, of its value, and of its headers.
inline constexpr std::size_t kMaxDeadLetterBytes = std::size_t{256} << 10;

/// What is kept of a record, here and in Kafka's dead-letter topic. A value that was cut off has, before its own, the
/// header freshet-truncated-from, which says how long it was.
RejectedRecord cut_dead_letter(const RejectedRecord& record);

/// Rejected records of the embedded log, and those that Kafka's dead-letter topic did not take, with reason, original
/// bytes (cut_dead_letter) and position, in the order of partitions and offsets. Written by HistoryStore::commit (same
/// WriteBatch as the positions), read by `freshet inspect`. With a pseudonym key only reason and position.
///
/// Threads: all methods may be called concurrently.
class DeadLetters {
 public:
  explicit DeadLetters(Database& database) : database_(database) {}

  Result<void> scan(const std::function<bool(const RejectedRecord&)>& visit) const;
  Result<std::size_t> count() const;

 private:
  Database& database_;
};

}  // namespace freshet::store
