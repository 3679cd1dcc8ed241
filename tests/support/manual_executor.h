// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <deque>
#include <functional>
#include <utility>

#include "serve/routing/message.h"

namespace freshet::testing {

/// Runs what is posted at once; keeps what is to happen later until told, and, on a bad disk, what waits for that.
class ManualExecutor final : public serve::Executor {
 public:
  void post(std::function<void()> work) override { work(); }
  void post_after(std::chrono::milliseconds, std::function<void()> work) override { later.push_back(std::move(work)); }
  bool post_blocking(std::function<void()> work) override {
    if (disk == Disk::good) {
      work();
    } else if (disk == Disk::hangs) {
      blocked.push_back(std::move(work));
    }
    return disk != Disk::full_queue;
  }
  void post_reading(std::function<void(bool)> work) override {
    ++readings;
    work(!busy);
  }
  void run_later() {
    for (; !later.empty(); later.pop_front()) later.front()();
  }
  void run_blocked() {
    for (; !blocked.empty(); blocked.pop_front()) blocked.front()();
  }
  enum class Disk { good, hangs, full_queue } disk = Disk::good;
  std::deque<std::function<void()>> later, blocked;
  int readings = 0;   ///< pieces of work that took long to read
  bool busy = false;  ///< with other reading
};

}  // namespace freshet::testing
