// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <chrono>
#include <string>
#include <vector>

#include "base/metrics.h"

namespace freshet::serve {

/// The metrics of the recommender's stages and filters.
/// Threads: all methods may be called concurrently.
class StageMetrics {
 public:
  enum Stage { context, sources, scoring, selection };

  /// `filters`: their names, in the order in which they are asked.
  StageMetrics(Metrics& metrics, const std::vector<std::string>& filters);

  /// Times the enclosing scope as `stage`.
  class Timer {
   public:
    Timer(StageMetrics& metrics, Stage stage)
        : histogram_(*metrics.seconds_[stage]), start_(std::chrono::steady_clock::now()) {}
    ~Timer() { histogram_.Observe(std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count()); }
    Timer(const Timer&) = delete;
    Timer& operator=(const Timer&) = delete;

   private:
    Histogram& histogram_;
    std::chrono::steady_clock::time_point start_;
  };

  void proposed(std::size_t items) { proposed_.Increment(static_cast<double>(items)); }
  /// `filter`: its number in that order.
  void removed(std::size_t filter, std::size_t items = 1) {
    if (items > 0) removed_[filter]->Increment(static_cast<double>(items));
  }
  void returned(std::size_t items) { returned_.Increment(static_cast<double>(items)); }

 private:
  std::array<Histogram*, 4> seconds_{};
  Counter& proposed_;
  Counter& returned_;
  std::vector<Counter*> removed_;
};

}  // namespace freshet::serve
