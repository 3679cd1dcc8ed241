// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <vector>

#include "base/options.h"

namespace freshet::online {

/// Help text of the option `exact_items`, which every part has that searches vectors in clusters.
inline constexpr const char* kExactItemsHelp =
    "Up to this many items every list scans all of them. Beyond, it scans only the most promising clusters, which find "
    "about 99 % of the best items.";

/// The options that all sequence models (sequence_part.h) have in common; described in sequence_part.cc.
struct SequenceOptions {
  std::size_t dimension = 64;
  std::size_t negatives = 256;
  std::size_t batch_examples = 64;
  std::size_t replay_per_batch = 64;
  std::size_t replay_buffer = 100'000;
  double learning_rate = 0.1;
  std::size_t admission_count = 1;
  std::size_t max_items = 1'000'000;
  std::size_t exact_items = 16'384;

  static std::vector<Option<SequenceOptions>> describe();
};

}  // namespace freshet::online
