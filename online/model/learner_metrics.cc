// SPDX-License-Identifier: Apache-2.0
#include "online/model/learner_metrics.h"

namespace freshet::online {
namespace {

constexpr const char* kQuality = "freshet_learner_quality";
constexpr const char* kQualityHelp =
    "Hit rate, MRR and NDCG at 20 of each part, measured before learning, over about the last 10000 scored events";
constexpr const char* kCalibrationHelp =
    "How good the click probabilities of a part are, measured before learning, over about the last 100000 examples";
constexpr const char* kScanHelp =
    "The scan for the nearest items of a part: recall, the share of the best 20 items that it finds, sampled from the "
    "learner's own scans; share, the share of the vectors that it reads";
constexpr const char* kCheckpoints = "freshet_learner_checkpoints_total";
constexpr const char* kCheckpointsHelp = "Checkpoints written, by result";

/// The diagnostics of parts that are exported as gauges: freshet_learner_<group>, by "part" and "metric".
struct Exported {
  std::string_view group, metric;
  const char *family, *help;
};
constexpr Exported kExported[] = {
    {"calibration", "log_loss", "freshet_learner_calibration", kCalibrationHelp},
    {"calibration", "auc", "freshet_learner_calibration", kCalibrationHelp},
    {"calibration", "expected_calibration_error", "freshet_learner_calibration", kCalibrationHelp},
    {"scan", "recall", "freshet_learner_scan", kScanHelp},
    {"scan", "share", "freshet_learner_scan", kScanHelp},
};

/// The gauges of one part in a family, by "metric".
auto gauges_of(Metrics& metrics, const char* name, const char* help, const std::string& part) {
  return [&metrics, name, help, part](const char* metric) -> Gauge& {
    return metrics.gauge(name, help, {{"part", part}, {"metric", metric}});
  };
}

}  // namespace

LearnerMetrics::LearnerMetrics(Metrics& metrics, const std::vector<std::string>& part_names)
    : events(metrics.counter("freshet_learner_events_total", "Events that the learner has read from the log")),
      unscored(metrics.counter("freshet_learner_unscored_events_total",
                               "Events learned without being scored first, because the learner was behind")),
      limited(metrics.counter("freshet_learner_limited_events_total",
                              "Events that were not learned, because their sender had taught enough about the item "
                              "or brought enough new items (online.sender_limit)")),
      unknown_types(metrics.counter("freshet_learner_unknown_type_events_total",
                                    "Events that were not learned, because online.type_weights does not name their "
                                    "type")),
      rejected(metrics.counter("freshet_learner_rejected_total",
                               "Records that the learner skipped because they are not valid events")),
      lag_events(metrics.gauge("freshet_learner_lag_events", "Records of the log that the learner has not read yet")),
      lag_seconds(
          metrics.gauge("freshet_learner_lag_seconds", "Time since the learner was last at the end of the log")),
      items(metrics.gauge("freshet_learner_items", "Items in the vocabulary")),
      snapshot_version(metrics.gauge("freshet_snapshot_version", "Version of the snapshot that requests read")),
      stream_time(metrics.gauge("freshet_learner_stream_time_seconds", "Newest event time learned, Unix seconds")),
      checkpoint_seconds(metrics.histogram("freshet_learner_checkpoint_seconds", "Time to write a checkpoint",
                                           Metrics::latency_bounds())),
      checkpoint_bytes(metrics.gauge("freshet_learner_checkpoint_bytes", "Size of the newest checkpoint")),
      checkpoints_written(metrics.counter(kCheckpoints, kCheckpointsHelp, {{"result", "ok"}})),
      checkpoints_failed(metrics.counter(kCheckpoints, kCheckpointsHelp, {{"result", "failed"}})),
      metrics_(metrics),
      scored_events_(metrics.gauge("freshet_learner_scored_events",
                                   "Events scored before they were learned, including those before a restart")),
      blend_advantage_(metrics.gauge("freshet_learner_blend_advantage",
                                     "MRR of the blend minus that of the best part, over about the last 10000 scored "
                                     "events; below 0, that part alone would recommend better")) {
  for (const std::string& part : part_names) {
    const auto gauge = gauges_of(metrics, kQuality, kQualityHelp, part);
    quality_.push_back({gauge("hit_rate"), gauge("mrr"), gauge("ndcg")});
  }
  for (std::size_t part = 0; part + 1 < part_names.size(); ++part) {
    influence_.push_back(&metrics.gauge("freshet_learner_blender_influence",
                                        "Share of the blender's decision that comes from the features of a part",
                                        {{"part", part_names[part]}}));
  }
}

void LearnerMetrics::quality(const std::vector<Quality>& quality) {
  for (std::size_t part = 0; part < quality.size(); ++part) {
    quality_[part].hit_rate.Set(quality[part].recent_hit_rate);
    quality_[part].mrr.Set(quality[part].recent_mrr);
    quality_[part].ndcg.Set(quality[part].recent_ndcg);
  }
  scored_events_.Set(quality.back().events);
  blend_advantage_.Set(blend_advantage(quality));
}

void LearnerMetrics::influence(const std::vector<double>& shares, std::span<const std::size_t> parts) {
  for (std::size_t i = 0; i < shares.size(); ++i) influence_[parts[i]]->Set(shares[i]);
}

void LearnerMetrics::diagnostics(const std::vector<std::pair<std::string, std::vector<Diagnostic>>>& parts) {
  for (const auto& [part, reported] : parts) {
    for (const auto& [group, metric, value] : reported) {
      for (const Exported& exported : kExported) {
        if (exported.group != group || exported.metric != metric) continue;
        metrics_.gauge(exported.family, exported.help, {{"part", part}, {"metric", std::string(metric)}}).Set(value);
      }
    }
  }
}

void LearnerMetrics::memory(const std::vector<std::pair<std::string, std::size_t>>& bytes) {
  for (const auto& [part, count] : bytes) {
    metrics_.gauge("freshet_learner_memory_bytes", "Memory used by each part of the model", {{"part", part}})
        .Set(static_cast<double>(count));
  }
}

}  // namespace freshet::online
