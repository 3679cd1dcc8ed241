#pragma once

#include <memory>

#include "online/part/options.h"
#include "online/part/part.h"
#include "online/vectors/user_vectors.h"

namespace freshet::online {

/// "user_cf": what users like this one have come for lately. Neighbours are the nearest by cosine of the users' vectors
/// that matrix factorisation learns (user-based collaborative filtering, Resnick et al., CSCW 1994, in a latent space),
/// among the max_users most recently active; an item is worth the sum over the neighbours who came for it of
/// similarity^8 over how long ago, in log hours. Without a user id the session stands for the user.
/// Knows UserNeighbours too.
/// Threads:  as Part. Requests scan published vectors and then compare and list what is live, under short locks: nobody
///           who has been erased is ever seen again.
/// Cost:     propose(): a scan of max_users x dimension bytes; score() of the same context right after it: nothing
/// more. `users` belongs to the matrix factorisation part, which observes every event before this one does.
std::unique_ptr<Part> make_user_cf(const UserCfOptions& options, std::size_t max_items,
                                   std::shared_ptr<const UserVectors> users);

}  // namespace freshet::online
