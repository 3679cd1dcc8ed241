// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <unordered_map>
#include <vector>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/result.h"
#include "online/containers/lru.h"
#include "online/part/context.h"

namespace freshet::online {

/// The list from which a session came to the item that it is at: what ActionHeads needs of it.
struct RememberedList {
  OwnerKey session = kNobody, user = kNobody;
  ItemIndex item = kNoItem;
  Timestamp time{};
  float probability = 0;          ///< of the item, by the blend
  std::uint32_t actions = 0;      ///< bit a: action a has happened to the item
  std::vector<std::int8_t> rows;  ///< standardized features of the item, then of other candidates
};

/// The newest list of each session. Of more than `most` sessions, the one whose list is oldest is forgotten.
/// Threads: one.
/// Cost:    O(1), except for erase().
class RememberedLists {
 public:
  explicit RememberedLists(std::size_t most) : most_(most) {}

  /// A new list of the session, empty except for its key, in place of the one before.
  RememberedList& renew(OwnerKey session);
  /// Null if there is none.
  RememberedList* find(OwnerKey session);
  void forget(OwnerKey session);
  void clear();

  /// Forgets the lists of this session or user.
  /// Cost: a pass over the lists.
  void erase(OwnerKey key);

  std::size_t size() const { return by_session_.size(); }
  std::size_t memory_bytes() const;
  void save(ByteWriter& out) const;
  /// `row_bytes`: the rows of every list are a multiple of it.
  /// Errors: corrupt.
  Result<void> load(ByteReader& in, std::size_t row_bytes);

 private:
  const std::size_t most_;
  std::vector<RememberedList> lists_;  // by slot; session kNobody: free
  std::vector<std::uint32_t> free_;
  std::unordered_map<OwnerKey, std::uint32_t> by_session_;
  LruOrder order_;  // of the slots in use
};

}  // namespace freshet::online
