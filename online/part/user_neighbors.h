// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "online/part/context.h"

namespace freshet::online {

/// A user, and the cosine between their vector and that of the user who was asked about.
struct SimilarUser {
  std::string user;
  float similarity = 0.0F;
};

/// Finds similar users. The Scorer of a part that compares users implements it; Snapshot::user_neighbors() finds it.
/// Threads: any.
class UserNeighbors {
 public:
  virtual ~UserNeighbors() = default;

  /// Appends at most k users whose vectors are most similar to that of the user with this key, best first. Leaves out
  /// users without an id. Returns false if the user is unknown.
  virtual bool similar_users(OwnerKey user_key, std::size_t k, std::vector<SimilarUser>& out) const = 0;
};

}  // namespace freshet::online
