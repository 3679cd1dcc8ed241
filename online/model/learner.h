// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <stop_token>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/event_reader.h"
#include "base/metrics.h"
#include "online/measure/calibration.h"
#include "online/measure/progressive.h"
#include "online/model/model.h"
#include "online/model/ranking.h"
#include "online/model/vocabulary.h"
#include "online/part/options.h"
#include "store/checkpoint_store.h"

namespace freshet::online {

/// The state of learning, for /v1/status, /readyz and the metrics.
struct LearnerStatus {
  Positions positions;
  Positions ends;
  std::int64_t lag_events = 0;
  std::uint64_t events_learned = 0;
  std::uint64_t events_published = 0;  ///< those of them that the current snapshot contains
  Timestamp stream_time{};
  Timestamp last_checkpoint{};  ///< wall clock; epoch: none since the start
  std::size_t items = 0;
  std::string problem;                                            ///< empty: none
  std::vector<std::pair<std::string, Quality>> quality;           ///< parts..., "blend"
  double blend_advantage = 0;                                     ///< see online/measure/progressive.h
  std::vector<std::pair<std::string, double>> blender_influence;  ///< per part; see online/model/influence.h
  std::vector<std::pair<std::string, Calibration>> calibration;   ///< of the parts that predict clicks
  std::vector<std::pair<std::string, std::size_t>> memory_bytes;  ///< per part
};

/// Learns every event of the log, publishes snapshots for requests, and writes checkpoints that contain their own log
/// positions. After a restart, learning resumes from the newest checkpoint as if it had never stopped, except for what
/// depends on which events were scored (online/model/model.h): a learner that is behind scores a share of them
/// (online/model/scoring_share.h).
/// Threads: run() on one thread; snapshot(), vocabulary() and status() from any.
/// Errors:  a checkpoint that cannot be read is logged, and the one before it is used; without any, the log is learned
///          from its beginning. If the log or the disk fails, run() retries and status().problem says what failed.
class Learner {
 public:
  /// Makes a new, empty Model. Called again for each checkpoint that cannot be used.
  using MakeModel = std::function<std::unique_ptr<Model>()>;

  Learner(EventReader& reader, store::CheckpointStore& checkpoints, MakeModel make_model, const Options& options,
          const Clock& clock, Metrics& metrics);
  ~Learner();

  /// Loads the newest checkpoint and publishes a snapshot, so that requests can be served. Call once, before run().
  void restore();

  /// Learns until `stop` is requested, then writes a checkpoint.
  void run(std::stop_token stop);

  /// Never null after restore().
  std::shared_ptr<const Snapshot> snapshot() const;

  const Vocabulary& vocabulary() const;

  LearnerStatus status() const;

  /// Sets a callback that runs on the learner's thread after each checkpoint, and once after restore(). It gets the
  /// positions from which a restart reads at the earliest, so that the embedded log may be trimmed up to them: those of
  /// the checkpoint before the newest, which a restart uses if that is damaged (if only one is kept: those of the
  /// newest). Set before run().
  void on_checkpoint(std::function<void(const Positions&)> callback);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace freshet::online
