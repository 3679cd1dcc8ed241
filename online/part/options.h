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

#include "base/options.h"

namespace freshet::online {

struct PartKind;
/// In feature order.
using PartKinds = std::span<const PartKind* const>;

/// [online.blender]: one hidden layer over the parts' features, learned online.
struct BlenderOptions {
  std::size_t hidden_units = 32;
  double learning_rate = 0.05;
  std::size_t candidates_per_part = 50;

  static std::vector<Option<BlenderOptions>> describe();
};

/// [online]: the model. What each option means and takes: options.cc. The options of a part are in its header.
struct Options {
  Options() = default;
  /// Of these parts; those that are on by default take part. `kinds` must outlive the options.
  explicit Options(PartKinds kinds);

  PartKinds kinds;                 ///< that there are
  std::vector<std::string> parts;  ///< names of those that take part, in any order
  std::chrono::seconds session_gap{1800};
  std::size_t max_session_items = 200;
  std::size_t max_items = 1'000'000;
  std::size_t max_open_sessions = 500'000;
  std::size_t dedupe_ids = 1'000'000;
  std::map<std::string, double> type_weights{{"*", 1},        {"view", 1}, {"click", 1},   {"cart", 2},
                                             {"purchase", 3}, {"like", 2}, {"dislike", 0}, {"impression", 0}};
  std::uint64_t seed = 1;
  std::chrono::seconds checkpoint_interval{60};
  std::size_t keep_checkpoints = 3;
  std::chrono::milliseconds publish_interval{200};
  std::chrono::milliseconds score_all_within{100};
  double least_scored = 0.35;
  BlenderOptions blender;

  /// The options of a part by their type, such as part<SessionKnnOptions>(); the defaults until they are changed.
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

  /// Changes `parts`, with the new name for each former one and a warning; not at all if both are given, an error. Names
  /// that no part has are left to validate().
  OptionProblems set_parts(std::vector<std::string> names);

  /// What an event of this type teaches; 0: nothing.
  double weight_of(const std::string& type) const;

  /// Of the options above, of those of each part in a section of its name, and of the blender.
  static std::vector<Option<Options>> describe(PartKinds kinds);
  /// Every problem at once.
  OptionProblems validate() const;

 private:
  std::map<std::type_index, std::any> part_options_;
};

}  // namespace freshet::online
