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

/// "user_cf": what users like this one have come for lately. Neighbors are the nearest by cosine of the users' vectors
/// that matrix factorization learns (user-based collaborative filtering, Resnick et al., CSCW 1994, in a latent space),
/// among the max_users most recently active; an item is worth the sum over the neighbors who came for it of
/// similarity^8 over how long ago, in log hours. Without a user id the session stands for the user. Its scorers
/// implement UserNeighbors (online/part/user_neighbors.h).
/// `users` belongs to the matrix factorization part, which observes every event before this one does.
/// Threads: as Part. Requests scan published vectors and then compare and list what is live, under short locks: an
///          erased user is never seen again.
/// Cost:    ask() scans max_users x dimension bytes; propose() and write_features() use what it found.
std::unique_ptr<Part> make_user_cf(const UserCfOptions& options, std::size_t max_items,
                                   std::shared_ptr<const UserVectors> users);

extern const PartKind kUserCf;

}  // namespace freshet::online
