#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "base/bytes.h"
#include "online/kernels/simd.h"
#include "online/parts/content/session_weights.h"
#include "online/parts/content/token_vectors.h"

namespace freshet::online {

/// One example of the content part at a time: sampled softmax of the item that a session went to against items drawn
/// uniformly, with gradients for the vectors of all of them and for SessionWeights. Negatives of little probability are
/// scored but not learned from, so that many are affordable; the others, the contenders, are encoded again first.
/// Call begin(), add_visited(), set_target(), add_negative(), weigh(), add_contender(), backward(), in this order.
/// Threads: one.
class SessionTrainer {
 public:
  SessionTrainer(std::size_t dimension, std::size_t negatives);

  void begin();
  /// Items of the session, newest first, at most SessionWeights::kItems.
  void add_visited(const EncodedItem& item);
  void set_target(const EncodedItem& item);
  void add_negative(std::uint32_t row, const float* vector);

  /// Computes the softmax. `weight` scales the gradients; `items`: how many the negatives were drawn from.
  void weigh(float weight, std::size_t items);
  /// Rows of the negatives that gradients are needed for.
  std::span<const std::uint32_t> contenders() const { return contenders_; }
  /// Of the next contender, in their order.
  void add_contender(const EncodedItem& item);

  /// Gives `tokens` their gradients, and steps the session's weights.
  void backward(TokenVectors& tokens);

  /// They change with each example.
  const SessionWeights& weights() const { return weights_; }

  void save(ByteWriter& out) const;
  bool load(ByteReader& in);

 private:
  struct Class {
    EncodedItem item;
    float gradient = 0;  // of its score
  };

  void add_class(TokenVectors& tokens, const Class& of);
  void step_map();

  const std::size_t dimension_;
  SessionWeights weights_;
  SessionWeights squares_;  // of their gradients (Adagrad)

  // of the example
  std::vector<EncodedItem> visited_;
  std::size_t visits_ = 0;               // of visited_, whose memory is reused
  float total_ = 0;                      // of their weights
  AlignedVector<float> mean_, session_;  // before and after the map
  Class target_;
  std::vector<std::uint32_t> rows_;
  std::vector<float> scores_;
  std::vector<std::uint32_t> contenders_;
  std::vector<float> gradients_;  // of the contenders' scores
  std::vector<Class> classes_;
  std::size_t next_class_ = 0;
  AlignedVector<float> d_session_, d_mean_, d_item_;
  std::vector<const float*> newest_;
  float d_sharpness_ = 0;
};

}  // namespace freshet::online
