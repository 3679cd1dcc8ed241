#pragma once

#include <cstddef>
#include <memory>
#include <utility>
#include <vector>

#include "online/part/part.h"

namespace freshet::online {

/// A Part whose scorer is its own live index: requests read it while the learner changes it, under the index's short
/// locks. Index is a Scorer that also has the learner's methods of Part; diagnostics() is optional.
/// Owns: the index, together with every published Snapshot.
template <typename Index>
class LivePart final : public Part {
 public:
  explicit LivePart(std::shared_ptr<Index> index) : index_(std::move(index)) {}

  const Scorer& live() const override { return *index_; }
  std::shared_ptr<const Scorer> publish() override { return index_; }
  void observe(const Context& before, const Interaction& event) override { index_->observe(before, event); }
  void forget_item(ItemIndex item) override { index_->forget_item(item); }
  void erase(std::uint64_t key) override { index_->erase(key); }
  void save(ByteWriter& out) const override { index_->save(out); }
  Result<void> load(ByteReader& in) override { return index_->load(in); }
  std::size_t memory_bytes() const override { return index_->memory_bytes(); }
  std::vector<Diagnostic> diagnostics() const override {
    if constexpr (requires { index_->diagnostics(); }) return index_->diagnostics();
    return Part::diagnostics();
  }

 private:
  std::shared_ptr<Index> index_;
};

}  // namespace freshet::online
