// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <vector>

namespace freshet::online {

/// One decision of the logging policy: it put an action (an item) at a position, and a reward followed.
struct LoggedRound {
  static constexpr double kLargestReward = 1e9;
  static constexpr double kUnknown = std::numeric_limits<double>::quiet_NaN();

  std::uint32_t action = 0;               ///< index into LoggedFeedback::actions
  std::uint32_t position = 0;             ///< index into LoggedFeedback::positions
  std::uint32_t source = 0;               ///< index into LoggedFeedback::sources
  std::uint64_t line = 0;                 ///< of the source
  double reward = 0;                      ///< at most kLargestReward, on either side of 0; so are predictions
  double propensity = kUnknown;           ///< probability that the logging policy put this action here
  double least_propensity = kUnknown;     ///< no action could have had a smaller one here, unless it had none
  double candidate = kUnknown;            ///< probability that the candidate puts this action here, if the log has it
  double prediction = kUnknown;           ///< of the reward of this action, if the log has it
  double expected_prediction = kUnknown;  ///< mean prediction over the candidate's actions here, if the log has it
};

/// A list that was served: one round for each of its positions. A log of single decisions has lists of one round.
struct LoggedList {
  static constexpr std::uint32_t kNone = UINT32_MAX;

  std::size_t first_round = 0;  ///< index into LoggedFeedback::rounds
  std::size_t rounds = 0;
  std::int64_t time_ms = -1;     ///< since 1970; -1: unknown
  std::uint32_t owner = kNone;   ///< a number of the user or session; lists of one owner are not independent
  std::uint32_t policy = kNone;  ///< index into LoggedFeedback::policies: the policy that made the list
};

/// What a logging policy did and what it earned, in order of time.
/// Threads: as a plain struct.
struct LoggedFeedback {
  std::vector<LoggedRound> rounds;  ///< those of a list are adjacent, first position first
  std::vector<LoggedList> lists;
  std::vector<std::string> actions, positions, policies, sources;  ///< names

  std::span<const LoggedRound> rounds_of(const LoggedList& list) const {
    return std::span(rounds).subspan(list.first_round, list.rounds);
  }

  /// "FILE:12"
  std::string place(const LoggedRound& round) const;

  /// The same numbering with some of the lists only. `lists`: indices, ascending.
  LoggedFeedback part(std::span<const std::size_t> chosen) const;
};

/// A number from 0 for each list: that of its owner if all owners are known, else of the list itself. Rewards within such
/// a cluster are not independent.
std::vector<std::uint32_t> clusters_of(const LoggedFeedback& log);

}  // namespace freshet::online
