#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <stop_token>
#include <thread>

namespace freshet::serve {

/// The thread "freshet-disk", for work that may wait for the disk; I/O threads must not. Runs one piece of work at a
/// time, in the order of the calls.
/// Threads: post() may be called from any thread, stop() from one.
/// Owns:    queued work; stop() destroys it, without running it, on the thread that calls stop().
/// Limits:  kMaxWaiting.
class DiskWorker {
 public:
  static constexpr std::size_t kMaxWaiting = 64;

  DiskWorker();
  ~DiskWorker();  ///< stop()

  /// False if kMaxWaiting pieces of work are queued or the worker is stopped; this work is then dropped.
  [[nodiscard]] bool post(std::function<void()> work);

  /// Waits for the running work, however long the disk takes, and starts no other. Idempotent.
  void stop();

 private:
  void run(const std::stop_token& stop);

  std::mutex mutex_;
  std::condition_variable_any wake_;
  std::deque<std::function<void()>> waiting_;  // guarded by mutex_
  bool stopped_ = false;                       // guarded by mutex_
  std::jthread thread_;
};

}  // namespace freshet::serve
