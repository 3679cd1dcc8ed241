// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace freshet::online {

/// Decides which events a learner that is behind still scores before it learns them. While the events that it has not
/// read are at most `score_all_within` of work, it scores all of them; beyond, a share that falls as the work grows,
/// but not below `least`. The lag settles where the learner just keeps up, if any share achieves that.
/// Threads: one.
class ScoringShare {
 public:
  using Seconds = std::chrono::duration<double>;

  ScoringShare(Seconds score_all_within, double least) : score_all_within_(score_all_within), least_(least) {}

  /// Reports how long the learner took for `events`.
  void learned(std::size_t events, Seconds took);

  /// Reports how many events the learner has not read yet.
  void behind(std::int64_t events);

  /// Share of the events that is scored now.
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
