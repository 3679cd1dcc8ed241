// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>

#include "online/part/part.h"

namespace freshet::online {

/// What LivePart needs of an index: it is a Scorer and has the learner's methods of Part, with the contracts that
/// part.h states, but no diagnostics(). LivePart calls the latter on the learner thread while other threads ask the Scorer.
template <typename T>
concept LiveIndex = std::derived_from<T, Scorer> &&
                    requires(T& index, const T& unchanged, const Context& before, const Interaction& event,
                             ItemIndex item, OwnerKey key, ByteWriter& out, ByteReader& in) {
                      index.observe(before, event);
                      index.forget_item(item);
                      index.erase(key);
                      unchanged.save(out);
                      { index.load(in) } -> std::same_as<Result<void>>;
                      { unchanged.memory_bytes() } -> std::convertible_to<std::size_t>;
                    };

/// A Part whose scorer is its own live index: requests read it while the learner changes it, under the index's short
/// locks. The simplest way to write a part that counts: one class that is a LiveIndex.
/// Owns: the index, together with every published Snapshot.
template <LiveIndex Index>
class LivePart final : public Part {
 public:
  explicit LivePart(std::shared_ptr<Index> index) : index_(std::move(index)) {}

  const Scorer& live() const override { return *index_; }
  std::shared_ptr<const Scorer> publish() override { return index_; }
  void observe(const Context& before, const Interaction& event) override { index_->observe(before, event); }
  void forget_item(ItemIndex item) override { index_->forget_item(item); }
  void erase(OwnerKey key) override { index_->erase(key); }
  void save(ByteWriter& out) const override { index_->save(out); }
  Result<void> load(ByteReader& in) override { return index_->load(in); }
  std::size_t memory_bytes() const override { return index_->memory_bytes(); }

 private:
  const std::shared_ptr<Index> index_;
};

}  // namespace freshet::online
