#include "serve/http/disk_worker.h"

#include <pthread.h>

#include <utility>

namespace freshet::serve {

DiskWorker::DiskWorker() : thread_([this](const std::stop_token& stop) { run(stop); }) {}
DiskWorker::~DiskWorker() { stop(); }

bool DiskWorker::post(std::function<void()> work) {
  {
    const std::lock_guard lock(mutex_);
    if (stopped_ || waiting_.size() >= kMaxWaiting) return false;
    waiting_.push_back(std::move(work));
  }
  wake_.notify_one();
  return true;
}

void DiskWorker::stop() {
  {
    std::deque<std::function<void()>> undone;  // destroyed outside the lock
    const std::lock_guard lock(mutex_);
    stopped_ = true;
    undone.swap(waiting_);
  }
  thread_.request_stop();
  if (thread_.joinable()) thread_.join();
}

void DiskWorker::run(const std::stop_token& stop) {
  pthread_setname_np(pthread_self(), "freshet-disk");
  std::unique_lock lock(mutex_);
  while (wake_.wait(lock, stop, [this] { return !waiting_.empty(); })) {
    {
      const auto work = std::move(waiting_.front());
      waiting_.pop_front();
      lock.unlock();
      work();
    }  // destroyed outside the lock
    lock.lock();
  }
}

}  // namespace freshet::serve
