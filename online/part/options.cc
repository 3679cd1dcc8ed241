// SPDX-License-Identifier: Apache-2.0
#include "online/part/options.h"

#include <algorithm>
#include <limits>

#include "online/part/part_kind.h"

namespace freshet::online {
namespace {

using namespace std::chrono_literals;
using option::kMillion;

constexpr double kMostValue = 1e6;
constexpr double kMostTimes = 10;  // as much as its type says, an event teaches by its value

OptionProblems judge_weights(const std::map<std::string, double>& weights) {
  OptionProblems problems;
  for (const auto& [type, weight] : weights) {
    if (!(weight >= 0 && weight <= 1000)) problems.push_back({type, "must be 0 (not learned) to 1000"});
  }
  return problems;
}

OptionProblems judge_aliases(const std::map<std::string, std::string>& aliases) {
  OptionProblems problems;
  for (const auto& [type, meant] : aliases) {
    const auto next = aliases.find(meant);
    if (meant.empty() || meant.front() == '$' || meant.size() > kMaxIdBytes) {
      problems.push_back({type, "\"" + meant + "\" cannot be an event type"});
    } else if (next != aliases.end() && next->second != meant) {
      problems.push_back({type, "\"" + meant + "\" stands for another type itself: \"" + next->second + "\""});
    }
  }
  return problems;
}

OptionProblems judge_actions(const std::vector<std::string>& actions) {
  OptionProblems problems;
  if (actions.size() > kMostValues) problems.push_back({"", "at most " + std::to_string(kMostValues)});
  for (auto action = actions.begin(); action != actions.end(); ++action) {
    if (std::find(actions.begin(), action, *action) != action) {
      problems.push_back({"", "\"" + *action + "\" is named twice"});
    }
  }
  return problems;
}

OptionProblems judge_least_values(const std::map<std::string, double>& least) {
  OptionProblems problems;
  for (const auto& [type, value] : least) {
    if (!(value > 0 && value <= kMostValue)) problems.push_back({type, "must be above 0 and at most 1000000"});
  }
  return problems;
}

OptionProblems judge_parts(const std::vector<std::string>& parts, PartKinds kinds) {
  OptionProblems problems;
  if (parts.empty()) problems.push_back({"parts", "at least one is needed"});
  for (const std::string& part : parts) {
    if (std::ranges::find(kinds, part, &PartKind::name) != kinds.end()) continue;
    std::string known;
    for (const PartKind* kind : kinds) known += (known.empty() ? "" : ", ") + std::string(kind->name);
    problems.push_back({"parts", "\"" + part + "\" is none of " + known});
  }
  return problems;
}

Option<Options> describe_parts() {
  auto option = option::verbatim<Options, std::vector<std::string>>(
      "parts", &Options::parts, "list of part names",
      "The parts that learn and rank. Without popularity a user without history gets an empty list. A change of this "
      "list, of half-lives, of widths (dimension, hidden_units) or of most sizes (max_*) in [online] discards the "
      "learned model: it is learned again from what the log still holds (embedded.retention; with Kafka the topic's "
      "retention). Histories are kept.");
  option.set = [](Options& options, const OptionValue& value) {
    return options.set_parts(std::get<std::vector<std::string>>(value));
  };
  option.check = [](const Options& options) { return judge_parts(options.parts, options.kinds); };
  return option;
}

/// A table that adds to the entries there are: naming one type must not turn off the others.
template <typename T>
Option<Options> type_table(std::string key, std::map<std::string, T> Options::*member, std::string type,
                           std::string help, OptionRule<std::map<std::string, T>> rule) {
  auto option = option::verbatim<Options, std::map<std::string, T>>(std::move(key), member, std::move(type),
                                                                    std::move(help), std::move(rule));
  option.set = [member](Options& options, const OptionValue& value) {
    for (const auto& [name, entry] : std::get<std::map<std::string, T>>(value)) {
      (options.*member).insert_or_assign(name, entry);
    }
    return OptionProblems{};
  };
  return option;
}

std::vector<Option<Options>> describe_types() {
  return {
      type_table<double>(
          "type_weights", &Options::type_weights, "table of numbers",
          "Weight of an event in learning, by event type, from 0 to 1000; '*' is any other type. 0: not learned. Types "
          "that the table does not name keep these weights. Events of a type that it does not name are counted and "
          "named "
          "in the log while '*' is 0.",
          judge_weights),
      type_table<std::string>(
          "type_aliases", &Options::type_aliases, "table of text",
          "Other spellings of event types: events of the type on the left count as those of the type on the right, in "
          "learning and in lists. Histories keep the type that was sent. Spellings that the table does not name keep "
          "these meanings; one that type_weights names is a type of its own.",
          judge_aliases),
      type_table<double>(
          "least_value", &Options::least_value, "table of numbers",
          "By event type, the least `value` of an event that is learned: `rating = 3` learns nothing from ratings of 1 "
          "and 2. A larger value teaches more, in proportion, up to 10 times the type's weight. Of a type that the "
          "table does not name, values do not count.",
          judge_least_values),
  };
}

}  // namespace

Options::Options(PartKinds the_kinds) : kinds(the_kinds) {
  for (const PartKind* kind : kinds) {
    if (kind->on_by_default) parts.emplace_back(kind->name);
  }
}

bool Options::has_part(std::string_view name) const { return std::ranges::find(parts, name) != parts.end(); }

OptionProblems Options::set_parts(std::vector<std::string> names) {
  OptionProblems problems;
  for (const PartKind* kind : kinds) {
    const auto former = std::ranges::find(names, kind->saved_name);
    if (kind->saved_name.empty() || former == names.end()) continue;
    const std::string renamed = "\"" + *former + "\" is now called \"" + std::string(kind->name) + "\"";
    const bool both = std::ranges::find(names, kind->name) != names.end();
    problems.push_back({"parts", renamed + (both ? ", which is given too" : ""), !both});
    *former = kind->name;
  }
  if (!has_errors(problems)) parts = std::move(names);
  return problems;
}

std::map<std::string, std::string> Options::common_type_aliases() {
  std::map<std::string, std::string> aliases;
  const auto add = [&](const char* type, std::initializer_list<const char*> spellings) {
    for (const char* spelling : spellings) aliases.emplace(spelling, type);
  };
  add("view", {"pageview", "page_view", "product_view", "view_item", "detail_view", "Product Viewed", "ViewContent"});
  add("cart", {"add_to_cart", "addtocart", "add-to-cart", "basket", "add_to_basket", "Product Added", "AddToCart"});
  add("purchase", {"buy", "transaction", "order", "checkout_completed", "Order Completed", "Purchase"});
  add("like", {"favorite", "favourite", "add_to_wishlist", "AddToWishlist"});
  add("remove_from_cart", {"removefromcart", "remove-from-cart", "Product Removed"});
  add("refund", {"return", "Order Refunded"});
  return aliases;
}

const std::string& Options::type_of(const std::string& type) const {
  if (type_weights.contains(type)) return type;
  const auto found = type_aliases.find(type);
  return found == type_aliases.end() ? type : found->second;
}

double Options::weight_of(const std::string& type) const {
  auto found = type_weights.find(type_of(type));
  if (found == type_weights.end()) found = type_weights.find("*");
  return found == type_weights.end() ? 0.0 : found->second;
}

double Options::weight_of(const Event& event) const {
  const double weight = weight_of(event.type);
  const auto least = least_value.empty() ? least_value.end() : least_value.find(type_of(event.type));
  if (least == least_value.end()) return weight;
  const double times = static_cast<double>(event.value) / least->second;
  return times < 1 ? 0.0 : weight * std::min(times, kMostTimes);
}

std::vector<Option<BlenderOptions>> BlenderOptions::describe() {
  return {
      option::integer("hidden_units", &BlenderOptions::hidden_units, {16, 1024, 16},
                      "Width of the blender's hidden layer."),
      option::number("learning_rate", &BlenderOptions::learning_rate, {1e-6, 10},
                     "Adagrad learning rate of the blender."),
      option::integer("candidates_per_part", &BlenderOptions::candidates_per_part, {20, 1000},
                      "Number of candidates that each part proposes."),
      option::verbatim<BlenderOptions, std::vector<std::string>>(
          "actions", &BlenderOptions::actions, "list of text",
          "Event types whose probability the blender learns for each item of a list, so that [value] can weigh them: "
          "at "
          "most 16, each named by online.type_weights (with 0 too). Of dwell the expected value is learned.",
          judge_actions),
      option::integer("remembered_lists", &BlenderOptions::remembered_lists, {1, 10 * kMillion},
                      "Number of sessions whose newest list the learner remembers, for the actions that follow: about "
                      "500 bytes each."),
  };
}

std::vector<Option<SenderLimitOptions>> SenderLimitOptions::describe() {
  return {
      option::number(
          "share", &SenderLimitOptions::share, {0.001, 1},
          "Share of what one sender (an API key, or a client address of a key) sends that may be about one "
          "item; more for senders that are a large part of the site, and where items are few. Of what is "
          "beyond it ever less is learned, in all not more than twice the share. Also the share of online.max_items "
          "that it may bring, or twice its part of the site, whichever is more: events about further new items "
          "are not learned. 1: senders are not limited. "
          "Events of Kafka producers have no sender unless they name one."),
      option::number("least", &SenderLimitOptions::least, {1, 1e6},
                     "Weight that every sender may teach about one item, whatever its share."),
      option::duration("window", &SenderLimitOptions::window, {60s, 24h * 7},
                       "Time of arrival over which shares are taken; the window before counts too. Whole "
                       "seconds."),
  };
}

std::vector<Option<Options>> Options::describe(PartKinds kinds) {
  std::vector<Option<Options>> all{
      describe_parts(),
      option::duration("session_gap", &Options::session_gap, {0s, 24h * 365},
                       "A longer pause starts a new session. 0s: sessions never end. Whole seconds."),
      option::integer("max_session_items", &Options::max_session_items, {2, 1000},
                      "Newest items of a session that the model uses."),
      option::integer("max_items", &Options::max_items, {100, 100 * kMillion},
                      "Largest number of items that the model knows. Beyond it the least recently seen item is "
                      "forgotten; where several API keys send events, that of the key that has brought most for its "
                      "part of the site."),
      option::size("max_name_bytes", &Options::max_name_bytes, {64 * option::kKiB, 64 * option::kGiB},
                   "Memory for the names of these items. Beyond it items are forgotten in the same order."),
      option::integer(
          "max_open_sessions", &Options::max_open_sessions, {100, 100 * kMillion},
          "Largest number of sessions that the learner follows. Beyond it the least recently active session "
          "is closed."),
      option::integer("dedupe_ids", &Options::dedupe_ids, {1, 100 * kMillion},
                      "Newest event ids that the learner remembers, to skip duplicates."),
      option::integer("seed", &Options::seed, {0, std::numeric_limits<std::int64_t>::max()},
                      "Seed of every random choice of the learner."),
      option::duration("checkpoint_interval", &Options::checkpoint_interval, {1s, 24h},
                       "Interval between checkpoints of the model. After a crash, the events since the last checkpoint "
                       "are learned again. Whole seconds."),
      option::integer("keep_checkpoints", &Options::keep_checkpoints, {1, 100},
                      "Number of newest checkpoints to keep."),
      option::duration("publish_interval", &Options::publish_interval, {1ms, 60s},
                       "Interval between the snapshots of the model that requests are answered from."),
      option::duration("score_all_within", &Options::score_all_within, {1ms, 60s},
                       "While the learner is at most this far behind, it scores every event before it learns it. "
                       "Further behind it scores only a share of the events, in order to catch up."),
      option::number("least_scored", &Options::least_scored, {0.01, 1},
                     "Smallest share of the events that the learner scores, however far behind it is. 1: it always "
                     "scores every event."),
  };
  append(all, describe_types());
  for (const PartKind* kind : kinds) {
    if (kind->describe == nullptr) continue;
    append(all, kind->describe(std::string(kind->name), std::string(kind->saved_name)));
  }
  append(all, within("blender", &Options::blender));
  append(all, within("sender_limit", &Options::sender_limit));
  return all;
}

OptionProblems Options::validate() const {
  OptionProblems problems = check(describe(kinds), *this);
  for (const std::string& action : blender.actions) {
    if (!type_weights.contains(action)) {
      problems.push_back({"blender.actions", "\"" + action + "\" is not named by online.type_weights"});
    }
  }
  for (const PartKind* kind : kinds) {
    if (has_part(kind->name) && !kind->builds_on.empty() && !has_part(kind->builds_on)) {
      problems.push_back(
          {"parts", std::string(kind->name) + " needs " + std::string(kind->builds_on) + ", which is missing"});
    }
    if (kind->judge != nullptr) append(problems, kind->judge(*this));
  }
  return problems;
}

}  // namespace freshet::online
