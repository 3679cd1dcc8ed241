// SPDX-License-Identifier: Apache-2.0
#include "cli/evaluate/lockstep.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <boost/json.hpp>
#include <chrono>
#include <stdexcept>
#include <string>
#include <vector>

#include "tests/support/fake_clock.h"

namespace freshet::cli {
namespace {

namespace json = boost::json;
using std::chrono::seconds;

/// A service that answers /v1/status with its states, one after another, and then always with the last one.
class Service {
 public:
  struct State {
    json::object histories, learner;  // positions
    int learned = 0, published = 0;
  };

  /// Each answer takes `step`.
  Service(std::vector<State> states, seconds step) : states_(std::move(states)), step_(step) {}

  void wait_for(const Positions& sent) {
    Lockstep([this] { return status(); }, clock_).wait_for(sent);
  }

  std::size_t answers() const { return answers_; }

 private:
  json::value status() {
    clock_.advance(step_);
    const State& state = states_[std::min(answers_++, states_.size() - 1)];
    return {{"history", {{"positions", state.histories}}},
            {"learner",
             {{"positions", state.learner}, {"events_learned", state.learned}, {"events_published", state.published}}}};
  }

  testing::FakeClock clock_{Timestamp{}};
  const std::vector<State> states_;
  const seconds step_;
  std::size_t answers_ = 0;
};

TEST(Lockstep, WaitsForHistoriesLearnerAndSnapshot) {
  Service service({{{}, {}, 0, 0},
                   {{{"0", 4}}, {{"0", 5}}, 5, 5},
                   {{{"0", 5}}, {{"0", 4}}, 4, 4},
                   {{{"0", 5}}, {{"0", 5}}, 5, 4},
                   {{{"0", 5}}, {{"0", 5}}, 5, 5},
                   {{{"0", 6}}, {{"0", 6}}, 6, 6}},
                  seconds(1));
  service.wait_for({{0, 5}});
  EXPECT_EQ(service.answers(), 5);
}

TEST(Lockstep, WaitsForEveryPartition) {
  const json::object before{{"0", 5}, {"7", 1}}, after{{"0", 5}, {"7", 2}};
  Service service({{before, before, 6, 6}, {after, before, 6, 6}, {after, after, 7, 7}}, seconds(1));
  service.wait_for({{0, 5}, {7, 2}});
  EXPECT_EQ(service.answers(), 3);
}

TEST(Lockstep, DoesNotWaitForAnEventThatIsNotInTheLog) {
  Service service({{{}, {}, 0, 0}}, seconds(1));
  service.wait_for({{0, 0}});
  EXPECT_EQ(service.answers(), 1);
}

TEST(Lockstep, WaitsAsLongAsTheServiceMakesProgress) {
  std::vector<Service::State> states;
  for (int n = 0; n <= 50; ++n) states.push_back({{{"0", 50}}, {{"0", n}}, n, n});
  Service service(states, seconds(100));
  service.wait_for({{0, 50}});
  EXPECT_EQ(service.answers(), states.size());
}

TEST(Lockstep, NoProgressIsAnErrorThatNamesThePositions) {
  Service service({{{{"0", 5}}, {}, 0, 0}, {{{"0", 5}}, {{"0", 4}}, 4, 3}}, seconds(10));
  try {
    service.wait_for({{0, 5}});
    FAIL() << "returned";
  } catch (const std::runtime_error& error) {
    EXPECT_EQ(std::string(error.what()),
              "--lockstep: no progress for 2 minutes while waiting for the service to learn and publish the events up "
              "to position 0-5. Histories: position 0-5. Learner: position 0-4, 3 of 4 learned events published. See "
              "the service's /readyz and log.");
  }
  EXPECT_EQ(service.answers(), 2 + 120 / 10);
}

}  // namespace
}  // namespace freshet::cli
