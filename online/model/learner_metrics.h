// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/metrics.h"
#include "online/measure/diagnostic.h"
#include "online/measure/progressive.h"

namespace freshet::online {

/// The learner's metrics, registered once, so that names and help texts are in one place (docs/metrics.md).
/// Threads: learner thread only.
class LearnerMetrics {
 public:
  LearnerMetrics(Metrics& metrics, const std::vector<std::string>& part_names);

  /// Sets the gauges of quality. One entry per part, then the blend.
  void quality(const std::vector<Quality>& quality);
  /// Sets the gauges of the blender's influence, one per part of Model::ranked_parts().
  void influence(const std::vector<double>& shares, std::span<const std::size_t> parts);
  /// Sets the gauges of those diagnostics that are exported, by part.
  void diagnostics(const std::vector<std::pair<std::string, std::vector<Diagnostic>>>& parts);
  /// Sets the gauges of memory, by part.
  void memory(const std::vector<std::pair<std::string, std::size_t>>& bytes);

  Counter& events;
  Counter& unscored;
  Counter& limited;
  Counter& unknown_types;
  Counter& rejected;
  Gauge& lag_events;
  Gauge& lag_seconds;
  Gauge& items;
  Gauge& snapshot_version;
  Gauge& stream_time;
  Histogram& checkpoint_seconds;
  Gauge& checkpoint_bytes;
  Counter& checkpoints_written;
  Counter& checkpoints_failed;

 private:
  struct PartGauges {
    Gauge &hit_rate, &mrr, &ndcg;
  };

  Metrics& metrics_;
  Gauge& scored_events_;
  Gauge& blend_advantage_;
  std::vector<PartGauges> quality_;
  std::vector<Gauge*> influence_;
};

}  // namespace freshet::online
