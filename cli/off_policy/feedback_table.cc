// SPDX-License-Identifier: Apache-2.0
#include "cli/off_policy/feedback_table.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/suggestion.h"
#include "cli/streams/csv.h"

namespace freshet::cli {
namespace {

using online::LoggedList;
using online::LoggedRound;

const std::vector<std::string> kNames{
    "list", "owner", "item", "time", "type", "reward", "position", "propensity", "least_propensity", "policy", "-"};

/// Names of the open bandit dataset, and what they are here.
constexpr std::array kAliases{std::pair{"timestamp", "time"}, std::pair{"item_id", "item"},
                              std::pair{"click", "reward"}, std::pair{"propensity_score", "propensity"}};

Error invalid(std::string message) { return {Errc::invalid, std::move(message)}; }

bool is_mentioned(const std::string& name, const FeedbackFormat& format) {
  return !name.empty() && (name == format.candidate || name == format.prediction || name == format.expected_prediction);
}

bool has(const std::vector<std::string>& columns, const std::string& name) {
  return std::ranges::count(columns, name) > 0;
}

Result<std::vector<std::string>> check(std::vector<std::string> columns, const FeedbackFormat& format) {
  for (const std::string& name : columns) {
    if (name != "-" && std::ranges::count(columns, name) > 1) return invalid("\"" + name + "\" is named twice");
  }
  if (!has(columns, "item")) return invalid("the column \"item\" is missing");
  for (const std::string* name : {&format.candidate, &format.prediction, &format.expected_prediction}) {
    if (!name->empty() && !has(columns, *name)) return invalid("the column \"" + *name + "\" is missing");
  }
  return columns;
}

/// One row, while its fields are taken.
struct Row {
  LoggedRound round;
  std::string list, owner, item, position, policy, type;
  std::int64_t time_ms = -1;
  bool has_reward = false;
};

Result<void> set_number(double& number, const std::string& column, const std::string& text) {
  const auto parsed = feedback_number(text);
  if (!parsed) return invalid(column + ": \"" + text.substr(0, 40) + "\" is not a number");
  number = *parsed;
  return {};
}

/// A reward or a prediction of one.
Result<void> set_reward(double& reward, const std::string& column, const std::string& text) {
  if (auto set = set_number(reward, column, text); !set) return set;
  if (is_reward(reward)) return {};
  return invalid(column + ": \"" + text.substr(0, 40) + "\" is not a number below 10^9");
}

std::string* text_field(Row& row, const std::string& column) {
  if (column == "list") return &row.list;
  if (column == "owner") return &row.owner;
  if (column == "item") return &row.item;
  if (column == "position") return &row.position;
  if (column == "policy") return &row.policy;
  if (column == "type") return &row.type;
  return nullptr;
}

Result<void> set_field(Row& row, const std::string& column, const std::string& text, const FeedbackFormat& format) {
  if (std::string* field = text_field(row, column)) {
    *field = text;
    return {};
  }
  if (text.empty()) return {};
  if (column == "time") {
    const auto time = feedback_time(text);
    if (!time) return invalid("time: \"" + text.substr(0, 40) + "\" is not a time");
    row.time_ms = *time;
  }
  if (column == "propensity") return set_number(row.round.propensity, column, text);
  if (column == "least_propensity") return set_number(row.round.least_propensity, column, text);
  if (column == format.candidate) return set_number(row.round.candidate, column, text);
  if (column == format.prediction) return set_reward(row.round.prediction, column, text);
  if (column == format.expected_prediction) return set_reward(row.round.expected_prediction, column, text);
  row.has_reward = row.has_reward || column == "reward";
  return column == "reward" ? set_reward(row.round.reward, column, text) : Result<void>();
}

}  // namespace

Result<std::vector<std::string>> parse_feedback_columns(const std::string& text, const FeedbackFormat& format) {
  std::vector<std::string> columns = split_names(text);
  for (const std::string& name : columns) {
    if (!has(kNames, name) && !is_mentioned(name, format)) {
      const std::string close = nearest(name, kNames);
      return invalid("\"" + name + "\" is not a column name" +
                     (close.empty() ? "" : "; did you mean \"" + close + "\"?"));
    }
  }
  return check(std::move(columns), format);
}

Result<bool> FeedbackTable::take_header(const std::vector<std::string>& fields) {
  std::vector<std::string> names;
  for (const std::string& field : fields) {
    const auto alias = std::ranges::find(kAliases, field, [](const auto& pair) { return std::string(pair.first); });
    names.push_back(alias == kAliases.end() ? field : alias->second);
    if (!has(kNames, names.back()) && !is_mentioned(names.back(), format_)) names.back() = "-";
  }
  const bool is_header = has(names, "item") && std::ranges::count(names, "-") < std::ssize(names) - 1;
  auto checked = check(is_header ? std::move(names) : columns_, format_);
  if (!checked) return invalid((is_header ? "the header: " : "") + checked.error().message);
  if (!is_header) return false;
  columns_ = *std::move(checked);
  return true;
}

Result<void> FeedbackTable::take(const std::vector<std::string>& fields, std::uint64_t line,
                                 FeedbackBuilder& builder) const {
  if (fields.size() < columns_.size()) {
    return invalid(std::to_string(fields.size()) + " columns, expected " + std::to_string(columns_.size()));
  }
  Row row;
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    if (auto set = set_field(row, columns_[i], fields[i], format_); !set) return set;
  }
  if (row.item.empty()) return invalid("item: empty");
  if (!row.has_reward) {
    const auto reward = format_.rewards.find(row.type);
    row.round.reward = reward == format_.rewards.end() ? 0 : reward->second;
  }
  row.round.line = line;
  const std::size_t index = builder.list(row.list);
  LoggedList& list = builder.at(index);
  list.time_ms = std::max(list.time_ms, row.time_ms);
  if (!row.owner.empty()) list.owner = builder.owner(row.owner);
  if (!row.policy.empty()) list.policy = builder.policy(row.policy);
  builder.add(index, row.round, row.item, row.position);
  return {};
}

}  // namespace freshet::cli
