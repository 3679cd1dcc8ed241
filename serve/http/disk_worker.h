#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <stop_token>
#include <thread>

namespace freshet::serve {

/// The thread ("freshet-disk") for work that may wait for the disk, which no I/O thread may. One after another, in the
/// order in which it came.
/// Threads: post() may be called from any, stop() from one.
/// Owns:    work that has not begun; it is let go of, undone, by stop() on the thread that calls it.
/// Limits:  kMaxWaiting.
class DiskWorker {
 public:
  static constexpr std::size_t kMaxWaiting = 64;

  DiskWorker();
  ~DiskWorker();  ///< stop()

  /// False: kMaxWaiting works wait already, or it is stopped. Then this one will not be done.
  [[nodiscard]] bool post(std::function<void()> work);

  /// Waits for the work that is being done, however long the disk takes; begins no other. Idempotent.
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
