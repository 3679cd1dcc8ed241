// SPDX-License-Identifier: Apache-2.0
#include "cli/off_policy/feedback_builder.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <numeric>
#include <utility>

#include "base/clock.h"

namespace freshet::cli {

using online::LoggedFeedback;
using online::LoggedList;
using online::LoggedRound;

std::uint32_t FeedbackBuilder::Names::number(const std::string& name) {
  const auto [found, is_new] = numbers_.emplace(name, static_cast<std::uint32_t>(names_.size()));
  if (is_new) names_.push_back(name);
  return found->second;
}

void FeedbackBuilder::begin_source(const std::string& name) {
  log_.sources.push_back(name);
  lists_.clear();
}

std::size_t FeedbackBuilder::list(const std::string& id) {
  if (!id.empty()) {
    const auto [found, is_new] = lists_.emplace(id, log_.lists.size());
    if (!is_new) return found->second;
  }
  log_.lists.emplace_back();
  rounds_.emplace_back();
  return log_.lists.size() - 1;
}

void FeedbackBuilder::add(std::size_t list, LoggedRound round, const std::string& item, const std::string& position) {
  round.action = actions_.number(item);
  round.position = positions_.number(position.empty() ? std::to_string(rounds_[list].size() + 1) : position);
  round.source = static_cast<std::uint32_t>(log_.sources.size() - 1);
  rounds_[list].push_back(round);
}

LoggedFeedback FeedbackBuilder::finish() {
  log_.actions = actions_.take();
  log_.positions = positions_.take();
  log_.policies = policies_.take();
  std::vector<std::size_t> order(log_.lists.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  if (std::ranges::all_of(log_.lists, [](const LoggedList& list) { return list.time_ms >= 0; })) {
    std::ranges::stable_sort(order, {}, [&](std::size_t list) { return log_.lists[list].time_ms; });
  }
  std::vector<double> places;  // of positions that are numbers; others stay as they were logged
  for (const std::string& position : log_.positions) places.push_back(feedback_number(position).value_or(0));
  const std::vector<LoggedList> lists = std::exchange(log_.lists, {});
  for (const std::size_t list : order) {
    auto& rounds = rounds_[list];
    if (rounds.empty()) continue;
    std::ranges::stable_sort(rounds, {}, [&](const LoggedRound& round) { return places[round.position]; });
    log_.lists.push_back(lists[list]);
    log_.lists.back().first_round = log_.rounds.size();
    log_.lists.back().rounds = rounds.size();
    log_.rounds.insert(log_.rounds.end(), rounds.begin(), rounds.end());
  }
  return std::move(log_);
}

bool is_reward(double number) { return std::abs(number) <= LoggedRound::kLargestReward; }

std::optional<double> feedback_number(std::string_view text) {
  double number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return number;
}

std::optional<std::int64_t> feedback_time(std::string text) {
  constexpr std::size_t kDate = 10;  // "2026-11-30"
  if (const auto number = feedback_number(text)) {
    const auto time = parse_time_number(*number);
    return time ? std::optional(to_ms(*time)) : std::nullopt;
  }
  if (text.size() > kDate && text[kDate] == ' ') text[kDate] = 'T';
  const auto time = parse_rfc3339(text);
  return time ? std::optional(to_ms(*time)) : std::nullopt;
}

}  // namespace freshet::cli
