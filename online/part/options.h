// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <any>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <typeindex>
#include <vector>

#include "base/event.h"
#include "base/options.h"
#include "online/part/values.h"

namespace freshet::online {

struct PartKind;
/// Parts in feature order: the order of their columns in a Ranking.
using PartKinds = std::span<const PartKind* const>;

/// [online.blender]: one hidden layer over the parts' features, learned online.
struct BlenderOptions {
  std::size_t hidden_units = 32;
  double learning_rate = 0.05;
  std::size_t candidates_per_part = 50;
  std::vector<std::string> actions{"view",    "cart",   "purchase",         "like",
                                   "dislike", "refund", "remove_from_cart", "dwell"};
  std::size_t remembered_lists = 16'384;

  static std::vector<Option<BlenderOptions>> describe();
};

/// [online.sender_limit]: how much one sender may teach about one item (model/sender_limit.h).
struct SenderLimitOptions {
  double share = 0.02;
  double least = 3;
  std::chrono::seconds window{3600};

  static std::vector<Option<SenderLimitOptions>> describe();
};

/// [online]: the model. options.cc describes each option. A part's own options are declared in the part's header.
struct Options {
  Options() = default;
  /// Options for a choice of `kinds`; those that are on by default take part. `kinds` must outlive the options.
  explicit Options(PartKinds kinds);

  PartKinds kinds;                 ///< the parts to choose from
  std::vector<std::string> parts;  ///< names of the parts that take part, in any order
  std::chrono::seconds session_gap{1800};
  std::size_t max_session_items = 200;
  std::size_t max_items = 1'000'000;
  std::size_t max_name_bytes = std::size_t{128} << 20;
  std::size_t max_open_sessions = 500'000;
  std::size_t dedupe_ids = 1'000'000;
  std::map<std::string, double> type_weights{
      {"*", 0},      {"view", 1},  {"click", 1},   {"cart", 2},   {"purchase", 3},         {"like", 2},
      {"rating", 1}, {"dwell", 0}, {"dislike", 0}, {"refund", 0}, {"remove_from_cart", 0}, {"impression", 0}};
  std::map<std::string, std::string> type_aliases = common_type_aliases();
  std::map<std::string, double> least_value;
  Values values;  ///< the section [value]; empty: lists are in order of what comes next
  std::uint64_t seed = 1;
  std::chrono::seconds checkpoint_interval{60};
  std::size_t keep_checkpoints = 3;
  std::chrono::milliseconds publish_interval{200};
  std::chrono::milliseconds score_all_within{100};
  double least_scored = 0.35;
  BlenderOptions blender;
  SenderLimitOptions sender_limit;

  /// A part's options, by their type: part<SessionKnnOptions>(). The defaults until they are changed.
  template <typename T>
  const T& part() const {
    static const T kDefaults{};
    const auto found = part_options_.find(typeid(T));
    return found == part_options_.end() ? kDefaults : *std::any_cast<T>(&found->second);
  }
  template <typename T>
  T& part() {
    return *std::any_cast<T>(&part_options_.try_emplace(typeid(T), T{}).first->second);
  }

  bool has_part(std::string_view name) const;

  /// Sets `parts`; former names are replaced, with a warning for each. Changes nothing if a part is named both ways, an
  /// error. Names that no part has are found by validate().
  OptionProblems set_parts(std::vector<std::string> names);

  /// The type that events of this type count as: this one if `type_weights` names it, else what `type_aliases` says.
  const std::string& type_of(const std::string& type) const;
  /// Whether `type_weights` names the type, or one that it stands for.
  bool knows_type(const std::string& type) const { return type_weights.contains(type_of(type)); }
  /// Learning weight of events of this type; 0: they are not learned.
  double weight_of(const std::string& type) const;
  /// Learning weight of an event, whose value may count; 0: it is not learned.
  double weight_of(const Event& event) const;

  /// Describes the options above, those of each part (in a section named after it), and those of the blender.
  static std::vector<Option<Options>> describe(PartKinds kinds);
  /// Checks every option, and the rules between options. Returns all problems, not only the first.
  OptionProblems validate() const;

 private:
  static std::map<std::string, std::string> common_type_aliases();

  std::map<std::type_index, std::any> part_options_;
};

}  // namespace freshet::online
