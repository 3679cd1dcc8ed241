#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace freshet::online {

/// A user, and how similar they are to another one: the cosine of the two users' vectors.
struct SimilarUser {
  std::string user;
  float similarity = 0.0F;
};

/// Implemented by the Scorer of a part that compares users, and found by Snapshot::user_neighbors().
/// Threads: any.
class UserNeighbors {
 public:
  virtual ~UserNeighbors() = default;

  /// Appends the k users most similar to the one with this key, best first. Users without an id are left out.
  /// Returns false if the user is unknown.
  virtual bool similar_users(std::uint64_t user_key, std::size_t k, std::vector<SimilarUser>& out) const = 0;
};

}  // namespace freshet::online
