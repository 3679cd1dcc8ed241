#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace freshet::online {

/// Which events a learner that is behind still scores before it learns them. While what waits for it is at most
/// `score_all_within` of work, all of them; then a share that falls as the work grows, never below `least`. So the lag
/// settles where the learner just keeps up, if there is such a share, and the weights stay fresh.
/// Threads: one.
class ScoringShare {
 public:
  using Seconds = std::chrono::duration<double>;

  ScoringShare(Seconds score_all_within, double least) : score_all_within_(score_all_within), least_(least) {}

  /// So many events took so long to learn.
  void learned(std::size_t events, Seconds took);

  /// So many events wait.
  void behind(std::int64_t events);

  double share() const { return share_; }

  /// Whether to score the next event.
  bool next();

 private:
  const Seconds score_all_within_;
  const double least_;
  Seconds per_event_{0};
  double share_ = 1;
  double phase_ = 0;
};

}  // namespace freshet::online
