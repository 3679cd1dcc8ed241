#include "online/measure/off_policy/logged_feedback.h"

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

}  // namespace freshet::online
