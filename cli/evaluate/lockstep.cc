// SPDX-License-Identifier: Apache-2.0
#include "cli/evaluate/lockstep.h"

#include <boost/json.hpp>
#include <chrono>
#include <stdexcept>
#include <stop_token>
#include <string>

namespace freshet::cli {
namespace {

namespace json = boost::json;
using std::chrono::milliseconds;

constexpr milliseconds kPause{1};           // between two requests for the status
constexpr milliseconds kPatience{120'000};  // without progress; twice the longest online.publish_interval

struct ServiceProgress {
  Positions histories, learner;
  std::uint64_t learned = 0, published = 0;  // numbers of events

  bool operator==(const ServiceProgress&) const = default;

  /// The status has no position of the published model. It is the learner's if the model has all learned events.
  bool covers(const Positions& sent) const {
    return freshet::covers(histories, sent) && freshet::covers(learner, sent) && published == learned;
  }
};

Positions positions_in(const json::value& status) {
  Positions positions;
  for (const auto& [partition, offset] : status.at("positions").as_object()) {
    positions[std::stoi(std::string(partition))] = offset.to_number<std::int64_t>();
  }
  return positions;
}

ServiceProgress progress_in(const json::value& status) {
  const json::value& learner = status.at("learner");
  return {.histories = positions_in(status.at("history")),
          .learner = positions_in(learner),
          .learned = learner.at("events_learned").to_number<std::uint64_t>(),
          .published = learner.at("events_published").to_number<std::uint64_t>()};
}

std::string no_progress(const Positions& sent, const ServiceProgress& progress) {
  const auto text = [](const Positions& positions) { return positions.empty() ? "none" : to_token(positions); };
  return "--lockstep: no progress for 2 minutes while waiting for the service to learn and publish the events up to "
         "position " +
         text(sent) + ". Histories: position " + text(progress.histories) + ". Learner: position " +
         text(progress.learner) + ", " + std::to_string(progress.published) + " of " +
         std::to_string(progress.learned) + " learned events published. See the service's /readyz and log.";
}

}  // namespace

void Lockstep::wait_for(const Positions& sent) const {
  ServiceProgress last;
  milliseconds since = clock_.elapsed();
  while (true) {
    ServiceProgress progress = progress_in(status_());
    if (progress.covers(sent)) return;
    if (progress != last) {
      last = std::move(progress);
      since = clock_.elapsed();
    } else if (clock_.elapsed() - since >= kPatience) {
      throw std::runtime_error(no_progress(sent, last));
    }
    clock_.sleep_for(std::stop_token{}, kPause);
  }
}

}  // namespace freshet::cli
