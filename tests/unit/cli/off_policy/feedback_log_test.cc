// SPDX-License-Identifier: Apache-2.0
#include "cli/off_policy/feedback_log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <fstream>

#include "tests/support/temp_directory.h"

namespace freshet::cli {
namespace {

using online::LoggedFeedback;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

struct FeedbackLog : ::testing::Test {
  LoggedFeedback read(const std::string& text) {
    auto log = try_read(text);
    EXPECT_TRUE(log) << log.error().message;
    return *std::move(log);
  }

  std::string error(const std::string& text) {
    const auto log = try_read(text);
    EXPECT_FALSE(log);
    return log.error().message;
  }

  Result<LoggedFeedback> try_read(const std::string& text) {
    const std::string path = directory.path() + "/log";
    std::ofstream(path) << text;
    return read_feedback_log({path}, format);
  }

  testing::TempDirectory directory;
  FeedbackFormat format;
};

TEST_F(FeedbackLog, ServedListsAreReadWithTheirItems) {
  const auto log = read(
      R"({"list":"l1","time":1600000000500,"placement":"home","arm":"a","policy":"softmax","snapshot":3,"owner":"u1",)"
      R"("items":[{"item":"x","position":1,"score":1.5,"propensity":0.25,"explored":true,"reward":2},)"
      R"({"item":"y","position":2,"propensity":0.5,"least_propensity":0.1,"actions":{"view":3,"click":2}}]})"
      "\n"
      R"({"policy":"greedy","owner":7,"time":1600000000000,"items":[{"item":"y","propensity":1}]})");
  EXPECT_THAT(log.actions, ElementsAre("x", "y"));
  EXPECT_THAT(log.policies, ElementsAre("softmax", "greedy"));
  ASSERT_EQ(log.lists.size(), 2U);
  EXPECT_EQ(log.lists[0].policy, 1U);  // in order of time
  EXPECT_EQ(log.lists[1].rounds, 2U);
  EXPECT_EQ(log.lists[1].time_ms, 1'600'000'000'500);
  EXPECT_NE(log.lists[0].owner, log.lists[1].owner);
  const auto rounds = log.rounds_of(log.lists[1]);
  EXPECT_EQ(rounds[0].reward, 2);
  EXPECT_EQ(rounds[0].propensity, 0.25);
  EXPECT_TRUE(std::isnan(rounds[0].least_propensity));
  EXPECT_EQ(rounds[1].least_propensity, 0.1);
  EXPECT_EQ(rounds[1].reward, 2);  // two clicks; a view earns nothing by default
  EXPECT_EQ(log.positions[rounds[1].position], "2");
  EXPECT_EQ(log.positions[log.rounds_of(log.lists[0])[0].position], "1");  // by its place
  EXPECT_THAT(log.place(rounds[1]), HasSubstr("log:1"));
}

TEST_F(FeedbackLog, ListsOfOnePlacementAndOneArmCanBeRead) {
  const std::string text = R"({"placement":"home","arm":"a","items":[{"item":"x"}]})"
                           "\n"
                           R"({"placement":"home","arm":"b","items":[{"item":"y"}]})"
                           "\n"
                           R"({"arm":"a","items":[{"item":"z"}]})";
  format.placement = "home";
  EXPECT_THAT(read(text).actions, ElementsAre("x", "y"));
  format.arm = "b";
  EXPECT_THAT(read(text).actions, ElementsAre("y"));
}

TEST_F(FeedbackLog, ATableOfTheUsualColumnsNeedsNoNames) {
  const auto log = read("ctx\tx\t1600000001\tclick\t0.25\t2\tbts\nctx\ty\t1600000000\timpression\tnan\t1\trandom\n");
  EXPECT_EQ(log.lists.size(), 2U);
  EXPECT_THAT(log.policies, ElementsAre("bts", "random"));
  EXPECT_TRUE(std::isnan(log.rounds[0].propensity));  // the earlier one
  EXPECT_EQ(log.rounds[1].propensity, 0.25);
  EXPECT_EQ(log.rounds[1].reward, 1);
}

TEST_F(FeedbackLog, TheOpenBanditDatasetIsReadByItsHeader) {
  const auto log = read(
      ",timestamp,item_id,position,click,propensity_score,user_feature_0\n"
      "0,2019-11-24 00:03:13.442536+00:00,14,3,0,0.0294,cef3\n1,2019-11-24 00:03:36.705207+00:00,10,3,1,0.0294,cef3\n");
  ASSERT_EQ(log.rounds.size(), 2U);
  EXPECT_THAT(log.actions, ElementsAre("14", "10"));
  EXPECT_EQ(log.rounds[0].reward, 0);
  EXPECT_EQ(log.rounds[1].reward, 1);
  EXPECT_EQ(log.rounds[1].propensity, 0.0294);
  EXPECT_EQ(log.lists[0].time_ms, 1'574'553'793'442);
}

TEST_F(FeedbackLog, RowsOfOneListAreInTheOrderOfTheirPositions) {
  const auto log = read("list,item,position,propensity,reward,owner\nl,b,2,0.5,0,u\nm,c,1,0.5,1,u\nl,a,1,0.5,1,u\n");
  ASSERT_EQ(log.lists.size(), 2U);
  const auto rounds = log.rounds_of(log.lists[0]);
  ASSERT_EQ(rounds.size(), 2U);
  EXPECT_EQ(log.actions[rounds[0].action], "a");
  EXPECT_EQ(log.lists[0].owner, log.lists[1].owner);
}

TEST_F(FeedbackLog, MentionedColumnsAreRead) {
  format.candidate = "new";
  format.prediction = "q";
  format.expected_prediction = "v";
  const auto log = read("item,propensity,reward,new,q,v\na,0.5,1,0.75,0.1,0.2\n");
  EXPECT_EQ(log.rounds[0].candidate, 0.75);
  EXPECT_EQ(log.rounds[0].prediction, 0.1);
  EXPECT_EQ(log.rounds[0].expected_prediction, 0.2);
  const auto lists = read(R"({"items":[{"item":"a","propensity":0.5,"new":0.75,"q":0.1,"v":0.2}]})");
  EXPECT_EQ(lists.rounds[0].candidate, 0.75);
  EXPECT_THAT(error("item,propensity,reward,new,q\na,0.5,1,0.75,0.1\n"), HasSubstr("\"v\" is missing"));
}

TEST_F(FeedbackLog, RewardsOfTypesAreAsGiven) {
  format.rewards = {{"buy", 10}, {"view", 0.5}};
  EXPECT_EQ(read("item,propensity,type\na,0.5,buy\n").rounds[0].reward, 10);
  EXPECT_EQ(read(R"({"items":[{"item":"a","actions":{"view":2,"buy":1,"click":9}}]})").rounds[0].reward, 11);
}

TEST_F(FeedbackLog, WhatIsNoRoundIsAnErrorWithItsLine) {
  for (const auto& [text, said] :
       {std::pair{"item,propensity,type\na,0.5,click\na,0.5\n", "log:3: 2 columns, expected 3"},
        {"item,propensity,type\na,half,click\n", "log:2: propensity: \"half\" is not a number"},
        {"item,propensity,reward\na,0.5,nan\n", "log:2: reward: \"nan\" is not a number below 10^9"},
        {"item,propensity,reward\na,0.5,1e10\n", "log:2: reward: \"1e10\" is not a number below 10^9"},
        {"{\"items\":[{\"item\":\"a\",\"reward\":1e10}]}", "log:1: items[0]: a reward or prediction is not below 10^9"},
        {"{\"list\":\"l\",\"items\":[]}\n{\"list\":\"l\",\"items\":[]}", "log:2: list: \"l\" is in the log twice"},
        {"item,time,reward,propensity\na,noon,1,1\n", "log:2: time: \"noon\" is not a time"},
        {"item,propensity,item,type\n", "log:1: the header: \"item\" is named twice"},
        {"item,propensity,type\n\"a,0.5,click\n", "log:2: a quoted field is not closed"},
        {"{\"items\":[{\"item\":\"a\"},3]}", "log:1: items[1]: not an object"},
        {"{\"items\":[{\"item\":\"a\",\"actions\":{\"click\":\"x\"}}]}",
         "log:1: items[0]: actions: click: is not a number"},
        {"{\"items\":[{\"item\":\"a\",\"actions\":7}]}", "log:1: items[0]: actions: is not an object"},
        {"{\"items\":[{\"item\":[]}]}", "log:1: items[0]: item: is not a string"},
        {"{\"time\":-5,\"items\":[]}", "log:1: time: not milliseconds"},
        {"{\"time\":1}", "log:1: items: not an array"},
        {"{}\n[]", "log:1: items: not an array"},
        {"{\"items\":[]}\n[]", "log:2: not a JSON object"}}) {
    EXPECT_THAT(error(text), HasSubstr(said)) << text;
  }
}

TEST_F(FeedbackLog, ColumnNamesAreChecked) {
  EXPECT_THAT(*parse_feedback_columns("item,-,reward", format), ElementsAre("item", "-", "reward"));
  EXPECT_THAT(parse_feedback_columns("itm,reward", format).error().message, HasSubstr("did you mean \"item\"?"));
  EXPECT_THAT(parse_feedback_columns("reward", format).error().message, HasSubstr("\"item\" is missing"));
  format.candidate = "new";
  EXPECT_THAT(parse_feedback_columns("item,reward", format).error().message, HasSubstr("\"new\" is missing"));
  EXPECT_TRUE(parse_feedback_columns("item,reward,new", format));
}

}  // namespace
}  // namespace freshet::cli
