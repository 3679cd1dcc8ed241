#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string_view>

#include "base/bytes.h"
#include "base/event.h"
#include "base/result.h"
#include "online/context.h"
#include "online/options.h"

namespace freshet::online {

/// The one place that says what a session is: events of one session id (or, without one, of one user) with no pause
/// longer than the gap; a repeat of the item before it is collapsed.

/// The current session of an owner from its stored history, oldest first. `newest_first` as HistoryStore::recent
/// returns it; events whose type has weight 0 are passed over; items that `find` does not know are passed over.
/// `now`: a session whose last event is more than the gap before it is over (empty result).
Context session_from_history(std::span<const Event> newest_first, Timestamp now, const Options& options,
                             const std::function<ItemIndex(std::string_view)>& find);

/// Stable hash of an owner, for Interaction::session_key and user_key; never 0.
std::uint64_t owner_key(Owner::Kind kind, std::string_view id);

/// Open sessions as the learner follows them, bounded: the least recently active is closed when full.
/// Threads: learner thread only.
class SessionTracker {
 public:
  explicit SessionTracker(const Options& options);
  ~SessionTracker();

  /// The session as it is before an event at `time`; an over-long pause has closed it (empty session).
  /// The reference is valid until the next call.
  const Context& before(std::uint64_t session_key, Timestamp time);

  /// Appends the event. REQUIRES: before() was called for it.
  void append(std::uint64_t session_key, Visit visit);

  void erase(std::uint64_t session_key);
  void forget_item(ItemIndex item);

  std::size_t size() const;
  std::size_t memory_bytes() const;
  void save(ByteWriter& out) const;
  Result<void> load(ByteReader& in);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace freshet::online
