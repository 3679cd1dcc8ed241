// SPDX-License-Identifier: Apache-2.0
#include "serve/http/background_thread.h"

#include <pthread.h>

#include <utility>

namespace freshet::serve {

BackgroundThread::BackgroundThread(const std::string& name, std::size_t max_waiting, Clock::duration max_wait,
                                   std::function<Clock::time_point()> now)
    : max_waiting_(max_waiting),
      max_wait_(max_wait),
      now_(std::move(now)),
      thread_([this, name](const std::stop_token& stop) {
        pthread_setname_np(pthread_self(), name.c_str());
        run(stop);
      }) {}
BackgroundThread::~BackgroundThread() { stop(); }

bool BackgroundThread::post(Work work) {
  {
    const std::lock_guard lock(mutex_);
    if (stopped_ || waiting_.size() >= max_waiting_) return false;
    waiting_.push_back({std::move(work), now_()});
  }
  wake_.notify_one();
  return true;
}

void BackgroundThread::stop() {
  {
    std::deque<Waiting> undone;  // destroyed outside the lock
    const std::lock_guard lock(mutex_);
    stopped_ = true;
    undone.swap(waiting_);
  }
  thread_.request_stop();
  if (thread_.joinable()) thread_.join();
}

void BackgroundThread::run(const std::stop_token& stop) {
  std::unique_lock lock(mutex_);
  while (wake_.wait(lock, stop, [this] { return !waiting_.empty(); })) {
    {
      const Waiting next = std::move(waiting_.front());
      waiting_.pop_front();
      lock.unlock();
      next.work(now_() - next.since <= max_wait_);
    }  // destroyed outside the lock
    lock.lock();
  }
}

}  // namespace freshet::serve
