// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
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
#include "online/part/id_hash.h"
#include "online/part/options.h"
#include "online/part/part.h"

namespace freshet::online {

/// The ensemble of parts and blender, with vocabulary and open sessions: test-then-train (prequential) over single
/// events. Has no threads, clocks or files: `serve` runs it behind the log, an evaluation over a recorded stream.
/// Threads: one, except for vocabulary() and what publish() returns.
/// Deterministic: the same options and events, all scored, give the same state, however they were batched; with another
///          IdHash, the same except for the hashes in it. Events that are not scored do not change the blender, the
///          recorded quality, or the tuning of scans of more than `exact_items` vectors. Nothing else depends on what
///          is scored.
class Model {
 public:
  /// `parts` in feature order. `ids`: IdHash::random() for events of senders who are not trusted.
  Model(const Options& options, std::vector<std::unique_ptr<Part>> parts, const IdHash& ids = {});
  ~Model();

  /// How the event was ranked before it was learned, for evaluations. An event is not scored, and has no ranks, if it
  /// is the first of its session, a repeat, a duplicate, an erasure, an item record, without consent, of weight 0, or not
  /// one of `scores`.
  struct Outcome {
    bool scored = false;
    bool unseen_target = false;  ///< the item was not in the vocabulary: neither seen nor in the catalogue
    std::vector<std::optional<std::size_t>> ranks;  ///< parts, then blend; from 1; nullopt: no candidate
  };

  /// Which events learn() scores.
  enum class Scores {
    all,
    learned,  ///< not those that teach nothing, because of their sender's limit
    none,
  };

  /// Scores the event against the state before it, if it is one of `scores`, then learns it. The reference is valid
  /// until the next call.
  const Outcome& learn(const Event& event, Timestamp arrival, Scores scores = Scores::all);
  /// The same of an event that arrives as it happens.
  const Outcome& learn(const Event& event, Scores scores = Scores::all) { return learn(event, event.time, scores); }

  /// Scores the event and appends it to its session, but learns nothing: for a test set. Unlike learn(), does not look
  /// at consent or duplicate ids. Like every scored event, it counts for the tuning of scans.
  const Outcome& test(const Event& event);

  /// Proposals and candidates of the newest event that was scored, if its target was known; blended scores only if the
  /// target was among the candidates.
  const Ranking& ranking() const;
  /// The parts that take part in rankings, in the order of Ranking::proposals, as indices into part_names(). The others
  /// are dormant (part.h).
  std::span<const std::size_t> ranked_parts() const;

  /// The model as it is now, for requests.
  std::shared_ptr<const Snapshot> publish(Timestamp wall_clock);

  const Vocabulary& vocabulary() const;
  Timestamp stream_time() const;
  std::uint64_t events_limited() const;  ///< since the start: taught nothing, because of their sender's limit
  std::uint64_t events_learned() const;  ///< read from the stream, including those that teach nothing

  std::vector<std::string> part_names() const;                                       ///< parts..., "blend"
  Quality quality(std::size_t part) const;                                           ///< `part`: as in part_names()
  std::vector<std::pair<std::string, std::vector<Diagnostic>>> diagnostics() const;  ///< of the parts that have any
  std::vector<std::pair<std::string, Calibration>> calibration() const;  ///< of the parts that predict clicks
  std::vector<std::pair<std::string, std::size_t>> memory_bytes() const;

  void save(ByteWriter& out) const;
  /// Takes over the IdHash that was saved as well.
  /// REQUIRES: the model is new
  /// Errors:   corrupt, or invalid (saved with other options or parts). The model is then unusable.
  Result<void> load(ByteReader& in);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace freshet::online
