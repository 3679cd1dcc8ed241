// SPDX-License-Identifier: Apache-2.0
#include <boost/json.hpp>
#include <cmath>

#include "cli/off_policy/feedback_table.h"

namespace freshet::cli {
namespace {

namespace json = boost::json;
using online::LoggedList;
using online::LoggedRound;

Error invalid(std::string message) { return {Errc::invalid, std::move(message)}; }

/// Reads members of one object, and remembers the first that has the wrong type.
class Members {
 public:
  explicit Members(const json::object& object) : object_(object) {}

  /// Empty if there is none.
  std::string text(const char* name) {
    const json::value* value = object_.if_contains(name);
    if (value == nullptr || value->is_null()) return "";
    if (value->is_string()) return std::string(value->get_string());
    if (value->is_int64() || value->is_uint64()) return json::serialize(*value);
    complain(name, "is not a string");
    return "";
  }

  double number(std::string_view name, double otherwise) {
    const json::value* value = name.empty() ? nullptr : object_.if_contains(name);
    if (value == nullptr || value->is_null()) return otherwise;
    if (value->is_number()) return value->to_number<double>();
    complain(name, "is not a number");
    return otherwise;
  }

  bool has(std::string_view name) const {
    const json::value* value = object_.if_contains(name);
    return value != nullptr && !value->is_null();
  }

  void complain(std::string_view name, const char* reason) {
    if (complaint_.empty()) complaint_ = std::string(name) + ": " + reason;
  }
  const std::string& complaint() const { return complaint_; }

 private:
  const json::object& object_;
  std::string complaint_;
};

/// The reward of the actions that followed, {"view": 1, "purchase": 2}.
double reward_of(const json::object& item, Members& members, const FeedbackFormat& format) {
  if (members.has("reward")) return members.number("reward", 0);
  const json::value* actions = item.if_contains("actions");
  if (actions == nullptr || actions->is_null()) return 0;
  if (!actions->is_object()) {
    members.complain("actions", "is not an object");
    return 0;
  }
  Members counts(actions->get_object());
  double reward = 0;
  for (const auto& [type, value] : format.rewards) reward += value * counts.number(type, 0);
  if (!counts.complaint().empty()) members.complain("actions", counts.complaint().c_str());
  return reward;
}

Result<void> take_item(const json::value& value, std::size_t list, std::uint64_t line, const FeedbackFormat& format,
                       FeedbackBuilder& builder) {
  if (!value.is_object()) return invalid("not an object");
  Members members(value.get_object());
  LoggedRound round;
  round.line = line;
  round.reward = reward_of(value.get_object(), members, format);
  round.propensity = members.number("propensity", LoggedRound::kUnknown);
  round.least_propensity = members.number("least_propensity", LoggedRound::kUnknown);
  round.candidate = members.number(format.candidate, LoggedRound::kUnknown);
  round.prediction = members.number(format.prediction, LoggedRound::kUnknown);
  round.expected_prediction = members.number(format.expected_prediction, LoggedRound::kUnknown);
  const std::string item = members.text("item"), position = members.text("position");
  if (!members.complaint().empty()) return invalid(members.complaint());
  if (item.empty()) return invalid("item: empty");
  for (const double number : {round.reward, round.prediction, round.expected_prediction}) {
    if (!std::isnan(number) && !is_reward(number)) return invalid("a reward or prediction is not below 10^9");
  }
  builder.add(list, round, item, position);
  return {};
}

}  // namespace

Result<void> take_served_list(std::string_view text, std::uint64_t line, const FeedbackFormat& format,
                              FeedbackBuilder& builder) {
  boost::system::error_code error;
  const json::value value = json::parse(text, error);
  if (error) return invalid("not JSON: " + error.message());
  if (!value.is_object()) return invalid("not a JSON object");
  Members members(value.get_object());
  const std::string id = members.text("list"), owner = members.text("owner"), policy = members.text("policy");
  const std::string placement = members.text("placement"), arm = members.text("arm");
  const double time = members.number("time", -1);
  if (!members.complaint().empty()) return invalid(members.complaint());
  if (members.has("time") && !(time >= 0 && time < 1e15)) return invalid("time: not milliseconds since 1970");
  if (!id.empty() && !builder.is_new(id)) return invalid("list: \"" + id.substr(0, 40) + "\" is in the log twice");
  const json::value* items = value.get_object().if_contains("items");
  if (items == nullptr || !items->is_array()) return invalid("items: not an array");
  if (!format.placement.empty() && placement != format.placement) return {};
  if (!format.arm.empty() && arm != format.arm) return {};
  const std::size_t index = builder.list("");
  LoggedList& list = builder.at(index);
  list.time_ms = static_cast<std::int64_t>(time);
  if (!owner.empty()) list.owner = builder.owner(owner);
  if (!policy.empty()) list.policy = builder.policy(policy);
  for (std::size_t i = 0; i < items->get_array().size(); ++i) {
    if (auto taken = take_item(items->get_array()[i], index, line, format, builder); !taken) {
      return invalid("items[" + std::to_string(i) + "]: " + taken.error().message);
    }
  }
  return {};
}

}  // namespace freshet::cli
