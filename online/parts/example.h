// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/bytes.h"
#include "online/part/context.h"

namespace freshet::online {

/// Items and the one that followed them, kept until there are enough for a training step. It has item numbers instead of
/// rows, because another item may get the row before.
struct Example {
  std::vector<ItemIndex> inputs;  ///< the newest last
  ItemIndex target = kNoItem;
  float weight = 1.0F;
  OwnerKey session_key = kNobody, user_key = kNobody;

  bool mentions(ItemIndex item) const { return target == item || std::ranges::count(inputs, item) > 0; }
  bool belongs_to(OwnerKey key) const { return session_key == key || user_key == key; }
};

/// Keeps the last `most` items; `items` has the newest last.
inline void keep_newest(std::vector<std::uint32_t>& items, std::size_t most) {
  if (items.size() > most) items.erase(items.begin(), items.end() - static_cast<std::ptrdiff_t>(most));
}

void save_examples(ByteWriter& out, const std::vector<Example>& examples);
/// Keeps the newest `most_inputs` inputs of each. False if the bytes are not saved examples.
bool load_examples(ByteReader& in, std::size_t most_inputs, std::vector<Example>& examples);

}  // namespace freshet::online
