// SPDX-License-Identifier: Apache-2.0
#include "ingest/acknowledged.h"

#include <gtest/gtest.h>

#include <functional>

namespace freshet::ingest {
namespace {

using Done = std::function<void(Result<Positions>)>;

TEST(Acknowledged, ReturnsTheAnswer) {
  const auto answer = [](Result<Positions> end) {
    return acknowledged_within(std::chrono::seconds(20), [&](const Done& done) { done(std::move(end)); });
  };
  EXPECT_EQ(*answer(Positions{{0, 7}}), (Positions{{0, 7}}));
  EXPECT_EQ(answer(Error{Errc::overloaded, "full"}).error().code, Errc::overloaded);
}

TEST(Acknowledged, AnAnswerAfterTheTimeoutIsIgnored) {
  Done late;
  const auto end = acknowledged_within(std::chrono::milliseconds(1), [&](Done done) { late = std::move(done); });
  EXPECT_EQ(end.error().code, Errc::timed_out);
  late(Positions{{0, 7}});
}

}  // namespace
}  // namespace freshet::ingest
