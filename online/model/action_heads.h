// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/random.h"
#include "base/result.h"
#include "online/model/action_weights.h"
#include "online/model/blender.h"
#include "online/model/remembered_lists.h"
#include "online/part/context.h"
#include "online/part/options.h"

namespace freshet::online {

/// Learns, for each action, which items of a list it happens to, and how often: the heads of ActionWeights. An action
/// on the item to which a session came by a list is learned from that list, as it was before the visit. So a purchase
/// of the item that is being looked at tells which visits lead to purchases. One step is the softmax over the item and
/// kOthers other candidates, drawn by their probability in the blend. The blender's own layers are not changed.
/// Threads: learner thread only; publish() returns an immutable copy for requests.
/// Cost:    remember(): a pass over the probabilities; act(): a pass of kOthers + 1 rows through the hidden layer.
class ActionHeads {
 public:
  static constexpr std::size_t kOthers = 7;

  ActionHeads(const BlenderOptions& options, std::size_t inputs, std::uint64_t seed);

  const ActionWeights& weights() const { return weights_; }
  std::shared_ptr<const ActionWeights> publish() const { return std::make_shared<ActionWeights>(weights_); }

  /// An item that a session came to.
  struct Arrival {
    OwnerKey session = kNobody, user = kNobody;
    ItemIndex item = kNoItem;
    Timestamp time{};
  };
  /// The session came to the item of row `target` by the list with these features, which the blender has just learned.
  void remember(const Arrival& arrival, const Blender& blender, std::span<const float> features, std::size_t target);
  /// The session came to an item by no list.
  void forget(OwnerKey session) { lists_.forget(session); }

  /// An action happens to the item that the session is at. Learned once per list, and not if the list is older than
  /// `longest`.
  void act(std::size_t action, const Arrival& at, double value, std::chrono::milliseconds longest,
           const BlenderWeights& blender);

  void erase(OwnerKey key) { lists_.erase(key); }
  /// Makes room for `columns` new features at column `at`. Forgets the lists.
  void insert(std::size_t at, std::size_t columns);

  std::size_t memory_bytes() const;
  void save(ByteWriter& out) const;
  /// Actions that are not among the options are left out, those that were not saved begin anew.
  /// Errors: corrupt.
  Result<void> load(ByteReader& in);

 private:
  void draw_others(std::span<const float> probabilities, std::size_t target);
  void learn(std::size_t action, const RememberedList& list, float weight, const BlenderWeights& blender);
  void halve_counts();

  BlenderOptions options_;
  ActionWeights weights_;
  AlignedVector<float> g_linear_, g_w2_;  // Adagrad accumulators
  double arrivals_ = 0;                   // lists that led to an item; old ones fade
  std::vector<double> happened_, sums_;   // [actions]: how often, and the values together
  Random random_;
  RememberedLists lists_;
  // buffers; their contents do not outlive a call
  std::array<std::size_t, kOthers + 1> drawn_{};  // the target, then the others
  AlignedVector<float> x_, units_, d_linear_, d_w2_;
};

}  // namespace freshet::online
