// SPDX-License-Identifier: Apache-2.0
#include "online/parts/neural/background_step.h"

#include <pthread.h>

#include <utility>

#include "base/check.h"

namespace freshet::online {

void BackgroundStep::begin(SequenceBatch batch) {
  FRESHET_CHECK(!batch_);
  batch_ = std::move(batch);
  {
    const std::lock_guard lock(mutex_);
    wanted_ = true;
  }
  changed_.notify_all();
  if (thread_.joinable()) return;
  thread_ = std::jthread([this](const std::stop_token& stop) {
    pthread_setname_np(pthread_self(), "freshet-train");
    run(stop);
  });
}

BackgroundStep::Finished BackgroundStep::finish() {
  FRESHET_CHECK(batch_);
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return !wanted_; });
  Finished finished{*std::move(batch_), std::move(gradients_)};
  batch_.reset();
  return finished;
}

void BackgroundStep::run(const std::stop_token& stop) {
  std::unique_lock lock(mutex_);
  while (changed_.wait(lock, stop, [this] { return wanted_; })) {
    lock.unlock();
    SequenceGradients gradients = trainer_.gradients(*batch_);
    lock.lock();
    gradients_ = std::move(gradients);
    wanted_ = false;
    changed_.notify_all();
  }
}

}  // namespace freshet::online
