// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <stop_token>
#include <string>
#include <thread>

namespace freshet::serve {

/// A thread for work that must not hold up an I/O thread. Runs one piece of work at a time, in the order of the calls.
/// Threads: post() may be called from any thread, stop() from one.
/// Owns:    queued work; stop() destroys it, without running it, on the thread that calls stop().
class BackgroundThread {
 public:
  using Clock = std::chrono::steady_clock;
  /// `in_time`: false if it has waited for longer than the thread allows, and only has to say so.
  using Work = std::function<void(bool in_time)>;

  /// `name`: of the thread, at most 15 characters. `max_waiting`: pieces of work that may be queued. `now`: for tests.
  BackgroundThread(const std::string& name, std::size_t max_waiting, Clock::duration max_wait = Clock::duration::max(),
                   std::function<Clock::time_point()> now = Clock::now);
  ~BackgroundThread();  ///< stop()

  /// False if `max_waiting` pieces of work are queued or the thread is stopped; this work is then dropped.
  [[nodiscard]] bool post(Work work);

  /// Waits for the running work, however long it takes, and starts no other. Idempotent.
  void stop();

 private:
  void run(const std::stop_token& stop);

  struct Waiting {
    Work work;
    Clock::time_point since;
  };

  const std::size_t max_waiting_;
  const Clock::duration max_wait_;
  const std::function<Clock::time_point()> now_;
  std::mutex mutex_;
  std::condition_variable_any wake_;
  std::deque<Waiting> waiting_;  // guarded by mutex_
  bool stopped_ = false;         // guarded by mutex_
  std::jthread thread_;
};

}  // namespace freshet::serve
