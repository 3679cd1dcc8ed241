#pragma once

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
  /// `name`: of the thread, at most 15 characters. `max_waiting`: pieces of work that may be queued.
  BackgroundThread(const std::string& name, std::size_t max_waiting);
  ~BackgroundThread();  ///< stop()

  /// False if `max_waiting` pieces of work are queued or the thread is stopped; this work is then dropped.
  [[nodiscard]] bool post(std::function<void()> work);

  /// Waits for the running work, however long it takes, and starts no other. Idempotent.
  void stop();

 private:
  void run(const std::stop_token& stop);

  const std::size_t max_waiting_;
  std::mutex mutex_;
  std::condition_variable_any wake_;
  std::deque<std::function<void()>> waiting_;  // guarded by mutex_
  bool stopped_ = false;                       // guarded by mutex_
  std::jthread thread_;
};

}  // namespace freshet::serve
