// SPDX-License-Identifier: Apache-2.0
#include "cli/off_policy/candidate_option.h"

#include <algorithm>
#include <functional>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "cli/off_policy/feedback_builder.h"

namespace freshet::cli {
namespace {

/// Rounds of the mean that smooth a candidate's reward rates. Not estimated: where the log is too short to tell items
/// apart, the candidate would be uniform.
constexpr double kPriorRounds = 100;

using online::LoggedFeedback;
using online::LoggedList;

Error invalid(std::string message) { return {Errc::invalid, std::move(message)}; }

Result<std::uint32_t> policy_of(const LoggedFeedback& log, const std::string& name) {
  const auto found = std::ranges::find(log.policies, name);
  if (found != log.policies.end()) return static_cast<std::uint32_t>(found - log.policies.begin());
  std::string all;
  for (const std::string& policy : log.policies) all += (all.empty() ? "" : ", ") + policy;
  return invalid("no list of the log is of the policy \"" + name + "\"" +
                 (all.empty() ? "; the log names no policies" : "; it has " + all));
}

using Lists = std::vector<std::size_t>;

Lists lists_where(const LoggedFeedback& log, const std::function<bool(const LoggedList&)>& wanted) {
  Lists lists;
  for (std::size_t list = 0; list < log.lists.size(); ++list) {
    if (wanted(log.lists[list])) lists.push_back(list);
  }
  return lists;
}

/// Takes the first `share` away from `lists`.
Lists take_earliest(Lists& lists, double share) {
  const auto cut = lists.begin() + static_cast<std::ptrdiff_t>(share * static_cast<double>(lists.size()));
  Lists earliest(lists.begin(), cut);
  lists.erase(lists.begin(), cut);
  return earliest;
}

std::unique_ptr<online::CandidatePolicy> learn(const LoggedFeedback& log, const CandidateOption& option) {
  if (option.kind == CandidateOption::Kind::logged) return online::make_logged_policy(log);
  online::RewardSums sums(log.actions.size(), log.positions.size());
  for (const online::LoggedRound& round : log.rounds) sums.add(round);
  const online::RewardModel model(sums, kPriorRounds);
  return option.kind == CandidateOption::Kind::popular ? online::make_greedy_policy(model)
                                                       : online::make_softmax_policy(model, option.temperature);
}

}  // namespace

Result<CandidateOption> parse_candidate(const std::string& text) {
  using Kind = CandidateOption::Kind;
  const std::size_t colon = std::min(text.find(':'), text.size());
  const std::string kind = text.substr(0, colon);
  const std::string value = colon < text.size() ? text.substr(colon + 1) : "";
  if (text == "uniform") return CandidateOption{Kind::uniform, "", 0};
  if (text == "popular") return CandidateOption{Kind::popular, "", 0};
  if (kind == "logged" && !value.empty()) return CandidateOption{Kind::logged, value, 0};
  if (kind == "column" && !value.empty()) return CandidateOption{Kind::column, value, 0};
  if (kind == "softmax") {
    const auto temperature = feedback_number(value);
    if (temperature && *temperature > 0 && *temperature < 1e9) return CandidateOption{Kind::softmax, "", *temperature};
    return invalid("softmax: \"" + value + "\" is not a temperature above 0");
  }
  return invalid("\"" + text + "\" is not a policy: uniform, popular, softmax:TEMPERATURE, logged:NAME, column:NAME");
}

Result<CandidateOnLog> make_candidate(const LoggedFeedback& log, const CandidateOption& option,
                                      const std::string& logger, double learn_share) {
  using Kind = CandidateOption::Kind;
  std::optional<std::uint32_t> logging, other;
  for (auto [name, number] : {std::pair{&logger, &logging}, {&option.name, &other}}) {
    if (name->empty() || (name == &option.name && option.kind != Kind::logged)) continue;
    const auto found = policy_of(log, *name);
    if (!found) return found.error();
    *number = *found;
  }
  Lists evaluated = lists_where(
      log, [&](const LoggedList& list) { return logging ? list.policy == *logging : !other || list.policy != *other; });
  if (evaluated.empty() && !log.lists.empty()) {
    return invalid("all lists of the log are of the policy \"" + option.name + "\"; --logger " + option.name +
                   " evaluates it on its own later lists");
  }
  CandidateOnLog result;
  if (option.kind == Kind::uniform) {
    result.policy = online::make_uniform_policy(log);
  } else if (option.kind == Kind::column) {
    result.policy = online::make_recorded_policy();
  } else {
    const Lists learned = option.kind == Kind::logged && other != logging
                              ? lists_where(log, [&](const LoggedList& list) { return list.policy == *other; })
                              : take_earliest(evaluated, learn_share);
    if (learned.empty()) return invalid("the log has no lists to learn the candidate from");
    result.policy = learn(log.part(learned), option);
    result.learned_lists = learned.size();
  }
  result.log = log.part(evaluated);
  return result;
}

}  // namespace freshet::cli
