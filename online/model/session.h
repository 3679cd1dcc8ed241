// SPDX-License-Identifier: Apache-2.0
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
#include "online/part/id_hash.h"
#include "online/part/options.h"

namespace freshet::online {

/// What a session is: the events of one session id (without one: of one user) with no pause longer than
/// Options::session_gap, and of one user: where an event names another user than those before, a session begins. Events
/// that name none are of the user before them; if there is none, of the one who logs in after them. Repeats of the same
/// item in a row count once, at the time of the first.

/// A session as it is found in a history.
struct HistorySession {
  Context context;
  bool whole = false;  ///< older events would change nothing
};

/// The current session of an owner, from the stored history: what SessionTracker::before() is at `now`, if events are
/// in order of time. `newest_first`: as HistoryStore::recent() returns it. Skips events of weight 0, those
/// of other session ids than the newest, and items that `find` does not know. Empty if, at `now`, the last event is
/// longer ago than the gap. `ids`: Snapshot::ids.
HistorySession session_from_history(std::span<const Event> newest_first, Timestamp now, const Options& options,
                                    const IdHash& ids, const std::function<ItemIndex(std::string_view)>& find);

/// The newest event of a type that is learned: the session that it names is the current one. Null if there is none.
const Event* newest_learned(std::span<const Event> newest_first, const Options& options);

/// The open sessions, as the learner follows them. Closes the least recently active session when there are too many,
/// and any whose last event is longer ago than the gap plus kSlack. The slack allows for events that come late, because
/// the partitions of the log are not read in step. Until it is closed, a session keeps its user
/// for events that name none.
/// Threads: learner thread only.
/// Cost:    O(1) for before() and append().
class SessionTracker {
 public:
  static constexpr std::chrono::hours kSlack{24};

  explicit SessionTracker(const Options& options);
  ~SessionTracker();

  /// The session before an event at `time` by `user_key`; empty if it is new, after a pause longer than the gap, or if
  /// it was another user's. The reference is valid until the next before(), erase() or load(); append() and
  /// forget_item() change it.
  const Context& before(OwnerKey session_key, OwnerKey user_key, Timestamp time);

  /// Appends the event for which before() was just called; a repeat of the last item only keeps the session open.
  void append(const Interaction& event);

  /// Closes every session with this session or user key.
  /// Cost: a pass over the sessions.
  void erase(OwnerKey key);
  /// Removes the item from all sessions.
  /// Cost: a pass over the sessions if any has the item, else O(1).
  void forget_item(ItemIndex item);

  /// Number of open sessions.
  std::size_t size() const;
  std::size_t memory_bytes() const;
  void save(ByteWriter& out) const;
  /// Errors: corrupt.
  Result<void> load(ByteReader& in);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace freshet::online
