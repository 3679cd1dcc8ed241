#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"

namespace freshet::online {

/// The newest event ids, as 64-bit hashes: a producer's retry must not be learned twice.
/// Threads: learner thread only.
/// Limits:  two ids of the same hash are taken for one (one in 10^13 at a million remembered).
class SeenIds {
 public:
  explicit SeenIds(std::size_t max_ids) : max_ids_(max_ids) {}

  /// False if `id` is among the newest max_ids.
  bool insert(std::string_view id);

  void save(ByteWriter& out) const;
  Result<void> load(ByteReader& in);
  std::size_t memory_bytes() const;

 private:
  void remember(std::uint64_t hash);

  const std::size_t max_ids_;
  std::vector<std::uint64_t> ring_;  // in order of arrival from oldest_ on
  std::size_t oldest_ = 0;
  std::unordered_set<std::uint64_t> known_;
};

}  // namespace freshet::online
