// SPDX-License-Identifier: Apache-2.0
#include "cli/off_policy/candidate_option.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/logged_worlds.h"

namespace freshet::cli {
namespace {

using Kind = CandidateOption::Kind;
using ::testing::HasSubstr;

TEST(CandidateOption, IsParsed) {
  EXPECT_EQ(parse_candidate("uniform")->kind, Kind::uniform);
  EXPECT_EQ(parse_candidate("popular")->kind, Kind::popular);
  EXPECT_EQ(parse_candidate("logged:a:b")->name, "a:b");
  EXPECT_EQ(parse_candidate("column:p")->kind, Kind::column);
  EXPECT_EQ(parse_candidate("softmax:0.5")->temperature, 0.5);
  for (const char* text :
       {"", "best", "logged", "logged:", "column:", "uniform:1", "softmax", "softmax:-1", "softmax:nan"}) {
    EXPECT_FALSE(parse_candidate(text)) << text;
  }
}

/// 100 lists, of the policies even and odd in turn.
online::LoggedFeedback two_policies() {
  auto log = testing::BanditWorld{{0.5, 0.5}, {0.2, 0.8}}.log(100, 1);
  log.policies = {"even", "odd"};
  for (std::size_t i = 0; i < 100; ++i) log.lists[i].policy = i % 2;
  return log;
}

TEST(CandidateOption, WhatACandidateLearnsFromIsNotEvaluated) {
  const auto log = two_policies();
  const auto logged = make_candidate(log, {Kind::logged, "odd", 0}, "", 0.5);
  EXPECT_EQ(logged->learned_lists, 50U);
  EXPECT_EQ(logged->log.lists.size(), 50U);
  EXPECT_EQ(logged->log.lists[0].policy, 0U);
  const auto itself = make_candidate(log, {Kind::logged, "odd", 0}, "odd", 0.4);
  EXPECT_EQ(itself->learned_lists, 20U);
  EXPECT_EQ(itself->log.lists.size(), 30U);
  const auto popular = make_candidate(log, {Kind::popular, "", 0}, "", 0.25);
  EXPECT_EQ(popular->learned_lists, 25U);
  EXPECT_EQ(popular->log.rounds.front().line, 26U);  // the later ones
  EXPECT_EQ(make_candidate(log, {Kind::uniform, "", 0}, "even", 0.5)->log.lists.size(), 50U);
}

TEST(CandidateOption, PoliciesMustBeInTheLog) {
  const auto message = [](const auto& result) { return result.error().message; };
  auto log = two_policies();
  EXPECT_THAT(message(make_candidate(log, {Kind::logged, "new", 0}, "", 0.5)), HasSubstr("it has even, odd"));
  EXPECT_THAT(message(make_candidate(log, {Kind::uniform, "", 0}, "new", 0.5)), HasSubstr("\"new\""));
  for (auto& list : log.lists) list.policy = 0;
  EXPECT_THAT(message(make_candidate(log, {Kind::logged, "even", 0}, "", 0.5)), HasSubstr("--logger even"));
  EXPECT_THAT(message(make_candidate(log, {Kind::logged, "odd", 0}, "", 0.5)), HasSubstr("no lists to learn"));
}

}  // namespace
}  // namespace freshet::cli
