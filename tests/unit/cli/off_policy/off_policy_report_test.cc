// SPDX-License-Identifier: Apache-2.0
#include "cli/off_policy/off_policy_report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <limits>
#include <set>

namespace freshet::cli {
namespace {

namespace json = boost::json;
using ::testing::HasSubstr;
using ::testing::Not;

struct OffPolicyReport : ::testing::Test {
  OffPolicyReport() {
    run.log = "log.tsv";
    run.candidate = "uniform";
    run.logger = "bts";
    run.max_weight = std::numeric_limits<double>::infinity();
    result.lists = 10;
    result.logged_value = 0.25;
    result.logged = {0.125, 0.5};
    result.estimates = {{"IPS", 0.5, online::Interval{0.25, 0.75}, online::Interval{0, 0.5}, online::Interval{0, 1}},
                        {"DM", 0.25, {}, {}, {}}};
  }

  OffPolicyRun run;
  online::OffPolicyResult result;
};

TEST_F(OffPolicyReport, TheJsonHasTheDocumentedShape) {
  const json::object report = json::parse(off_policy_json(run, result)).as_object();
  std::set<std::string> keys;
  for (const auto& [key, value] : report) keys.emplace(key);
  EXPECT_EQ(keys, (std::set<std::string>{"log",
                                         "candidate",
                                         "logger",
                                         "lists",
                                         "rounds",
                                         "clusters",
                                         "items",
                                         "positions",
                                         "learned_lists",
                                         "level",
                                         "seed",
                                         "logged",
                                         "estimates",
                                         "effective_sample_size",
                                         "largest_weight",
                                         "mean_weight",
                                         "mean_weight_error",
                                         "uncovered",
                                         "max_weight",
                                         "clipped_rounds",
                                         "clipped_share",
                                         "lambda",
                                         "notes"}));
  EXPECT_EQ(report.at("estimates").at("IPS"),
            json::parse(R"({"value":0.5,"bootstrap":[0.25,0.75],"difference":[0,0.5],"anytime":[0,1]})"));
  EXPECT_TRUE(report.at("estimates").at("DM").at("bootstrap").is_null());
  EXPECT_TRUE(report.at("max_weight").is_null());
  EXPECT_TRUE(report.at("lambda").is_null());
}

TEST_F(OffPolicyReport, ALambdaIsANumberOrInfinite) {
  result.lambda = 10;
  EXPECT_EQ(json::parse(off_policy_json(run, result)).at("lambda"), json::value(10));
  EXPECT_THAT(off_policy_text(run, result), HasSubstr("DRos: lambda 10\n"));
  result.lambda = std::numeric_limits<double>::infinity();
  EXPECT_EQ(json::parse(off_policy_json(run, result)).at("lambda"), json::value("infinite"));
}

TEST_F(OffPolicyReport, TheTextHasEveryEstimatorAndSaysWhatWasClipped) {
  const std::string text = off_policy_text(run, result);
  for (const char* said : {"what would uniform have earned where bts chose?", "0.250000 .. 0.750000", "DM",
                           "95 % bootstrap", "effective sample size", "no weight was clipped"}) {
    EXPECT_THAT(text, HasSubstr(said));
  }
  EXPECT_THAT(text, Not(HasSubstr("learned")));
  run.max_weight = 5;
  result.weights.clipped = 3;
  result.weights.clipped_share = 0.125;
  EXPECT_THAT(off_policy_text(run, result), HasSubstr("WARNING: 3 weights were clipped at 5, 12.50 % of their sum"));
}

}  // namespace
}  // namespace freshet::cli
