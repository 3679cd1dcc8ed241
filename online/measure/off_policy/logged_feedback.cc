// SPDX-License-Identifier: Apache-2.0
#include "online/measure/off_policy/logged_feedback.h"

#include <algorithm>
#include <numeric>
#include <unordered_map>

namespace freshet::online {

std::string LoggedFeedback::place(const LoggedRound& round) const {
  return sources[round.source] + ":" + std::to_string(round.line);
}

LoggedFeedback LoggedFeedback::part(std::span<const std::size_t> chosen) const {
  LoggedFeedback result{{}, {}, actions, positions, policies, sources};
  for (const std::size_t index : chosen) {
    LoggedList list = lists[index];
    const auto its_rounds = rounds_of(list);
    list.first_round = result.rounds.size();
    result.rounds.insert(result.rounds.end(), its_rounds.begin(), its_rounds.end());
    result.lists.push_back(list);
  }
  return result;
}

std::vector<std::uint32_t> clusters_of(const LoggedFeedback& log) {
  std::vector<std::uint32_t> clusters(log.lists.size());
  std::iota(clusters.begin(), clusters.end(), 0U);
  const bool owned = std::ranges::all_of(log.lists, [](const auto& list) { return list.owner != LoggedList::kNone; });
  if (!owned) return clusters;
  std::unordered_map<std::uint32_t, std::uint32_t> numbers;
  for (std::size_t list = 0; list < clusters.size(); ++list) {
    clusters[list] = numbers.emplace(log.lists[list].owner, static_cast<std::uint32_t>(numbers.size())).first->second;
  }
  return clusters;
}

}  // namespace freshet::online
