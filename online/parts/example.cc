// SPDX-License-Identifier: Apache-2.0
#include "online/parts/example.h"

#include <cstdint>
#include <span>
#include <utility>

namespace freshet::online {

void save_examples(ByteWriter& out, const std::vector<Example>& examples) {
  out.varint(examples.size());
  for (const Example& example : examples) {
    out.array(std::span<const ItemIndex>(example.inputs));
    out.fixed(example.target);
    out.fixed(example.weight);
    out.fixed(example.session_key);
    out.fixed(example.user_key);
  }
}

bool load_examples(ByteReader& in, std::size_t most_inputs, std::vector<Example>& examples) {
  const std::uint64_t count = in.varint();
  if (!in.ok() || count > in.remaining()) return false;
  for (std::uint64_t i = 0; i < count; ++i) {
    Example example;
    example.inputs = in.array<ItemIndex>();
    keep_newest(example.inputs, most_inputs);
    example.target = in.fixed<ItemIndex>();
    example.weight = in.fixed<float>();
    example.session_key = in.fixed<OwnerKey>();
    example.user_key = in.fixed<OwnerKey>();
    examples.push_back(std::move(example));
  }
  return in.ok();
}

}  // namespace freshet::online
