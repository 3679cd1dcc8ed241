// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string_view>

#include "base/event_reader.h"
#include "base/result.h"
#include "store/database.h"

namespace freshet::store {

/// Number of dead letters that are kept, the newest by arrival. There may be 10 % more until the oldest are deleted.
inline constexpr std::size_t kMaxDeadLetters = 100'000;

/// Number of bytes that are kept of a record's key, of its value, and of its headers.
inline constexpr std::size_t kMaxDeadLetterBytes = std::size_t{256} << 10;

/// The part of a record that is kept, here and in Kafka's dead-letter topic. If the value is truncated, the header
/// freshet-truncated-from, before the record's own, has the original length.
RejectedRecord cut_dead_letter(const RejectedRecord& record);

/// A header that is added to each dead letter of a partition once its log has been recreated: the position means
/// another record since.
inline constexpr std::string_view kFormerLogHeader = "freshet-former-log";

bool has_header(const RejectedRecord& record, std::string_view name);

/// Rejected records of the embedded log, and those that Kafka's dead-letter topic did not take, in the order of
/// partitions and offsets. Each has its reason, position and bytes (cut_dead_letter); with a pseudonym key only reason
/// and position. HistoryStore::commit writes them, in the WriteBatch of the positions; `freshet inspect` shows them.
/// Threads: all methods may be called concurrently.
/// Errors:  unavailable (I/O), corrupt.
class DeadLetters {
 public:
  explicit DeadLetters(Database& database) : database_(database) {}

  Result<void> scan(const std::function<bool(const RejectedRecord&)>& visit) const;
  Result<std::size_t> count() const;

 private:
  Database& database_;
};

}  // namespace freshet::store
