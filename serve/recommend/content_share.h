// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "online/model/ranking.h"

namespace freshet::serve {

/// The share of the part content in a list: what the request says, or what the blend has learned. Without the part (it
/// is off, or there is no catalogue) every share is as none.
/// Threads: as Ranking.
class ContentShare {
 public:
  /// `asked`: 0 to 1; nullopt: as learned.
  ContentShare(online::Scorers scorers, std::optional<double> asked)
      : share_(asked.value_or(0)), content_(asked ? find(scorers) : std::nullopt) {}

  static std::optional<online::PartPlace> find(online::Scorers scorers);

  /// The parts that take part, for online::propose().
  std::uint32_t parts() const {
    return content_ && share_ <= 0 ? ~(std::uint32_t{1} << content_->part) : online::kEveryPart;
  }

  /// Fills ranking.scores from its features, by value if anything has a worth. Returns what orders the list, for
  /// List::source.
  std::string_view score(const online::Snapshot& snapshot, const online::Worths& worths,
                         online::Ranking& ranking) const;

 private:
  const double share_;
  const std::optional<online::PartPlace> content_;  // nullopt: nothing to change
};

}  // namespace freshet::serve
