// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <unordered_set>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"

namespace freshet::online {

/// The newest event ids, as IdHash::event(), so that a producer's retry is not learned twice.
/// An id whose hash equals that of another is taken for a duplicate (probability 10^-13 per event with a million ids).
/// Threads: learner thread only.
/// Cost:    O(1); about 40 bytes per id.
class SeenIds {
 public:
  explicit SeenIds(std::size_t max_ids) : max_ids_(max_ids) {}

  /// Remembers the hash of an id. False if it is already among the newest max_ids.
  bool insert(std::uint64_t hash);

  void save(ByteWriter& out) const;
  /// If more ids were saved than fit, keeps the newest.
  /// Errors: corrupt.
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
