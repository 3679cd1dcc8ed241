// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "online/part/part_kind.h"
#include "online/parts/content/item_encoder.h"
#include "online/vectors/row_clusters.h"

namespace freshet::online {

/// [online.content]: what each option means and takes is in describe().
struct ContentOptions {
  std::size_t dimension = 64;
  std::size_t max_tokens = 262'144;
  std::size_t negatives = 128;
  double learning_rate = 0.2;
  bool ngrams = false;
  EncoderKind encoder = EncoderKind::bag;
  std::size_t exact_items = kExactRows;

  static std::vector<Option<ContentOptions>> describe();
};

extern const PartKind kContent;

/// "content": what items are, from the catalogue, so that an item that nobody has clicked competes. Each item is a vector
/// made of its words, categories, price, attributes, relations, the beginning of its name and the shop's own vectors
/// (token_vectors.h). A
/// session is the weighted mean of its newest items' vectors. Both are trained by the clicks, kBatch at a time: sampled
/// softmax of the items clicked against others, as in the session models. Of users and sessions it keeps no more than
/// the examples of the next step.
/// Takes no part in rankings, and costs nothing, until the catalogue describes an item.
/// Threads: learner thread only; publish() gives requests what they read.
/// Cost:    a step encodes and trains the items of its examples and of its sample once each, so an event costs some five
///          items, at `dimension` multiply-adds per token. An item described anew costs three; one described again
///          without a change, none.
std::unique_ptr<Part> make_content(const ContentOptions& options, std::size_t max_items, std::uint64_t seed);

}  // namespace freshet::online
