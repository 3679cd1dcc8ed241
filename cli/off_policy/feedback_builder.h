// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "online/measure/off_policy/logged_feedback.h"

namespace freshet::cli {

/// Puts the rounds of a log together.
/// Threads: one.
class FeedbackBuilder {
 public:
  /// Begins a file.
  void begin_source(const std::string& name);

  /// The list with this id in this file, or a new one; an empty id is always a new one.
  std::size_t list(const std::string& id);
  /// Whether no served list had this id yet, in any file.
  bool is_new(const std::string& id) { return served_.insert(id).second; }
  online::LoggedList& at(std::size_t list) { return log_.lists[list]; }

  /// Adds a round to a list. Its action, position and source are set here; of an item that has no position it is the
  /// place in the list.
  void add(std::size_t list, online::LoggedRound round, const std::string& item, const std::string& position);

  std::uint32_t owner(const std::string& name) { return owners_.number(name); }
  std::uint32_t policy(const std::string& name) { return policies_.number(name); }

  online::LoggedFeedback finish();

 private:
  class Names {
   public:
    std::uint32_t number(const std::string& name);
    std::vector<std::string> take() { return std::move(names_); }

   private:
    std::unordered_map<std::string, std::uint32_t> numbers_;
    std::vector<std::string> names_;
  };

  online::LoggedFeedback log_;
  std::vector<std::vector<online::LoggedRound>> rounds_;  // [list]
  std::unordered_map<std::string, std::size_t> lists_;    // of this file, by id
  std::unordered_set<std::string> served_;
  Names actions_, positions_, policies_, owners_;
};

/// Whether rewards and predictions may be this.
bool is_reward(double number);

/// A number: as of an event stream's value, but NaN and infinity are numbers too.
std::optional<double> feedback_number(std::string_view text);

/// Milliseconds since 1970 from RFC 3339 (a space may stand for the T), or from a number as in event streams.
std::optional<std::int64_t> feedback_time(std::string text);

}  // namespace freshet::cli
