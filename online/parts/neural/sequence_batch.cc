// SPDX-License-Identifier: Apache-2.0
#include "online/parts/neural/sequence_batch.h"

#include <algorithm>
#include <span>

#include "online/parts/example.h"
#include "online/vectors/embedding_table.h"

namespace freshet::online {

void save_structure(ByteWriter& out, const SequenceBatch& batch) {
  out.array(std::span<const std::uint32_t>(batch.classes));
  out.array(std::span<const float>(batch.correction));
  out.varint(batch.inputs.size());
  for (const auto& inputs : batch.inputs) out.array(std::span<const std::uint32_t>(inputs));
  out.array(std::span<const std::uint32_t>(batch.targets));
  out.array(std::span<const std::uint32_t>(batch.excluded));
  out.array(std::span<const float>(batch.weights));
}

bool load_structure(ByteReader& in, std::size_t rows, std::size_t most_inputs, SequenceBatch& batch) {
  batch.classes = in.array<std::uint32_t>();
  batch.correction = in.array<float>();
  const std::uint64_t examples = in.varint();
  if (!in.ok() || examples == 0 || examples > in.remaining()) return false;
  for (std::uint64_t i = 0; i < examples && in.ok(); ++i) {
    auto inputs = in.array<std::uint32_t>();
    keep_newest(inputs, most_inputs);
    batch.inputs.push_back(std::move(inputs));
  }
  batch.targets = in.array<std::uint32_t>();
  batch.excluded = in.array<std::uint32_t>();
  batch.weights = in.array<float>();

  const auto are_below = [](const std::vector<std::uint32_t>& numbers, std::size_t end) {
    return std::ranges::all_of(numbers, [end](std::uint32_t number) { return number < end; });
  };
  const std::size_t classes = batch.classes.size();
  return in.ok() && batch.correction.size() == classes && batch.targets.size() == examples &&
         batch.excluded.size() == examples && batch.weights.size() == examples && are_below(batch.classes, rows) &&
         are_below(batch.targets, classes) &&
         std::ranges::all_of(batch.excluded, [&](std::uint32_t c) { return c == kNoRow || c < classes; }) &&
         std::ranges::all_of(batch.inputs,
                             [&](const auto& inputs) { return !inputs.empty() && are_below(inputs, rows); });
}

}  // namespace freshet::online
