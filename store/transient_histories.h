// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/event.h"
#include "base/metrics.h"
#include "base/sync.h"
#include "store/options.h"

namespace freshet::store {

/// One page of the events of an owner, newest arrival first.
struct TransientPage {
  std::vector<Event> events;
  std::optional<std::uint64_t> next;  ///< number of the last event; nullopt on the last page
};

/// Events without consent. They are held in memory only, for the lists of the owner's current visit, and are lost when
/// the process ends.
/// Threads: all methods may be called concurrently.
/// Errors:  none.
/// Limits:  Options::transient_events and transient_bytes, each for Options::transient_for after its arrival. When it
///          is full, the sender (Event::sender) that holds most loses its oldest, so that a flood of one evicts its own
///          events and not everybody's.
/// Cost:    a short lock, or none while it is empty; recent() copies its result; erase() takes the lock for some
///          hundred events at a time.
class TransientHistories {
 public:
  TransientHistories(const Options& options, const Clock& clock, Metrics& metrics);

  /// Of an event, in the order of arrival.
  using Number = std::uint64_t;

  /// Adds the event to its user's and its session's events. Keeps only what lists need: owners, item, type and time.
  Number add(const Event& event);

  /// Removes one event, if it is still there.
  void remove(Number number);

  /// The owner's last `limit` events by arrival, newest event time first.
  std::vector<Event> recent(const Owner& owner, std::size_t limit);

  /// The next `limit` events of the owner after the one with the number `after`, or the first.
  TransientPage page(const Owner& owner, std::size_t limit, std::optional<std::uint64_t> after);

  /// Removes the owner's events, from the other owner of each event too.
  void erase(const Owner& owner);

  /// Removes expired events. All other methods do so too; call this when they may not be called.
  void expire();

 private:
  struct Held {
    std::chrono::milliseconds arrival;  // Clock::elapsed()
    Event event;
    std::size_t bytes;  // that it takes, here and in the indexes
    std::string sender;
  };
  struct Sender {
    std::size_t bytes = 0;
    std::set<Number> numbers;
  };

  void expire_locked() FRESHET_REQUIRES(mutex_);
  void publish_size_locked() FRESHET_REQUIRES(mutex_);
  bool erase_some(const Owner& owner, Number end);
  void remove_locked(Number number) FRESHET_REQUIRES(mutex_);
  void add_to_sender_locked(Number number, const Held& held) FRESHET_REQUIRES(mutex_);
  void remove_from_sender_locked(Number number, const Held& held) FRESHET_REQUIRES(mutex_);

  const std::size_t max_events_;
  const std::size_t max_bytes_;
  const std::chrono::milliseconds max_age_;
  const Clock& clock_;
  Gauge& held_gauge_;
  Gauge& bytes_gauge_;
  Counter& dropped_;
  std::atomic<std::size_t> count_{0};  // of held_, so that lists need no lock while it is empty

  Mutex mutex_;
  Number next_ FRESHET_GUARDED_BY(mutex_) = 0;
  std::size_t bytes_ FRESHET_GUARDED_BY(mutex_) = 0;  // of all in `held_`
  std::map<Number, Held> held_ FRESHET_GUARDED_BY(mutex_);
  std::map<Owner, std::set<Number>> of_ FRESHET_GUARDED_BY(mutex_);
  std::map<std::string, Sender> senders_ FRESHET_GUARDED_BY(mutex_);
  std::set<std::pair<std::size_t, std::string_view>> by_bytes_ FRESHET_GUARDED_BY(mutex_);  // of senders_
};

}  // namespace freshet::store
