// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "online/part/part_kind.h"
#include "online/vectors/user_vectors.h"

namespace freshet::online {

/// [online.user_cf]: what each option means and takes is in describe().
struct UserCfOptions {
  std::size_t max_users = 20'000;
  std::size_t neighbors = 100;
  std::size_t max_items_per_user = 10;

  static std::vector<Option<UserCfOptions>> describe();
};

/// "user_cf": the recent items of similar users: user-based collaborative filtering (Resnick et al., CSCW 1994) in a
/// latent space. Neighbors are the nearest of the max_users most recently active users, by cosine of the vectors that
/// matrix factorization learns. An item's score is the sum, over the neighbors who visited it, of similarity^8 / (1 +
/// log2(1 + hours since the visit)). The session id stands in for a missing user id. The part's scorers implement
/// UserNeighbors (online/part/user_neighbors.h).
/// `users` belongs to the matrix factorization part, which observes every event before this part does.
/// Threads: as Part. Requests scan published vectors, then read the live vectors and items of the users found, under
///          short locks, so that an erased user is never seen again.
/// Cost:    ask() scans max_users x dimension / 2 bytes; propose() and write_features() use its result.
std::unique_ptr<Part> make_user_cf(const UserCfOptions& options, std::size_t max_items,
                                   std::shared_ptr<const UserVectors> users);

extern const PartKind kUserCf;

}  // namespace freshet::online
