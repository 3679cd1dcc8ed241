#pragma once

#include <atomic>
#include <cstddef>
#include <deque>
#include <list>
#include <map>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/event.h"
#include "base/metrics.h"
#include "base/sync.h"
#include "store/options.h"

namespace freshet::store {

/// Events without consent. They are held in memory only, for the lists of the owner's current visit, and are lost when
/// the process ends.
/// Threads: all methods may be called concurrently.
/// Errors:  none.
/// Limits:  Options::transient_events, oldest evicted first, each for Options::transient_for after its arrival.
/// Cost:    a short lock, or none while it is empty; recent() copies its result; erase() is linear in the events of the
///          owner and of its sessions or users.
class TransientHistories {
 public:
  TransientHistories(const Options& options, const Clock& clock, Metrics& metrics);

  /// Adds the event to its user's and its session's events. Keeps only what lists need: owners, item, type and time.
  void add(const Event& event);

  /// The owner's last `limit` events by arrival, newest event time first.
  std::vector<Event> recent(const Owner& owner, std::size_t limit);

  /// Removes the owner's events, from the other owner of each event too.
  void erase(const Owner& owner);

  /// Removes expired events. All other methods do so too; call this when they may not be called.
  void expire();

 private:
  struct Held {
    std::chrono::milliseconds arrival;  // Clock::elapsed()
    Event event;
  };
  using Entry = std::list<Held>::iterator;

  void expire_locked() FRESHET_REQUIRES(mutex_);
  void publish_count_locked() FRESHET_REQUIRES(mutex_);
  void remove(Entry entry) FRESHET_REQUIRES(mutex_);

  const std::size_t max_events_;
  const std::chrono::milliseconds max_age_;
  const Clock& clock_;
  Gauge& held_gauge_;
  Counter& dropped_;
  std::atomic<std::size_t> count_{0};  // of held_, so that lists need no lock while it is empty

  Mutex mutex_;
  std::list<Held> held_ FRESHET_GUARDED_BY(mutex_);                   // oldest arrival first
  std::map<Owner, std::deque<Entry>> of_ FRESHET_GUARDED_BY(mutex_);  // in the same order
};

}  // namespace freshet::store
