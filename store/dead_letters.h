#pragma once

#include <functional>

#include "base/event_reader.h"
#include "base/result.h"
#include "store/database.h"

namespace freshet::store {

/// Rejected records of the embedded log, with reason, original bytes and position, oldest first.
/// Written by HistoryStore::commit (same WriteBatch as the positions), read by `freshet inspect`.
/// The newest kMaxDeadLetters are kept. With a pseudonym key only reason and position.
/// Threads:  all methods may be called concurrently.
class DeadLetters {
 public:
  explicit DeadLetters(Database& database) : database_(database) {}

  Result<void> scan(const std::function<bool(const RejectedRecord&)>& visit) const;
  Result<std::size_t> count() const;

 private:
  Database& database_;
};

inline constexpr std::size_t kMaxDeadLetters = 100'000;

}  // namespace freshet::store
