// SPDX-License-Identifier: Apache-2.0
#include "online/model/seen_ids.h"

namespace freshet::online {

bool SeenIds::insert(std::uint64_t hash) {
  if (known_.contains(hash)) return false;
  remember(hash);
  return true;
}

void SeenIds::remember(std::uint64_t hash) {
  if (max_ids_ == 0) return;
  known_.insert(hash);
  if (ring_.size() < max_ids_) {
    ring_.push_back(hash);
    return;
  }
  known_.erase(ring_[oldest_]);
  ring_[oldest_] = hash;
  oldest_ = (oldest_ + 1) % ring_.size();
}

void SeenIds::save(ByteWriter& out) const {
  out.varint(ring_.size());
  for (std::size_t i = 0; i < ring_.size(); ++i) out.fixed(ring_[(oldest_ + i) % ring_.size()]);
}

Result<void> SeenIds::load(ByteReader& in) {
  const std::uint64_t size = in.varint();
  if (size > in.remaining() / sizeof(std::uint64_t)) return Error{Errc::corrupt, "event ids: not a saved state"};
  for (std::uint64_t i = 0; i < size; ++i) remember(in.fixed<std::uint64_t>());
  return {};
}

std::size_t SeenIds::memory_bytes() const { return ring_.capacity() * sizeof(std::uint64_t) + known_.size() * 32; }

}  // namespace freshet::online
