#pragma once

#include <atomic>
#include <cstddef>
#include <deque>
#include <list>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/event.h"
#include "base/metrics.h"
#include "store/options.h"

namespace freshet::store {

/// Events without consent: in memory only, for the lists of the owner's visit, and gone with the process. Bounded by
/// Options::transient_events, oldest out first, and by Options::transient_for since they came.
/// Threads:  all methods may be called concurrently.
/// Errors:   none.
/// Cost:     a short lock, or none while nothing is held; recent() copies what it returns; erase() is linear in the
///           events of the owners concerned.
class TransientHistories {
 public:
  TransientHistories(const Options& options, const Clock& clock, Metrics& metrics);

  /// Under the user and under the session. Only what a list rests on is kept: who, what, which type, when.
  void add(const Event& event);

  /// The owner's newest to arrive, at most `limit`, newest event time first.
  std::vector<Event> recent(const Owner& owner, std::size_t limit);

  /// Forgets the owner's events, also under the other name that they have.
  void erase(const Owner& owner);

  /// Forgets what is too old. Every other method does it too; for when none is called.
  void expire();

 private:
  struct Held {
    std::chrono::milliseconds arrival;  // as Clock::elapsed() was
    Event event;
  };
  using Entry = std::list<Held>::iterator;

  void expire_locked();
  void publish_count_locked();
  void remove(Entry entry);

  const std::size_t max_events_;
  const std::chrono::milliseconds max_age_;
  const Clock& clock_;
  Gauge& held_gauge_;
  Counter& dropped_;
  std::atomic<std::size_t> count_{0};  // of what is held; every list asks

  std::mutex mutex_;
  // guarded by mutex_
  std::list<Held> held_;                   // oldest arrival first
  std::map<Owner, std::deque<Entry>> of_;  // in the same order
};

}  // namespace freshet::store
