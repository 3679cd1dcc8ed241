// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "online/parts/nearest_sessions.h"
#include "online/parts/session_knn.h"
#include "online/parts/session_table.h"
#include "online/parts/vote_table.h"

namespace freshet::online {

/// The votes of the sessions that are nearest to a context's, and their features.
class SessionKnnIndex::Votes final : public Query {
 public:
  static std::span<const std::string_view> features();

  void ask(const SessionKnnIndex& index, const Context& context);
  void propose(std::size_t k, const AllowedItems* allowed, std::vector<Candidate>& out) override;
  void write_features(std::span<const ItemIndex> items, FeatureColumns out) override;

 private:
  struct Session {
    const ItemIndex* items = nullptr;
    std::uint32_t count = 0;
    std::uint32_t shared = 0;
    std::int64_t time_ms = 0;
  };
  struct Voted {
    std::size_t row;
    const VoteTable::Vote* vote;
  };
  struct Logarithms {
    float votes, idf_votes, recent_votes, votes_after, voters, share, share_after;
  };

  void find_neighbors();
  void read(std::span<const NearestSessions::Neighbor> neighbors, SessionNumber newest);
  void count_votes();

  // the question
  const SessionKnnIndex* index_ = nullptr;
  OwnerKey session_key_ = kNobody;
  std::int64_t now_ms_ = 0, start_ms_ = 0;
  std::size_t asked_count_ = 0;
  std::array<ItemIndex, kQueryItems> asked_{};  // newest first

  // the answer
  VoteTable votes_;           // dropped items have no voters
  float sessions_there_ = 0;  // number of indexed sessions

  // buffers
  NearestSessions nearest_;
  std::vector<std::uint32_t> ages_;
  std::vector<std::size_t> slots_;
  std::vector<ItemIndex> items_;
  std::vector<Session> sessions_;
  std::vector<Candidate> candidates_;
  std::vector<Voted> voted_;
  std::vector<float> idf_;
  std::vector<Logarithms> logarithms_;
};

}  // namespace freshet::online
