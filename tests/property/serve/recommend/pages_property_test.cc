// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "base/random.h"
#include "tests/support/manual_executor.h"
#include "tests/support/service_fixture.h"
#include "tests/support/synthetic_stream.h"
#include "tests/support/test_seed.h"

namespace freshet::serve {
namespace {

namespace json = boost::json;
using testing::numbered;
using Names = std::vector<std::string>;

/// A shop with more items than its users have clicked, and its API.
class PagesProperty : public ::testing::Test {
 protected:
  PagesProperty() { click(600); }

  void click(std::size_t events) {
    for (; events > 0; --events, ++offset_) {
      fixture_.learn(testing::user_event(offset_, numbered("u", random_.below(20)), numbered("i", random_.below(150)),
                                         1'700'000'000'000 + 1000 * offset_));
    }
    fixture_.snapshot = fixture_.model->publish(fixture_.clock.now());
  }

  json::object list(const std::string& user, std::size_t k, const std::string& more = "") {
    json::object answer;
    const std::string target = "/v1/users/" + user + "/recommendations?k=" + std::to_string(k) + more;
    testing::handle(api_, {"GET", target, "", false, executor_}, [&](const ApiResponse& response) {
      EXPECT_EQ(response.status, 200U) << target << ": " << response.body;
      answer = json::parse(response.body).as_object();
    });
    return answer;
  }

  /// All pages of `k` items; `between()` is called before each but the first.
  template <typename Between>
  Names pages(const std::string& user, std::size_t k, std::size_t most, const std::string& more, Between between) {
    Names all;
    std::string page;
    for (std::size_t n = 0; n < most; ++n) {
      const json::object answer = list(user, k, more + page);
      for (const json::value& entry : answer.at("items").as_array()) all.emplace_back(entry.at("item").as_string());
      if (!answer.contains("next")) break;
      page = "&page=" + std::string(answer.at("next").as_string());
      between();
    }
    return all;
  }

  Random random_{testing::test_seed(1)};
  testing::ServiceFixture fixture_;
  std::shared_ptr<testing::ManualExecutor> executor_ = std::make_shared<testing::ManualExecutor>();
  Api api_{{}, fixture_.services()};
  std::int64_t offset_ = 1000;
};

TEST_F(PagesProperty, TogetherTheyAreOneListAsLongAsNothingChanges) {
  for (int round = 0; round < 20; ++round) {
    const std::string user = numbered("u", random_.below(25));  // some are strangers
    const std::size_t k = 1 + random_.below(9), count = 1 + random_.below(5);
    Names whole;
    const json::object one = list(user, k * count);
    for (const json::value& entry : one.at("items").as_array()) {
      whole.emplace_back(entry.at("item").as_string());
    }
    ASSERT_EQ(whole.size(), k * count);
    ASSERT_EQ(pages(user, k, count, "", [] {}), whole) << user << " k=" << k;
  }
}

TEST_F(PagesProperty, NoItemComesTwiceAndAllComeWhileClicksArrive) {
  for (int round = 0; round < 6; ++round) {
    const std::string user = numbered("u", random_.below(25));
    const std::size_t k = 5 + random_.below(30);
    const std::string more = random_.below(2) == 0 ? "&exclude_served=1h" : "";
    fixture_.clock.advance(std::chrono::hours(2));
    const Names all = pages(user, k, 1000, more, [&] { click(random_.below(30)); });
    const std::set<std::string> distinct(all.begin(), all.end());
    ASSERT_EQ(distinct.size(), all.size());
    ASSERT_GE(all.size(), 140U) << "there are 153, but for those that the session was at";
  }
}

}  // namespace
}  // namespace freshet::serve
