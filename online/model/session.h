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
#include "online/part/context.h"
#include "online/part/options.h"

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

/// Open sessions as the learner follows them, bounded: the least recently active is closed when full, and a session
/// whose pause has been over-long for kSlack besides (partitions of the log may be read that far out of step). Threads:
/// learner thread only.
class SessionTracker {
 public:
  static constexpr std::chrono::hours kSlack{24};

  explicit SessionTracker(const Options& options);
  ~SessionTracker();

  /// The session as it is before an event at `time` by `user_key` (0: anonymous); an over-long pause has closed it
  /// (empty session).
  /// The reference is valid until before(), erase() or load() is called next; append() and forget_item() show in it.
  const Context& before(std::uint64_t session_key, std::uint64_t user_key, Timestamp time);

  /// Notes the event that before() was just called for; a repeat of the last item only keeps the session open.
  void append(const Interaction& event);

  /// Drops the sessions of this session or user.
  void erase(std::uint64_t key);
  /// Cost: nothing unless an open session holds the item; else a pass over the open sessions.
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
