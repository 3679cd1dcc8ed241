// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/bytes.h"
#include "online/part/context.h"

namespace freshet::online {

/// Finds the input items of a sequence model for a context, the same way in training and for requests, and keeps the
/// state that this takes.
/// Threads: read() from any; everything else learner thread only.
class SequenceInputs {
 public:
  virtual ~SequenceInputs() = default;

  /// Largest number of items that read() returns.
  virtual std::size_t most() const = 0;

  /// Replaces `out` by the items, oldest first; by none if nothing is known about the context.
  virtual void read(const Context& context, std::vector<ItemIndex>& out) const = 0;

  // As Part.
  virtual void observe(const Interaction&) {}
  virtual void forget_item(ItemIndex) {}
  virtual void erase(OwnerKey) {}
  virtual void save(ByteWriter&) const {}
  /// False if the bytes are not a saved state.
  virtual bool load(ByteReader&) { return true; }
  virtual std::size_t memory_bytes() const { return 0; }
};

/// The newest `most` items of the session.
class SessionItems final : public SequenceInputs {
 public:
  explicit SessionItems(std::size_t most) : most_(most) {}

  std::size_t most() const override { return most_; }

  void read(const Context& context, std::vector<ItemIndex>& out) const override {
    out.clear();
    const std::size_t count = std::min(most_, context.session.size());
    for (std::size_t i = context.session.size() - count; i < context.session.size(); ++i) {
      out.push_back(context.session[i].item);
    }
  }

 private:
  const std::size_t most_;
};

}  // namespace freshet::online
