#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "online/measure/calibration.h"
#include "online/part/context.h"

namespace freshet::online {

struct Candidate {
  ItemIndex item = kNoItem;
  float score = 0.0F;
};

/// Where a scorer writes its features: column f of row i is feature f of candidate i.
/// Row-major with `stride` floats per row, so that a row of all parts' features is contiguous.
struct FeatureColumns {
  float* data = nullptr;
  std::size_t stride = 0;

  float& at(std::size_t row, std::size_t feature) const { return data[row * stride + feature]; }
};

/// A user and how alike they are: the cosine of two users' vectors.
struct SimilarUser {
  std::string user;
  float similarity = 0.0F;
};

/// What a part that compares users can say beside ranking items.
/// Threads: as Scorer.
class UserNeighbours {
 public:
  virtual ~UserNeighbours() = default;

  /// Appends the k users most like the one with this key, the most alike first; users without an id are passed over.
  /// False if the user is not known.
  virtual bool similar_users(std::uint64_t user_key, std::size_t k, std::vector<SimilarUser>& out) const = 0;
};

/// How a part that ranks items by their vectors looks through them.
struct ScanQuality {
  double recall = 1;  ///< share of the best 20 of all items that it finds, measured live
  double share = 1;   ///< of the vectors that it reads for that
};

/// The read side of a part: proposes and scores items for a context.
/// Threads:  all methods may be called concurrently with each other and with the learner.
/// Errors:   none: a part that knows nothing proposes nothing and scores zero.
class Scorer {
 public:
  virtual ~Scorer() = default;

  /// "popularity", "covisitation", ...: a metric label and an API name.
  virtual std::string_view name() const = 0;

  /// Names of the features that score() writes. Fixed for the life of the part.
  virtual std::span<const std::string_view> features() const = 0;

  /// Appends its best items, best first, at most `k`, never context.last_item(). Exact: no item that it would rank
  /// higher is left out (in practice; an approximation says so in its class comment).
  virtual void propose(const Context& context, std::size_t k, std::vector<Candidate>& out) const = 0;

  /// Writes every feature of every candidate. Feature values should be of moderate size (logs, shares): the blender
  /// standardises them.
  virtual void score(const Context& context, std::span<const ItemIndex> candidates, FeatureColumns out) const = 0;

  /// Null: this part does not compare users. Lives as long as the scorer.
  virtual const UserNeighbours* user_neighbours() const { return nullptr; }
};

/// One way to learn from the stream. Adding a part is adding a file that implements this, and naming it where parts are
/// listed: CONTRIBUTING.md says where. recurrence.cc is the smallest.
/// Threads:  learner thread only, except what publish() and live() return.
class Part {
 public:
  virtual ~Part() = default;

  /// The part as it is now, for the learner thread's own scoring.
  virtual const Scorer& live() const = 0;

  /// The part for requests: count-based parts return one scorer that reads the live index under short locks; neural
  /// parts return an immutable copy of what they have learned so far (cheap: copy-on-write).
  virtual std::shared_ptr<const Scorer> publish() = 0;

  /// Learns one event. `before` is the session as it was before it. Events come in log order; times may go back.
  virtual void observe(const Context& before, const Interaction& event) = 0;

  /// The item's number is about to be given to another item: forget everything about it.
  virtual void forget_item(ItemIndex item) = 0;

  /// A user or session asked to be erased: forget every trace attributable to Interaction::session_key or user_key.
  virtual void erase(std::uint64_t key) = 0;

  /// Everything needed to go on exactly as if never stopped, random state and pending examples included.
  virtual void save(ByteWriter& out) const = 0;
  /// Errors: corrupt; the part is then unusable and must be discarded. Total over any bytes.
  virtual Result<void> load(ByteReader& in) = 0;

  virtual std::size_t memory_bytes() const = 0;

  /// How good its click probabilities are, progressively; nullopt: it predicts none.
  virtual std::optional<Calibration> calibration() const { return std::nullopt; }

  /// nullopt: it does not look through vectors of items.
  virtual std::optional<ScanQuality> scan_quality() const { return std::nullopt; }
};

}  // namespace freshet::online
