#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "base/event.h"
#include "base/result.h"
#include "online/measure/calibration.h"
#include "online/measure/diagnostic.h"
#include "online/measure/progressive.h"
#include "online/model/ranking.h"
#include "online/model/vocabulary.h"
#include "online/part/options.h"
#include "online/part/part.h"

namespace freshet::online {

/// Test-then-train over single events, without threads, clocks or files: what `serve` runs behind the log and what an
/// evaluation runs over a recorded stream.
/// Threads: one thread, except vocabulary() and what publish() returns.
/// Deterministic: the same options and events, all scored, give the same state, however they were batched. Events that
///          are not scored do not reach the blender, the recorded quality, or the tuning of scans of more than
///          `exact_items` vectors; everything else stays the same.
class Model {
 public:
  /// `parts` in feature order.
  Model(const Options& options, std::vector<std::unique_ptr<Part>> parts);
  ~Model();

  /// Ranks per part (last: the blend) of the event just learned, for evaluations; empty if it was not scored
  /// (first of its session, a repeat, a duplicate, weight 0, or not to be scored).
  struct Outcome {
    bool scored = false;
    bool unseen_target = false;
    std::vector<std::optional<std::size_t>> ranks;  ///< parts..., then blend; from 1, within the candidates
  };

  /// Scores the event against the state before it, unless told not to, then learns it. The reference is valid until the
  /// next call.
  const Outcome& learn(const Event& event, bool scores = true);

  /// Scores the event as learn() would and lets its session go on, but nothing else changes: for a test set that must
  /// not be learned from.
  const Outcome& test(const Event& event);

  /// Proposals and candidates of the newest event that was scored, if its target was known; blended scores only if the
  /// target was among the candidates.
  const Ranking& ranking() const;

  std::shared_ptr<const Snapshot> publish(Timestamp wall_clock);

  const Vocabulary& vocabulary() const;
  Timestamp stream_time() const;
  std::uint64_t events_learned() const;  ///< taken from the stream, including those that teach nothing

  std::vector<std::string> part_names() const;  ///< parts..., "blend"
  Quality quality(std::size_t part) const;
  std::vector<std::pair<std::string, std::vector<Diagnostic>>> diagnostics() const;  ///< of the parts that have any
  std::vector<std::pair<std::string, Calibration>> calibration() const;  ///< of the parts that predict clicks
  std::vector<std::pair<std::string, std::size_t>> memory_bytes() const;

  void save(ByteWriter& out) const;
  /// Errors: corrupt, or invalid (made with other options or parts); the model is then unusable.
  Result<void> load(ByteReader& in);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace freshet::online
