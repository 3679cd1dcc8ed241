#pragma once

#include <array>
#include <chrono>
#include <string>
#include <vector>

#include "base/metrics.h"

namespace freshet::serve {

/// What the pipeline counts about its stages and components, so that no component has to.
/// Threads: all methods may be called concurrently.
class StageMetrics {
 public:
  enum Stage { context, sources, scoring, selection };

  /// `components`: names of everything that lets items through (filters).
  StageMetrics(Metrics& metrics, const std::vector<std::string>& components);

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
  void removed(std::size_t component) { removed_[component]->Increment(); }
  void returned(std::size_t items) { returned_.Increment(static_cast<double>(items)); }

 private:
  std::array<Histogram*, 4> seconds_{};
  Counter& proposed_;
  Counter& returned_;
  std::vector<Counter*> removed_;
};

}  // namespace freshet::serve
