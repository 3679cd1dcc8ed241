// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "base/item.h"
#include "base/result.h"
#include "online/measure/diagnostic.h"
#include "online/part/allowed_items.h"
#include "online/part/candidate.h"
#include "online/part/context.h"

namespace freshet::online {

/// Where a query writes its features: row i, column f is feature f of candidate i. Row-major with `stride` floats per
/// row, so that a candidate's features of all parts are contiguous.
struct FeatureColumns {
  float* data = nullptr;
  std::size_t stride = 0;

  float& at(std::size_t row, std::size_t feature) const { return data[row * stride + feature]; }
};

/// One part's view of one context, made by Scorer::ask() for one request. propose() and write_features() may be called
/// as often as needed. ask() reads once what the part knows about the context, so that candidates and features agree
/// even while the learner changes the part; what the part knows about an item may be read later.
/// Threads: one.
class Query {
 public:
  virtual ~Query() = default;

  /// Appends the part's best items of those that are allowed (null: all), best first, at most `k`, never
  /// context.last_item(). Exact: every allowed item left out scores no higher than the last one appended. A part that
  /// approximates says so in its class comment.
  virtual void propose(std::size_t k, const AllowedItems* allowed, std::vector<Candidate>& out) = 0;

  /// Writes every feature of every item. Feature values should be of moderate size (logarithms, shares), because
  /// outliers spoil the mean and deviation by which the blender standardizes them.
  virtual void write_features(std::span<const ItemIndex> items, FeatureColumns out) = 0;
};

/// The query in `query` if it is a Q; otherwise a new Q in its place. For implementations of Scorer::ask().
template <typename Q>
Q& reuse(std::unique_ptr<Query>& query) {
  if (auto* const known = dynamic_cast<Q*>(query.get())) return *known;
  auto fresh = std::make_unique<Q>();
  Q& result = *fresh;
  query = std::move(fresh);
  return result;
}

/// What Part::load() returns for bytes that its save() did not write. `part`: its name.
inline Error not_a_saved_state(std::string_view part) {
  return {Errc::corrupt, std::string(part) + ": not a saved state"};
}

/// The read side of a part: answers queries about contexts.
/// Threads: all methods may be called concurrently with each other and with the learner.
/// Errors:  none: a part without evidence proposes nothing and scores zero.
class Scorer {
 public:
  virtual ~Scorer() = default;

  /// PartKind::name of its part.
  virtual std::string_view name() const = 0;

  /// Names of the features that Query::write_features() writes; fixed for the life of the part. features()[0] is the
  /// part's own score, the one by which Query::propose() orders.
  virtual std::span<const std::string_view> features() const = 0;

  /// Makes `query` this scorer's view of `context`, valid until the next ask() and while scorer and context live. A
  /// query of the same kind, even of another snapshot's scorer, is reused with its memory: a warm one allocates
  /// nothing. Any other query, or null, is replaced.
  virtual void ask(const Context& context, std::unique_ptr<Query>& query) const = 0;
};

/// A member of the ensemble (a base model): learns from the stream and ranks items. A part that counts is usually a
/// LivePart (live_part.h). CONTRIBUTING.md says how to add one; recurrence.cc is the smallest example.
/// Threads: learner thread only, except what publish() and live() return.
class Part {
 public:
  virtual ~Part() = default;

  /// Whether the part knows nothing of what it is made for, as content without a catalogue: it then takes no part in
  /// rankings, which are what they would be without it. Once it does, it does so for good.
  virtual bool is_dormant() const { return false; }

  /// The part as it is now, for the learner thread's own scoring.
  virtual const Scorer& live() const = 0;

  /// The part for requests. A LivePart returns the one scorer that reads its live index under short locks; neural parts
  /// return an immutable copy of what they have learned so far (cheap, because pages are copied on write).
  virtual std::shared_ptr<const Scorer> publish() = 0;

  /// Learns one event. `before` is the session before the event. Events come in log order; their times may go back.
  virtual void observe(const Context& before, const Interaction& event) = 0;

  /// Learns what the catalogue says about the item: a put, a patch, or that it has removed it. Parts that know clicks only
  /// ignore it.
  virtual void describe(ItemIndex /*item*/, const ItemChange& /*change*/) {}

  /// Forgets everything about the item: its number is about to be given to another item.
  virtual void forget_item(ItemIndex item) = 0;

  /// Erases a user or session: forgets everything that came with this key as Interaction::session_key or user_key.
  virtual void erase(OwnerKey key) = 0;

  /// Writes everything needed to continue as if never stopped, including random state and pending examples.
  virtual void save(ByteWriter& out) const = 0;
  /// Reads a saved state. Accepts any bytes. The load() of a table within a part returns false instead of an error.
  /// REQUIRES: the part has learned nothing
  /// Errors:   corrupt (not_a_saved_state()), or invalid: saved with other options. The part must then be discarded.
  virtual Result<void> load(ByteReader& in) = 0;

  /// Estimated memory use.
  virtual std::size_t memory_bytes() const = 0;

  /// Figures that the part measures about itself while it learns; empty if it measures nothing.
  virtual std::vector<Diagnostic> diagnostics() const { return {}; }
};

}  // namespace freshet::online
