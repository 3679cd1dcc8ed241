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
#include "online/measure/progressive.h"
#include "online/model/model.h"
#include "online/model/ranking.h"
#include "online/model/vocabulary.h"
#include "online/part/options.h"
#include "store/checkpoint_store.h"

namespace freshet::online {

/// What /v1/status, /readyz and the metrics say about learning.
struct LearnerStatus {
  Positions positions;
  Positions ends;
  std::int64_t lag_events = 0;
  std::uint64_t events_learned = 0;
  std::uint64_t events_published = 0;  ///< of these, in the snapshot that requests read
  Timestamp stream_time{};
  Timestamp last_checkpoint{};  ///< wall clock; epoch if none yet
  std::size_t items = 0;
  std::string problem;                                            ///< empty if working
  std::vector<std::pair<std::string, Quality>> quality;           ///< parts..., "blend"
  double blend_advantage = 0;                                     ///< over the best part (online/measure/progressive.h)
  std::vector<std::pair<std::string, double>> blender_influence;  ///< per part (online/model/influence.h)
  std::vector<std::pair<std::string, Calibration>> calibration;   ///< of the parts that predict clicks
  std::vector<std::pair<std::string, std::size_t>> memory_bytes;  ///< per part
};

/// The second reader of the log: learns every event, publishes snapshots, writes checkpoints that carry their own
/// positions. A restart goes on from the newest checkpoint as if it had never stopped, but for what depends on which
/// events were scored (online/model/model.h): a learner that is behind scores a share of them (online/model/scoring_share.h).
/// Threads:  run() on one thread; everything else from any.
/// Errors:   an unreadable checkpoint is passed over loudly for the previous one; none at all: learns the log from its
///           beginning. Log or disk trouble is retried and shown by status().problem.
class Learner {
 public:
  /// Builds a fresh Model (more than once if a checkpoint has to be discarded).
  using MakeModel = std::function<std::unique_ptr<Model>()>;

  Learner(EventReader& reader, store::CheckpointStore& checkpoints, MakeModel make_model, const Options& options,
          const Clock& clock, Metrics& metrics);
  ~Learner();

  /// Loads the newest checkpoint and publishes it, so that requests can be served. Called once, before run().
  void restore();

  /// Until `stop`; then writes a checkpoint.
  void run(std::stop_token stop);

  /// Never null after restore().
  std::shared_ptr<const Snapshot> snapshot() const;

  const Vocabulary& vocabulary() const;

  LearnerStatus status() const;

  /// Called on the learner's thread after each checkpoint, with positions that no restart goes back behind (embedded:
  /// the journal may be trimmed up to there): those of the checkpoint before it, which is what a restart falls back on
  /// when the newest is damaged (its own if only one is kept). Set once, before run().
  void on_checkpoint(std::function<void(const Positions&)> callback);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace freshet::online
