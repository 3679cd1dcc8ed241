// SPDX-License-Identifier: Apache-2.0
#include "serve/access/access_control.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <vector>

#include "tests/support/temp_directory.h"

namespace freshet::serve {
namespace {

using namespace std::chrono_literals;
using Decision = AccessControl::Decision;

class AccessControlTest : public ::testing::Test {
 protected:
  void write(const std::string& text) { std::ofstream(file_) << text; }

  Decision decide(const AccessControl& access, std::optional<Scope> scope, const std::string& key) const {
    return access.decide(scope, "Bearer " + key, "", now_);
  }

  testing::TempDirectory dir_;
  Metrics metrics_;
  const std::string file_ = dir_.path() + "/keys";
  const std::string key_ = new_api_key();
  TokenBucket::Clock::time_point now_{1'000s};
};

TEST_F(AccessControlTest, WithoutAFileEverybodyMayDoEverything) {
  const AccessControl access("", metrics_);
  EXPECT_EQ(access.decide(Scope::admin, "", "", now_).kind, Decision::allowed);
  EXPECT_EQ(access.decide(Scope::admin, "", "", now_).caller, std::nullopt);
}

TEST_F(AccessControlTest, AKeyOpensWhatItHasTheScopeFor) {
  write(key_line("shop", {Scope::read}, {}, key_));
  const AccessControl access(file_, metrics_);
  EXPECT_EQ(decide(access, Scope::read, key_).kind, Decision::allowed);
  EXPECT_EQ(decide(access, Scope::read, key_).caller, "shop");
  EXPECT_EQ(decide(access, Scope::admin, key_).kind, Decision::wrong_scope);
  EXPECT_EQ(decide(access, Scope::read, new_api_key()).kind, Decision::unknown_key);
  EXPECT_EQ(access.decide(Scope::read, "", "", now_).kind, Decision::no_key);
  EXPECT_EQ(access.decide(std::nullopt, "", "", now_).kind, Decision::allowed);
}

TEST_F(AccessControlTest, EitherHeaderCarriesTheKey) {
  write(key_line("shop", {Scope::read}, {}, key_));
  const AccessControl access(file_, metrics_);
  EXPECT_EQ(access.decide(Scope::read, "bearer   " + key_, "", now_).kind, Decision::allowed);
  EXPECT_EQ(access.decide(Scope::read, "", key_, now_).kind, Decision::allowed);
  EXPECT_EQ(access.decide(Scope::read, "Basic dTpw", key_, now_).kind, Decision::allowed);
  EXPECT_EQ(access.decide(Scope::read, "Basic " + key_, "", now_).kind, Decision::no_key);
  EXPECT_EQ(access.decide(Scope::read, "Bearer ", "", now_).kind, Decision::no_key);
}

TEST_F(AccessControlTest, AKeyInAHurryIsToldWhenToComeBack) {
  write(key_line("shop", {Scope::read}, {{10, 2}}, key_));
  const AccessControl access(file_, metrics_);
  EXPECT_EQ(decide(access, Scope::read, key_).kind, Decision::allowed);
  EXPECT_EQ(decide(access, Scope::read, key_).kind, Decision::allowed);
  const Decision refused = decide(access, Scope::read, key_);
  EXPECT_EQ(refused.kind, Decision::too_often);
  EXPECT_EQ(refused.retry_after, 100ms);
  now_ += 100ms;
  EXPECT_EQ(decide(access, Scope::read, key_).kind, Decision::allowed);
  const std::string metrics = metrics_.render();
  EXPECT_NE(metrics.find(R"(freshet_serve_key_requests_total{key="shop"} 3)"), std::string::npos) << metrics;
  EXPECT_NE(metrics.find(R"(freshet_serve_refused_requests_total{key="shop",reason="rate"} 1)"), std::string::npos);
}

TEST_F(AccessControlTest, AKeyThatHasUsedUpItsEventsIsToldWhenToComeBack) {
  write(key_line("shop", {Scope::read, Scope::write}, {{10, 100}, RateLimit{100, 200}}, key_));
  const AccessControl access(file_, metrics_);
  const auto write_events = [&](std::uint64_t events) {
    const Decision allowed = access.decide({Scope::write, true}, "Bearer " + key_, "", now_);
    return allowed.kind == Decision::allowed ? access.charge(allowed, events, now_) : allowed;
  };
  EXPECT_EQ(write_events(199).kind, Decision::allowed);
  EXPECT_EQ(write_events(501).kind, Decision::allowed) << "one is left, the others are a debt";
  const Decision refused = write_events(1);
  EXPECT_EQ(refused.kind, Decision::too_many_events);
  EXPECT_EQ(refused.caller, "shop");
  EXPECT_EQ(refused.retry_after, 5010ms);
  EXPECT_EQ(decide(access, Scope::read, key_).kind, Decision::allowed) << "other calls are not counted";
  now_ += 5010ms;
  EXPECT_EQ(write_events(1).kind, Decision::allowed);
  EXPECT_EQ(write_events(1).kind, Decision::too_many_events);
  const std::string metrics = metrics_.render();
  EXPECT_NE(metrics.find(R"(freshet_serve_refused_requests_total{key="shop",reason="events"} 2)"), std::string::npos);
}

TEST_F(AccessControlTest, OfRequestsInFlightTogetherOneMayBeInDebt) {
  write(key_line("shop", {Scope::write}, {{}, RateLimit{100, 200}}, key_));
  const AccessControl access(file_, metrics_);
  std::vector<Decision> allowed;
  for (int i = 0; i < 10; ++i) allowed.push_back(access.decide({Scope::write, true}, "Bearer " + key_, "", now_));
  EXPECT_EQ(access.charge(allowed[0], 10'000, now_).kind, Decision::allowed);
  for (int i = 1; i < 10; ++i)
    EXPECT_EQ(access.charge(allowed[static_cast<std::size_t>(i)], 10'000, now_).kind, Decision::too_many_events);
}

TEST_F(AccessControlTest, ARefusedRequestIsToldToWaitForBothLimits) {
  write(key_line("shop", {Scope::write}, {{0.1, 1}, RateLimit{100, 100}}, key_));
  const AccessControl access(file_, metrics_);
  const Decision allowed = access.decide({Scope::write, true}, "Bearer " + key_, "", now_);
  EXPECT_EQ(access.charge(allowed, 200, now_).kind, Decision::allowed);
  const Decision refused = access.decide({Scope::write, true}, "Bearer " + key_, "", now_);
  EXPECT_EQ(refused.kind, Decision::too_many_events);
  EXPECT_EQ(refused.retry_after, 10s);
}

TEST_F(AccessControlTest, WithoutALimitOfEventsNothingIsCharged) {
  write(key_line("shop", {Scope::write}, {}, key_));
  const AccessControl access(file_, metrics_);
  const Decision allowed = access.decide({Scope::write, true}, "Bearer " + key_, "", now_);
  EXPECT_EQ(allowed.charged, nullptr);
  EXPECT_EQ(access.charge(allowed, 1'000'000'000, now_).kind, Decision::allowed);
  EXPECT_EQ(AccessControl("", metrics_).decide({Scope::write, true}, "", "", now_).charged, nullptr);
}

TEST_F(AccessControlTest, AFileThatCannotBeUsedStopsTheStartButNotTheService) {
  write("nonsense");
  try {
    AccessControl access(file_, metrics_);
    FAIL() << "started";
  } catch (const std::runtime_error& error) {
    EXPECT_EQ(std::string(error.what()),
              "serve.keys_file: " + file_ + ": line 1: expected NAME SCOPES RATE sha256:DIGEST");
  }
  write(key_line("shop", {Scope::read}, {}, key_));
  AccessControl access(file_, metrics_);
  write("nonsense");
  EXPECT_FALSE(access.reload());
  EXPECT_EQ(decide(access, Scope::read, key_).kind, Decision::allowed);
  std::filesystem::remove(file_);
  EXPECT_EQ(access.reload().error().message,
            "serve.keys_file: " + file_ + " cannot be read: No such file or directory");
  EXPECT_EQ(decide(access, Scope::read, key_).kind, Decision::allowed);
  EXPECT_THROW(AccessControl(dir_.path(), metrics_), std::runtime_error);
}

TEST_F(AccessControlTest, AKeyTakenOutOfTheFileIsOverAtTheNextReload) {
  write(key_line("shop", {Scope::read}, {}, key_));
  AccessControl access(file_, metrics_);
  write("");
  EXPECT_EQ(decide(access, Scope::read, key_).kind, Decision::allowed);
  ASSERT_TRUE(access.reload());
  EXPECT_EQ(decide(access, Scope::read, key_).kind, Decision::unknown_key);
}

}  // namespace
}  // namespace freshet::serve
